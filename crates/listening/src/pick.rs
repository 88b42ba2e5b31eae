//! The pick: which way a tune was given to the listener, why, and what it replaces.

use catalog::Remote;
use serde::{Deserialize, Serialize};
use sidfile::TuneId;

use crate::score::{Candidate, Reject, Score, Source, Way};

/// Picks that are kept.
const MOST_PICKS: usize = 400;
/// Groups with a preferred source that are kept.
const MOST_GROUPS: usize = 100;
/// A pick stands until another way is better by this much.
const MUCH_WORSE: u16 = 100;
/// Candidates are good for so long.
const FRESH_MILLIS: u64 = 15 * 60_000;
/// Tunes whose candidates are remembered.
const MOST_CACHED: usize = 64;

/// Who made a pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PickedBy {
    /// The score.
    Score,
    /// The listener.
    Listener,
    /// The way before was too slow.
    Fallback,
}

/// Which way serves a tune on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    /// Number, from 1.
    pub id: u32,
    /// What plays.
    pub tune: TuneId,
    /// Device and preferences, see [`Profile::hash`].
    pub profile: u64,
    /// Where a swarm has it: info hash and place in the torrent.
    pub remote: Option<([u8; 20], u32)>,
    /// The way.
    pub way: Way,
    /// Its score.
    pub score: Score,
    /// Why.
    pub reasons: Vec<String>,
    /// When, in milliseconds since 1970.
    pub at_millis: u64,
    /// Who made it.
    pub by: PickedBy,
    /// The pick that it replaces.
    pub replaces: Option<u32>,
}

/// Tunes that a preference is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Group {
    /// All of a composer.
    Composer(String),
    /// All of a torrent.
    Collection([u8; 20]),
}

/// What a device can do, and what its listener chose, as far as it decides picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Memory can be shared with workers.
    pub shared_memory: bool,
    /// There is an audio worklet.
    pub worklet: bool,
    /// Processors.
    pub cores: u8,
    /// The listener's order of engines, one digit each.
    pub order: u16,
    /// Grade chosen: 0 the device's, 1 accurate, 2 light.
    pub grade: u8,
    /// ROMs that are here.
    pub roms: u8,
    /// Bytes are spared.
    pub saver: bool,
    /// Other listeners are asked.
    pub peers: bool,
    /// A real machine is connected.
    pub hardware: bool,
}

impl Profile {
    /// FNV-1a, 64 bits (Fowler, Noll, Vo), over the fields in order, each as a byte or two: the
    /// same on every device and in every build.
    #[must_use]
    pub fn hash(&self) -> u64 {
        let [low, high] = self.order.to_le_bytes();
        let bytes = [
            u8::from(self.shared_memory),
            u8::from(self.worklet),
            self.cores,
            low,
            high,
            self.grade,
            self.roms,
            u8::from(self.saver),
            u8::from(self.peers),
            u8::from(self.hardware),
        ];
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }
}

/// What is kept of picks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Picks {
    last_id: u32,
    /// In order of time.
    picks: Vec<Pick>,
    groups: Vec<(Group, Source)>,
    /// Times that a second candidate took over.
    pub fallbacks: u32,
}

impl Picks {
    /// The pick that stands for a tune on a device.
    pub fn find(&self, tune: TuneId, profile: u64) -> Option<&Pick> {
        let mut newest = self.picks.iter().rev();
        newest.find(|pick| pick.tune == tune && pick.profile == profile)
    }

    /// Notes a pick. Where it is what stands already, that stays.
    pub fn note(
        &mut self,
        tune: TuneId,
        profile: u64,
        remote: Option<Remote>,
        candidate: &Candidate,
        by: PickedBy,
        at_millis: u64,
    ) -> Pick {
        let old = self.find(tune, profile);
        if let Some(old) = old
            && old.way == candidate.way
            && (old.by == by || by == PickedBy::Score)
        {
            return old.clone();
        }
        self.replace(tune, profile, remote, candidate, by, at_millis)
    }

