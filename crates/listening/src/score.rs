//! How good a way to a tune is: what can give its bytes, and what can make its sound.
//!
//! Health weighs 45 %, fit 35 %, cost 15 % and consistency with the last pick 5 % (the rule of the
//! play-session design that this follows). All is reckoned in thousandths and from numbers alone,
//! so that the same facts give the same score on every device.

use protocol::engine::Grade;
use serde::{Deserialize, Serialize};

use crate::event::SoundMode;
use crate::language::{t, tf, tn};

/// Where the bytes of a tune come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Source {
    /// In memory, as this browser keeps nothing.
    Memory,
    /// On this device.
    Disk,
    /// From other listeners.
    Peers,
    /// From the site that publishes the collection.
    WebSeed,
    /// A real machine plays it.
    Hardware,
    /// A server renders it.
    Stream,
}

/// What makes the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Engine {
    /// The emulator, through shared memory.
    Ring,
    /// The emulator, by messages.
    Port,
    /// The emulator, into a file first.
    File,
}

impl From<SoundMode> for Engine {
    fn from(mode: SoundMode) -> Self {
        match mode {
            SoundMode::Ring => Self::Ring,
            SoundMode::Port => Self::Port,
            SoundMode::File => Self::File,
        }
    }
}

impl From<Engine> for SoundMode {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Ring => Self::Ring,
            Engine::Port => Self::Port,
            Engine::File => Self::File,
        }
    }
}

impl Source {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Memory => t("Memory"),
            Self::Disk => t("This device"),
            Self::Peers => t("Other listeners"),
            Self::WebSeed => t("Web seed"),
            Self::Hardware => t("Real hardware"),
            Self::Stream => t("Stream"),
        }
    }

    /// Whether its bytes come over a network.
    #[must_use]
    pub fn is_remote(self) -> bool {
        matches!(self, Self::Peers | Self::WebSeed)
    }
}

impl Engine {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Ring => t("Shared memory"),
            Self::Port => t("Messages"),
            Self::File => t("Rendered first"),
        }
    }
}

/// What is known of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceFacts {
    /// Listeners that are connected.
    pub peers: u32,
    /// Listeners that have all of it, as trackers count.
    pub seeders: u32,
    /// Times that it was too slow or failed, lately.
    pub failures: u32,
    /// Bytes that it would have to fetch.
    pub bytes: u64,
    /// Whether it can be reached at all, and why not.
    pub reject: Option<Reject>,
}

/// What is known of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineFacts {
    /// Place in the listener's order, from 0.
    pub place: u8,
    /// Grade that was chosen; `None` leaves it to what the device can do.
    pub grade: Option<Grade>,
    /// The chip is another than the tune was written for.
    pub other_chip: bool,
    /// Whether this device can do it, and why not.
    pub reject: Option<Reject>,
}

/// What is known of the circumstances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// Bytes are spared.
    pub saver: bool,
    /// The last pick.
    pub last: Option<(Source, Engine)>,
    /// The listener prefers this source for the tune's group.
    pub preferred: Option<Source>,
}

/// Why a way is out of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reject {
    /// Not isolated: no shared memory.
    NoSharedMemory,
    /// No audio worklet in this browser.
    NoWorklet,
    /// No audio worklet over plain http.
    PlainHttp,
    /// There is no network.
    Offline,
    /// Nobody has it.
    NoPeers,
    /// The listener asks nobody.
    PeersOff,
    /// The torrent has no web seed.
    NoWebSeed,
    /// It does not answer.
    WebSeedSilent,
    /// It needs ROMs that are not here.
    NoRoms,
    /// The swarm does not run.
    NoSwarm,
}

impl Reject {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoSharedMemory => {
                t("memory cannot be shared: the page was served without cross-origin isolation")
            }
            Self::NoWorklet => t("this browser has no audio worklet"),
            Self::PlainHttp => t("over plain http browsers give no audio worklet"),
            Self::Offline => t("there is no network"),
            Self::NoPeers => t("no listener who has it is connected or known"),
            Self::PeersOff => t("the settings say that nobody is asked"),
            Self::NoWebSeed => t("the torrent has no web seed"),
            Self::WebSeedSilent => t("the web seed does not answer"),
            Self::NoRoms => t("the tune needs ROMs of a C64 that are not here"),
            Self::NoSwarm => t("the swarm does not run"),
        }
    }
}

/// A score and its parts, in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Whether the source will give it, and soon.
    pub health: u16,
    /// How well the engine plays it.
    pub fit: u16,
    /// How little it costs.
    pub cost: u16,
    /// Whether it is what was picked last.
    pub consistency: u16,
    /// The listener's preference for the group.
    pub preference: u16,
    /// All of them, weighed.
    pub total: u16,
}

/// What the listener's preference adds.
const PREFERENCE: u16 = 250;

/// A way to a tune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// Where the bytes come from.
    pub source: Source,
    /// What makes the sound.
    pub engine: Engine,
}

