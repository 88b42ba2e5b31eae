//! The next song: joined without a missing frame, faded over, taken back.

use super::*;

const PREPARED: u32 = 9;

impl Rig {
    fn tune(&self, song: u16) -> TuneId {
        TuneId {
            md5: self.md5,
            song,
        }
    }

    fn prepare(&mut self, song: u16, end_millis: u32, gain: u32, crossfade_millis: u32) {
        let tune = self.tune(song);
        self.engine.request(
            PREPARED,
            Request::Prepare {
                tune,
                end_millis: Some(end_millis),
                finds_length: false,
                overrides: Overrides::default(),
                audible: [ALL_AUDIBLE; 3],
                tempo: Tempo::default(),
                gain_thousandths: gain,
                crossfade_millis,
                joins: true,
            },
        );
        self.settle();
    }

    fn says(&self, event: &Event) -> bool {
        self.told(PREPARED).contains(event)
    }
}

/// A song with its end, as it is rendered by itself.
fn ended(song: u16, millis: u32) -> Vec<f32> {
    let program = Program::new(&tune(), &[]).unwrap();
    let audible = [ALL_AUDIBLE; 3];
    let overrides = Overrides::default();
    let mut session = Session::new(&program, song, RATE, Some(millis), overrides, audible).unwrap();
    let mut left = Vec::new();
    let mut chunk = [0.0; 2048];
    loop {
        let count = session.render(&mut chunk, None) as usize;
        if count == 0 {
            return left;
        }
        left.extend(chunk[..2 * count].chunks(2).map(|pair| pair[0]));
    }
}

#[test]
fn the_next_song_begins_with_the_frame_after_the_last() {
    let mut rig = Rig::new();
    rig.load(1, 0, Some(1_303));
    rig.prepare(1, 2_000, 1_000, 0);
    let tune = rig.tune(1);
    assert!(matches!(rig.told(PREPARED)[..], [Event::Prepared { .. }]));
    rig.play(1_300);
    assert!(rig.says(&Event::Joined { tune }));
    assert!(!rig.says(&Event::Passed { tune }), "not heard yet");
    rig.play(10);
    assert!(rig.says(&Event::Passed { tune }));
    let position = rig.ring.borrow().reader.position();
    assert_eq!(position, frames_of(1_310, RATE) - frames_of(1_303, RATE));
    rig.prepare(2, 1_000, 1_000, 0);
    rig.play(2_500);
    let mut expected = ended(1, 1_303);
    expected.extend(ended(1, 2_000));
    expected.extend(ended(2, 1_000));
    let heard = rig.ring.borrow().heard.clone();
    assert_eq!(heard.len(), frames_of(3_810, RATE) as usize);
    assert!(heard == expected[..heard.len()]);
    let told = rig.told(EVENT);
    assert!(
        !told
            .iter()
            .any(|event| matches!(event, Event::Ended { .. }))
    );
    rig.play(600);
    assert!(
        rig.told(EVENT)
            .contains(&Event::Ended { tune: rig.tune(2) })
    );
}

#[test]
fn many_short_songs_follow_each_other() {
    let mut rig = Rig::new();
    rig.load(1, 0, Some(150));
    let mut expected = ended(1, 150);
    for n in 0..20 {
        let millis = 120 + 7 * n;
        rig.prepare(1, millis, 1_000, 0);
        expected.extend(ended(1, millis));
        let passed = |rig: &Rig| {
            let told = rig.told(PREPARED);
            let is_passed = |event: &&Event| matches!(event, Event::Passed { .. });
            told.iter().filter(is_passed).count()
        };
        for _ in 0..40 {
            if passed(&rig) > n as usize {
                break;
            }
            rig.play(10);
        }
    }
    let heard = rig.ring.borrow().heard.clone();
    assert!(heard.len() > frames_of(3_000, RATE) as usize);
    assert!(heard == expected[..heard.len()]);
}

#[test]
fn two_songs_fade_over_with_the_power_of_one() {
    let mut rig = Rig::new();
    rig.load(1, 0, Some(2_000));
    rig.prepare(1, 3_000, 500, 400);
    rig.play(3_000);
    let (old, new) = (ended(1, 2_000), ended(1, 3_000));
    let heard = rig.ring.borrow().heard.clone();
    // The fade begins with a block of frames.
    let from = old.len() - frames_of(400, RATE) as usize;
    let from = from.next_multiple_of(CHUNK as usize);
    let begins = heard
        .iter()
        .zip(&old)
        .position(|(heard, old)| heard != old)
        .expect("they part");
    assert!(
        begins.abs_diff(from) <= 2 * CHUNK as usize,
        "{begins} {from}"
    );
    let after = &heard[old.len()..old.len() + 20_000];
    let starts = begins - CHUNK as usize..=begins;
    let goes_on = |start: usize| {
        let of_new = &new[old.len() - start..];
        after
            .iter()
            .zip(of_new)
            .all(|(heard, new)| *heard == new * 0.5)
    };
    assert!(
        starts.into_iter().any(goes_on),
        "the next song has its own level"
    );
    let middle = old.len() - frames_of(200, RATE) as usize;
    assert!(
        heard[middle..middle + 2_000]
            .iter()
            .any(|sample| sample.abs() > 0.01)
    );
}

