//! A tune as the machine gets it: the file, and the ROMs that come with it.

use std::sync::Arc;

use c64::Roms;
use protocol::engine::Failure;
use protocol::library::Rom;
use sidfile::Tune;

/// A parsed tune and the listener's ROMs, where it may need them.
#[derive(Debug)]
pub struct Program {
    /// The tune.
    pub tune: Tune,
    /// ROMs for the machine.
    pub roms: Option<Arc<Roms>>,
}

impl Program {
    /// Reads a file.
    ///
    /// # Errors
    /// It is no tune, or a ROM is none.
    pub fn new(bytes: &[u8], roms: &[Rom]) -> Result<Self, Failure> {
        let tune = Tune::parse(bytes).map_err(|error| Failure::Tune(error.to_string()))?;
        let mut sockets = Roms::default();
        for rom in roms {
            let inserted = sockets.insert(rom.kind, &rom.bytes);
            inserted.map_err(|error| Failure::Tune(error.to_string()))?;
        }
        let roms = (!roms.is_empty()).then(|| Arc::new(sockets));
        Ok(Self { tune, roms })
    }

    /// Whether the ROMs that it cannot do without are missing.
    pub fn lacks_roms(&self) -> bool {
        self.tune.is_basic && !self.roms.as_ref().is_some_and(|roms| roms.can_run_basic())
    }
}

impl From<Tune> for Program {
    fn from(tune: Tune) -> Self {
        Self { tune, roms: None }
    }
}
