//! The ways to a tune on this device: what could give its bytes, what could make its sound, which
//! is taken, and when another takes over.

use protocol::swarm::{FileId, InfoHash, Lead, Request as SwarmRequest};

use catalog::Row;
use sidfile::TuneId;

use crate::event::{AudioCommand, Effect, SoundMode};
use crate::language::{t, tf};
use crate::list::LibraryState;
use crate::model::Model;
use crate::pick::{Cache, Group, Pick, PickedBy, Picks, Profile, choose, why_not};
use crate::preferences::DataSaver;
use crate::score::{
    Candidate, Circumstances, Engine, EngineFacts, Reject, Source, SourceFacts, Way, score,
};
use crate::session::{pack, unpack};
use crate::swarm::{Reach, SwarmState};
use crate::trace::Step;
use crate::view::{NoticeKind, State};

/// Name of the blob with the picks.
pub(crate) const PICKS: &str = "picks";
/// Sound has to be there after this long, or the second candidate takes over.
const FALLBACK_MILLIS: u64 = 8_000;

/// What this device and its browser can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Device {
    /// Processors.
    pub cores: u8,
    /// The page came over plain http from another machine.
    pub plain_http: bool,
}

/// What the listener does about ways.
#[derive(Debug, Clone, PartialEq)]
pub enum WayIntent {
    /// This tune takes this way, now and later.
    Use(Way),
    /// The score decides again about this tune.
    Automatic,
    /// Tunes of a group take a source where they can.
    Prefer(Group, Option<Source>),
    /// Which engine is tried first.
    PreferEngine(SoundMode),
}

/// Why the tune that plays comes the way it does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WayView {
    /// The pick that stands.
    pub pick: Option<Pick>,
    /// All ways, the best first.
    pub candidates: Vec<Candidate>,
    /// Groups that the tune is in, and the source that is preferred for each.
    pub groups: Vec<(Group, Option<Source>)>,
    /// Engines in the listener's order, and why one is not available.
    pub engines: Vec<(Engine, Option<Reject>)>,
    /// Times that a second candidate took over, on this device.
    pub fallbacks: u32,
}

/// What the model knows of ways.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    pub device: Device,
    /// The best way of making sound that the shell found.
    best: Option<SoundMode>,
    /// The way that it was asked for.
    asked: Option<SoundMode>,
    picks: Picks,
    cache: Cache,
    current: Option<Pick>,
    /// When the current tune began to be waited for.
    waits_since: Option<u64>,
    /// Which giver of which torrent was asked to lead.
    lead: Option<(InfoHash, Option<Lead>)>,
    failures: Vec<(InfoHash, Source, u32)>,
    changed: bool,
}

impl Model {
    /// Why the current tune comes the way it does.
    #[must_use]
    pub fn way(&self) -> WayView {
        let engines = self.engines();
        let engines = engines
            .iter()
            .map(|(engine, facts)| (*engine, facts.reject))
            .collect();
        let mut view = WayView {
            pick: self.ways.current.clone(),
            engines,
            fallbacks: self.ways.picks.fallbacks,
            ..WayView::default()
        };
        if let (Some(pick), Some(current)) = (&self.ways.current, &self.player.current) {
            let known = self.ways.cache.find(pick.tune, pick.profile, self.now);
            view.candidates = known.unwrap_or_default().to_vec();
            let groups = groups(&current.row).into_iter();
            view.groups = groups
                .map(|group| {
                    let source = self.ways.picks.preferred(std::slice::from_ref(&group));
                    (group, source)
                })
                .collect();
        }
        view
    }

    /// The pick of the current tune.
    pub(crate) fn way_taken(&self) -> Option<&Pick> {
        self.ways.current.as_ref()
    }

