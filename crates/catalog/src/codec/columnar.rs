//! Version 3: column by column, so that like stands beside like and a compressor finds it.
//!
//! Numbers are of seven bits a byte (`bytes.rs`), texts their lengths and then their characters.
//! In order:
//!
//! ```text
//! count of files
//! folders       count; of each how many bytes it shares with the one before; the rest as texts
//! authors       count and texts, in order of first appearance; releases likewise
//! layouts       count; of each the count of chips, and of each chip model and address
//! torrents      count and info hashes
//! folder, author, release, layout, torrent of each file, see `put_places`
//! kinds         a byte a file: format, clock, version, BASIC; then one: origin, and whether name
//!               and title can be told from each other
//! names         texts without `.sid`
//! titles        texts, empty where the name tells the title
//! start songs, counts of songs; sizes; load, init and play addresses, low bytes and high bytes
//! lengths       of each song: 0 unknown, odd whole seconds, even milliseconds
//! notes         counts; songs; which texts are there; each kind of text
//! files in torrents, as distance from what follows the file before
//! digests
//! ```

use sidfile::{ChipModel, Clock, Format, Md5, SidChip};

use super::bytes::{ReadError, Reader, fold_sign, put, put_texts, unfold_sign};
use crate::Origin;
use crate::columns::{Columns, Header, NOTE_TEXTS, UNKNOWN};
use crate::texts::{Texts, count};

/// Most bytes of text that the entries of a catalogue may have: shared folders, composers and
/// releases could make a small file unfold to any size.
const MOST_TEXT: usize = 128 << 20;
/// Ending of most names.
const ENDING: &str = ".sid";

/// The entry ends in [`ENDING`], which its name here does without.
const HAS_ENDING: u8 = 4;
/// The title is the name with spaces for underscores.
const NAME_IS_TITLE: u8 = 8;

pub(super) fn write(columns: &Columns, out: &mut Vec<u8>) {
    put(out, count(columns.len()));
    put_folders(out, columns.folders.texts());
    for dictionary in [&columns.authors, &columns.releases] {
        put(out, count(dictionary.texts().len()));
        put_texts(
            out,
            (0..dictionary.texts().len()).map(|at| dictionary.texts().get(at)),
        );
    }
    put(out, count(columns.layouts.len()));
    for layout in &columns.layouts {
        put(out, count(layout.len()));
        for chip in layout {
            out.push(chip.model as u8);
            put(out, u32::from(chip.address));
        }
    }
    put(out, count(columns.torrents.len()));
    out.extend(columns.torrents.iter().flatten());
    put_places(out, columns.folder.iter().copied());
    put_places(out, columns.author.iter().copied());
    put_places(out, columns.release.iter().copied());
    put_places(out, columns.headers.iter().map(|header| header.layout));
    put_places(out, columns.remotes.iter().map(|remote| remote.0));

    for header in &columns.headers {
        let version = header.version as u8;
        out.push(
            header.format as u8
                | (header.clock as u8) << 2
                | version << 4
                | u8::from(header.needs_basic) << 7,
        );
    }
    let shorts: Vec<(&str, u8)> = (0..columns.len())
        .map(|at| {
            let (name, title) = (columns.names.get(at), columns.titles.get(at));
            let stem = name.strip_suffix(ENDING);
            let mut flags = u8::from(stem.is_some()) * HAS_ENDING;
            let stem = stem.unwrap_or(name);
            if is_title(stem, title) {
                flags |= NAME_IS_TITLE;
            }
            (stem, flags)
        })
        .collect();
    for (header, (_, flags)) in columns.headers.iter().zip(&shorts) {
        out.push(header.origin as u8 | flags);
    }
    put_texts(out, shorts.iter().map(|(stem, _)| *stem));
    put_texts(
        out,
        shorts.iter().enumerate().map(|(at, (_, flags))| {
            if flags & NAME_IS_TITLE == 0 {
                columns.titles.get(at)
            } else {
                ""
            }
        }),
    );

    for header in &columns.headers {
        put(out, u32::from(header.start_song));
    }
    for at in 0..columns.len() {
        put(out, count(columns.lengths(at).len()));
    }
    for header in &columns.headers {
        put(out, header.size);
    }
    for address in [
        |header: &Header| header.load_address,
        |header: &Header| header.init_address.wrapping_sub(header.load_address),
        |header: &Header| header.play_address.wrapping_sub(header.init_address),
    ] {
        out.extend(columns.headers.iter().map(|header| address(header) as u8));
        out.extend(
            columns
                .headers
                .iter()
                .map(|header| (address(header) >> 8) as u8),
        );
    }
    for &length in &columns.lengths {
        put_length(out, length);
    }

    for at in 0..columns.len() {
        put(out, count(columns.notes(at).len()));
    }
    for &song in &columns.note_songs {
        put(out, u32::from(song));
    }
    let notes = 0..columns.note_songs.len();
    for note in notes.clone() {
        let texts = columns.texts_of_note(note).enumerate();
        out.push(texts.fold(0, |mask, (kind, text)| {
            mask | u8::from(!text.is_empty()) << kind
        }));
    }
    for kind in 0..NOTE_TEXTS {
        let texts = notes
            .clone()
            .map(|note| columns.note_texts.get(note * NOTE_TEXTS + kind));
        put_texts(out, texts.filter(|text| !text.is_empty()));
    }

    let mut next = 0u32;
    for &(_, file) in columns.remotes.iter().filter(|remote| remote.0 > 0) {
        put(out, fold_sign(file.wrapping_sub(next) as i32));
        next = file.wrapping_add(1);
    }
    out.extend(columns.md5s.iter().flat_map(|md5| md5.0));
}