/// A way and how good it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub way: Way,
    /// How good; of a rejected one 0.
    pub score: Score,
    /// Why it is out of the question.
    pub reject: Option<Reject>,
    /// What speaks for it and against it, in words.
    pub reasons: Vec<String>,
}

fn thousandths(share: f64) -> u16 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within bounds by the clamp"
    )]
    let value = (share.clamp(0.0, 1.0) * 1_000.0 + 0.5) as u16;
    value
}

fn health(source: Source, facts: &SourceFacts) -> f64 {
    let share = match source {
        Source::Memory | Source::Disk => 1.0,
        Source::WebSeed => 0.85,
        // Ten who are connected are as good as any number; of those whom a tracker only counts a
        // thousand would be needed, and nobody knows how soon they answer.
        Source::Peers => {
            let connected = libm::log(1.0 + f64::from(facts.peers)) / libm::log(11.0);
            let counted = libm::log(1.0 + f64::from(facts.seeders)) / libm::log(1_001.0);
            connected.min(1.0).max(0.4 * counted.min(1.0))
        }
        Source::Hardware | Source::Stream => 0.5,
    };
    let failures = i32::try_from(facts.failures.min(8)).unwrap_or(8);
    share * libm::exp2(-f64::from(failures))
}

fn fit(engine: Engine, facts: &EngineFacts) -> f64 {
    let way = match engine {
        Engine::Ring => 1.0,
        Engine::Port => 0.9,
        Engine::File => 0.6,
    };
    let grade = match facts.grade {
        Some(Grade::Accurate) => 1.0,
        None => 0.95,
        Some(Grade::Light) => 0.85,
    };
    let chip = if facts.other_chip { 0.8 } else { 1.0 };
    let order = 1.0 - 0.2 * f64::from(facts.place.min(2));
    way * grade * chip * order
}

fn cost(source: Source, engine: Engine, facts: &SourceFacts, saver: bool) -> f64 {
    let bytes = if source.is_remote() { facts.bytes } else { 0 };
    // Most tunes have some kilobytes; a megabyte is a lot.
    #[expect(clippy::cast_precision_loss, reason = "files are small")]
    let fetched = libm::log(1.0 + bytes as f64 / 4_096.0) / libm::log(257.0);
    let spared = match (saver, source) {
        (true, Source::Peers) => 0.3,
        (true, Source::WebSeed) => 0.6,
        _ => 1.0,
    };
    let work = if engine == Engine::File { 0.8 } else { 1.0 };
    (1.0 - 0.6 * fetched.min(1.0)) * spared * work
}

/// Scores every way; the best comes first, of equal ones the one that was named first. Those that
/// are out of the question come last.
#[must_use]
pub fn score(
    sources: &[(Source, SourceFacts)],
    engines: &[(Engine, EngineFacts)],
    circumstances: &Circumstances,
) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for (source, source_facts) in sources {
        for (engine, engine_facts) in engines {
            let way = Way {
                source: *source,
                engine: *engine,
            };
            candidates.push(judge(way, source_facts, engine_facts, circumstances));
        }
    }
    candidates.sort_by_key(|candidate| {
        (
            candidate.reject.is_some(),
            std::cmp::Reverse(candidate.score.total),
        )
    });
    candidates
}

fn judge(
    way: Way,
    source: &SourceFacts,
    engine: &EngineFacts,
    circumstances: &Circumstances,
) -> Candidate {
    let reject = source.reject.or(engine.reject);
    if reject.is_some() {
        return Candidate {
            way,
            score: Score::default(),
            reject,
            reasons: reject
                .iter()
                .map(|reject| reject.words().to_owned())
                .collect(),
        };
    }
    let is_last = circumstances.last == Some((way.source, way.engine));
    let is_preferred = circumstances.preferred == Some(way.source);
    let mut score = Score {
        health: thousandths(health(way.source, source)),
        fit: thousandths(fit(way.engine, engine)),
        cost: thousandths(cost(way.source, way.engine, source, circumstances.saver)),
        consistency: if is_last { 1_000 } else { 500 },
        preference: if is_preferred { PREFERENCE } else { 0 },
        total: 0,
    };
    let weighed = 45 * u32::from(score.health)
        + 35 * u32::from(score.fit)
        + 15 * u32::from(score.cost)
        + 5 * u32::from(score.consistency);
    let total = weighed / 100 + u32::from(score.preference);
    score.total = u16::try_from(total).unwrap_or(u16::MAX);
    let reasons = reasons(way, source, engine, circumstances);
    Candidate {
        way,
        score,
        reject,
        reasons,
    }
}

