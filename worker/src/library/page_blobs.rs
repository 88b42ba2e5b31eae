//! What the page keeps of its own, under names that nothing else uses.

use protocol::library::{Event, MAX_BLOB};

use super::{Library, Outside, Store};

/// What the names of the page's blobs begin with in the store.
const PREFIX: &str = "page-";

impl<S: Store, O: Outside> Library<S, O> {
    pub(super) async fn put_page_blob(&self, name: String, bytes: Option<Vec<u8>>) -> Event {
        let full = format!("{PREFIX}{name}");
        let kept = match bytes {
            Some(bytes) if bytes.len() > MAX_BLOB => {
                return Event::Failed {
                    reason: format!("{name} is too large to be kept"),
                };
            }
            Some(bytes) => self.store.put_blob(&full, &bytes).await,
            None => self.store.remove_blob(&full).await,
        };
        match kept {
            Ok(()) => Event::BlobKept { name },
            Err(error) => Event::Failed {
                reason: error.to_string(),
            },
        }
    }

    pub(super) async fn page_blob(&self, name: String) -> Event {
        match self.store.get_blob(&format!("{PREFIX}{name}")).await {
            Ok(bytes) => Event::Blob { name, bytes },
            Err(error) => Event::Failed {
                reason: error.to_string(),
            },
        }
    }
}