pub(super) fn read(bytes: &[u8]) -> Result<Columns, ReadError> {
    let mut reader = Reader::new(bytes);
    let reader = &mut reader;
    let files = reader.count()?;
    let mut columns = Columns::default();
    let column = |reader: &mut Reader<'_>, name| reader.column = name;

    column(reader, "the folders");
    columns.folders = read_folders(reader)?.into();
    column(reader, "the authors");
    let authors = reader.count()?;
    columns.authors = reader.texts(authors)?.into();
    column(reader, "the releases");
    let releases = reader.count()?;
    columns.releases = reader.texts(releases)?.into();
    column(reader, "the chips");
    for _ in 0..reader.count()? {
        let mut layout = Vec::new();
        for _ in 0..reader.count()? {
            layout.push(SidChip {
                model: model(reader.byte()?).ok_or(ReadError::Missing(reader.column))?,
                address: reader.short()?,
            });
        }
        columns.layouts.push(layout);
    }
    column(reader, "the torrents");
    let torrents = reader.count()?;
    let hashes = reader.take(torrents.saturating_mul(20))?;
    columns.torrents = hashes
        .chunks_exact(20)
        .map(|hash| hash.try_into().expect("a chunk has twenty bytes"))
        .collect();
    column(reader, "the files' folders");
    columns.folder = read_places(reader, files, columns.folders.texts().len())?;
    column(reader, "the files' authors");
    columns.author = read_places(reader, files, columns.authors.texts().len())?;
    column(reader, "the files' releases");
    columns.release = read_places(reader, files, columns.releases.texts().len())?;
    column(reader, "the files' chips");
    let layouts = read_places(reader, files, columns.layouts.len())?;
    column(reader, "the files' torrents");
    let remotes = read_places(reader, files, columns.torrents.len() + 1)?;

    column(reader, "the kinds");
    let kinds = reader.take(files)?;
    let flags = reader.take(files)?;
    column(reader, "the names");
    let stems = reader.texts(files)?;
    column(reader, "the titles");
    let titles = reader.texts(files)?;
    for (at, &flags) in flags.iter().enumerate() {
        let stem = stems.get(at);
        if flags & HAS_ENDING == 0 {
            columns.names.push(stem);
        } else {
            columns.names.push(&[stem, ENDING].concat());
        }
        if flags & NAME_IS_TITLE == 0 {
            columns.titles.push(titles.get(at));
        } else {
            columns.titles.push(&stem.replace('_', " "));
        }
    }

    column(reader, "the songs");
    let start_songs = reader.numbers(files)?;
    let songs = reader.numbers(files)?;
    column(reader, "the sizes");
    let sizes = reader.numbers(files)?;
    column(reader, "the addresses");
    let mut planes = [&[][..]; 6];
    for plane in &mut planes {
        *plane = reader.take(files)?;
    }
    let address =
        |plane: usize, at: usize| u16::from_le_bytes([planes[plane][at], planes[plane + 1][at]]);
    for at in 0..files {
        let load_address = address(0, at);
        let init_address = load_address.wrapping_add(address(2, at));
        let missing = ReadError::Missing("the kinds");
        columns.headers.push(Header {
            format: format(kinds[at] & 3).ok_or(missing)?,
            version: u16::from(kinds[at] >> 4 & 7),
            clock: clock(kinds[at] >> 2 & 3),
            needs_basic: kinds[at] & 0x80 != 0,
            origin: origin(flags[at] & 3).ok_or(missing)?,
            load_address,
            init_address,
            play_address: init_address.wrapping_add(address(4, at)),
            size: sizes[at],
            start_song: u16::try_from(start_songs[at])
                .map_err(|_| ReadError::Large("the songs"))?,
            layout: layouts[at],
        });
    }
    column(reader, "the lengths");
    for songs in songs {
        if songs as usize > reader.left() {
            return Err(ReadError::Short(reader.column));
        }
        for _ in 0..songs {
            let number = reader.number()?;
            columns.lengths.push(read_length(number, reader.column)?);
        }
        columns.length_ends.push(count(columns.lengths.len()));
    }
    read_notes(reader, files, &mut columns)?;

    column(reader, "the files in torrents");
    let mut next = 0u32;
    for torrent in remotes {
        let mut file = 0;
        if torrent > 0 {
            file = next.wrapping_add_signed(unfold_sign(reader.number()?));
            next = file.wrapping_add(1);
        }
        columns.remotes.push((torrent, file));
    }
    column(reader, "the digests");
    let digests = reader.take(files.saturating_mul(16))?;
    columns.md5s = digests
        .chunks_exact(16)
        .map(|md5| Md5(md5.try_into().expect("a chunk has sixteen bytes")))
        .collect();
    if reader.left() > 0 {
        return Err(ReadError::Surplus(reader.left()));
    }
    let shared = (0..files).map(|at| {
        let folder = columns.folders.texts().get(columns.folder[at] as usize);
        folder.len() + columns.author_text(at).len() + columns.release_text(at).len()
    });
    let layouts = (0..files).map(|at| columns.chips(at).len());
    if shared.chain(layouts).sum::<usize>() > MOST_TEXT {
        return Err(ReadError::Unfolds(MOST_TEXT));
    }
    Ok(columns)
}

