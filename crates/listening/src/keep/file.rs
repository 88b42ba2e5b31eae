//! Everything of one person as one file, and a playlist as one: JSON, version 1. ARCHITECTURE.md
//! describes it for others. Digests and ids are hexadecimal, times milliseconds since 1970; what is
//! unknown is passed over, and what is missing is empty, except for digests and ids.

use protocol::keep::{
    About, Deed, FileKind, Folder, Item, ListId, LogEntry, Play, Playlist, TuneRef,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sidfile::{Md5, TuneId};

use super::merge::chunks;
use super::{
    Kept, MOST_HISTORY, MOST_ITEMS, MOST_LISTS, MOST_LOG, MOST_NAME, MOST_NOTE, MOST_TAGS, clip,
    is_blank, one_line,
};

const FORMAT: &str = "sidereal-listener";
const VERSION: u64 = 1;

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// What can be used.
    pub kept: Kept,
    /// The preferences.
    pub preferences: Option<String>,
    /// Entries that cannot be used.
    pub refused: u32,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no JSON.
    #[error("this is no JSON: {0}")]
    NoJson(String),
    /// Something else.
    #[error("this is no file of what a listener keeps")]
    Other,
    /// Written by a later build.
    #[error("the file is of version {0}, and this page reads {VERSION}")]
    Newer(u64),
}

#[derive(Serialize, Deserialize)]
struct FileTune {
    md5: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    author: String,
}

#[derive(Serialize, Deserialize)]
struct FileAbout {
    #[serde(flatten)]
    tune: FileTune,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    favourite_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rating: Option<u8>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
    #[serde(default)]
    changed_at: u64,
}

#[derive(Serialize, Deserialize)]
struct FileItem {
    #[serde(flatten)]
    tune: FileTune,
    #[serde(default)]
    song: u16,
    #[serde(default)]
    added_at: u64,
}

#[derive(Serialize, Deserialize)]
struct FilePlaylist {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    #[serde(default)]
    made_at: u64,
    #[serde(default)]
    changed_at: u64,
    #[serde(default)]
    items: Vec<Value>,
}

#[derive(Serialize, Deserialize)]
struct FileFolder {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    changed_at: u64,
}

#[derive(Serialize, Deserialize)]
struct FilePlay {
    at: u64,
    #[serde(flatten)]
    tune: FileTune,
    #[serde(default)]
    song: u16,
}

#[derive(Serialize, Deserialize)]
struct FileLine {
    at: u64,
    deed: String,
    md5: String,
    #[serde(default)]
    song: u16,
    #[serde(default)]
    position_millis: u32,
    #[serde(default)]
    length_millis: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rating: Option<u8>,
}

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tunes: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    folders: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    playlists: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    history: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    log: Vec<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preferences: Option<String>,
}

const DEEDS: [(&str, Deed); 8] = [
    ("play", Deed::Play),
    ("early-skip", Deed::EarlySkip),
    ("late-skip", Deed::LateSkip),
    ("finish", Deed::Finish),
    ("replay", Deed::Replay),
    ("like", Deed::Like),
    ("unlike", Deed::Unlike),
    ("dislike", Deed::Dislike),
];

fn value(of: impl Serialize) -> Value {
    serde_json::to_value(of).expect("plain data is always JSON")
}

fn values<T, F: Serialize>(of: impl Iterator<Item = T>, make: impl Fn(T) -> F) -> Vec<Value> {
    of.map(|one| value(make(one))).collect()
}

fn file_tune(tune: &TuneRef) -> FileTune {
    FileTune {
        md5: tune.md5.to_string(),
        path: tune.path.clone(),
        title: tune.title.clone(),
        author: tune.author.clone(),
    }
}

fn file_playlist((id, list): (&ListId, &Playlist)) -> FilePlaylist {
    FilePlaylist {
        id: id.to_string(),
        name: list.name.clone(),
        note: list.note.clone(),
        folder: list.folder.map(|folder| folder.to_string()),
        made_at: list.made_at,
        changed_at: list.changed_at,
        items: values(list.items.iter(), |item| FileItem {
            tune: file_tune(&item.tune),
            song: item.song,
            added_at: item.added_at,
        }),
    }
}