fn reasons(
    way: Way,
    source: &SourceFacts,
    engine: &EngineFacts,
    circumstances: &Circumstances,
) -> Vec<String> {
    let mut reasons = Vec::new();
    match way.source {
        Source::Disk => reasons.push(t("It is on this device already.").to_owned()),
        Source::Memory => reasons.push(t("It is in memory already.").to_owned()),
        Source::Peers if source.peers > 0 => reasons.push(tn(
            source.peers.into(),
            "{0} listener is connected.",
            "{0} listeners are connected.",
        )),
        Source::Peers => reasons.push(tn(
            source.seeders.into(),
            "{0} listener is known, none is connected yet.",
            "{0} listeners are known, none is connected yet.",
        )),
        Source::WebSeed => reasons.push(t("The web seed answers.").to_owned()),
        Source::Hardware | Source::Stream => {}
    }
    if source.failures > 0 {
        reasons.push(tn(
            source.failures.into(),
            "It was too slow once lately.",
            "It was too slow {0} times lately.",
        ));
    }
    if way.source.is_remote() && source.bytes > 0 {
        let bytes = crate::words::bytes_text(source.bytes);
        reasons.push(tf("{0} have to be fetched.", &[&bytes]));
        if circumstances.saver {
            reasons.push(t("Bytes are to be spared.").to_owned());
        }
    }
    match way.engine {
        Engine::Ring => reasons.push(t("Sound at once, through shared memory.").to_owned()),
        Engine::Port => reasons.push(t("Sound at once, in messages.").to_owned()),
        Engine::File => reasons.push(t("It is rendered before it plays.").to_owned()),
    }
    if engine.place == 0 {
        reasons.push(t("This engine is the first of your order.").to_owned());
    }
    if engine.other_chip {
        reasons.push(t("You chose another chip than the tune's own.").to_owned());
    }
    if circumstances.last == Some((way.source, way.engine)) {
        reasons.push(t("The last tune came this way too.").to_owned());
    }
    if circumstances.preferred == Some(way.source) {
        reasons.push(t("You prefer this source here.").to_owned());
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engines() -> Vec<(Engine, EngineFacts)> {
        let facts = |place, reject| EngineFacts {
            place,
            grade: None,
            other_chip: false,
            reject,
        };
        vec![
            (Engine::Ring, facts(0, None)),
            (Engine::Port, facts(1, None)),
            (Engine::File, facts(2, None)),
        ]
    }

    fn peers(peers: u32, seeders: u32, failures: u32) -> (Source, SourceFacts) {
        let facts = SourceFacts {
            peers,
            seeders,
            failures,
            bytes: 4_096,
            reject: None,
        };
        (Source::Peers, facts)
    }

    fn web_seed(reject: Option<Reject>) -> (Source, SourceFacts) {
        let facts = SourceFacts {
            bytes: 4_096,
            reject,
            ..SourceFacts::default()
        };
        (Source::WebSeed, facts)
    }

    fn check(
        sources: &[(Source, SourceFacts)],
        circumstances: Circumstances,
        expected: (Source, Engine, u16),
    ) {
        let candidates = score(sources, &engines(), &circumstances);
        let best = &candidates[0];
        let found = (best.way.source, best.way.engine, best.score.total);
        assert_eq!(found, expected, "{:?}", best.score);
        assert_eq!(candidates, score(sources, &engines(), &circumstances));
    }

    #[test]
    fn the_best_way_by_the_published_weights() {
        let usual = Circumstances::default();
        let disk = (Source::Disk, SourceFacts::default());
        check(&[disk], usual, (Source::Disk, Engine::Ring, 957));
        let web = web_seed(None);
        check(
            &[peers(0, 3, 0), web],
            usual,
            (Source::WebSeed, Engine::Ring, 878),
        );
        check(
            &[peers(10, 0, 0), web],
            usual,
            (Source::Peers, Engine::Ring, 946),
        );
        check(
            &[peers(10, 0, 1), web],
            usual,
            (Source::WebSeed, Engine::Ring, 878),
        );
        let silent = web_seed(Some(Reject::WebSeedSilent));
        check(
            &[peers(0, 3, 2), silent],
            usual,
            (Source::Peers, Engine::Ring, 505),
        );
        let preferred = Circumstances {
            preferred: Some(Source::WebSeed),
            ..usual
        };
        check(
            &[peers(10, 0, 0), web],
            preferred,
            (Source::WebSeed, Engine::Ring, 1_128),
        );
        let same = Circumstances {
            last: Some((Source::Disk, Engine::Ring)),
            ..usual
        };
        check(&[disk], same, (Source::Disk, Engine::Ring, 982));
    }

    #[test]
    fn what_cannot_be_comes_last_and_says_why() {
        let sources = [web_seed(Some(Reject::Offline)), peers(1, 0, 0)];
        let candidates = score(&sources, &engines(), &Circumstances::default());
        assert!(
            candidates[..3]
                .iter()
                .all(|candidate| candidate.reject.is_none())
        );
        for candidate in &candidates[3..] {
            assert_eq!(candidate.reject, Some(Reject::Offline));
            assert_eq!(candidate.reasons, ["there is no network"]);
        }
    }
}