    /// Notes a pick, whatever stands.
    pub fn replace(
        &mut self,
        tune: TuneId,
        profile: u64,
        remote: Option<Remote>,
        candidate: &Candidate,
        by: PickedBy,
        at_millis: u64,
    ) -> Pick {
        let replaces = self.find(tune, profile).map(|old| old.id);
        self.last_id += 1;
        let pick = Pick {
            id: self.last_id,
            tune,
            profile,
            remote: remote.map(|remote| (remote.info_hash, remote.file)),
            way: candidate.way,
            score: candidate.score,
            reasons: candidate.reasons.clone(),
            at_millis,
            by,
            replaces,
        };
        self.picks.push(pick.clone());
        let surplus = self.picks.len().saturating_sub(MOST_PICKS);
        self.picks.drain(..surplus);
        pick
    }

    /// Takes in what was picked before these were here.
    pub fn take_in(&mut self, newer: Self) {
        for mut pick in newer.picks {
            pick.replaces = self.find(pick.tune, pick.profile).map(|old| old.id);
            self.last_id += 1;
            pick.id = self.last_id;
            self.picks.push(pick);
        }
        let surplus = self.picks.len().saturating_sub(MOST_PICKS);
        self.picks.drain(..surplus);
        for (group, source) in newer.groups {
            self.prefer(group, Some(source));
        }
        self.fallbacks += newer.fallbacks;
    }

    /// Prefers a source for a group, or none.
    pub fn prefer(&mut self, group: Group, source: Option<Source>) {
        self.groups.retain(|(known, _)| *known != group);
        self.groups.extend(source.map(|source| (group, source)));
        let surplus = self.groups.len().saturating_sub(MOST_GROUPS);
        self.groups.drain(..surplus);
    }

    /// The source that is preferred for one of a tune's groups.
    pub fn preferred(&self, groups: &[Group]) -> Option<Source> {
        let mut newest = self.groups.iter().rev();
        newest
            .find(|(group, _)| groups.contains(group))
            .map(|(_, source)| *source)
    }
}

/// Candidates of late.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    known: Vec<(TuneId, u64, u64, Vec<Candidate>)>,
}

impl Cache {
    /// Candidates that are still good.
    pub fn find(&self, tune: TuneId, profile: u64, now: u64) -> Option<&[Candidate]> {
        let fresh = |at: u64| now < at + FRESH_MILLIS;
        self.known
            .iter()
            .find(|(known, of, at, _)| *known == tune && *of == profile && fresh(*at))
            .map(|(.., candidates)| &**candidates)
    }

    /// Remembers candidates, and sweeps out what is not good any more.
    pub fn keep(&mut self, tune: TuneId, profile: u64, now: u64, candidates: Vec<Candidate>) {
        self.known
            .retain(|(known, _, at, _)| *known != tune && now < at + FRESH_MILLIS);
        self.known.push((tune, profile, now, candidates));
        let surplus = self.known.len().saturating_sub(MOST_CACHED);
        self.known.drain(..surplus);
    }

    /// Forgets what was found; something has changed that matters.
    pub fn clear(&mut self) {
        self.known.clear();
    }
}

/// Which candidate is taken: the pick that stands, where it can be and is not much worse than the
/// best by now; what the listener chose stands wherever it can be.
#[must_use]
pub(crate) fn choose<'a>(
    candidates: &'a [Candidate],
    standing: Option<&Pick>,
) -> Option<(&'a Candidate, PickedBy)> {
    let possible = |candidate: &&Candidate| candidate.reject.is_none();
    let best = candidates.iter().find(possible)?;
    let chosen = standing.and_then(|pick| {
        let same = |candidate: &&Candidate| candidate.way == pick.way;
        let candidate = candidates.iter().find(same).filter(possible)?;
        let is_good = candidate.score.total + MUCH_WORSE >= best.score.total;
        (is_good || pick.by == PickedBy::Listener).then_some((candidate, pick.by))
    });
    Some(chosen.unwrap_or((best, PickedBy::Score)))
}

/// The reason that speaks against a tune, where nothing speaks for it.
#[must_use]
pub(crate) fn why_not(candidates: &[Candidate]) -> Option<Reject> {
    candidates.first().and_then(|candidate| candidate.reject)
}

#[cfg(test)]
mod tests {
    use sidfile::Md5;

    use super::*;
    use crate::score::Engine;

