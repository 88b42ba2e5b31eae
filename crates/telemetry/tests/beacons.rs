//! From facts to a relay's totals, and what happens to anything else.

use proptest::prelude::*;
use telemetry::{
    Adapter, Beacon, Buffer, Engine, Error, FAMILIES, Fact, FamilyId, Kind, MOST_BYTES,
    MOST_OF_A_KIND, Merger, Network, Outcome, Phase, Pressure, Reason, Recorder, SeekMode,
    SeekOutcome, Source, Success, Unit, VERSION, Verdict, Warmth, Worker,
};

fn of(facts: impl IntoIterator<Item = Fact>) -> Option<Beacon> {
    let mut recorder = Recorder::default();
    facts.into_iter().for_each(|fact| recorder.record(fact));
    recorder.take(7)
}

fn any_of<T: Copy + std::fmt::Debug>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn time() -> impl Strategy<Value = Option<u64>> {
    proptest::option::weighted(0.9, prop_oneof![0u64..3_000_000, any::<u64>()])
}

fn fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        Just(Fact::PlayAttempt),
        any_of(Outcome::ALL).prop_map(Fact::Play),
        any_of(Reason::ALL).prop_map(Fact::PlayFailure),
        (any_of(SeekMode::ALL), any_of(SeekOutcome::ALL)).prop_map(|(m, o)| Fact::Seek(m, o)),
        (0u32..200_000).prop_map(Fact::Underruns),
        any_of(Buffer::ALL).prop_map(Fact::Buffer),
        (any_of(Source::ALL), any_of(Source::ALL)).prop_map(|(a, b)| Fact::Fallback(a, b)),
        any_of(Source::ALL).prop_map(Fact::SourceUsed),
        any_of(Engine::ALL).prop_map(Fact::EngineUsed),
        any_of(Warmth::ALL).prop_map(Fact::Prefetch),
        any_of(Success::ALL).prop_map(Fact::Resume),
        any_of(Worker::ALL).prop_map(Fact::WorkerRestart),
        any::<u32>().prop_map(Fact::LongFrames),
        any_of(Pressure::ALL).prop_map(Fact::StoragePressure),
        (any_of(Network::ALL), 0u32..100).prop_map(|(n, s)| Fact::Listened(n, s)),
        (any_of(Adapter::ALL), any_of(Verdict::ALL)).prop_map(|(a, v)| Fact::SelfTest(a, v)),
        prop_oneof![
            time().prop_map(Fact::FirstAudio),
            (any_of(Phase::ALL), time()).prop_map(|(p, t)| Fact::StartPhase(p, t)),
            (any_of(SeekMode::ALL), time()).prop_map(|(m, t)| Fact::SeekTime(m, t)),
            time().prop_map(Fact::VerifyTime),
            time().prop_map(Fact::CatalogOpen),
            time().prop_map(Fact::SearchTime),
            time().prop_map(Fact::ScoreTime),
            time().prop_map(Fact::TorrentFirstByte),
            (0u32..500).prop_map(Fact::Peers),
        ],
    ]
}

