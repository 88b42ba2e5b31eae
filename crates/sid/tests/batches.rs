//! However the cycles are cut into calls, the bits are the same: runs take a fast path, single
//! cycles the plain one.

use proptest::prelude::*;
use sid::{Grade, Model, Part, Resampler, Sid, Tape, play_together};

/// Cycles to run, then a register write.
type Step = (u32, u8, u8);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cycles = prop_oneof![4 => 1..40_u32, 2 => 40..400_u32, 1 => 400..3_000_u32];
    // Control registers, and frequencies high enough for something to happen, more often.
    let write = prop_oneof![
        3 => (0..25_u8, any::<u8>()),
        2 => (prop_oneof![Just(4_u8), Just(11), Just(18)], any::<u8>()),
        1 => (prop_oneof![Just(1_u8), Just(8), Just(15)], any::<u8>()),
        1 => (prop_oneof![Just(6_u8), Just(13), Just(20)], Just(0xf0_u8)),
    ];
    prop::collection::vec(
        (cycles, write).prop_map(|(cycles, (r, v))| (cycles, r, v)),
        1..60,
    )
}

fn model() -> impl Strategy<Value = Model> {
    prop_oneof![Just(Model::Mos6581), Just(Model::Mos8580)]
}

/// Plays the steps with calls of at most `most` cycles.
fn play(model: Model, steps: &[Step], most: usize) -> (Vec<u32>, Vec<[i16; 4]>, Vec<u8>, Sid) {
    let mut chip = Sid::new(model);
    let (mut bits, mut tap, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    let mut out = vec![0.0; most];
    for &(cycles, register, value) in steps {
        let mut left = cycles as usize;
        while left > 0 {
            let count = left.min(most);
            chip.clock_tapped(&mut out[..count], &mut tap);
            bits.extend(out[..count].iter().map(|sample| sample.to_bits()));
            left -= count;
        }
        reads.extend([27, 28, 0].map(|register| chip.read(register)));
        chip.write(register, value);
    }
    (bits, tap, reads, chip)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn single_cycles_and_runs_agree(model in model(), steps in steps(), most in 2..700_usize) {
        let (bits, tap, reads, chip) = play(model, &steps, 1);
        let (run_bits, run_tap, run_reads, run_chip) = play(model, &steps, most);
        prop_assert_eq!(reads, run_reads);
        prop_assert_eq!(tap, run_tap);
        let differs = bits.iter().zip(&run_bits).position(|(a, b)| a != b);
        prop_assert_eq!(differs, None);
        prop_assert_eq!(chip.state(), run_chip.state());
    }

    /// What nobody looks at waits, part by part; nobody can tell.
    #[test]
    fn parts_that_wait_are_parts_that_run_at_once(model in model(), steps in steps()) {
        let (bits, tap, reads, chip) = play(model, &steps, 64);
        let mut waiting = Sid::new(model);
        let (mut tape, mut out) = (Tape::new(), Vec::new());
        let (mut later_tap, mut later_reads) = (Vec::new(), Vec::new());
        for &(cycles, register, value) in &steps {
            waiting.wait(cycles as usize, &mut tape, true);
            for register in [27, 28, 0] {
                later_reads.push(waiting.read_in_step(register, &mut tape));
            }
            waiting.write_in_step(register, value, &mut tape);
        }
        waiting.catch_up(&mut tape, &mut later_tap);
        waiting.play(&mut tape, &mut out);
        prop_assert_eq!(reads, later_reads);
        prop_assert_eq!(tap, later_tap);
        let found: Vec<u32> = out.iter().map(|sample: &f32| sample.to_bits()).collect();
        prop_assert_eq!(bits, found);
        prop_assert_eq!(chip.state(), waiting.state());

        // The same without looking in between, which lets each part wait the longest.
        let mut unseen = Sid::new(model);
        out.clear();
        for &(cycles, register, value) in &steps {
            unseen.wait(cycles as usize, &mut tape, false);
            unseen.write_in_step(register, value, &mut tape);
        }
        unseen.play(&mut tape, &mut out);
        let mut alone = Sid::new(model);
        let mut expected = Vec::new();
        for &(cycles, register, value) in &steps {
            let mut block = vec![0.0; cycles as usize];
            alone.clock(&mut block);
            expected.append(&mut block);
            alone.write(register, value);
        }
        prop_assert!(expected == out);
        prop_assert_eq!(alone.state(), unseen.state());
    }

    #[test]
    fn chips_side_by_side_are_chips_one_by_one(
        models in prop::collection::vec(model(), 1..5),
        steps in prop::collection::vec(steps(), 5),
    ) {
        let (mut alone, mut expected) = (Vec::new(), Vec::new());
        let mut chips: Vec<Sid> = models.iter().map(|&model| Sid::new(model)).collect();
        let mut tapes = vec![Tape::new(); models.len()];
        let mut samples = vec![Vec::new(); models.len()];
        for (index, &model) in models.iter().enumerate() {
            let mut chip = Sid::new(model);
            let mut out = Vec::new();
            for &(cycles, register, value) in &steps[index] {
                let mut block = vec![0.0; cycles as usize];
                chip.clock(&mut block);
                out.append(&mut block);
                chip.write(register, value);
                chips[index].record(cycles as usize, &mut tapes[index]);
                chips[index].write(register, value);
            }
            alone.push(chip);
            expected.push(out);
        }
        let parts = chips.iter_mut().zip(&mut tapes).zip(&mut samples);
        let mut parts: Vec<_> = parts.map(|((sid, tape), out)| Part { sid, tape, out }).collect();
        play_together(&mut parts);
        prop_assert!(expected == samples);
        for (alone, chip) in alone.iter().zip(&chips) {
            prop_assert_eq!(alone.state(), chip.state());
        }
        prop_assert!(tapes.iter().all(|tape| tape.cycles() == 0));
    }

    #[test]
    fn the_light_grade_does_not_care_how_its_cycles_are_cut(
        model in model(),
        steps in steps(),
        most in 1..700_usize,
    ) {
        let play = |most: usize| {
            let mut chip = Sid::new(model);
            chip.set_grade(Grade::Light);
            let (mut tape, mut out) = (Tape::new(), Vec::new());
            for &(cycles, register, value) in &steps {
                let mut left = cycles as usize;
                while left > 0 {
                    let count = left.min(most);
                    chip.record(count, &mut tape);
                    chip.play(&mut tape, &mut out);
                    left -= count;
                }
                chip.write(register, value);
            }
            (out, chip)
        };
        let (expected, whole) = play(usize::MAX);
        let (found, cut) = play(most);
        let cycles: u32 = steps.iter().map(|(cycles, ..)| cycles).sum();
        prop_assert_eq!(expected.len(), cycles as usize / 8);
        let differs = expected.iter().zip(&found).position(|(a, b)| a != b);
        prop_assert_eq!(differs.map(|at| (at, expected[at], found[at])), None);
        prop_assert_eq!(whole.state(), cut.state());
    }

    #[test]
    fn grades_are_not_seen_by_reads(model in model(), steps in steps()) {
        let mut accurate = Sid::new(model);
        let mut light = Sid::new(model);
        light.set_grade(Grade::Light);
        for &(cycles, register, value) in &steps {
            accurate.skip(cycles);
            light.skip(cycles);
            for register in [27, 28, 0] {
                prop_assert_eq!(accurate.read(register), light.read(register));
            }
            accurate.write(register, value);
            light.write(register, value);
        }
    }

    #[test]
    fn a_snapshot_goes_on_as_the_original(model in model(), steps in steps(), later in steps()) {
        let (.., mut chip) = play(model, &steps, 256);
        let mut copy = chip.clone();
        prop_assert_eq!(chip.state(), copy.state());
        for (cycles, register, value) in later {
            let mut out = vec![0.0; cycles as usize];
            let mut again = out.clone();
            chip.clock(&mut out);
            copy.clock(&mut again);
            prop_assert_eq!(out, again);
            chip.write(register, value);
            copy.write(register, value);
        }
        prop_assert_eq!(chip.state(), copy.state());
    }

    #[test]
    fn skipping_leaves_the_state_of_clocking(model in model(), steps in steps()) {
        let (.., clocked) = play(model, &steps, 300);
        let mut skipped = Sid::new(model);
        for &(cycles, register, value) in &steps {
            skipped.skip(cycles);
            for register in [27, 28, 0] {
                skipped.read(register);
            }
            skipped.write(register, value);
        }
        prop_assert_eq!(clocked.state(), skipped.state());
    }

    #[test]
    fn muting_is_not_seen_by_reads(model in model(), steps in steps(), mask in 0..16_u8) {
        let mut heard = Sid::new(model);
        let mut muted = Sid::new(model);
        muted.set_audible(mask);
        for &(cycles, register, value) in &steps {
            heard.skip(cycles);
            muted.skip(cycles);
            for register in [27, 28, 0] {
                prop_assert_eq!(heard.read(register), muted.read(register));
            }
            heard.write(register, value);
            muted.write(register, value);
        }
    }

    #[test]
    fn samples_stay_in_range(model in model(), steps in steps()) {
        let (bits, ..) = play(model, &steps, 500);
        for bits in bits {
            let sample = f32::from_bits(bits);
            prop_assert!(sample.abs() < 4.0, "{}", sample);
        }
    }

    #[test]
    fn the_resampler_does_not_care_how_its_input_is_cut(cuts in prop::collection::vec(0..500_usize, 1..40)) {
        let total: usize = cuts.iter().sum();
        let input: Vec<f32> = (0..total).map(|i| ((i * i) % 1_009) as f32 / 1_009.0).collect();
        let mut whole = Resampler::new(985_248.0, 44_100);
        let mut cut = whole.clone();
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        whole.process(&input, &mut expected);
        let mut from = 0;
        for count in cuts {
            cut.process(&input[from..from + count], &mut found);
            from += count;
        }
        prop_assert_eq!(expected, found);
    }
}

#[test]
fn a_snapshot_is_small() {
    assert!(size_of::<Sid>() < 1024, "{}", size_of::<Sid>());
}

/// With resonance and nothing at its input, right after power-on, the filter's capacitors are so
/// far from their rest that eight cycles at once lead beyond their range.
#[test]
fn the_light_grade_stays_in_range_from_power_on() {
    for model in [Model::Mos6581, Model::Mos8580] {
        for resonance in 0..16 {
            for cutoff in [0, 1, 0x40, 0x80, 0xff] {
                for wait in 0..17 {
                    let mut light = Sid::new(model);
                    light.set_grade(Grade::Light);
                    light.write(22, cutoff);
                    light.skip(wait);
                    light.write(23, resonance << 4);
                    light.skip(wait);
                    light.write(24, 0x7f);
                    let mut out = vec![0.0; 64];
                    light.clock(&mut out);
                    // The pin at a rail.
                    assert!(out.iter().all(|sample: &f32| sample.abs() <= 2.5));
                }
            }
        }
    }
}
