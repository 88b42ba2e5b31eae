//! The C64's ROMs that the listener supplied.
//!
//! They are checked when they come in, so what is kept is what it says. They are read again for
//! each program that asks, which is seldom.

use protocol::library::{Event, Rom};
use sidfile::Format;
use sidfile::rom::RomKind;

use super::{Library, Outside, Store, StoreError};

/// Blob that holds them.
const ROMS: &str = "roms";

impl<S: Store, O: Outside> Library<S, O> {
    pub(super) async fn roms(&self) -> Vec<Rom> {
        match self.store.get_blob(ROMS).await {
            Ok(Some(bytes)) => postcard::from_bytes(&bytes).unwrap_or_default(),
            Ok(None) | Err(_) => Vec::new(),
        }
    }

    /// Keeps a ROM that has been identified; false where it is there already.
    pub(super) async fn keep_rom(&self, kind: RomKind, bytes: Vec<u8>) -> Result<bool, StoreError> {
        let mut roms = self.roms().await;
        if roms.iter().any(|rom| rom.kind == kind) {
            return Ok(false);
        }
        roms.push(Rom { kind, bytes });
        roms.sort_by_key(|rom| rom.kind);
        self.write_roms(&roms).await?;
        Ok(true)
    }

    async fn write_roms(&self, roms: &[Rom]) -> Result<(), StoreError> {
        let bytes = postcard::to_allocvec(roms).expect("lists of bytes always encode");
        self.store.put_blob(ROMS, &bytes).await
    }

    pub(super) async fn remove_roms(&self) -> Event {
        match self.write_roms(&[]).await {
            Ok(()) => self.roms_event().await,
            Err(error) => Event::Failed {
                reason: error.to_string(),
            },
        }
    }

    pub(super) async fn roms_event(&self) -> Event {
        let roms = self.roms().await;
        Event::Roms {
            kinds: roms.iter().map(|rom| rom.kind).collect(),
        }
    }

    /// The ROMs for a program: those of a bare machine for one that runs on it, none for a PSID,
    /// whose player brings all that it needs.
    pub(super) async fn roms_for(&self, format: Format) -> Vec<Rom> {
        match format {
            Format::Psid | Format::Mus => Vec::new(),
            Format::Rsid => self.roms().await,
        }
    }
}
