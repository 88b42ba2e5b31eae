//! Fetching from web seeds: what is urgent at once, and the rest beside peers, in few requests
//! for many pieces.

use core::ops::Range;
use std::collections::BTreeSet;

use crate::FetchId;
use crate::assembly::Origin;
use crate::backoff::Backoff;
use crate::picker::PieceState;
use crate::rate::Meter;
use crate::web_seed::{Part, parts};

use super::requests::MOST_MEMORY;
use super::shared::Shared;
use super::torrent::Torrent;
use super::{Event, Lead, Output, Problem, SourceStatus};

/// Bytes of pieces that are fetched in one go: urgent ones, and others.
const RUN_BYTES: (u64, u64) = (256 * 1024, 1024 * 1024);
/// Requests under way at a web seed for one run.
const MOST_FETCHES: usize = 4;
/// Runs under way: urgent ones, and others while peers give nothing.
const MOST_RUNS: (usize, usize) = (4, 2);
/// Bytes a second from peers from which a web seed is used little, and not at all.
const PEERS_DELIVER: (u32, u32) = (100_000, 1_000_000);
/// Milliseconds within which a peer should answer if it alone is asked for what is urgent.
const QUICK_MILLIS: u64 = 250;
/// Milliseconds after which what is urgent is late.
const LATE_MILLIS: u64 = 500;
/// Milliseconds without a byte after which a run is given up.
const SILENT_MILLIS: u64 = 30_000;
/// Urgent pieces that are looked at.
const MOST_URGENT: usize = 256;

#[derive(Debug)]
pub struct WebSeed {
    pub url: String,
    pub flat: bool,
    backoff: Backoff,
    error: Option<String>,
    banned: bool,
    answered: bool,
    down: Meter,
}

/// Pieces that are fetched from a web seed in one go.
#[derive(Debug)]
pub struct Run {
    seed: u16,
    pieces: Range<u32>,
    is_urgent: bool,
    /// Whether each piece is here.
    done: Vec<bool>,
    bytes: Vec<u8>,
    /// What is to be fetched, how much of it is here, and by which fetch.
    parts: Vec<(Part, u64, Option<FetchId>)>,
    started: u64,
    heard: u64,
}

impl WebSeed {
    pub fn new(url: String, flat: bool) -> Self {
        Self {
            url,
            flat,
            backoff: Backoff::default(),
            error: None,
            banned: false,
            answered: false,
            down: Meter::default(),
        }
    }

    /// Whether it may be asked, now or later, as far as is known.
    pub fn is_working(&self) -> bool {
        !self.banned && self.error.is_none()
    }

    fn may_ask(&self, now: u64) -> bool {
        !self.banned && self.backoff.is_over(now)
    }

    pub fn problem(&self, now: u64) -> Option<Problem> {
        let reason = self.error.clone()?;
        let wait = (!self.banned).then(|| self.backoff.millis_left(now));
        Some(Problem::WebSeed {
            url: self.url.clone(),
            reason,
            retry_in_millis: wait,
        })
    }

    pub fn status(&self, now: u64) -> SourceStatus {
        SourceStatus {
            url: self.url.clone(),
            web_seed: true,
            working: self.answered && self.is_working(),
            rate: self.down.rate(now),
            downloaded: self.down.total(),
        }
    }

    /// The network is back: no use in waiting.
    pub fn try_now(&mut self) {
        self.backoff.reset();
    }
}

impl Torrent {
    /// Whether a web seed is asked for a piece.
    pub fn is_at_seed(&self, piece: u32) -> bool {
        self.runs.values().any(|run| run.is_fetching(piece))
    }

    /// Whether a web seed is asked for a piece, and has not given it in time.
    pub fn is_late_at_seed(&self, now: u64, piece: u32) -> bool {
        let mut runs = self.runs.values();
        runs.any(|run| run.is_fetching(piece) && now > run.started + LATE_MILLIS)
    }

    /// Urgent pieces that are left to web seeds, which lead, as long as they are in time.
    pub fn left_to_seeds(&self, now: u64) -> BTreeSet<u32> {
        let has_seed = || !self.runs.is_empty() || self.seeds.iter().any(|seed| seed.may_ask(now));
        let Some(content) = &self.content else {
            return BTreeSet::new();
        };
        if self.lead != Some(Lead::WebSeeds) || !has_seed() {
            return BTreeSet::new();
        }
        let urgent = content.picker.urgent().map(|(_, piece)| piece);
        urgent
            .filter(|&piece| !self.is_late_at_seed(now, piece))
            .collect()
    }

