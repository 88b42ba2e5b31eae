//! How the page itself is doing: its workers, its library, its disk, its swarm.

use protocol::library::{Request as LibraryRequest, Storage};
use protocol::swarm::{InfoHash, Kept, Phase, Request as SwarmRequest};
use protocol::telemetry::{Adapter, Fact, Pressure, Reason, Verdict, Worker};
use protocol::{find, swarm};

use super::{Cause, Moment};
use crate::event::{Effect, SoundMode, Ticket};
use crate::list::LibraryState;
use crate::model::Model;
use crate::swarm::SwarmState;

/// Peers are counted so often.
const PEERS_EVERY_MICROS: u64 = 60_000_000;

#[derive(Debug, Default)]
pub(super) struct Works {
    /// The library is being opened since then.
    opening: Option<u64>,
    /// What is being looked for, and since when.
    search: Option<(Ticket, u64)>,
    /// Torrents that are being read back, and since when.
    verifying: Vec<(InfoHash, u64)>,
    is_sound_tried: bool,
    is_library_tried: bool,
    are_pieces_tried: bool,
    pressure: Option<Pressure>,
    peers_at: u64,
}

fn verdict(works: bool) -> Verdict {
    if works {
        Verdict::Passed
    } else {
        Verdict::Failed
    }
}

impl Model {
    pub(super) fn watch_works(&mut self, moment: &Moment, facts: &mut Vec<Fact>) {
        let now = self.feel.now;
        for effect in &self.effects {
            match effect {
                Effect::Library(_, LibraryRequest::Open) => {
                    self.feel.works.opening.get_or_insert(now);
                }
                Effect::Library(
                    ticket,
                    LibraryRequest::Find(
                        find::Request::Hits { .. } | find::Request::Suggest { .. },
                    ),
                ) if moment.cause == Cause::Wish(true) => {
                    self.feel.works.search = Some((*ticket, now));
                }
                Effect::Swarm(_, SwarmRequest::Verify(torrent)) => {
                    self.feel.works.verifying.push((*torrent, now));
                }
                _ => {}
            }
        }
        match moment.cause {
            Cause::Died(worker, _) => {
                facts.push(Fact::WorkerRestart(worker));
                if worker == Worker::Swarm {
                    self.feel.works.verifying.clear();
                }
            }
            Cause::Mode(mode) => self.sound_is_tried(Some(mode), facts),
            Cause::Failed(Reason::Audio) => self.sound_is_tried(None, facts),
            Cause::LibraryOpen(storage) => {
                let works = &mut self.feel.works;
                let took = works.opening.take().map(|since| now.saturating_sub(since));
                facts.extend(took.map(|took| Fact::CatalogOpen(Some(took))));
                if !std::mem::replace(&mut works.is_library_tried, true) {
                    let found = verdict(storage == Storage::Kept);
                    facts.push(Fact::SelfTest(Adapter::LibraryStore, found));
                }
            }
            Cause::Found(ticket) => {
                let answered = |search: &mut (Ticket, u64)| search.0 == ticket;
                if let Some((_, since)) = self.feel.works.search.take_if(answered) {
                    facts.push(Fact::SearchTime(Some(now.saturating_sub(since))));
                }
            }
            Cause::SwarmOpen(kept) if !self.feel.works.are_pieces_tried => {
                self.feel.works.are_pieces_tried = true;
                let found = verdict(kept == Kept::Files);
                facts.push(Fact::SelfTest(Adapter::PieceStore, found));
            }
            Cause::Torrents => {
                self.watch_verifying(facts);
                self.watch_room(facts);
            }
            Cause::Tick(_) => self.count_peers(facts),
            _ => {}
        }
        if matches!(self.list.library, LibraryState::Failed(_))
            && self.feel.works.opening.take().is_some()
        {
            facts.push(Fact::CatalogOpen(None));
        }
        let is_kept = self.shelf.view.not_kept.is_none();
        let has_disk = matches!(
            self.list.library,
            LibraryState::Open {
                storage: Storage::Kept,
                ..
            }
        );
        if moment.is_kept && !is_kept && has_disk {
            facts.push(Fact::StoragePressure(Pressure::Refused));
        }
    }

    /// The page has found out how sound can be made here.
    fn sound_is_tried(&mut self, best: Option<SoundMode>, facts: &mut Vec<Fact>) {
        if std::mem::replace(&mut self.feel.works.is_sound_tried, true) {
            return;
        }
        // A way that is better than the best does not work; what is worse was not tried.
        for (mode, adapter) in [
            (SoundMode::Ring, Adapter::AudioRing),
            (SoundMode::Port, Adapter::AudioPort),
            (SoundMode::File, Adapter::AudioFile),
        ] {
            let works = best == Some(mode);
            facts.push(Fact::SelfTest(adapter, verdict(works)));
            if works {
                break;
            }
        }
    }

    fn watch_verifying(&mut self, facts: &mut Vec<Fact>) {
        let now = self.feel.now;
        let torrents = &self.swarm.view.torrents;
        let is_verifying = |torrent: &swarm::Torrent| torrent.status.phase == Phase::Verifying;
        let verifying = &mut self.feel.works.verifying;
        for torrent in torrents.iter().filter(|torrent| is_verifying(torrent)) {
            let hash = torrent.status.info_hash;
            if !verifying.iter().any(|(known, _)| *known == hash) {
                verifying.push((hash, now));
            }
        }
        verifying.retain(|(hash, since)| {
            let mut known = torrents.iter();
            let torrent = known.find(|torrent| torrent.status.info_hash == *hash);
            let stays = torrent.is_some_and(is_verifying);
            if !stays && torrent.is_some() {
                facts.push(Fact::VerifyTime(Some(now.saturating_sub(*since))));
            }
            stays
        });
    }

    fn watch_room(&mut self, facts: &mut Vec<Fact>) {
        let view = &self.swarm.view;
        let Some(allowed) = view.allowed.filter(|allowed| *allowed > 0) else {
            return;
        };
        let pressure = match view.used.saturating_mul(100) / allowed {
            0..80 => None,
            80..95 => Some(Pressure::High),
            _ => Some(Pressure::Full),
        };
        let before = std::mem::replace(&mut self.feel.works.pressure, pressure);
        if let Some(pressure) = pressure.filter(|pressure| before.is_none_or(|old| old < *pressure))
        {
            facts.push(Fact::StoragePressure(pressure));
        }
    }

    fn count_peers(&mut self, facts: &mut Vec<Fact>) {
        let works = &mut self.feel.works;
        let is_due = self.feel.now >= works.peers_at + PEERS_EVERY_MICROS;
        let is_here = matches!(
            self.swarm.view.state,
            SwarmState::Open {
                elsewhere: false,
                ..
            }
        );
        if is_due && is_here {
            works.peers_at = self.feel.now;
            let peers = self.swarm.view.torrents.iter();
            let peers = peers.map(|torrent| torrent.status.peers).sum();
            facts.push(Fact::Peers(peers));
        }
    }
}
