//! Tunes of our own in the player: sound, position, snapshots, errors.

use c64::{Config, Error, Placement, Player, ScopeBuffer, Status, VideoStandard};
use md5::{Digest, Md5};
use proptest::prelude::*;
use sidfile::Tune;

/// A PSID at `$1000` with init at its start and, if given, play at an offset.
fn psid(program: &[u8], play: u16, change: impl FnOnce(&mut Vec<u8>)) -> Tune {
    let mut bytes = vec![0; 0x7c];
    bytes[..8].copy_from_slice(b"PSID\0\x04\0\x7c");
    bytes[0x0c..0x0e].copy_from_slice(&play.to_be_bytes());
    bytes[0x0f] = 1;
    bytes[0x77] = 0x14;
    bytes.extend([0x00, 0x10]);
    bytes.extend(program);
    change(&mut bytes);
    Tune::parse(&bytes).expect("the fixture is a tune")
}

/// Plays a rising saw: init sets the voice up, play moves its frequency.
const RISING: [u8; 38] = [
    0xa9, 0x0f, 0x8d, 0x18, 0xd4, 0xa9, 0x00, 0x8d, 0x05, 0xd4, 0xa9, 0xf0, 0x8d, 0x06, 0xd4, 0xa9,
    0x21, 0x8d, 0x04, 0xd4, 0x60, 0xea, // init at $1000
    0xee, 0x00, 0x20, 0xad, 0x00, 0x20, 0x8d, 0x01, 0xd4, 0x8d, 0x0f, 0xd4, 0xad, 0x1b, 0xd4, 0x60,
];
const RISING_PLAY: u16 = 0x1016;

fn rising() -> Tune {
    psid(&RISING, RISING_PLAY, |_| ())
}

fn player(tune: &Tune) -> Player {
    Player::new(tune, 1, &Config::default()).expect("the fixture plays")
}

fn render(player: &mut Player, frames: usize) -> Vec<f32> {
    let mut out = vec![0.0; 2 * frames];
    player.render(&mut out, None);
    out
}