proptest! {
    #[test]
    fn a_beacon_survives_being_sent(facts in proptest::collection::vec(fact(), 0..200)) {
        if let Some(beacon) = of(facts) {
            let bytes = beacon.encode();
            prop_assert!(bytes.len() <= MOST_BYTES);
            prop_assert_eq!(Beacon::decode(&bytes), Ok(beacon));
        }
    }

    #[test]
    fn any_bytes_are_a_beacon_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let framed = [&[VERSION][..], &[0; 8], &bytes].concat();
        for bytes in [bytes, framed] {
            if let Ok(beacon) = Beacon::decode(&bytes) {
                prop_assert_eq!(beacon.encode(), bytes);
            }
        }
    }

    #[test]
    fn a_byte_changed_is_another_beacon_or_an_error(
        facts in proptest::collection::vec(fact(), 1..50),
        at in any::<proptest::sample::Index>(),
        other in 1u8..,
    ) {
        let Some(beacon) = of(facts) else { return Ok(()) };
        let mut bytes = beacon.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= other;
        if let Ok(found) = Beacon::decode(&bytes) {
            prop_assert_ne!(&found, &beacon);
            prop_assert_eq!(found.encode(), bytes);
        }
    }

    /// In whatever beacons facts come, their totals are those of one page that saw them all.
    #[test]
    fn merging_is_exact(
        facts in proptest::collection::vec(fact(), 0..100),
        cuts in proptest::collection::vec(any::<bool>(), 100),
    ) {
        let mut merger = Merger::default();
        let mut recorder = Recorder::default();
        let few = |fact: &Fact| !matches!(fact, Fact::Underruns(_) | Fact::LongFrames(_));
        let facts: Vec<Fact> = facts.into_iter().filter(few).collect();
        for (fact, cut) in facts.iter().zip(cuts) {
            recorder.record(*fact);
            if cut && let Some(beacon) = recorder.take(1) {
                merger.merge(&beacon);
            }
        }
        if let Some(beacon) = recorder.take(2) {
            merger.merge(&beacon);
        }
        let mut at_once = Merger::default();
        if let Some(beacon) = of(facts) {
            at_once.merge(&beacon);
        }
        for family in &FAMILIES {
            for series in 0..family.series() {
                match family.kind {
                    Kind::Counter => prop_assert_eq!(
                        merger.counter(family.id, series),
                        at_once.counter(family.id, series)
                    ),
                    Kind::Histogram { .. } => prop_assert_eq!(
                        merger.histogram(family.id, series),
                        at_once.histogram(family.id, series)
                    ),
                }
            }
        }
    }
}

#[test]
fn totals_are_those_of_the_facts() {
    let mut merger = Merger::default();
    for _ in 0..3 {
        let beacon = of([
            Fact::Play(Outcome::Failed),
            Fact::Seek(SeekMode::Beyond, SeekOutcome::Success),
            Fact::StartPhase(Phase::Prebuffer, Some(2_000_001)),
            Fact::StartPhase(Phase::Prebuffer, Some(1_000)),
            Fact::FirstAudio(None),
            Fact::Peers(3),
        ]);
        merger.merge(&Beacon::decode(&beacon.unwrap().encode()).unwrap());
    }
    assert_eq!(merger.counter(FamilyId::Plays, Outcome::Failed as usize), 3);
    assert_eq!(
        merger.counter(FamilyId::Plays, Outcome::Success as usize),
        0
    );
    let beyond_success = SeekOutcome::ALL.len();
    assert_eq!(merger.counter(FamilyId::Seeks, beyond_success), 3);
    let prebuffer = merger.histogram(FamilyId::StartPhase, Phase::Prebuffer as usize);
    assert_eq!(prebuffer.sum, 3 * 2_001_001);
    assert_eq!((prebuffer.counts[0], prebuffer.counts[13]), (3, 3));
    assert_eq!(prebuffer.counts.iter().sum::<u64>(), 6);
    // Never heard: beyond the last bound, and as that in the sum.
    let first = merger.histogram(FamilyId::FirstAudio, 0);
    assert_eq!(first.counts.last(), Some(&3));
    assert_eq!(Unit::Seconds.scaled(first.sum), 360.0);
    let peers = merger.histogram(FamilyId::Peers, 0);
    assert_eq!((peers.counts[3], Unit::Ones.scaled(peers.sum)), (3, 9.0));
}