fn read_notes(
    reader: &mut Reader<'_>,
    files: usize,
    columns: &mut Columns,
) -> Result<(), ReadError> {
    reader.column = "the notes";
    let mut total = 0u32;
    for _ in 0..files {
        let notes = reader.number()?;
        total = total
            .checked_add(notes)
            .ok_or(ReadError::Large(reader.column))?;
        columns.note_ends.push(total);
    }
    let total = total as usize;
    if total > reader.left() {
        return Err(ReadError::Short(reader.column));
    }
    columns.note_songs = (0..total)
        .map(|_| reader.short())
        .collect::<Result<_, _>>()?;
    let masks = reader.take(total)?;
    let mut texts = Vec::with_capacity(NOTE_TEXTS);
    for kind in 0..NOTE_TEXTS {
        let there = masks.iter().filter(|mask| *mask >> kind & 1 != 0);
        texts.push((reader.texts(there.count())?, 0));
    }
    for mask in masks {
        for (kind, (texts, next)) in texts.iter_mut().enumerate() {
            if mask >> kind & 1 == 0 {
                columns.note_texts.push("");
            } else {
                columns.note_texts.push(texts.get(*next));
                *next += 1;
            }
        }
    }
    Ok(())
}

/// A folder mostly begins like the one before it.
fn put_folders(out: &mut Vec<u8>, folders: &Texts) {
    put(out, count(folders.len()));
    let mut last = "";
    let mut rests = Vec::new();
    for folder in folders.iter() {
        let same = last.bytes().zip(folder.bytes()).take_while(|(a, b)| a == b);
        let mut shared = same.count();
        while !folder.is_char_boundary(shared) {
            shared -= 1;
        }
        put(out, count(shared));
        rests.push(&folder[shared..]);
        last = folder;
    }
    put_texts(out, rests.iter().copied());
}