/// A stable hash of sound as 16-bit samples.
fn hash(samples: &[f32]) -> String {
    let bytes: Vec<u8> = samples
        .iter()
        .flat_map(|sample| ((sample * 32_767.0) as i16).to_le_bytes())
        .collect();
    Md5::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn a_tune_sounds_and_moves() {
    let mut player = player(&rising());
    let sound = render(&mut player, 44_100);
    assert_eq!(player.frames(), 44_100);
    let (low, high) = sound.iter().fold((0.0f32, 0.0f32), |(low, high), &s| {
        (low.min(s), high.max(s))
    });
    assert!(high - low > 0.05, "{low} to {high}");
    assert!(sound.iter().all(|sample| sample.abs() <= 1.0));
    assert!(
        sound
            .as_chunks::<2>()
            .0
            .iter()
            .all(|[left, right]| left == right),
        "one chip is mono"
    );
    assert_eq!(player.status(), Status::Running);
    assert!((player.play_rate() - 50.12).abs() < 0.01);
    assert_eq!(player.video(), VideoStandard::Pal);
}

#[test]
fn sound_is_the_same_however_it_is_asked_for() {
    let tune = rising();
    let whole = render(&mut player(&tune), 20_000);
    let mut pieces = Vec::new();
    let mut player = player(&tune);
    for frames in [1, 7, 128, 1000, 4096, 14_768] {
        pieces.extend(render(&mut player, frames));
    }
    assert_eq!(hash(&whole), hash(&pieces));
    assert!(whole == pieces);
}

#[test]
fn skipping_is_rendering_without_listening() {
    let tune = rising();
    let mut rendered = player(&tune);
    let mut skipped = player(&tune);
    render(&mut rendered, 30_011);
    skipped.skip(30_011);
    assert_eq!(rendered.frames(), skipped.frames());
    assert!(render(&mut rendered, 5000) == render(&mut skipped, 5000));
}

#[test]
fn muting_one_voice_silences_a_tune_of_one() {
    let mut player = player(&rising());
    render(&mut player, 8_000);
    player.set_audible(0, 0b1110);
    // The board's coupling capacitor takes a while to follow the voice's offset.
    render(&mut player, 20_000);
    let sound = render(&mut player, 4_000);
    let (low, high) = sound.iter().fold((1.0f32, -1.0f32), |(low, high), &s| {
        (low.min(s), high.max(s))
    });
    assert!(high - low < 0.01, "{low} to {high}");
}

#[test]
fn scopes_get_an_entry_every_32_cycles() {
    let mut player = player(&rising());
    let mut scope = ScopeBuffer::default();
    let mut out = vec![0.0; 2 * 44_100];
    player.render(&mut out, Some(&mut scope));
    let entries = scope.chips[0].len() as f64;
    let expected = player.clock_hz() / 32.0;
    assert!(
        (entries - expected).abs() < 300.0,
        "{entries} for {expected}"
    );
    assert!(
        scope.chips[0]
            .iter()
            .any(|levels| levels[0] != scope.chips[0][0][0])
    );
}

#[test]
fn several_chips_are_stereo_and_have_their_models() {
    let tune = psid(&RISING, RISING_PLAY, |bytes| {
        bytes[0x7a] = 0x42;
        bytes[0x7b] = 0xe0;
        bytes[0x76] = 0x02;
    });
    let mut player = player(&tune);
    let chips: Vec<_> = player
        .chips()
        .iter()
        .map(|chip| (chip.address, chip.model))
        .collect();
    use sid::Model::{Mos6581, Mos8580};
    assert_eq!(
        chips,
        [(0xd400, Mos6581), (0xd420, Mos6581), (0xde00, Mos8580)]
    );
    let sound = render(&mut player, 10_000);
    assert!(
        sound
            .as_chunks::<2>()
            .0
            .iter()
            .any(|[left, right]| left != right)
    );
}

#[test]
fn chips_stand_where_they_are_put() {
    let tune = psid(&RISING, RISING_PLAY, |bytes| bytes[0x7a] = 0x42);
    let sides = |placement: Placement| {
        let config = Config {
            placement,
            ..Config::default()
        };
        let mut player = Player::new(&tune, 1, &config).expect("the fixture plays");
        let sound = render(&mut player, 12_000);
        let late = &sound.as_chunks::<2>().0[6_000..];
        [0, 1].map(|side| {
            let (low, high) = late.iter().fold((1.0f32, -1.0f32), |(low, high), frame| {
                (low.min(frame[side]), high.max(frame[side]))
            });
            high - low
        })
    };
    // Only the first chip plays.
    let [left, right] = sides(Placement::Mono);
    assert!(left == right && left > 0.01, "{left} {right}");
    let [left, right] = sides(Placement::Usual);
    assert!((left / right - 1.4 / 0.6).abs() < 0.05, "{left} {right}");
    let [left, right] = sides(Placement::Pans([1.0, 0.0, 0.0]));
    assert!(left < 0.01 * right, "{left} {right}");
}

#[test]
fn grades_and_filters_change_while_a_tune_plays() {
    let tune = psid(&RISING, RISING_PLAY, |bytes| bytes[0x77] = 0x14);
    let mut played = player(&tune);
    let mut light = player(&tune);
    light.set_grade(sid::Grade::Light);
    let loudness = |sound: &[f32]| sound.iter().map(|s| s * s).sum::<f32>();
    render(&mut played, 5_000);
    render(&mut light, 5_000);
    let (accurate, lighter) = (render(&mut played, 8_000), render(&mut light, 8_000));
    let ratio = loudness(&lighter) / loudness(&accurate);
    assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
    // The program has not noticed, and back in the accurate grade it sounds the same again.
    assert_eq!(played.cycles() / 4096, light.cycles() / 4096);
    light.set_grade(sid::Grade::Accurate);
    light.set_filter(sid::FilterCurve::new(20));
    let (accurate, again) = (render(&mut played, 8_000), render(&mut light, 8_000));
    let ratio = loudness(&again) / loudness(&accurate);
    assert!((ratio - 1.0).abs() < 0.01, "{ratio}");
}

#[test]
fn a_snapshot_returns_in_the_light_grade_too() {
    let config = Config {
        grade: sid::Grade::Light,
        ..Config::default()
    };
    let mut player = Player::new(&rising(), 1, &config).expect("the fixture plays");
    player.skip(7_001);
    let snapshot = player.snapshot();
    let first = render(&mut player, 6_000);
    player.skip(1_234);
    player.restore(&snapshot);
    assert!(first == render(&mut player, 6_000));
}

#[test]
fn what_cannot_be_played_says_why() {
    let refuse = |tune: &Tune, song| {
        Player::new(tune, song, &Config::default())
            .err()
            .expect("the fixture is refused")
    };
    assert_eq!(
        refuse(&rising(), 0),
        Error::NoSuchSong { song: 0, songs: 1 }
    );
    assert_eq!(
        refuse(&rising(), 2),
        Error::NoSuchSong { song: 2, songs: 1 }
    );
    let full = psid(&RISING, RISING_PLAY, |bytes| bytes[0x78] = 0xff);
    assert_eq!(refuse(&full, 1), Error::NoRoomForDriver);
    let mus = psid(&RISING, RISING_PLAY, |bytes| bytes[0x77] |= 1);
    let refused = refuse(&mus, 1);
    assert!(matches!(refused, Error::Mus(_)), "{refused:?}");
    let config = Config {
        sample_rate: 10,
        ..Config::default()
    };
    assert_eq!(
        Player::new(&rising(), 1, &config).err(),
        Some(Error::SampleRate(10))
    );
}

#[test]
fn a_tune_that_jams_says_where_and_goes_silent() {
    let mut player = player(&psid(&[0xea, 0x02], 0, |_| ()));
    render(&mut player, 1000);
    assert_eq!(
        player.status(),
        Status::Jammed {
            pc: 0x1001,
            opcode: 0x02
        }
    );
}

#[test]
fn traces_tell_when_and_what() {
    let mut player = player(&rising());
    player.set_trace(true);
    player.run_cycles(100_000);
    let trace = player.take_trace();
    let first: Vec<_> = trace
        .iter()
        .take(2)
        .map(|write| (write.register, write.value))
        .collect();
    assert_eq!(first, [(0x18, 0x0f), (0x18, 0x0f)]);
    assert_eq!(trace[0].cycle, 167_873);
    assert!(trace.is_sorted_by_key(|write| write.cycle));
    assert!(player.take_trace().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_program_runs(program in prop::collection::vec(any::<u8>(), 1..4000), play in any::<u16>()) {
        let tune = psid(&program, play, |_| ());
        let mut player = player(&tune);
        player.set_trace(true);
        player.run_cycles(200_000);
        render(&mut player, 300);
    }
}