fn file_line(line: &LogEntry) -> FileLine {
    let known = DEEDS.iter().find(|(_, deed)| *deed == line.deed);
    let (deed, rating) = match (known, line.deed) {
        (Some((name, _)), _) => (*name, None),
        (None, Deed::Rate(rating)) => ("rate", Some(rating)),
        (None, _) => ("play", None),
    };
    FileLine {
        at: line.at,
        deed: deed.to_owned(),
        md5: line.tune.md5.to_string(),
        song: line.tune.song,
        position_millis: line.position_millis,
        length_millis: line.length_millis,
        rating,
    }
}

/// Everything as a file.
#[must_use]
pub fn write(kept: &Kept, preferences: Option<&str>) -> String {
    let file = File {
        format: FORMAT.to_owned(),
        version: VERSION,
        tunes: values(kept.tunes.values(), |about| FileAbout {
            tune: file_tune(&about.tune),
            favourite_at: about.favourite_at,
            rating: about.rating,
            tags: about.tags.clone(),
            note: about.note.clone(),
            changed_at: about.changed_at,
        }),
        folders: values(kept.folders.iter(), |(id, folder)| FileFolder {
            id: id.to_string(),
            name: folder.name.clone(),
            changed_at: folder.changed_at,
        }),
        playlists: values(kept.playlists.iter(), file_playlist),
        history: values(kept.history.values().flatten(), |play| FilePlay {
            at: play.at,
            tune: file_tune(&play.tune),
            song: play.song,
        }),
        log: values(kept.log.values().flatten(), file_line),
        preferences: preferences.map(str::to_owned),
    };
    pretty(&file)
}

fn pretty(file: &File) -> String {
    serde_json::to_string_pretty(file).expect("plain data is always JSON")
}

/// A playlist as a file; `None` where it is not there.
#[must_use]
pub fn write_playlist(kept: &Kept, id: ListId) -> Option<String> {
    let list = kept.playlists.get(&id)?;
    let file = File {
        format: FORMAT.to_owned(),
        version: VERSION,
        tunes: Vec::new(),
        folders: Vec::new(),
        playlists: vec![value(file_playlist((&id, list)))],
        history: Vec::new(),
        log: Vec::new(),
        preferences: None,
    };
    Some(pretty(&file))
}

/// The log, a line of JSON for each deed, from old to new.
#[must_use]
pub fn log_lines(kept: &Kept) -> String {
    let lines = kept.log.values().flatten();
    lines
        .map(|line| value(file_line(line)).to_string() + "\n")
        .collect()
}

/// Name of a file.
#[must_use]
pub fn file_name(kept: &Kept, kind: FileKind) -> String {
    let of_playlist = |id: ListId, ending: &str| {
        let name = kept
            .playlists
            .get(&id)
            .map_or("Playlist", |list| &*list.name);
        let allowed = |letter: char| letter.is_alphanumeric() || " -_.,()&'".contains(letter);
        let name: String = name
            .chars()
            .map(|c| if allowed(c) { c } else { '_' })
            .collect();
        format!("{}.{ending}", name.trim_matches(['.', ' ']))
    };
    match kind {
        FileKind::Everything => "sidereal-listener.json".to_owned(),
        FileKind::Log => "sidereal-log.jsonl".to_owned(),
        FileKind::PlaylistJson(id) => of_playlist(id, "json"),
        FileKind::PlaylistM3u8(id) => of_playlist(id, "m3u8"),
    }
}

fn tune_of(tune: FileTune) -> Option<TuneRef> {
    Some(TuneRef {
        md5: tune.md5.parse().ok()?,
        path: one_line(&tune.path, 1000),
        title: one_line(&tune.title, 200),
        author: one_line(&tune.author, 200),
    })
}

fn id_of(text: &str) -> Option<ListId> {
    text.parse().ok().filter(|_| text.len() == 16)
}

