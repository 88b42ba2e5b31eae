//! Reads the header of a PSID or RSID file and checks its rules.
//!
//! Source: `DOCUMENTS/SID_file_format.txt` of the collection.

use crate::text;
use crate::{ChipModel, Clock, Format, Md5, SidChip, Tune};

/// Bytes of a header of version 1, and of all later ones.
const HEADER_V1: usize = 0x76;
const HEADER_V2: usize = 0x7c;

/// First address that the data of an RSID may use: below are BASIC's own variables and the screen.
const RSID_LOWEST: u16 = 0x07e8;

/// Offset in the file of each field that can be wrong.
mod offset {
    pub(super) const VERSION: usize = 0x04;
    pub(super) const DATA_OFFSET: usize = 0x06;
    pub(super) const LOAD_ADDRESS: usize = 0x08;
    pub(super) const INIT_ADDRESS: usize = 0x0a;
    pub(super) const PLAY_ADDRESS: usize = 0x0c;
    pub(super) const SONGS: usize = 0x0e;
    pub(super) const START_SONG: usize = 0x10;
    pub(super) const SPEED: usize = 0x12;
    pub(super) const NAME: usize = 0x16;
    pub(super) const AUTHOR: usize = 0x36;
    pub(super) const RELEASED: usize = 0x56;
    pub(super) const FLAGS: usize = 0x76;
    pub(super) const START_PAGE: usize = 0x78;
    pub(super) const PAGE_LENGTH: usize = 0x79;
    pub(super) const SECOND_SID: usize = 0x7a;
    pub(super) const THIRD_SID: usize = 0x7b;
}

/// Why a file is not a tune.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Neither PSID nor RSID.
    #[error("magicID at +00: expected \"PSID\" or \"RSID\", found {found:?}")]
    Magic {
        /// The first bytes, at most four, as text.
        found: String,
    },
    /// Shorter than its header.
    #[error("the header needs {needed} bytes, the file has {found}")]
    Truncated {
        /// Size of the header.
        needed: usize,
        /// Size of the file.
        found: usize,
    },
    /// A version that does not exist for this kind of file.
    #[error("version at +04: {found} is not a version of {format:?} (PSID: 1 to 4, RSID: 2 to 4)")]
    Version {
        /// Kind of file.
        format: Format,
        /// What the field held.
        found: u16,
    },
    /// A field holds a value that its rule excludes.
    #[error("{field} at +{offset:02X}: {rule}, found ${found:04X}")]
    Field {
        /// Name of the field in the format's description.
        field: &'static str,
        /// Offset in the file.
        offset: usize,
        /// What the field held.
        found: u32,
        /// What it should hold.
        rule: &'static str,
    },
    /// Nothing, or not even a load address, behind the header.
    #[error("data at +{offset:02X}: {found} bytes hold no program")]
    NoData {
        /// Where the data start in the file.
        offset: usize,
        /// Bytes from there to the end.
        found: usize,
    },
    /// The program does not fit into memory.
    #[error("data at +{offset:02X}: {length} bytes loaded to ${load_address:04X} reach past $FFFF")]
    TooLong {
        /// Where the data start in the file.
        offset: usize,
        /// Where they are loaded.
        load_address: u16,
        /// Their size.
        length: usize,
    },
}

/// Whether a file says that it is a PSID or an RSID.
pub(crate) fn is_named(bytes: &[u8]) -> bool {
    matches!(bytes.get(..4), Some(b"PSID" | b"RSID"))
}

/// Checks one rule of one field.
fn require(
    holds: bool,
    field: &'static str,
    offset: usize,
    found: u32,
    rule: &'static str,
) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(Error::Field {
            field,
            offset,
            found,
            rule,
        })
    }
}

/// Big-endian fields of a header whose length was checked.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn byte(&self, offset: usize) -> u8 {
        self.0[offset]
    }

    fn word(&self, offset: usize) -> u16 {
        u16::from_be_bytes([self.0[offset], self.0[offset + 1]])
    }

    fn long(&self, offset: usize) -> u32 {
        u32::from(self.word(offset)) << 16 | u32::from(self.word(offset + 2))
    }

    fn text(&self, offset: usize) -> String {
        text::field(&self.0[offset..offset + 32])
    }
}

