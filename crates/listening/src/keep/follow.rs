//! What is kept goes along when a collection is brought up to date: a moved file keeps its digest,
//! a changed one its path. What names a changed file by its old digest is found too.

use std::collections::{BTreeMap, BTreeSet};

use catalog::Changes;
use protocol::keep::{Item, TuneRef};
use sidfile::Md5;

use super::merge::merge;
use super::{Kept, Key};

/// Brings what is kept in step with a newer state of a collection. Returns the records that are
/// others now, or gone.
pub fn follow(kept: &mut Kept, changes: &Changes) -> BTreeSet<Key> {
    let moved: BTreeMap<Md5, &str> = changes
        .moved
        .iter()
        .map(|(md5, _, path)| (*md5, &**path))
        .collect();
    let by_path: BTreeMap<&str, Md5> = changes
        .changed
        .iter()
        .map(|(path, _, now)| (&**path, *now))
        .collect();
    let by_digest: BTreeMap<Md5, Md5> = changes
        .changed
        .iter()
        .map(|(_, before, now)| (*before, *now))
        .collect();
    let step = |tune: &mut TuneRef| -> bool {
        let before = tune.md5;
        if let Some(path) = moved.get(&tune.md5) {
            let is_other = tune.path != *path;
            tune.path = (*path).to_owned();
            return is_other;
        }
        let known = by_path.get(&*tune.path).filter(|_| !tune.path.is_empty());
        if let Some(md5) = by_digest.get(&before).or(known) {
            tune.md5 = *md5;
        }
        tune.md5 != before
    };
    let mut touched = BTreeSet::new();
    let mut digests = BTreeMap::new();
    for (md5, mut about) in std::mem::take(&mut kept.tunes) {
        if step(&mut about.tune) {
            touched.extend([Key::Tune(md5), Key::Tune(about.tune.md5)]);
            digests.insert(md5, about.tune.md5);
        }
        // The new file may have been liked already.
        let one = Kept {
            tunes: BTreeMap::from([(about.tune.md5, about)]),
            ..Kept::default()
        };
        let tunes = Kept {
            tunes: std::mem::take(&mut kept.tunes),
            ..Kept::default()
        };
        kept.tunes = merge(tunes, one).tunes;
    }
    for (id, playlist) in &mut kept.playlists {
        let others = playlist
            .items
            .iter_mut()
            .filter_map(|item| step(&mut item.tune).then_some(()));
        if others.count() > 0 {
            touched.insert(Key::Playlist(*id));
            let mut here = BTreeSet::new();
            playlist.items.retain(|item: &Item| here.insert(item.id()));
        }
    }
    for (chunk, plays) in &mut kept.history {
        for play in plays {
            let old = play.tune.md5;
            if step(&mut play.tune) {
                touched.insert(Key::History(*chunk));
                digests.insert(old, play.tune.md5);
            }
        }
    }
    for (chunk, lines) in &mut kept.log {
        for line in lines {
            if let Some(md5) = digests
                .get(&line.tune.md5)
                .filter(|md5| **md5 != line.tune.md5)
            {
                line.tune.md5 = *md5;
                touched.insert(Key::Log(*chunk));
            }
        }
    }
    touched
}
