//! The ROMs in the machine: those that the listener supplied, or what stands in for them.
//!
//! Any bytes are taken: whether a file is the ROM that it should be is for
//! [`sidfile::rom::identify`] to say, before it comes here.

use std::sync::Arc;

use sidfile::rom::RomKind;

use crate::kernal;

/// 8 KiB of ROM.
pub type Rom = [u8; 0x2000];
/// 4 KiB of character ROM.
pub type CharacterRom = [u8; 0x1000];

/// ROMs that a listener supplied. Where one is missing, a stand-in takes its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roms {
    kernal: Option<Arc<Rom>>,
    basic: Option<Arc<Rom>>,
    characters: Option<Arc<CharacterRom>>,
}

/// A ROM of the wrong size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found} bytes are no {}, which has {}", .kind.name(), .kind.size())]
pub struct RomSizeError {
    /// The socket.
    pub kind: RomKind,
    /// Bytes that were to go into it.
    pub found: usize,
}

impl Roms {
    /// Puts a ROM into its socket.
    ///
    /// # Errors
    /// Its size is not that of the socket.
    pub fn insert(&mut self, kind: RomKind, bytes: &[u8]) -> Result<(), RomSizeError> {
        let error = |_| RomSizeError {
            kind,
            found: bytes.len(),
        };
        match kind {
            RomKind::Kernal => self.kernal = Some(Arc::new(bytes.try_into().map_err(error)?)),
            RomKind::Basic => self.basic = Some(Arc::new(bytes.try_into().map_err(error)?)),
            RomKind::Chargen => self.characters = Some(Arc::new(bytes.try_into().map_err(error)?)),
        }
        Ok(())
    }

    /// Whether a socket is filled.
    pub fn has(&self, kind: RomKind) -> bool {
        match kind {
            RomKind::Kernal => self.kernal.is_some(),
            RomKind::Basic => self.basic.is_some(),
            RomKind::Chargen => self.characters.is_some(),
        }
    }

    /// Whether a BASIC program can run.
    pub fn can_run_basic(&self) -> bool {
        self.has(RomKind::Kernal) && self.has(RomKind::Basic)
    }
}

/// What the CPU reads in the ROM areas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RomSet {
    /// `$E000` to `$FFFF`.
    pub kernal: Arc<Rom>,
    /// `$A000` to `$BFFF`.
    pub basic: Arc<Rom>,
    /// `$D000` to `$DFFF`.
    pub characters: Arc<CharacterRom>,
}

impl RomSet {
    /// The supplied ROMs, untouched, and stand-ins for those that are missing.
    pub fn new(supplied: &Roms) -> Self {
        Self {
            kernal: supplied
                .kernal
                .clone()
                .unwrap_or_else(|| Arc::new(kernal::kernal())),
            basic: supplied
                .basic
                .clone()
                .unwrap_or_else(|| Arc::new(kernal::basic())),
            characters: supplied
                .characters
                .clone()
                .unwrap_or_else(|| Arc::new([0; 0x1000])),
        }
    }

    /// Stand-ins whose routines all return at once.
    pub fn returning() -> Self {
        Self {
            kernal: Arc::new(kernal::returning_kernal()),
            basic: Arc::new([0x60; 0x2000]),
            ..Self::new(&Roms::default())
        }
    }

    /// Makes a reset lead to `address`.
    pub fn set_reset(&mut self, address: u16) {
        place(
            Arc::make_mut(&mut self.kernal),
            0xfffc,
            &address.to_le_bytes(),
        );
    }

    /// Overwrites a piece of BASIC.
    pub fn patch_basic(&mut self, address: u16, bytes: &[u8]) {
        place(Arc::make_mut(&mut self.basic), address, bytes);
    }
}

/// Puts bytes into a ROM; `address` is the one at which the CPU sees the first.
pub(crate) fn place(rom: &mut Rom, address: u16, bytes: &[u8]) {
    let start = usize::from(address & 0x1fff);
    rom[start..start + bytes.len()].copy_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_take_their_size_only() {
        let mut roms = Roms::default();
        assert!(!roms.can_run_basic());
        let error = roms.insert(RomKind::Kernal, &[0; 10]).unwrap_err();
        assert_eq!(error.to_string(), "10 bytes are no KERNAL, which has 8192");
        for kind in RomKind::ALL {
            assert!(!roms.has(kind));
            roms.insert(kind, &vec![7; kind.size()]).unwrap();
            assert!(roms.has(kind));
        }
        assert!(roms.can_run_basic());
        let set = RomSet::new(&roms);
        assert_eq!((set.kernal[5], set.basic[5], set.characters[5]), (7, 7, 7));
    }

    #[test]
    fn patches_leave_the_supplied_rom_alone() {
        let mut roms = Roms::default();
        roms.insert(RomKind::Kernal, &[7; 0x2000]).unwrap();
        let mut set = RomSet::new(&roms);
        set.set_reset(0x1234);
        assert_eq!(set.kernal[0x1ffc..], [0x34, 0x12, 7, 7]);
        assert_eq!(RomSet::new(&roms).kernal[0x1ffc..], [7; 4]);
    }
}