    /// What the device and the listener's choices come to.
    #[must_use]
    pub fn profile(&self) -> Profile {
        let digit = |mode: SoundMode| match mode {
            SoundMode::Ring => 1,
            SoundMode::Port => 2,
            SoundMode::File => 3,
        };
        let order = self.preferences.engine_order.iter();
        Profile {
            shared_memory: self.ways.best == Some(SoundMode::Ring),
            worklet: self.ways.best != Some(SoundMode::File),
            cores: self.ways.device.cores,
            order: order.fold(0, |sum, mode| 10 * sum + digit(*mode)),
            grade: self
                .preferences
                .overrides
                .grade
                .map_or(0, |grade| match grade {
                    protocol::engine::Grade::Accurate => 1,
                    protocol::engine::Grade::Light => 2,
                }),
            roms: u8::try_from(self.list.roms.len()).unwrap_or(u8::MAX),
            saver: self.spares_bytes(),
            peers: self.preferences.swarm.reach != Reach::Nobody,
            hardware: false,
        }
    }

    /// Nothing is to be given away, and the nearest source is best.
    pub(crate) fn spares_bytes(&self) -> bool {
        match self.preferences.data_saver {
            DataSaver::On => true,
            DataSaver::Off => false,
            DataSaver::Auto => self.swarm.view.metered,
        }
    }

    fn engines(&self) -> Vec<(Engine, EngineFacts)> {
        let no_worklet = match (self.ways.best, self.ways.device.plain_http) {
            (Some(SoundMode::File), true) => Some(Reject::PlainHttp),
            (Some(SoundMode::File), false) => Some(Reject::NoWorklet),
            _ => None,
        };
        let no_memory = (self.ways.best == Some(SoundMode::Port)).then_some(Reject::NoSharedMemory);
        let overrides = self.preferences.overrides;
        let order = (0_u8..).zip(self.preferences.engine_order);
        order
            .map(|(place, mode)| {
                let reject = match mode {
                    SoundMode::Ring => no_worklet.or(no_memory),
                    SoundMode::Port => no_worklet,
                    SoundMode::File => None,
                };
                let facts = EngineFacts {
                    place,
                    grade: overrides.grade,
                    other_chip: overrides.model.is_some(),
                    reject,
                };
                (Engine::from(mode), facts)
            })
            .collect()
    }

    fn sources(&self, row: &Row) -> Vec<(Source, SourceFacts)> {
        let no_roms = (row.needs_basic && self.list.roms.len() < 2).then_some(Reject::NoRoms);
        let kept = match &self.list.library {
            LibraryState::Open {
                storage: protocol::library::Storage::MemoryOnly,
                ..
            } => Source::Memory,
            _ => Source::Disk,
        };
        let here = SourceFacts {
            reject: no_roms,
            ..SourceFacts::default()
        };
        let Some(remote) = row.remote else {
            return vec![(kept, here)];
        };
        let torrent = InfoHash(remote.info_hash);
        let id = FileId {
            torrent,
            file: remote.file,
        };
        let file = self.remote_file(&id);
        if file.is_some_and(|file| file.progress >= 1.0) {
            return vec![(Source::Disk, here)];
        }
        let bytes = file.map_or(8_192, |file| file.length - file.bytes_completed);
        let view = &self.swarm.view;
        let status = view
            .torrents
            .iter()
            .find(|known| known.status.info_hash == torrent);
        let status = status.map(|known| &known.status);
        let general = no_roms
            .or(
                (!view.online && matches!(view.state, SwarmState::Open { .. }))
                    .then_some(Reject::Offline),
            )
            .or(matches!(view.state, SwarmState::Failed(_)).then_some(Reject::NoSwarm));
        let (peers, seeders) = status.map_or((0, 0), |status| {
            (status.peers, status.swarm.map_or(0, |(seeders, _)| seeders))
        });
        let peers_off = self.preferences.swarm.reach == Reach::Nobody;
        let seeds = status.map(|status| status.sources.iter().filter(|source| source.web_seed));
        let seeds: Vec<bool> = seeds
            .into_iter()
            .flatten()
            .map(|seed| seed.working)
            .collect();
        let web_seed = match (&seeds[..], status) {
            ([], Some(_)) => Some(Reject::NoWebSeed),
            (seeds, Some(_)) if !seeds.contains(&true) => Some(Reject::WebSeedSilent),
            _ => None,
        };
        let failures = |source| {
            let known = self.ways.failures.iter();
            let mut known = known.filter(|(of, from, _)| *of == torrent && *from == source);
            known.next().map_or(0, |(.., times)| *times)
        };
        vec![
            (
                Source::Peers,
                SourceFacts {
                    peers,
                    seeders,
                    failures: failures(Source::Peers),
                    bytes,
                    reject: general.or(peers_off.then_some(Reject::PeersOff)).or((status
                        .is_some()
                        && peers == 0
                        && seeders == 0)
                        .then_some(Reject::NoPeers)),
                },
            ),
            (
                Source::WebSeed,
                SourceFacts {
                    failures: failures(Source::WebSeed),
                    bytes,
                    reject: general.or(web_seed),
                    ..SourceFacts::default()
                },
            ),
        ]
    }