    /// Asks web seeds for what they should give next.
    pub fn fetch_from_seeds(&mut self, now: u64, shared: &mut Shared) {
        if !self.is_running() || !shared.online || !self.seeds.iter().any(|s| s.may_ask(now)) {
            return;
        }
        while self.count_runs(true) < MOST_RUNS.0 {
            let Some(piece) = self.next_urgent(now) else {
                break;
            };
            if !self.start_run(now, piece, true, shared) {
                break;
            }
        }
        let allowed = self.seed_share(now);
        while self.count_runs(false) < allowed {
            let content = self.content.as_ref();
            let next = content.and_then(|content| content.picker.candidates().first().copied());
            if !next.is_some_and(|piece| self.start_run(now, piece, false, shared)) {
                break;
            }
        }
    }

    fn count_runs(&self, is_urgent: bool) -> usize {
        let runs = self.runs.values();
        runs.filter(|run| run.is_urgent == is_urgent).count()
    }

    /// An urgent piece that no peer will give in time.
    fn next_urgent(&self, now: u64) -> Option<u32> {
        let content = self.content.as_ref()?;
        let urgent = content.picker.urgent().take(MOST_URGENT);
        urgent.map(|(_, piece)| piece).find(|&piece| {
            if self.is_at_seed(piece) {
                return false;
            }
            let peers = self.peers.values().filter(|peer| peer.may_ask(piece));
            let soonest = peers.map(|peer| peer.expected(now)).min();
            let before = now.saturating_sub(LATE_MILLIS);
            let is_asked = content
                .assemblies
                .get(&piece)
                .is_some_and(|assembly| assembly.late(before).next().is_none());
            let is_quick = match self.lead {
                None => soonest.is_some_and(|millis| millis <= QUICK_MILLIS),
                Some(Lead::Peers) => soonest.is_some(),
                Some(Lead::WebSeeds) => false,
            };
            !(is_quick && is_asked)
        })
    }

    /// Runs that are not urgent, beside what peers give.
    fn seed_share(&self, now: u64) -> usize {
        let open = || self.peers.values().filter(|peer| peer.is_open());
        let rate: u64 = open().map(|peer| u64::from(peer.down.rate(now))).sum();
        if rate >= u64::from(PEERS_DELIVER.1) {
            let content = self.content.as_ref();
            let rarest = content.and_then(|content| content.picker.candidates().first());
            let is_lacking = rarest.is_some_and(|&piece| !open().any(|p| p.have.get(piece)));
            usize::from(is_lacking)
        } else if rate >= u64::from(PEERS_DELIVER.0) {
            1
        } else {
            MOST_RUNS.1
        }
    }

    /// Begins to fetch a piece and what follows it; whether there was a web seed to ask.
    fn start_run(&mut self, now: u64, first: u32, is_urgent: bool, shared: &mut Shared) -> bool {
        let Some(content) = &self.content else {
            return false;
        };
        let busy = |seed: usize| {
            let runs = self.runs.values();
            runs.filter(|run| usize::from(run.seed) == seed).count()
        };
        let seed = (0..self.seeds.len())
            .filter(|&seed| self.seeds[seed].may_ask(now))
            .min_by_key(|&seed| busy(seed));
        let Some(seed) = seed.filter(|_| shared.down.is_open(now)) else {
            return false;
        };
        let most = if is_urgent { RUN_BYTES.0 } else { RUN_BYTES.1 };
        let priority = content.picker.priority(first);
        let mut length = content.length(first);
        let mut end = first + 1;
        while end < content.pieces()
            && length + content.length(end) <= most
            && content.picker.priority(end) == priority
            && content.picker.state(end) == PieceState::Missing
        {
            length += content.length(end);
            end += 1;
        }
        if !is_urgent && shared.memory > 0 && shared.memory + length > MOST_MEMORY {
            return false;
        }
        let start = u64::from(first) * u64::from(content.info.piece_length);
        let web_seed = &self.seeds[seed];
        let parts = parts(
            &web_seed.url,
            web_seed.flat,
            &content.info,
            start..start + length,
        );
        let run = Run {
            seed: seed as u16,
            pieces: first..end,
            is_urgent,
            done: vec![false; (end - first) as usize],
            bytes: vec![0; length as usize],
            parts: parts.into_iter().map(|part| (part, 0, None)).collect(),
            started: now,
            heard: now,
        };
        shared.memory += length;
        shared.down.take(length);
        for piece in first..end {
            self.set_state(piece, PieceState::Active);
        }
        self.next_run += 1;
        self.runs.insert(self.next_run, run);
        self.advance_run(now, self.next_run, shared);
        true
    }