#[test]
fn a_full_beacon_fits_and_what_it_has_no_room_for_is_counted() {
    let mut recorder = Recorder::default();
    let all = FAMILIES.iter().flat_map(|family| {
        let Kind::Histogram { bounds, .. } = family.kind else {
            return Vec::new();
        };
        let times = bounds.iter().map(|bound| Some(u64::from(*bound)));
        times.chain([None]).collect()
    });
    let times: Vec<Option<u64>> = all.collect();
    for _ in 0..MOST_OF_A_KIND / 8 {
        for outcome in Outcome::ALL {
            recorder.record(Fact::Play(*outcome));
        }
    }
    let mut facts = vec![
        Fact::PlayAttempt,
        Fact::Underruns(u32::MAX),
        Fact::LongFrames(u32::MAX),
    ];
    facts.extend(Source::ALL.iter().flat_map(|from| {
        let to = Source::ALL.iter();
        to.map(|to| Fact::Fallback(*from, *to))
    }));
    for time in &times {
        facts.extend([
            Fact::FirstAudio(*time),
            Fact::SeekTime(SeekMode::Ahead, *time),
            Fact::SeekTime(SeekMode::Beyond, *time),
            Fact::VerifyTime(*time),
            Fact::CatalogOpen(*time),
            Fact::SearchTime(*time),
            Fact::ScoreTime(*time),
            Fact::TorrentFirstByte(*time),
        ]);
        facts.extend(
            Phase::ALL
                .iter()
                .map(|phase| Fact::StartPhase(*phase, *time)),
        );
    }
    for _ in 0..2_000 {
        facts.iter().for_each(|fact| recorder.record(*fact));
    }
    let beacon = recorder.take(u64::MAX).unwrap();
    assert!(beacon.encode().len() <= MOST_BYTES / 2);
    assert_eq!(Beacon::decode(&beacon.encode()).as_ref(), Ok(&beacon));
    let figure = |id| beacon.figures().find(|figure| figure.family.id == id);
    assert_eq!(
        figure(FamilyId::Underruns).unwrap().counts,
        [MOST_OF_A_KIND]
    );
    assert_eq!(figure(FamilyId::Dropped).unwrap().counts, [MOST_OF_A_KIND]);
    assert_eq!(recorder.take(1), None);

    // One too many is one dropped, and its time is not in the sum.
    for _ in 0..=MOST_OF_A_KIND {
        recorder.record(Fact::SearchTime(Some(10)));
    }
    let beacon = recorder.take(1).unwrap();
    let told: Vec<_> = beacon
        .figures()
        .map(|figure| (figure.family.id, figure.counts[0], figure.sum))
        .collect();
    assert_eq!(
        told,
        [
            (FamilyId::Dropped, 1, 0),
            (FamilyId::SearchTime, MOST_OF_A_KIND, 1_000_000)
        ]
    );
}

fn check(rest: &[u8], expected: Error) {
    let bytes = [&[VERSION][..], &[0; 8], rest].concat();
    assert_eq!(Beacon::decode(&bytes), Err(expected), "{rest:?}");
}

#[test]
fn what_no_page_can_have_sent_is_refused() {
    // The last family is that of peers: eight bounds, and beyond.
    let peers = of([Fact::Peers(3)]).unwrap().encode()[9..].to_vec();
    let [one, zeros_low, zeros_high, count, sum] = peers[..] else {
        panic!("{peers:?}");
    };
    check(&[], Error::Truncated);
    check(&[one, zeros_low, zeros_high, count], Error::Truncated);
    check(
        &[one, zeros_low, zeros_high, count, sum, 0],
        Error::TrailingBytes(1),
    );
    // Three to five peers are in this bucket, not two and not six.
    let cell_of_sum = FAMILIES[..25]
        .iter()
        .filter(|family| family.kind != Kind::Counter)
        .map(|family| family.series())
        .sum();
    for wrong in [2, 6] {
        check(
            &[one, zeros_low, zeros_high, count, wrong],
            Error::Sum(cell_of_sum, wrong.into()),
        );
    }
    check(&[1, 0, 0], Error::Count(0, 0));
    check(&[1, 0, 0xff, 0xff, 0x7f], Error::Count(0, 0x1f_ffff));
    check(&[1, 0xff, 0xff, 0x7f, 1], Error::Cell(0x1f_ffff));
    check(&[0x81, 0x00], Error::Number(9));
    check(&[0xff; 11], Error::Number(9));
    assert_eq!(Beacon::decode(&[2]), Err(Error::Version(2)));
    assert_eq!(Beacon::decode(&[]), Err(Error::Truncated));
    let long = vec![VERSION; MOST_BYTES + 1];
    assert_eq!(Beacon::decode(&long), Err(Error::TooLong(MOST_BYTES + 1)));
    assert!(Error::Sum(0, 0).is_impossible() && !Error::Truncated.is_impossible());
}

/// Another order, label or bound is another version: pages of before are still about.
#[test]
fn a_version_is_one_table() {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut eat = |text: &str| {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    };
    for family in &FAMILIES {
        eat(family.name);
        eat(&format!("{:?}", family.kind));
        eat(&format!("{:?}", family.labels));
    }
    let of_version_1 = 10_793_653_075_248_223_329;
    assert_eq!((VERSION, hash), (1, of_version_1), "FNV-1a of the table");
}
