//! Going back: snapshots of the golden tunes, or of the project's own, and timelines of them.

use std::fs;
use std::path::{Path, PathBuf};

use c64::{Config, Player, Snapshot, SnapshotError, Timeline};
use sidfile::Tune;

const RATE: u32 = 44_100;

/// The golden tunes with their songs where the shared data is here, else the project's own.
fn tunes() -> Vec<(PathBuf, u16)> {
    let golden = testkit::fixture::golden().expect("the golden folder is readable");
    if let (false, Some(hvsc)) = (golden.is_empty(), testkit::fixture::shared("hvsc/C64Music")) {
        let cases = golden.into_iter().map(|golden| golden.case);
        return cases
            .map(|case| (hvsc.join(&case.tune), case.song as u16))
            .collect();
    }
    demo_tunes()
}

fn demo_tunes() -> Vec<(PathBuf, u16)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../public/demo/Sidereal");
    let mut found: Vec<_> = fs::read_dir(folder)
        .expect("the demo tunes are in the tree")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "sid"))
        .map(|path| (path, 1))
        .collect();
    found.sort();
    found
}

fn open(path: &Path, song: u16) -> Player {
    let bytes = fs::read(path).expect("the tune is readable");
    let tune = Tune::parse(&bytes).expect("the tune is one");
    let config = Config {
        sample_rate: RATE,
        ..Config::default()
    };
    Player::new(&tune, song, &config).expect("the tune plays")
}

/// Numbers that look random and are the same every time (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

fn render(player: &mut Player, frames: usize) -> Vec<f32> {
    let mut out = vec![0.0; 2 * frames];
    player.render(&mut out, None);
    out
}

#[test]
fn a_moment_that_was_written_down_comes_back_bit_for_bit() {
    let mut dice = Dice(1);
    for (path, song) in tunes() {
        let mut player = open(&path, song);
        let first = player.snapshot();
        for _ in 0..2 {
            player.skip(dice.roll(u64::from(RATE / 3)));
            let bytes = player.snapshot().encode(Some(&first));
            let at = player.frames();
            let heard = render(&mut player, 900 + dice.roll(2_000) as usize);
            player.skip(dice.roll(3_000));
            let snapshot = Snapshot::decode(&bytes, Some(&first)).expect("it was just written");
            player.restore(&snapshot);
            assert_eq!(player.frames(), at);
            let again = render(&mut player, heard.len() / 2);
            assert!(heard == again, "{} at frame {at}", path.display());
        }
    }
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let (path, song) = demo_tunes().swap_remove(0);
    let mut player = open(&path, song);
    let first = player.snapshot();
    player.skip(5_000);
    let snapshot = player.snapshot();
    let bytes = snapshot.encode(Some(&first));
    assert!(Snapshot::decode(&bytes, Some(&first)).is_ok_and(|back| back == snapshot));
    assert!(Snapshot::decode(&snapshot.encode(None), None).is_ok_and(|back| back == snapshot));
    let refused = |bytes: &[u8], base| Snapshot::decode(bytes, base).err();
    let other = [&[1], &bytes[1..]].concat();
    let found = Some(SnapshotError::Version { found: 1 });
    assert_eq!(refused(&other, Some(&first)), found);
    let wanted = Some(SnapshotError::Base { wanted: 0 });
    assert_eq!(refused(&bytes, None), wanted);
    assert_eq!(refused(&bytes, Some(&snapshot)), wanted);
    for end in [0, 1, 17, 21, bytes.len() - 1] {
        let damaged = matches!(
            refused(&bytes[..end], Some(&first)),
            Some(SnapshotError::Damaged { .. })
        );
        assert!(damaged, "{end} bytes");
    }
}

/// Runs a song to `end`, remembering moments as they are due.
fn run(player: &mut Player, timeline: &mut Timeline, end: u64) {
    while player.frames() < end {
        let due = timeline.due(player.frames());
        if due <= player.frames() && player.buffered() == 0 {
            timeline.insert(&player.snapshot());
            continue;
        }
        let frames = match player.buffered() {
            0 => 256,
            buffered => buffered,
        };
        player.skip(u64::from(frames));
    }
}

#[test]
fn a_timeline_holds_a_song_in_little_memory_and_any_of_its_moments() {
    let mut most = 0;
    for (path, song) in demo_tunes() {
        let mut timeline = Timeline::new(32 << 20, u64::from(RATE) / 5);
        let mut player = open(&path, song);
        let end = u64::from(RATE) * 3;
        run(&mut player, &mut timeline, end);
        let mut frame = end;
        while let Some(before) = timeline.frame_before(frame) {
            assert!(frame - before <= timeline.spacing() || frame == end);
            frame = before;
            let snapshot = timeline.before(frame).expect("it is there");
            assert_eq!(snapshot.frames(), before);
            if before == 0 {
                break;
            }
            frame -= 1;
        }
        assert_eq!(frame, 0, "the first moment is kept");
        // The first moment is kept whole.
        let first = 65 << 10;
        most = most.max((timeline.bytes() - first) / timeline.len());
        // The moment in the middle, against a machine that went there without a timeline.
        let middle = timeline.before(end / 2).expect("it is there");
        let mut straight = open(&path, song);
        straight.skip(middle.frames());
        player.restore(&middle);
        assert!(render(&mut player, 2_000) == render(&mut straight, 2_000));
    }
    assert!(most < 6_000, "a moment takes {most} bytes");
}

#[test]
fn a_full_timeline_is_thinned_evenly() {
    let (path, song) = demo_tunes().swap_remove(0);
    let mut player = open(&path, song);
    let (limit, spacing) = (120_000, 2_000);
    let mut timeline = Timeline::new(limit, spacing);
    let end = 100_000;
    run(&mut player, &mut timeline, end);
    assert!(timeline.bytes() <= limit);
    assert!(timeline.spacing() > spacing);
    let mut frame = end;
    while frame > 0 {
        let before = timeline.frame_before(frame - 1).expect("the first is kept");
        let gap = frame - before;
        assert!(
            gap <= timeline.spacing() || frame == end,
            "{before} to {frame}"
        );
        assert!(timeline.before(before).is_some());
        frame = before;
    }
    // What is remembered already is not asked for again.
    let before = timeline.len();
    let start = timeline.before(0).expect("the first is kept");
    player.restore(&start);
    assert!(timeline.due(0) >= end - timeline.spacing());
    assert_eq!(timeline.len(), before);
}