    /// The shell makes sound in this way.
    pub(crate) fn mode_is_chosen(&mut self, mode: SoundMode) {
        if self.ways.asked.take() != Some(mode) {
            self.ways.best = Some(mode);
        } else if mode != SoundMode::File {
            // The engine does it from now on.
            self.effects.push(Effect::Audio(AudioCommand::Level(1.0)));
        }
    }

    /// Whether a tune will be played by the engine that plays now.
    pub(crate) fn takes_this_engine(&self, tune: TuneId) -> bool {
        let profile = self.profile().hash();
        let standing = self.ways.picks.find(tune, profile);
        let own = standing.filter(|pick| pick.by == PickedBy::Listener);
        let engines = self.engines();
        let usual = engines.iter().find(|(_, facts)| facts.reject.is_none());
        let engine = own
            .map(|pick| pick.way.engine)
            .or(usual.map(|(engine, _)| *engine));
        engine.map(SoundMode::from) == self.player.mode
    }

    /// Picks the way of the current tune, and goes it.
    pub(crate) fn pick_way(&mut self) {
        let Some(current) = self
            .player
            .current
            .as_ref()
            .filter(|_| self.player.mode.is_some())
        else {
            // It is not known yet how sound is made.
            return;
        };
        let (tune, row) = (current.id, current.row.clone());
        let profile = self.profile().hash();
        self.begin(Step::Search, Vec::new());
        let sources = self.sources(&row);
        let engines = self.engines();
        let fields = vec![("ways", (sources.len() * engines.len()).to_string())];
        self.end_step(Step::Search, fields);
        let candidates = match self.ways.cache.find(tune, profile, self.now) {
            Some(known) if row.remote.is_none() => known.to_vec(),
            _ => {
                self.begin(Step::Score, Vec::new());
                let last = self.ways.current.as_ref();
                let circumstances = Circumstances {
                    saver: self.spares_bytes(),
                    last: last.map(|pick| (pick.way.source, pick.way.engine)),
                    preferred: self.ways.picks.preferred(&groups(&row)),
                };
                let scored = score(&sources, &engines, &circumstances);
                self.end_step(Step::Score, Vec::new());
                scored
            }
        };
        self.begin(Step::Pick, Vec::new());
        let standing = self.ways.picks.find(tune, profile);
        let taken = choose(&candidates, standing).map(|(taken, by)| (taken.clone(), by));
        let taken = taken.map(|(taken, by)| {
            let at = self.wall();
            self.ways
                .picks
                .note(tune, profile, row.remote, &taken, by, at)
        });
        let mut fields = vec![("subtune", tune.song.to_string())];
        match (&taken, why_not(&candidates)) {
            (Some(pick), _) => fields.extend(pick_fields(pick)),
            (None, Some(reject)) => fields.push(("rejected", reject.words().to_owned())),
            (None, None) => {}
        }
        self.end_step(Step::Pick, fields);
        self.ways.cache.keep(tune, profile, self.now, candidates);
        self.ways.changed = true;
        self.ways.current = taken;
        self.ways.waits_since = Some(self.now);
        self.go_way();
    }