#[test]
fn a_seek_before_the_join_is_heard_goes_back_to_the_song() {
    let mut rig = Rig::new();
    rig.load(1, 0, Some(1_500));
    rig.prepare(2, 2_000, 1_000, 0);
    rig.play(1_000);
    let tune = rig.tune(2);
    assert!(rig.says(&Event::Joined { tune }));
    rig.engine.request(6, Request::Seek { millis: 200 });
    rig.settle();
    assert!(rig.says(&Event::Parted { tune }));
    rig.ring.borrow_mut().heard.clear();
    rig.play(1_250);
    let whole = ended(1, 1_500);
    let heard = rig.ring.borrow().heard.clone();
    assert!(heard[..] == whole[frames_of(200, RATE) as usize..][..heard.len()]);
    rig.prepare(2, 2_000, 1_000, 0);
    rig.play(200);
    assert!(rig.says(&Event::Passed { tune }));
}

#[test]
fn muting_before_the_join_is_heard_mutes_the_song_that_is() {
    let mut rig = Rig::new();
    rig.load(1, 0, Some(1_500));
    rig.prepare(1, 2_000, 1_000, 0);
    rig.play(1_000);
    let audible = [0; 3];
    rig.engine.request(6, Request::SetAudible { audible });
    rig.settle();
    rig.play(40);
    rig.ring.borrow_mut().heard.clear();
    rig.play(300);
    let heard = rig.ring.borrow().heard.clone();
    assert_eq!(heard.len(), frames_of(300, RATE) as usize);
    // What is left settles; a saw would jump.
    let step = |pair: &[f32]| (pair[1] - pair[0]).abs();
    let largest = |samples: &[f32]| samples.windows(2).map(step).fold(0.0, f32::max);
    let sounding = largest(&ended(1, 1_500));
    assert!(largest(&heard) < sounding / 50.0, "{}", largest(&heard));
    assert!(!rig.says(&Event::Passed { tune: rig.tune(1) }));
}

#[test]
fn what_is_asked_for_anew_replaces_what_was_joined() {
    let mut rig = Rig::new();
    rig.load(1, 0, Some(1_500));
    rig.prepare(2, 2_000, 1_000, 0);
    rig.play(1_000);
    rig.prepare(1, 900, 1_000, 0);
    rig.play(900);
    let mut expected = ended(1, 1_500);
    expected.extend(ended(1, 900));
    let heard = rig.ring.borrow().heard.clone();
    assert_eq!(heard.len(), frames_of(1_900, RATE) as usize);
    // A change settles within a few frames of the same sound.
    let wrong = heard
        .iter()
        .zip(&expected)
        .filter(|(a, b)| (*a - *b).abs() > 0.02)
        .count();
    assert_eq!(wrong, 0);
    rig.engine.request(7, Request::Unprepare);
    assert_eq!(rig.told(7), []);
}

#[test]
fn a_next_song_that_cannot_be_played_is_told_ahead_and_ends_nothing() {
    let mut rig = Rig::new();
    rig.load(1, 0, Some(800));
    rig.prepare(3, 1_000, 1_000, 0);
    let told = rig.told(PREPARED);
    assert!(
        matches!(told[..], [Event::Failed { tune: Some(_), .. }]),
        "{told:?}"
    );
    rig.play(900);
    assert!(
        rig.told(EVENT)
            .contains(&Event::Ended { tune: rig.tune(1) })
    );
}

#[test]
fn a_song_that_is_only_kept_ready_does_not_follow() {
    let mut rig = Rig::new();
    rig.load(1, 0, Some(500));
    let tune = rig.tune(2);
    rig.engine.request(
        PREPARED,
        Request::Prepare {
            tune,
            end_millis: None,
            finds_length: true,
            overrides: Overrides::default(),
            audible: [ALL_AUDIBLE; 3],
            tempo: Tempo::default(),
            gain_thousandths: 1_000,
            crossfade_millis: 300,
            joins: false,
        },
    );
    rig.settle();
    rig.play(600);
    assert!(matches!(rig.told(PREPARED)[..], [Event::Prepared { .. }]));
    assert!(
        rig.told(EVENT)
            .contains(&Event::Ended { tune: rig.tune(1) })
    );
}

#[test]
fn a_tune_that_is_not_here_is_asked_for() {
    let mut rig = Rig::new();
    rig.load(1, 0, Some(600));
    let own = std::mem::replace(&mut rig.md5, Md5::of(b"another"));
    rig.prepare(1, 500, 1_000, 0);
    assert_eq!(rig.world.asked.take(), Some(Md5::of(b"another")));
    rig.engine.file(Md5::of(b"another"), Ok(tune()), &[]);
    rig.settle();
    assert!(matches!(rig.told(PREPARED)[..], [Event::Prepared { .. }]));
    rig.play(1_000);
    let mut expected = ended(1, 600);
    expected.extend(ended(1, 500));
    assert!(rig.ring.borrow().heard[..] == expected[..frames_of(1_000, RATE) as usize]);
    rig.md5 = own;
}