fn read_folders(reader: &mut Reader<'_>) -> Result<Texts, ReadError> {
    let folders = reader.count()?;
    let shared = reader.numbers(folders)?;
    let rests = reader.texts(folders)?;
    let mut found = Texts::default();
    let mut folder = String::new();
    for (shared, rest) in shared.into_iter().zip(rests.iter()) {
        if !folder.is_char_boundary(shared as usize) {
            return Err(ReadError::Text(reader.column));
        }
        folder.truncate(shared as usize);
        folder.push_str(rest);
        if found.all().len() + folder.len() > MOST_TEXT {
            return Err(ReadError::Unfolds(MOST_TEXT));
        }
        found.push(&folder);
    }
    Ok(found)
}

/// Places in a list whose things came in order of first appearance: 0 is the same place as before,
/// 1 one after the furthest so far, any other the place and two.
fn put_places(out: &mut Vec<u8>, places: impl Iterator<Item = u32>) {
    let (mut last, mut furthest) = (u32::MAX, 0);
    for place in places {
        if place == last {
            out.push(0);
        } else if place == furthest {
            out.push(1);
        } else {
            put(out, place + 2);
        }
        furthest = furthest.max(place + 1);
        last = place;
    }
}

fn read_places(reader: &mut Reader<'_>, files: usize, among: usize) -> Result<Vec<u32>, ReadError> {
    let (mut last, mut furthest) = (u32::MAX, 0);
    let mut places = Vec::with_capacity(files);
    for _ in 0..files {
        let place = match reader.number()? {
            0 => last,
            1 => furthest,
            number => number - 2,
        };
        if place as usize >= among {
            return Err(ReadError::Missing(reader.column));
        }
        places.push(place);
        furthest = furthest.max(place + 1);
        last = place;
    }
    Ok(places)
}

/// Whether a file's title can be told from its name.
fn is_title(stem: &str, title: &str) -> bool {
    let shown = stem
        .bytes()
        .map(|byte| if byte == b'_' { b' ' } else { byte });
    !title.is_empty() && shown.eq(title.bytes())
}

/// Lengths are mostly whole seconds. One of more than 24 days is kept as that.
fn put_length(out: &mut Vec<u8>, length: u32) {
    put(
        out,
        match length {
            UNKNOWN => 0,
            _ if length.is_multiple_of(1000) => length / 1000 * 2 + 1,
            _ => length.min(u32::MAX / 2) * 2,
        },
    );
}

fn read_length(number: u32, column: &'static str) -> Result<u32, ReadError> {
    match number {
        0 => Ok(UNKNOWN),
        _ if number.is_multiple_of(2) => Ok(number / 2),
        _ => (number / 2)
            .checked_mul(1000)
            .ok_or(ReadError::Large(column)),
    }
}

fn format(number: u8) -> Option<Format> {
    [Format::Psid, Format::Rsid, Format::Mus]
        .into_iter()
        .find(|format| *format as u8 == number)
}

fn clock(number: u8) -> Clock {
    let all = [Clock::Unknown, Clock::Pal, Clock::Ntsc, Clock::Any];
    all[usize::from(number & 3)]
}

fn model(number: u8) -> Option<ChipModel> {
    let all = [
        ChipModel::Unknown,
        ChipModel::Mos6581,
        ChipModel::Mos8580,
        ChipModel::Any,
    ];
    all.get(usize::from(number)).copied()
}

fn origin(number: u8) -> Option<Origin> {
    let all = [Origin::BuiltIn, Origin::Imported, Origin::Collection];
    all.into_iter().find(|origin| *origin as u8 == number)
}
