//! A tune: the header's fields and the program behind it.
//!
//! Source: `DOCUMENTS/SID_file_format.txt` of the collection (PSID v1 to v4, RSID v2 to v4).

use core::ops::Range;

use serde::{Deserialize, Serialize};

use crate::Md5;
use crate::header::{self, Error};
use crate::mus::Mus;

/// Kind of file, by its magic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Format {
    /// A player routine called by the environment (or one that installs its own interrupt).
    Psid,
    /// A program for a real C64 environment.
    Rsid,
    /// A song of Compute!'s Sidplayer, which an interpreter plays.
    Mus,
}

/// Video standard that a tune was written for.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Clock {
    /// The header does not say.
    #[default]
    Unknown,
    /// 50 Hz.
    Pal,
    /// 60 Hz.
    Ntsc,
    /// Made for both.
    Any,
}

/// Sound chip that a tune was written for.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum ChipModel {
    /// The header does not say.
    #[default]
    Unknown,
    /// MOS 6581.
    Mos6581,
    /// MOS 8580.
    Mos8580,
    /// Made for both.
    Any,
}

/// A sound chip of the tune: where it sits and which model it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SidChip {
    /// First register, `$D400` for the first chip, else `$D420` to `$D7E0` or `$DE00` to `$DFE0`.
    pub address: u16,
    /// Model named by the header; for later chips `Unknown` is already replaced by the first's.
    pub model: ChipModel,
}

/// What calls the play routine of a song.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Speed {
    /// The raster interrupt, once a frame.
    VerticalBlank,
    /// Timer A of CIA 1: 60 Hz unless the tune sets another period.
    Cia,
}

/// Where the environment may put a driver of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relocation {
    /// The tune does not write outside its data: any page that the data leave free.
    Anywhere,
    /// Not a single page is free.
    Nowhere,
    /// These pages are free.
    Pages(Range<u16>),
}

/// A PSID or RSID file, taken apart.
///
/// Fields hold what the header means, not its bytes: an address that the header leaves open is
/// already resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tune {
    /// Kind of file.
    pub format: Format,
    /// Version of the header, 1 to 4.
    pub version: u16,
    /// Where `data` goes in memory. Taken from the data where the header holds zero.
    pub load_address: u16,
    /// Routine that starts a song (its number less one in the accumulator); the load address
    /// where the header holds zero. Meaningless for BASIC tunes.
    pub init_address: u16,
    /// Routine called by the environment, or zero: init installs an interrupt of its own.
    pub play_address: u16,
    /// Number of songs, 1 to 256.
    pub songs: u16,
    /// Song to play first, from 1.
    pub start_song: u16,
    /// One bit a song, see [`Tune::speed_of`].
    pub speed: u32,
    /// Title.
    pub name: String,
    /// Composer.
    pub author: String,
    /// Year and publisher.
    pub released: String,
    /// The data are a Compute!'s Sidplayer song without a player: see [`mus`](crate::mus).
    pub is_mus: bool,
    /// PSID that relies on PlaySID, for example on its samples: not for a real C64.
    pub is_playsid_specific: bool,
    /// RSID that starts with a BASIC program, to be `RUN` with the song less one at `$030C`.
    pub is_basic: bool,
    /// Video standard.
    pub clock: Clock,
    /// One to three sound chips, the first at `$D400`.
    pub chips: Vec<SidChip>,
    /// First free page for a driver; 0: any page outside the data; `$FF`: none.
    pub start_page: u8,
    /// Free pages from `start_page`.
    pub page_length: u8,
    /// The program, without the load address in front of it.
    pub data: Vec<u8>,
    /// MD5 of the whole file.
    pub md5: Md5,
}

impl Tune {
    /// Takes a file apart.
    ///
    /// # Errors
    /// Names the first field that no tune can have, with its offset and what it held. Harmless
    /// slips pass: an impossible start song means the first, an impossible address of a second or
    /// third chip means that there is none, an impossible free range means that none was given.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        // A song has no magic: it is one if all of its voices end as they must.
        if !header::is_named(bytes)
            && let Ok(mus) = Mus::parse(bytes)
        {
            return Ok(mus.tune(bytes));
        }
        header::parse(bytes)
    }

    /// What calls the play routine of `song` (from 1).
    ///
    /// The header has 32 bits. For more songs, old and PlaySID tunes start again with the first
    /// bit, all others stay with the last. An RSID has its own interrupts on top of a running CIA.
    #[must_use]
    pub fn speed_of(&self, song: u16) -> Speed {
        if self.format == Format::Rsid {
            return Speed::Cia;
        }
        let index = u32::from(song.saturating_sub(1));
        let bit = if self.version == 1 || self.is_playsid_specific {
            index % 32
        } else {
            index.min(31)
        };
        if self.speed >> bit & 1 == 0 {
            Speed::VerticalBlank
        } else {
            Speed::Cia
        }
    }

    /// Addresses that the data occupy; the end may be `$10000`.
    #[must_use]
    pub fn load_range(&self) -> Range<u32> {
        let start = u32::from(self.load_address);
        // A parsed tune has at most 64 KiB, but the fields are public.
        let length = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        start..start.saturating_add(length).min(0x1_0000)
    }

    /// Where a driver may go, as far as the header tells.
    ///
    /// A range that cannot be meant (past the end of memory, or over the data) counts as not
    /// given.
    #[must_use]
    pub fn relocation(&self) -> Relocation {
        let pages =
            u16::from(self.start_page)..u16::from(self.start_page) + u16::from(self.page_length);
        let data = self.load_range();
        let over_data =
            u32::from(pages.start) << 8 < data.end && data.start < u32::from(pages.end) << 8;
        match self.start_page {
            0xff => Relocation::Nowhere,
            0 => Relocation::Anywhere,
            _ if pages.is_empty() || pages.end > 0x100 || over_data => Relocation::Anywhere,
            _ => Relocation::Pages(pages),
        }
    }
}
