//! Lengths that the engine found by listening, for songs that no list knows.
//!
//! Kept as postcard behind a byte with the version. What cannot be read is found again.

use protocol::engine::FoundLength;
use protocol::library::Event;
use sidfile::TuneId;

use super::{Library, Outside, Store};

/// Blob that holds them.
const FOUND_LENGTHS: &str = "found-lengths";
/// Version of the blob.
const VERSION: u8 = 1;
/// Most that are kept; the oldest go first.
const MOST: usize = 4_096;

impl<S: Store, O: Outside> Library<S, O> {
    pub(super) async fn found_lengths(&self) -> Vec<(TuneId, FoundLength)> {
        let bytes = self.store.get_blob(FOUND_LENGTHS).await.ok().flatten();
        match bytes.as_deref().and_then(<[u8]>::split_first) {
            Some((&VERSION, rest)) => postcard::from_bytes(rest).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Keeps a length; failure costs listening once more.
    pub(super) async fn keep_length(&self, tune: TuneId, length: FoundLength) {
        let mut lengths = self.found_lengths().await;
        lengths.retain(|(known, _)| *known != tune);
        lengths.push((tune, length));
        let surplus = lengths.len().saturating_sub(MOST);
        lengths.drain(..surplus);
        let mut bytes = vec![VERSION];
        bytes.extend(postcard::to_allocvec(&lengths).expect("plain data always encodes"));
        let _ = self.store.put_blob(FOUND_LENGTHS, &bytes).await;
    }

    pub(super) async fn found_event(&self) -> Event {
        Event::FoundLengths {
            lengths: self.found_lengths().await,
        }
    }
}
