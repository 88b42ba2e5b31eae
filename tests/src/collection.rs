//! A catalogue of the whole High Voltage SID Collection, from the shared index of its headers: for
//! measuring, and for journeys among tens of thousands of tunes.

use catalog::{Entry, Knowledge, Origin, Remote};
use sidfile::{ChipModel, Clock, Format, Md5, SidChip, Songlengths, Stil};

/// Torrent that the entries name.
pub const INFO_HASH: [u8; 20] = *b"collection to search";

/// Entries of a table with a line for each file, and what the collection's lists know of them. The
/// table has no load, init and play addresses; they are made up, as many of a kind as is usual.
///
/// # Errors
/// A line that is not what it should be.
pub fn entries_of(table: &str, lengths: &[u8], stil: &[u8]) -> Result<Vec<Entry>, String> {
    let knowledge = Knowledge {
        lengths: Some(Songlengths::parse(lengths)),
        stil: Some(Stil::parse(stil)),
    };
    let lines = (0..).zip(table.lines().skip(1));
    let entries = lines.map(|(number, line)| {
        let mut entry = entry_of(number, line).ok_or_else(|| format!("no file: {line:?}"))?;
        knowledge.apply(&mut entry);
        Ok(entry)
    });
    entries.collect()
}

fn entry_of(number: u32, line: &str) -> Option<Entry> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [
        path,
        md5,
        bytes,
        magic,
        version,
        songs,
        start,
        _,
        flags,
        second,
        third,
        rest @ ..,
    ] = &fields[..]
    else {
        return None;
    };
    let [title, author, released] = rest else {
        return None;
    };
    let md5: Md5 = md5.parse().ok()?;
    let flags: u16 = flags.parse().ok()?;
    let model = |shift: u32| match flags >> shift & 3 {
        0 => ChipModel::Unknown,
        1 => ChipModel::Mos6581,
        2 => ChipModel::Mos8580,
        _ => ChipModel::Any,
    };
    let mut chips = vec![SidChip {
        address: 0xd400,
        model: model(4),
    }];
    for (place, shift) in [(second, 6), (third, 8)] {
        let place: u16 = place.parse().ok()?;
        if place > 0 {
            chips.push(SidChip {
                address: 0xd000 | place << 4,
                model: Some(model(shift))
                    .filter(|model| *model != ChipModel::Unknown)
                    .unwrap_or(model(4)),
            });
        }
    }
    let load_address = if md5.0[0] < 128 {
        0x1000
    } else {
        u16::from(md5.0[1]) << 8
    };
    let init_address = match md5.0[2] {
        0..160 => load_address,
        other => load_address.wrapping_add(u16::from(other) << 4 | u16::from(md5.0[3] & 15)),
    };
    Some(Entry {
        md5,
        path: (*path).to_owned(),
        title: (*title).to_owned(),
        author: (*author).to_owned(),
        released: (*released).to_owned(),
        format: if *magic == "RSID" {
            Format::Rsid
        } else {
            Format::Psid
        },
        version: version.parse().ok()?,
        clock: match flags >> 2 & 3 {
            0 => Clock::Unknown,
            1 => Clock::Pal,
            2 => Clock::Ntsc,
            _ => Clock::Any,
        },
        chips,
        load_address,
        init_address,
        play_address: if md5.0[4] < 200 {
            init_address.wrapping_add(3)
        } else {
            0
        },
        size: bytes.parse().ok()?,
        start_song: start.parse().ok()?,
        lengths: vec![None; songs.parse().ok()?],
        needs_basic: *magic == "RSID" && flags & 2 != 0,
        origin: Origin::Collection,
        notes: Vec::new(),
        remote: Some(Remote {
            info_hash: INFO_HASH,
            file: number,
        }),
    })
}