    /// Has swarm and audio do what was picked.
    fn go_way(&mut self) {
        let Some(pick) = self.ways.current.clone() else {
            return;
        };
        if let Some((torrent, _)) = pick.remote {
            let is_wanted = pick.by != PickedBy::Score || pick.score.preference > 0;
            let lead = match pick.way.source {
                // What the score takes is only where it begins; the swarm asks both as needed.
                Source::Peers if is_wanted => Some(Lead::Peers),
                Source::WebSeed if is_wanted => Some(Lead::WebSeeds),
                _ => None,
            };
            self.have_lead(InfoHash(torrent), lead);
        }
        let mode = SoundMode::from(pick.way.engine);
        if self.player.mode.is_some_and(|now| now != mode) {
            self.player.mode = None;
            self.ways.asked = Some(mode);
            self.effects.push(Effect::Audio(AudioCommand::Use(mode)));
        }
    }

    fn have_lead(&mut self, torrent: InfoHash, lead: Option<Lead>) {
        let wanted = Some((torrent, lead));
        let is_usual = lead.is_none() && self.ways.lead.is_none_or(|(of, _)| of != torrent);
        if self.ways.lead == wanted || is_usual {
            return;
        }
        self.ways.lead = wanted;
        self.ask_swarm(SwarmRequest::Lead { torrent, lead });
    }

    /// Sound is here.
    pub(crate) fn way_has_served(&mut self) {
        self.ways.waits_since = None;
    }

    /// Lets the second candidate take over where the first has been waited for too long.
    pub(crate) fn fall_back(&mut self) {
        let is_late = self.player.state == State::Loading
            && self.player.mode != Some(SoundMode::File)
            && self
                .ways
                .waits_since
                .is_some_and(|since| self.now >= since + FALLBACK_MILLIS);
        let Some(pick) = self.ways.current.clone().filter(|_| is_late) else {
            return;
        };
        self.ways.waits_since = Some(self.now);
        let Some((torrent, _)) = pick.remote else {
            return;
        };
        let Some(row) = self
            .player
            .current
            .as_ref()
            .map(|current| current.row.clone())
        else {
            return;
        };
        let torrent = InfoHash(torrent);
        self.note_failure(torrent, pick.way.source);
        let circumstances = Circumstances {
            saver: self.spares_bytes(),
            ..Circumstances::default()
        };
        let candidates = score(&self.sources(&row), &self.engines(), &circumstances);
        let other = candidates.iter().find(|candidate| {
            candidate.reject.is_none()
                && candidate.way.engine == pick.way.engine
                && candidate.way.source != pick.way.source
        });
        let Some(other) = other.cloned() else { return };
        let at = self.wall();
        let by = PickedBy::Fallback;
        let pick = self
            .ways
            .picks
            .note(pick.tune, pick.profile, row.remote, &other, by, at);
        self.ways.picks.fallbacks += 1;
        self.begin(Step::Pick, vec![("fallback", "yes".into())]);
        self.end_step(Step::Pick, pick_fields(&pick));
        self.ways
            .cache
            .keep(pick.tune, pick.profile, self.now, candidates);
        self.ways.current = Some(pick);
        self.ways.changed = true;
        self.go_way();
        let text = tf("Slow: now from {0}.", &[&other.way.source.words()]);
        self.notify(NoticeKind::Note, text);
    }

    fn note_failure(&mut self, torrent: InfoHash, source: Source) {
        let failures = &mut self.ways.failures;
        match failures
            .iter_mut()
            .find(|(of, from, _)| *of == torrent && *from == source)
        {
            Some((.., times)) => *times += 1,
            None => failures.push((torrent, source, 1)),
        }
        let surplus = failures.len().saturating_sub(64);
        failures.drain(..surplus);
    }

