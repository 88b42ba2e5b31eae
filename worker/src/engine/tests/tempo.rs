//! Speed and pitch: the place in the song stays true.

use super::*;

const TWICE: Tempo = Tempo {
    speed_percent: 200,
    semitones: 0,
    pitch_follows: false,
};

impl Rig {
    fn set_tempo(&mut self, tempo: Tempo) {
        self.engine.request(6, Request::SetTempo { tempo });
        assert!(matches!(self.told(6).last(), Some(Event::Loaded { .. })));
        self.settle();
    }

    fn position(&self) -> u32 {
        millis_of(self.ring.borrow().reader.position(), RATE)
    }
}

fn largest_step(part: &[f32]) -> f32 {
    let steps = part.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    steps.fold(0.0, f32::max)
}

#[test]
fn the_place_goes_with_the_speed() {
    let mut rig = Rig::new();
    rig.load(1, 0, None);
    rig.play(1000);
    assert_eq!(rig.position(), 1000);
    let mut expected = 1000;
    for (speed_percent, gone) in [(200, 2000), (25, 250), (400, 4000), (100, 1000)] {
        rig.set_tempo(Tempo {
            speed_percent,
            ..TWICE
        });
        rig.play(1000);
        // Until the splice the old speed goes on.
        expected += gone;
        let off = rig.position().abs_diff(expected);
        assert!(
            off <= 4 * SPLICE_MILLIS,
            "{off} ms off at {speed_percent} %"
        );
        expected = rig.position();
    }
    let heard = rig.ring.borrow().heard.len();
    assert_eq!(heard, frames_of(5000, RATE) as usize, "nothing was missing");
}

#[test]
fn a_song_ends_as_much_earlier_as_it_is_faster() {
    let slow_tape = Tempo {
        speed_percent: 50,
        pitch_follows: true,
        ..TWICE
    };
    let higher = Tempo {
        speed_percent: 100,
        semitones: 7,
        ..TWICE
    };
    for (tempo, lasts) in [(TWICE, 500), (slow_tape, 2000), (higher, 1000)] {
        let mut rig = Rig::new();
        rig.load(1, 0, Some(1000));
        rig.set_tempo(tempo);
        rig.engine.request(7, Request::Seek { millis: 0 });
        rig.settle();
        assert!(rig.told(7).contains(&Event::Sought { millis: 0 }));
        rig.ring.borrow_mut().heard.clear();
        rig.play(lasts + 200);
        let heard = rig.ring.borrow().heard.len();
        assert_eq!(heard, frames_of(lasts, RATE) as usize, "{tempo:?}");
        assert!(rig.ring.borrow().is_end);
        let ended = rig.told(EVENT);
        assert!(matches!(ended[..], [Event::Ended { .. }]), "{ended:?}");
        assert_eq!(rig.position(), 1000);
    }
}

#[test]
fn the_pitch_stays_or_follows() {
    // How often the saw falls in a fifth of a second from second 2 of the song on.
    let falls = |tempo| {
        let mut rig = Rig::new();
        rig.load(1, 1500, None);
        rig.set_tempo(tempo);
        rig.engine.request(7, Request::Seek { millis: 2000 });
        rig.settle();
        rig.ring.borrow_mut().heard.clear();
        rig.play(200);
        let ring = rig.ring.borrow();
        let middle = ring.heard.iter().sum::<f32>() / ring.heard.len() as f32;
        let falls = ring
            .heard
            .windows(2)
            .filter(|w| w[0] >= middle && w[1] < middle);
        falls.count() as f64
    };
    let own = falls(Tempo::default());
    assert!(own > 100.0, "{own}");
    let near = |tempo, factor: f64| {
        let found = falls(tempo);
        assert!(
            (found / (own * factor) - 1.0).abs() < 0.1,
            "{found} of {own}"
        );
    };
    let up = |semitones| Tempo {
        semitones,
        ..Tempo::default()
    };
    near(up(-12), 0.5);
    near(up(12), 2.0);
    // The tune rises by itself, and less of that is heard in the same time.
    let slow = Tempo {
        speed_percent: 50,
        ..Tempo::default()
    };
    near(slow, 0.96);
    let tape = Tempo {
        pitch_follows: true,
        ..slow
    };
    near(tape, 0.48);
}

#[test]
fn a_change_of_tempo_does_not_click() {
    let mut rig = Rig::new();
    rig.load(1, 3000, None);
    rig.play(300);
    let own = largest_step(&rig.ring.borrow().heard);
    let higher = Tempo {
        semitones: 3,
        ..TWICE
    };
    for tempo in [TWICE, Tempo::default(), higher] {
        rig.ring.borrow_mut().heard.clear();
        rig.set_tempo(tempo);
        rig.play(300);
        let found = largest_step(&rig.ring.borrow().heard);
        assert!(found < 1.3 * own, "{found}, by itself {own}");
    }
}

#[test]
fn what_cannot_be_played_is_brought_within_limits() {
    let mut rig = Rig::new();
    rig.load(1, 0, None);
    rig.set_tempo(Tempo {
        speed_percent: 0,
        semitones: 100,
        pitch_follows: true,
    });
    rig.play(400);
    assert!(rig.position().abs_diff(100) <= SPLICE_MILLIS, "a quarter");
}

#[test]
fn a_fast_song_takes_the_light_grade_where_it_must() {
    let mut rig = Rig::new();
    rig.engine.set_chip_speed(1.5 * ACCURATE_SPEED);
    rig.load(1, 0, None);
    let grade = |rig: &Rig, id| match rig.told(id).last() {
        Some(Event::Loaded { playing, .. }) => playing.grade,
        other => panic!("{other:?}"),
    };
    assert_eq!(grade(&rig, 5), Grade::Accurate);
    rig.set_tempo(TWICE);
    assert_eq!(grade(&rig, 6), Grade::Light);
    rig.set_tempo(Tempo::default());
    assert_eq!(grade(&rig, 6), Grade::Accurate);
}