/// What a file holds. An entry that makes no sense costs that entry.
///
/// # Errors
/// It is no such file.
pub fn read(text: &str) -> Result<Parsed, Error> {
    let json: Value =
        serde_json::from_str(text).map_err(|error| Error::NoJson(error.to_string()))?;
    if json.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(Error::Other);
    }
    match json.get("version").and_then(Value::as_u64) {
        Some(VERSION) => {}
        Some(other) if other > VERSION => return Err(Error::Newer(other)),
        _ => return Err(Error::Other),
    }
    let file: File = serde_json::from_value(json).map_err(|_| Error::Other)?;
    let mut parsed = Parsed {
        preferences: file.preferences,
        ..Parsed::default()
    };
    let refused = &mut parsed.refused;
    let kept = &mut parsed.kept;
    for about in each(file.tunes, refused, about_of) {
        kept.tunes.insert(about.tune.md5, about);
    }
    kept.folders = each(file.folders, refused, folder_of)
        .into_iter()
        .take(MOST_LISTS)
        .collect();
    for playlist in file.playlists.into_iter().take(MOST_LISTS) {
        match playlist_of(playlist, refused) {
            Some((id, list)) => drop(kept.playlists.insert(id, list)),
            None => *refused += 1,
        }
    }
    let folders: Vec<ListId> = kept.folders.keys().copied().collect();
    for list in kept.playlists.values_mut() {
        list.folder = list.folder.filter(|folder| folders.contains(folder));
    }
    let mut plays = each(file.history, refused, play_of);
    plays.sort();
    plays.dedup();
    kept.history = chunks(plays, MOST_HISTORY);
    let mut lines = each(file.log, refused, line_of);
    lines.sort();
    lines.dedup();
    kept.log = chunks(lines, MOST_LOG);
    Ok(parsed)
}

fn each<F: for<'a> Deserialize<'a>, T>(
    values: Vec<Value>,
    refused: &mut u32,
    make: impl Fn(F) -> Option<T>,
) -> Vec<T> {
    let mut made = Vec::new();
    for value in values {
        match serde_json::from_value(value).ok().and_then(&make) {
            Some(one) => made.push(one),
            None => *refused += 1,
        }
    }
    made
}

fn about_of(about: FileAbout) -> Option<About> {
    let mut tags: Vec<String> = about
        .tags
        .iter()
        .map(|tag| one_line(tag, MOST_NAME))
        .collect();
    tags.retain(|tag| !tag.is_empty());
    tags.sort();
    tags.dedup();
    tags.truncate(MOST_TAGS);
    let about = About {
        tune: tune_of(about.tune)?,
        favourite_at: about.favourite_at,
        rating: about.rating.filter(|rating| (1..=5).contains(rating)),
        tags,
        note: clip(about.note.trim(), MOST_NOTE),
        changed_at: about.changed_at,
    };
    (!is_blank(&about)).then_some(about)
}

fn folder_of(folder: FileFolder) -> Option<(ListId, Folder)> {
    let name = one_line(&folder.name, MOST_NAME);
    let changed_at = folder.changed_at;
    Some((id_of(&folder.id)?, Folder { name, changed_at }))
}

fn playlist_of(value: Value, refused: &mut u32) -> Option<(ListId, Playlist)> {
    let list: FilePlaylist = serde_json::from_value(value).ok()?;
    let mut items = each(list.items, refused, |item: FileItem| {
        Some(Item {
            tune: tune_of(item.tune)?,
            song: item.song,
            added_at: item.added_at,
        })
    });
    let mut here = std::collections::BTreeSet::new();
    items.retain(|item| here.insert(item.id()));
    items.truncate(MOST_ITEMS);
    let playlist = Playlist {
        name: one_line(&list.name, MOST_NAME),
        note: clip(list.note.trim(), MOST_NOTE),
        folder: list.folder.as_deref().and_then(id_of),
        items,
        made_at: list.made_at,
        changed_at: list.changed_at,
    };
    Some((id_of(&list.id)?, playlist))
}

fn play_of(play: FilePlay) -> Option<Play> {
    Some(Play {
        at: play.at,
        tune: tune_of(play.tune)?,
        song: play.song,
    })
}

fn line_of(line: FileLine) -> Option<LogEntry> {
    let known = DEEDS.iter().find(|(name, _)| *name == line.deed);
    let deed = match (known, &*line.deed) {
        (Some((_, deed)), _) => *deed,
        (None, "rate") => Deed::Rate(line.rating.filter(|rating| *rating <= 5)?),
        _ => return None,
    };
    let md5: Md5 = line.md5.parse().ok()?;
    Some(LogEntry {
        at: line.at,
        deed,
        tune: TuneId {
            md5,
            song: line.song,
        },
        position_millis: line.position_millis,
        length_millis: line.length_millis,
    })
}