    /// Starts fetches of a run, takes out what is complete, and ends it with its last piece.
    fn advance_run(&mut self, now: u64, id: u32, shared: &mut Shared) {
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        let under_way = |run: &Run| {
            let parts = run.parts.iter();
            parts
                .filter(|(part, got, fetch)| fetch.is_some() && *got < part.length)
                .count()
        };
        while under_way(run) < MOST_FETCHES {
            let next = run.parts.iter_mut().find(|(_, _, fetch)| fetch.is_none());
            let Some((part, _, fetch)) = next else { break };
            let new = shared.new_fetch();
            *fetch = Some(new);
            shared.push(Output::Fetch {
                id: new,
                url: part.url.clone(),
                offset: part.offset,
                length: part.length,
            });
        }
        while let Some((piece, bytes)) = self.next_piece_of(id) {
            let seed = self.runs.get(&id).map_or(0, |run| run.seed);
            self.on_piece(now, piece, bytes, &[Origin::Seed(seed)], shared);
        }
        let Some(run) = self.runs.get(&id) else {
            return;
        };
        if run.done.iter().all(|done| *done) {
            let seed = run.seed;
            self.end_run(id, shared);
            self.praise_seed(seed, shared);
            self.fetch_from_seeds(now, shared);
        }
    }

    /// A piece of a run of which every byte is here.
    fn next_piece_of(&mut self, id: u32) -> Option<(u32, Vec<u8>)> {
        let content = self.content.as_ref()?;
        let run = self.runs.get_mut(&id)?;
        let size = u64::from(content.info.piece_length);
        let base = u64::from(run.pieces.start) * size;
        for (index, piece) in run.pieces.clone().enumerate() {
            let start = u64::from(piece) * size;
            let end = start + content.length(piece);
            let is_here = !run.done[index]
                && run.parts.iter().all(|(part, got, _)| {
                    part.at >= end
                        || part.at + part.length <= start
                        || part.at + got >= end.min(part.at + part.length)
                });
            if is_here {
                run.done[index] = true;
                let range = (start - base) as usize..(end - base) as usize;
                return Some((piece, run.bytes[range].to_vec()));
            }
        }
        None
    }

    /// A run is over: what it did not bring is fetched otherwise.
    fn end_run(&mut self, id: u32, shared: &mut Shared) {
        let Some(run) = self.runs.remove(&id) else {
            return;
        };
        shared.memory -= run.bytes.len() as u64;
        for (part, got, fetch) in &run.parts {
            if let Some(fetch) = fetch.filter(|_| *got < part.length) {
                shared.push(Output::CancelFetch(fetch));
            }
        }
        for (piece, done) in run.pieces.clone().zip(&run.done) {
            let content = self.content.as_ref().expect("a run belongs to content");
            let is_open = content.assemblies.contains_key(&piece);
            if !done && !is_open && content.picker.state(piece) == PieceState::Active {
                self.set_state(piece, PieceState::Missing);
            }
        }
    }

    /// Ends all runs.
    pub fn stop_seeds(&mut self, shared: &mut Shared) {
        let runs: Vec<u32> = self.runs.keys().copied().collect();
        for run in runs {
            self.end_run(run, shared);
        }
    }

    /// A piece came from a peer.
    pub fn on_piece_elsewhere(&mut self, piece: u32, shared: &mut Shared) {
        let ids: Vec<u32> = self.runs.keys().copied().collect();
        for id in ids {
            let Some(run) = self.runs.get_mut(&id) else {
                continue;
            };
            if run.is_fetching(piece) {
                run.done[(piece - run.pieces.start) as usize] = true;
                if run.done.iter().all(|done| *done) {
                    self.end_run(id, shared);
                }
            }
        }
    }

    /// The run to which a fetch belongs, and the part.
    fn run_of(&self, fetch: FetchId) -> Option<(u32, usize)> {
        let mut runs = self.runs.iter();
        runs.find_map(|(id, run)| {
            let part = run.parts.iter().position(|part| part.2 == Some(fetch))?;
            Some((*id, part))
        })
    }