/// See [`Tune::parse`].
pub(crate) fn parse(bytes: &[u8]) -> Result<Tune, Error> {
    let format = match bytes.get(..4) {
        Some(b"PSID") => Format::Psid,
        Some(b"RSID") => Format::Rsid,
        _ => {
            let found = text::decode_windows_1252(&bytes[..bytes.len().min(4)]);
            return Err(Error::Magic { found });
        }
    };
    let truncated = |needed| Error::Truncated {
        needed,
        found: bytes.len(),
    };
    if bytes.len() < HEADER_V1 {
        return Err(truncated(HEADER_V1));
    }
    let fields = Fields(bytes);
    let version = fields.word(offset::VERSION);
    let oldest = if format == Format::Psid { 1 } else { 2 };
    if !(oldest..=4).contains(&version) {
        return Err(Error::Version {
            format,
            found: version,
        });
    }
    let header_size = if version == 1 { HEADER_V1 } else { HEADER_V2 };
    if bytes.len() < header_size {
        return Err(truncated(header_size));
    }
    let data_offset = usize::from(fields.word(offset::DATA_OFFSET));
    require(
        data_offset >= header_size && data_offset <= bytes.len(),
        "dataOffset",
        offset::DATA_OFFSET,
        u32::from(fields.word(offset::DATA_OFFSET)),
        "must lie behind the header and inside the file",
    )?;

    let (load_address, data) = program(&fields, &bytes[data_offset..], data_offset)?;
    let songs = fields.word(offset::SONGS);
    require(
        (1..=256).contains(&songs),
        "songs",
        offset::SONGS,
        songs.into(),
        "must be 1 to 256",
    )?;
    let start_song = match fields.word(offset::START_SONG) {
        song if (1..=songs).contains(&song) => song,
        _ => 1,
    };
    let init_address = match fields.word(offset::INIT_ADDRESS) {
        0 => load_address,
        address => address,
    };
    // $FFFF was an early way to write "no play routine".
    let play_address = match fields.word(offset::PLAY_ADDRESS) {
        0xffff => 0,
        address => address,
    };
    let flags = if version == 1 {
        0
    } else {
        fields.word(offset::FLAGS)
    };
    let (start_page, page_length) = if version == 1 {
        (0, 0)
    } else {
        (
            fields.byte(offset::START_PAGE),
            fields.byte(offset::PAGE_LENGTH),
        )
    };
    let tune = Tune {
        format,
        version,
        load_address,
        init_address,
        play_address,
        songs,
        start_song,
        speed: fields.long(offset::SPEED),
        name: fields.text(offset::NAME),
        author: fields.text(offset::AUTHOR),
        released: fields.text(offset::RELEASED),
        is_mus: flags & 1 != 0,
        is_playsid_specific: format == Format::Psid && flags & 2 != 0,
        is_basic: format == Format::Rsid && flags & 2 != 0,
        clock: clock(flags),
        chips: chips(&fields, version, flags),
        start_page,
        page_length,
        data: data.to_vec(),
        md5: Md5::of(bytes),
    };
    if format == Format::Rsid {
        check_real(&fields, &tune)?;
    }
    Ok(tune)
}

/// The load address and the bytes that go there.
fn program<'a>(
    fields: &Fields<'_>,
    data: &'a [u8],
    data_offset: usize,
) -> Result<(u16, &'a [u8]), Error> {
    let (load_address, program) = match (fields.word(offset::LOAD_ADDRESS), data) {
        (0, [low, high, program @ ..]) => (u16::from_le_bytes([*low, *high]), program),
        (0, _) => (0, &[][..]),
        (address, program) => (address, program),
    };
    if program.is_empty() {
        return Err(Error::NoData {
            offset: data_offset,
            found: data.len(),
        });
    }
    if usize::from(load_address) + program.len() > 0x1_0000 {
        return Err(Error::TooLong {
            offset: data_offset,
            load_address,
            length: program.len(),
        });
    }
    Ok((load_address, program))
}

/// The rules that make an RSID runnable on a real machine.
fn check_real(fields: &Fields<'_>, tune: &Tune) -> Result<(), Error> {
    let load = fields.word(offset::LOAD_ADDRESS);
    require(
        load == 0,
        "loadAddress",
        offset::LOAD_ADDRESS,
        load.into(),
        "must be 0 in an RSID",
    )?;
    let play = fields.word(offset::PLAY_ADDRESS);
    require(
        play == 0,
        "playAddress",
        offset::PLAY_ADDRESS,
        play.into(),
        "must be 0 in an RSID",
    )?;
    require(
        tune.speed == 0,
        "speed",
        offset::SPEED,
        tune.speed,
        "must be 0 in an RSID",
    )?;
    require(
        tune.load_address >= RSID_LOWEST,
        "load address in the data",
        usize::from(fields.word(offset::DATA_OFFSET)),
        tune.load_address.into(),
        "must be $07E8 or more in an RSID",
    )?;
    let init = fields.word(offset::INIT_ADDRESS);
    if tune.is_basic {
        return require(
            init == 0,
            "initAddress",
            offset::INIT_ADDRESS,
            init.into(),
            "must be 0 in a BASIC tune",
        );
    }
    require(
        matches!(tune.init_address, RSID_LOWEST..=0x9fff | 0xc000..=0xcfff),
        "initAddress",
        offset::INIT_ADDRESS,
        tune.init_address.into(),
        "must be $07E8 to $9FFF or $C000 to $CFFF in an RSID",
    )?;
    require(
        tune.load_range().contains(&tune.init_address.into()),
        "initAddress",
        offset::INIT_ADDRESS,
        tune.init_address.into(),
        "must lie inside the data of an RSID",
    )
}

fn clock(flags: u16) -> Clock {
    match flags >> 2 & 3 {
        0 => Clock::Unknown,
        1 => Clock::Pal,
        2 => Clock::Ntsc,
        _ => Clock::Any,
    }
}

fn model(bits: u16) -> ChipModel {
    match bits & 3 {
        0 => ChipModel::Unknown,
        1 => ChipModel::Mos6581,
        2 => ChipModel::Mos8580,
        _ => ChipModel::Any,
    }
}

/// The first chip and those that the header adds: the second from version 3, the third from 4.
fn chips(fields: &Fields<'_>, version: u16, flags: u16) -> Vec<SidChip> {
    let first = SidChip {
        address: 0xd400,
        model: model(flags >> 4),
    };
    let mut chips = vec![first];
    for (since, at, bits) in [
        (3, offset::SECOND_SID, flags >> 6),
        (4, offset::THIRD_SID, flags >> 8),
    ] {
        if version < since {
            break;
        }
        let middle = fields.byte(at);
        let is_address = middle & 1 == 0 && matches!(middle, 0x42..=0x7f | 0xe0..=0xfe);
        let address = 0xd000 | u16::from(middle) << 4;
        if is_address && chips.iter().all(|chip| chip.address != address) {
            let model = match model(bits) {
                ChipModel::Unknown => first.model,
                named => named,
            };
            chips.push(SidChip { address, model });
        }
    }
    chips
}
