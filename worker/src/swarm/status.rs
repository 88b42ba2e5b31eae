//! Telling how torrents stand: at most twice a second, and only what is not known yet.

use std::rc::Rc;

use protocol::EVENT;
use protocol::swarm::{Detail, Event, FileId, Torrent, Window};
use torrent::InfoHash;
use torrent::session::FileStatus;

use super::{Caller, Outside, STATUS_MILLIS, State, Store, Swarm, links};

/// Parts of the bar of pieces.
const PIECE_BAR: u16 = 240;

impl<S: Store + 'static, O: Outside + 'static> Swarm<S, O> {
    /// Tells whoever looks what has changed.
    pub(super) fn tell_status(self: &Rc<Self>, now: u64) {
        let (all, news) = {
            let state = &mut *self.state.borrow_mut();
            if !state.is_dirty || now < state.told_at + STATUS_MILLIS && state.told_at > 0 {
                return;
            }
            state.told_at = now.max(1);
            let torrents = torrents(state, now);
            // Rates fall while nothing happens: it is told until they are at rest.
            state.is_dirty = torrents
                .iter()
                .any(|torrent| torrent.status.download_rate > 0 || torrent.status.upload_rate > 0);
            let all = (torrents != state.told).then(|| {
                state.told.clone_from(&torrents);
                Event::Torrents {
                    torrents,
                    used: self.store.used(),
                    allowed: state.allowed,
                }
            });
            let callers: Vec<Caller> = state.watches.keys().copied().collect();
            let mut news = Vec::new();
            for caller in callers {
                let events = watched(state, now, caller);
                let watch = state.watches.entry(caller).or_default();
                for event in &events {
                    if !watch.told.contains(event) {
                        news.push((caller, event.clone()));
                    }
                }
                watch.told = events;
            }
            (all, news)
        };
        if let Some(all) = all {
            let callers: Vec<Caller> = self.state.borrow().watches.keys().copied().collect();
            for caller in callers {
                self.outside.tell(caller, EVENT, &all, None);
            }
        }
        for (caller, event) in news {
            self.outside.tell(caller, EVENT, &event, None);
        }
    }
}

fn torrents(state: &mut State, now: u64) -> Vec<Torrent> {
    let all = state.session.torrents(now);
    let mut told = Vec::with_capacity(all.len());
    for status in all {
        let Some(known) = state.torrents.get_mut(&status.info_hash) else {
            continue;
        };
        let totals = (status.downloaded, status.uploaded);
        known.is_changed |= totals != known.record.totals;
        known.record.totals = totals;
        let magnet = links::magnet(&status, &known.record);
        told.push((
            known.record.order,
            Torrent {
                kind: known.record.kind,
                magnet,
                status,
            },
        ));
    }
    told.sort_by_key(|(order, _)| *order);
    told.into_iter().map(|(_, torrent)| torrent).collect()
}

fn file(state: &State, id: FileId) -> Option<FileStatus> {
    let status = state.session.files(&id.torrent, id.file..id.file + 1);
    status.into_iter().next()
}

fn watched(state: &mut State, now: u64, caller: Caller) -> Vec<Event> {
    let Some(watch) = state.watches.get(&caller) else {
        return Vec::new();
    };
    let mut events = Vec::new();
    if !watch.files.is_empty() {
        let files = watch.files.iter();
        let files = files.filter_map(|&id| Some((id, file(state, id)?)));
        events.push(Event::Files(files.collect()));
    }
    if let Some(window) = watch.window.clone()
        && let Some(detail) = detail(state, now, &window)
    {
        events.push(Event::Detail(detail));
    }
    events
}

fn detail(state: &mut State, now: u64, window: &Window) -> Option<Detail> {
    let torrent = window.torrent;
    let known = state.torrents.contains_key(&torrent);
    if !known {
        return None;
    }
    let end = window.first.saturating_add(window.count);
    let (total, files) = if window.filter.is_empty() {
        let total = state
            .session
            .info(&torrent)
            .map_or(0, |info| info.files.len());
        (
            total as u32,
            state.session.files(&torrent, window.first..end),
        )
    } else {
        let matches = matches(state, torrent, &window.filter);
        let shown = matches.iter().skip(window.first as usize);
        let files = shown.take(window.count as usize).filter_map(|&at| {
            let id = FileId { torrent, file: at };
            file(state, id)
        });
        (matches.len() as u32, files.collect())
    };
    Some(Detail {
        torrent,
        total,
        first: window.first,
        files,
        pieces: state.session.piece_map(&torrent, PIECE_BAR),
        peers: state.session.peers(now, &torrent),
    })
}

/// Files whose path has every word of a filter.
fn matches(state: &mut State, torrent: InfoHash, filter: &str) -> Rc<[u32]> {
    let known = state
        .torrents
        .get(&torrent)
        .and_then(|known| known.matches.as_ref());
    if let Some((_, matches)) = known.filter(|(of, _)| of == filter) {
        return Rc::clone(matches);
    }
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let info = state.session.info(&torrent);
    let files = info.map_or(&[][..], |info| &info.files);
    let found = files.iter().zip(0..).filter(|(file, _)| {
        let path = file.path.to_lowercase();
        words.iter().all(|word| path.contains(word))
    });
    let found: Rc<[u32]> = found.map(|(_, at)| at).collect();
    if let Some(known) = state.torrents.get_mut(&torrent) {
        known.matches = Some((filter.to_owned(), Rc::clone(&found)));
    }
    found
}