    /// Bytes of a fetch; whether it is one of this torrent.
    pub fn on_fetched(
        &mut self,
        now: u64,
        fetch: FetchId,
        bytes: &[u8],
        shared: &mut Shared,
    ) -> bool {
        let Some((id, part)) = self.run_of(fetch) else {
            return false;
        };
        let run = self.runs.get_mut(&id).expect("it was found");
        let size = self
            .content
            .as_ref()
            .map_or(0, |content| content.info.piece_length);
        let base = u64::from(run.pieces.start) * u64::from(size);
        let seed = run.seed;
        let (part, got, _) = &mut run.parts[part];
        if *got + bytes.len() as u64 > part.length {
            self.fail_seed(now, seed, "it sends more than was asked for".into(), shared);
            return true;
        }
        let at = (part.at + *got - base) as usize;
        run.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        *got += bytes.len() as u64;
        run.heard = now;
        self.down.add(now, bytes.len() as u64);
        if let Some(seed) = self.seeds.get_mut(usize::from(seed)) {
            seed.down.add(now, bytes.len() as u64);
        }
        self.advance_run(now, id, shared);
        true
    }

    /// A fetch is complete; whether it is one of this torrent.
    pub fn on_fetch_done(&mut self, now: u64, fetch: FetchId, shared: &mut Shared) -> bool {
        let Some((id, part)) = self.run_of(fetch) else {
            return false;
        };
        let run = &self.runs[&id];
        let seed = run.seed;
        let (part, got, _) = &run.parts[part];
        if *got < part.length {
            let reason = format!("it sent {got} bytes of {}", part.length);
            self.fail_seed(now, seed, reason, shared);
        }
        true
    }

    /// A web seed has given all that it was asked for.
    fn praise_seed(&mut self, index: u16, shared: &mut Shared) {
        if let Some(seed) = self
            .seeds
            .get_mut(usize::from(index))
            .filter(|seed| !seed.banned)
        {
            seed.backoff.reset();
            seed.answered = true;
            if seed.error.take().is_some() {
                shared.event(Event::Problems(self.info_hash));
            }
        }
    }

    /// A fetch failed; whether it is one of this torrent.
    pub fn on_fetch_failed(
        &mut self,
        now: u64,
        fetch: FetchId,
        reason: String,
        shared: &mut Shared,
    ) -> bool {
        let Some((id, _)) = self.run_of(fetch) else {
            return false;
        };
        let seed = self.runs[&id].seed;
        self.fail_seed(now, seed, reason, shared);
        true
    }

    /// A web seed is left alone for a while.
    fn fail_seed(&mut self, now: u64, index: u16, reason: String, shared: &mut Shared) {
        if let Some(seed) = self.seeds.get_mut(usize::from(index)) {
            seed.backoff.fail(now, &mut shared.lot);
            seed.error = Some(reason);
        }
        self.end_runs_of(index, shared);
        shared.event(Event::Problems(self.info_hash));
        self.fetch_more(now, shared);
    }

    /// A web seed that gives false bytes is not asked again.
    pub fn ban_seed(&mut self, index: u16, reason: &str, shared: &mut Shared) {
        if let Some(seed) = self.seeds.get_mut(usize::from(index)) {
            seed.banned = true;
            seed.error = Some(reason.to_owned());
        }
        self.end_runs_of(index, shared);
    }

    fn end_runs_of(&mut self, seed: u16, shared: &mut Shared) {
        let runs = self.runs.iter().filter(|(_, run)| run.seed == seed);
        let runs: Vec<u32> = runs.map(|(id, _)| *id).collect();
        for run in runs {
            self.end_run(run, shared);
        }
    }

    /// Gives up runs that bring nothing.
    pub fn look_for_silent_seeds(&mut self, now: u64, shared: &mut Shared) {
        let silent = self
            .runs
            .values()
            .find(|run| now > run.heard + SILENT_MILLIS);
        if let Some(seed) = silent.map(|run| run.seed) {
            self.fail_seed(now, seed, "it does not answer".into(), shared);
        }
    }

    /// Whether something urgent is under way.
    pub fn is_urgent(&self) -> bool {
        let content = self.content.as_ref();
        content.is_some_and(|content| content.picker.urgent().next().is_some())
    }
}

impl Run {
    pub fn memory(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn is_fetching(&self, piece: u32) -> bool {
        self.pieces.contains(&piece) && !self.done[(piece - self.pieces.start) as usize]
    }
}
