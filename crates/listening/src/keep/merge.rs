//! Two states become one: nothing that either knows is lost, and the order of the two does not
//! matter.

use core::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use protocol::keep::{About, Folder, Item, LogEntry, Play, Playlist};
use sidfile::TuneId;

use super::{CHUNK, Kept, MOST_HISTORY, MOST_ITEMS, MOST_LOG, MOST_NOTE, MOST_TAGS, clip};

/// Brings two states together.
#[must_use]
pub fn merge(first: Kept, second: Kept) -> Kept {
    Kept {
        tunes: both(first.tunes, second.tunes, merge_about),
        playlists: both(first.playlists, second.playlists, merge_playlist),
        folders: both(first.folders, second.folders, merge_folder),
        history: chunks(
            merge_lines::<Play>(first.history, second.history),
            MOST_HISTORY,
        ),
        log: chunks(merge_lines::<LogEntry>(first.log, second.log), MOST_LOG),
    }
}

fn both<K: Ord, V: PartialEq>(
    first: BTreeMap<K, V>,
    second: BTreeMap<K, V>,
    merge: impl Fn(V, V) -> V,
) -> BTreeMap<K, V> {
    let mut merged = first;
    for (key, other) in second {
        let value = match merged.remove(&key) {
            Some(mine) if mine != other => merge(mine, other),
            _ => other,
        };
        merged.insert(key, value);
    }
    merged
}

/// The one that was changed later goes first; of the same time, the greater text.
fn newer_first<T>(a: T, b: T, rank: impl Fn(&T) -> (u64, String)) -> (T, T) {
    match rank(&a).cmp(&rank(&b)) {
        Ordering::Less => (b, a),
        _ => (a, b),
    }
}

/// Both notes, the newer first, where neither holds the other.
fn notes(newer: &str, older: &str) -> String {
    if newer.contains(older) {
        newer.to_owned()
    } else if older.contains(newer) {
        older.to_owned()
    } else {
        clip(&format!("{newer}\n\n{older}"), MOST_NOTE)
    }
}

fn merge_about(a: About, b: About) -> About {
    let (newer, older) = newer_first(a, b, |about| {
        let About {
            changed_at,
            note,
            tune,
            rating,
            ..
        } = about;
        (*changed_at, format!("{note} {tune:?} {rating:?}"))
    });
    let favourite_at = match (newer.favourite_at, older.favourite_at) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    };
    let tags: BTreeSet<String> = newer.tags.into_iter().chain(older.tags).collect();
    let mut tune = newer.tune;
    super::better_ref(&mut tune, &older.tune);
    About {
        tune,
        favourite_at,
        rating: newer.rating.or(older.rating),
        tags: tags.into_iter().take(MOST_TAGS).collect(),
        note: notes(&newer.note, &older.note),
        changed_at: newer.changed_at,
    }
}

fn merge_playlist(a: Playlist, b: Playlist) -> Playlist {
    let (mut newer, older) = newer_first(a, b, |list| {
        (
            list.changed_at,
            format!("{} {} {:?}", list.name, list.note, list.items),
        )
    });
    let here: BTreeSet<TuneId> = newer.items.iter().map(Item::id).collect();
    let more = older
        .items
        .into_iter()
        .filter(|item| !here.contains(&item.id()));
    newer.items.extend(more);
    newer.items.truncate(MOST_ITEMS);
    newer.note = notes(&newer.note, &older.note);
    newer.folder = newer.folder.or(older.folder);
    newer.made_at = newer.made_at.min(older.made_at);
    newer
}

fn merge_folder(a: Folder, b: Folder) -> Folder {
    newer_first(a, b, |folder| (folder.changed_at, folder.name.clone())).0
}

fn merge_lines<T: Ord>(first: BTreeMap<u32, Vec<T>>, second: BTreeMap<u32, Vec<T>>) -> Vec<T> {
    let lines = first.into_values().chain(second.into_values()).flatten();
    // The same line of both is one line; lines begin with their time, so they stand in its order.
    lines.collect::<BTreeSet<T>>().into_iter().collect()
}

/// Cuts lines into chunks, and the oldest off.
pub(super) fn chunks<T>(lines: Vec<T>, most: usize) -> BTreeMap<u32, Vec<T>> {
    let excess = lines.len().saturating_sub(CHUNK * most);
    let mut chunks = BTreeMap::new();
    for (at, line) in lines.into_iter().skip(excess).enumerate() {
        let chunk = u32::try_from(at / CHUNK).unwrap_or(u32::MAX);
        let lines: &mut Vec<T> = chunks.entry(chunk).or_default();
        lines.push(line);
    }
    chunks
}