    pub(crate) fn way_wish(&mut self, intent: WayIntent) {
        match intent {
            WayIntent::Use(way) => self.override_way(Some(way)),
            WayIntent::Automatic => self.override_way(None),
            WayIntent::Prefer(group, source) => {
                self.ways.picks.prefer(group, source);
                self.ways.cache.clear();
                self.override_way(None);
            }
            WayIntent::PreferEngine(mode) => {
                let order = &mut self.preferences.engine_order;
                let place = order.iter().position(|other| *other == mode).unwrap_or(0);
                order[..=place].rotate_right(1);
                self.ways.cache.clear();
                self.keep();
                if self.player.current.is_some() {
                    self.override_way(None);
                }
            }
        }
    }

    fn override_way(&mut self, way: Option<Way>) {
        let Some(current) = &self.player.current else {
            return;
        };
        let (tune, remote) = (current.id, current.row.remote);
        let profile = self.profile().hash();
        if way.is_none() {
            self.ways.cache.clear();
        }
        let candidates = self.ways.cache.find(tune, profile, self.now);
        let candidates = candidates.unwrap_or_default().to_vec();
        let chosen = match way {
            Some(way) => candidates
                .iter()
                .find(|candidate| candidate.way == way && candidate.reject.is_none()),
            None => None,
        };
        let (sources, engines) = match &self.player.current {
            Some(current) => (self.sources(&current.row), self.engines()),
            None => return,
        };
        let scored = score(&sources, &engines, &Circumstances::default());
        let at = self.wall();
        // The score's own pick replaces the listener's where that is taken back.
        let (candidate, by) = match (chosen, way) {
            (Some(chosen), _) => (chosen.clone(), PickedBy::Listener),
            (None, Some(_)) => return,
            (None, None) => match scored.iter().find(|candidate| candidate.reject.is_none()) {
                Some(best) => (best.clone(), PickedBy::Score),
                None => return,
            },
        };
        self.ways
            .picks
            .replace(tune, profile, remote, &candidate, by, at);
        self.ways.changed = true;
        let sounds = matches!(
            self.player.state,
            State::Playing | State::Paused | State::Loading
        );
        let mode = SoundMode::from(candidate.way.engine);
        if sounds && self.player.mode.is_some_and(|now| now != mode) {
            self.load_again();
        } else {
            self.pick_way();
        }
        self.effects
            .push(Effect::Announce(t("The way was changed").into()));
    }

    pub(crate) fn picks_are_here(&mut self, bytes: &[u8]) -> Option<()> {
        let mut kept: Picks = unpack(bytes)?;
        // What was picked before they were here is newer.
        let newer = std::mem::take(&mut self.ways.picks);
        kept.take_in(newer);
        self.ways.picks = kept;
        Some(())
    }

    /// Keeps the picks where they have changed.
    pub(crate) fn keep_picks(&mut self) {
        if std::mem::take(&mut self.ways.changed) {
            let bytes = pack(&self.ways.picks);
            self.keep_blob(PICKS, bytes);
        }
    }
}

fn groups(row: &Row) -> Vec<Group> {
    let composer = (!row.author.is_empty()).then(|| Group::Composer(row.author.clone()));
    let collection = row.remote.map(|remote| Group::Collection(remote.info_hash));
    composer.into_iter().chain(collection).collect()
}

fn pick_fields(pick: &Pick) -> crate::trace::Fields {
    let mut fields = vec![
        ("pick", pick.id.to_string()),
        ("source", pick.way.source.words().to_owned()),
        ("engine", pick.way.engine.words().to_owned()),
        ("score", pick.score.total.to_string()),
        ("reason", pick.reasons.join(" ")),
    ];
    if let Some((hash, file)) = pick.remote {
        fields.push(("infohash", InfoHash(hash).to_string()));
        fields.push(("file", file.to_string()));
    }
    fields
}