    fn candidate(source: Source, total: u16) -> Candidate {
        Candidate {
            way: Way {
                source,
                engine: Engine::Ring,
            },
            score: Score {
                total,
                ..Score::default()
            },
            reject: None,
            reasons: vec!["because".into()],
        }
    }

    fn tune(song: u16) -> TuneId {
        TuneId {
            md5: Md5::of(b"a"),
            song,
        }
    }

    #[test]
    fn the_profile_hash_is_stable_and_every_field_counts() {
        let profile = Profile {
            shared_memory: true,
            worklet: true,
            cores: 8,
            order: 123,
            grade: 0,
            roms: 3,
            saver: false,
            peers: true,
            hardware: false,
        };
        assert_eq!(profile.hash(), 0x8207_48f8_d97b_82f8);
        let others = [
            Profile {
                shared_memory: false,
                ..profile
            },
            Profile {
                worklet: false,
                ..profile
            },
            Profile {
                cores: 4,
                ..profile
            },
            Profile {
                order: 132,
                ..profile
            },
            Profile {
                grade: 2,
                ..profile
            },
            Profile { roms: 0, ..profile },
            Profile {
                saver: true,
                ..profile
            },
            Profile {
                peers: false,
                ..profile
            },
            Profile {
                hardware: true,
                ..profile
            },
        ];
        for other in others {
            assert_ne!(other.hash(), profile.hash(), "{other:?}");
        }
    }

    #[test]
    fn picks_are_a_chain_and_the_listeners_choice_stands() {
        let mut picks = Picks::default();
        let candidates = [
            candidate(Source::Peers, 900),
            candidate(Source::WebSeed, 800),
        ];
        let (best, by) = choose(&candidates, None).unwrap();
        let first = picks.note(tune(1), 7, None, best, by, 100);
        assert_eq!(
            (first.id, first.replaces, first.by),
            (1, None, PickedBy::Score)
        );
        assert_eq!(picks.note(tune(1), 7, None, best, by, 200), first);
        let own = picks.note(tune(1), 7, None, &candidates[1], PickedBy::Listener, 300);
        assert_eq!((own.id, own.replaces), (2, Some(1)));
        let (taken, by) = choose(&candidates, picks.find(tune(1), 7)).unwrap();
        assert_eq!(
            (taken.way.source, by),
            (Source::WebSeed, PickedBy::Listener)
        );
        // Another device, another song: other picks.
        assert_eq!(picks.find(tune(1), 8), None);
        assert_eq!(picks.find(tune(2), 7), None);
        // What cannot be any more gives way.
        let gone = [
            candidates[0].clone(),
            Candidate {
                reject: Some(Reject::Offline),
                ..candidates[1].clone()
            },
        ];
        let (taken, by) = choose(&gone, picks.find(tune(1), 7)).unwrap();
        assert_eq!((taken.way.source, by), (Source::Peers, PickedBy::Score));
        for song in 0..1_000 {
            picks.note(tune(song), 7, None, &candidates[0], PickedBy::Score, 400);
        }
        assert_eq!(picks.picks.len(), MOST_PICKS);
    }

    #[test]
    fn the_newest_preference_of_a_group_counts() {
        let mut picks = Picks::default();
        let composer = Group::Composer("Rob Hubbard".into());
        let collection = Group::Collection([3; 20]);
        picks.prefer(collection.clone(), Some(Source::Peers));
        picks.prefer(composer.clone(), Some(Source::WebSeed));
        let both = [composer.clone(), collection.clone()];
        assert_eq!(picks.preferred(&both), Some(Source::WebSeed));
        picks.prefer(composer, None);
        assert_eq!(picks.preferred(&both), Some(Source::Peers));
        assert_eq!(picks.preferred(&[]), None);
    }

    #[test]
    fn candidates_are_good_for_a_quarter_of_an_hour() {
        let mut cache = Cache::default();
        cache.keep(tune(1), 7, 1_000, vec![candidate(Source::Disk, 900)]);
        assert!(cache.find(tune(1), 7, 900_999).is_some());
        assert!(cache.find(tune(1), 8, 2_000).is_none());
        assert!(cache.find(tune(1), 7, 901_000).is_none());
        for song in 0..100 {
            cache.keep(tune(song), 7, 901_000, Vec::new());
        }
        assert_eq!(cache.known.len(), MOST_CACHED);
    }
}
