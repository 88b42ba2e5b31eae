//! The digital part against published figures, seen through OSC3 and ENV3.

use sid::{Model, Sid};

const MODELS: [Model; 2] = [Model::Mos6581, Model::Mos8580];

fn write_all(chip: &mut Sid, writes: &[(u8, u8)]) {
    for &(register, value) in writes {
        chip.write(register, value);
    }
}

/// Cycles between the steps of ENV3 from `from` on, until it has made `steps` steps.
fn envelope_steps(chip: &mut Sid, steps: usize) -> Vec<(u8, u32)> {
    let mut found = Vec::new();
    let mut before = chip.read(28);
    let mut cycles = 0;
    while found.len() < steps && cycles < 3_000_000 {
        chip.skip(1);
        cycles += 1;
        let now = chip.read(28);
        if now != before {
            found.push((now, cycles));
            (before, cycles) = (now, 0);
        }
    }
    found
}

#[test]
fn attack_takes_the_published_periods() {
    let periods = [
        9, 32, 63, 95, 149, 220, 267, 313, 392, 977, 1954, 3126, 3907, 11720, 19532, 31251,
    ];
    for (rate, period) in periods.into_iter().enumerate() {
        let mut chip = Sid::new(Model::Mos6581);
        // Down to zero first.
        chip.skip(20_000);
        write_all(
            &mut chip,
            &[(19, (rate as u8) << 4), (20, 0xf0), (18, 0x01)],
        );
        let steps = envelope_steps(&mut chip, 6);
        for (value, cycles) in &steps[1..] {
            assert_eq!(*cycles, period, "rate {rate}, step to {value}");
        }
    }
}

#[test]
fn decay_slows_down_at_the_published_levels() {
    let mut chip = Sid::new(Model::Mos8580);
    chip.skip(20_000);
    // Attack 0, decay 1 (32 cycles), sustain 0.
    write_all(&mut chip, &[(19, 0x01), (20, 0x00), (18, 0x01)]);
    let steps = envelope_steps(&mut chip, 255 + 255);
    assert_eq!(steps[254].0, 0xff);
    let divider = |level: u8| match level {
        0x5e.. => 1,
        0x37..=0x5d => 2,
        0x1b..=0x36 => 4,
        0x0f..=0x1a => 8,
        0x07..=0x0e => 16,
        _ => 30,
    };
    for pair in steps[256..].windows(2) {
        let ((above, _), (level, cycles)) = (pair[0], pair[1]);
        assert_eq!(level, above - 1);
        // The change of the divider itself passes a pipeline.
        if divider(above) == divider(above.wrapping_add(1)) {
            assert_eq!(cycles, 32 * divider(above), "from {above:#x}");
        }
    }
    assert_eq!(steps.last().map(|step| step.0), Some(0), "stops at zero");
    chip.skip(100_000);
    assert_eq!(chip.read(28), 0);
}

#[test]
fn the_delay_bug_costs_one_turn_of_the_rate_register() {
    let mut chip = Sid::new(Model::Mos6581);
    chip.skip(20_000);
    // The rate counter is let past 9 by a slow release, then a fast attack is asked for.
    write_all(&mut chip, &[(19, 0x00), (20, 0x0f)]);
    chip.skip(100);
    chip.write(18, 0x01);
    let steps = envelope_steps(&mut chip, 2);
    assert!((32_500..32_800).contains(&steps[0].1), "{steps:?}");
    assert_eq!(steps[1].1, 9);
}

#[test]
fn sustain_holds_both_nibbles() {
    for nibble in 0..16_u8 {
        let mut chip = Sid::new(Model::Mos6581);
        chip.skip(20_000);
        write_all(&mut chip, &[(19, 0x00), (20, nibble << 4), (18, 0x01)]);
        chip.skip(200_000);
        assert_eq!(chip.read(28), nibble * 17);
    }
}

/// OSC3 after each cycle.
fn osc3(chip: &mut Sid, cycles: usize) -> Vec<u8> {
    let sample = |_| {
        chip.skip(1);
        chip.read(27)
    };
    (0..cycles).map(sample).collect()
}

#[test]
fn waveforms_follow_the_accumulator() {
    for model in MODELS {
        for (control, value) in [
            (
                0x20,
                Box::new(|phase: u32| phase >> 16) as Box<dyn Fn(u32) -> u32>,
            ),
            (
                0x10,
                Box::new(|phase: u32| {
                    (if phase >> 23 == 0 {
                        phase
                    } else {
                        !phase & 0xff_ffff
                    }) >> 15
                        & 0xff
                }),
            ),
            (
                0x40,
                Box::new(|phase: u32| if phase >> 12 >= 0x400 { 0xff } else { 0 }),
            ),
        ] {
            let mut chip = Sid::new(model);
            write_all(
                &mut chip,
                &[(14, 0), (15, 0x80), (16, 0), (17, 4), (18, 0x08)],
            );
            chip.skip(3);
            chip.write(18, control);
            // Pulse is compared a cycle late; the 8580 latches triangle and sawtooth late too.
            let late = u32::from(control == 0x40 || model == Model::Mos8580);
            for (cycle, found) in (1_u32..).zip(osc3(&mut chip, 2_000)).skip(1) {
                let phase = (cycle - late).wrapping_mul(0x8000) & 0xff_ffff;
                assert_eq!(
                    u32::from(found),
                    value(phase),
                    "{model:?} {control:#x} {cycle}"
                );
            }
        }
    }
}

#[test]
fn noise_is_the_23_bit_register() {
    let mut register = 0x7f_fffe_u32;
    // Bit numbers from the input end of the register that reach OSC3, highest first.
    let taps = [20, 18, 14, 11, 9, 5, 2, 0];
    let mut chip = Sid::new(Model::Mos6581);
    write_all(&mut chip, &[(14, 0), (15, 0x40), (18, 0x80)]);
    let mut found = osc3(&mut chip, 300 * 0x10_0000 / 0x4000);
    found.dedup();
    let mut expected = Vec::new();
    for _ in 0..320 {
        let bits = taps
            .iter()
            .fold(0, |sum, tap| sum << 1 | (register >> tap & 1));
        expected.push(bits as u8);
        let bit = (register >> 22 ^ register >> 17) & 1;
        register = (register << 1 | bit) & 0x7f_ffff;
    }
    expected.dedup();
    let start = found
        .iter()
        .position(|&value| value == expected[0])
        .expect("starts");
    let length = found.len() - start;
    assert!(length > 200, "{length}");
    assert_eq!(found[start..], expected[..length]);
}

#[test]
fn the_test_bit_fills_the_noise_register_in_the_published_time() {
    for (model, cycles) in [
        (Model::Mos6581, 50_000 + 22 * 15_000),
        (Model::Mos8580, 986_000 + 22 * 314_300),
    ] {
        let mut chip = Sid::new(model);
        write_all(&mut chip, &[(15, 0xff), (18, 0x80)]);
        chip.skip(5_000);
        chip.write(18, 0x88);
        chip.skip(cycles);
        assert_eq!(chip.read(27), 0xff);
    }
}

#[test]
fn hard_sync_restarts_the_phase() {
    let mut chip = Sid::new(Model::Mos6581);
    // Voice 2 (source) has a period of 512 cycles, voice 3 is slow.
    write_all(
        &mut chip,
        &[
            (7, 0),
            (8, 0x80),
            (14, 0),
            (15, 0x10),
            (11, 0x08),
            (18, 0x28),
        ],
    );
    chip.skip(2);
    write_all(&mut chip, &[(11, 0x20), (18, 0x22)]);
    let values = osc3(&mut chip, 3_000);
    let highest = values[600..].iter().copied().max();
    assert_eq!(highest, Some(((512 * 0x1000) >> 16) as u8));
}

#[test]
fn ring_modulation_folds_by_the_source() {
    let mut chip = Sid::new(Model::Mos6581);
    write_all(
        &mut chip,
        &[
            (7, 0),
            (8, 0x80),
            (14, 0),
            (15, 0x01),
            (11, 0x08),
            (18, 0x18),
        ],
    );
    chip.skip(2);
    write_all(&mut chip, &[(11, 0x20), (18, 0x14)]);
    for (cycle, found) in (1_u32..).zip(osc3(&mut chip, 2_000)) {
        let own = (cycle * 0x100) & 0xff_ffff;
        let source = (cycle * 0x8000) & 0xff_ffff;
        let folded = own ^ (!source & 0x80_0000);
        let expected = (if folded >> 23 == 0 { folded } else { !folded }) >> 15 & 0xff;
        assert_eq!(u32::from(found), expected, "{cycle}");
    }
}

#[test]
fn the_bus_remembers_and_forgets() {
    for (model, cycles) in [(Model::Mos6581, 0x1d00), (Model::Mos8580, 0xa_2000)] {
        let mut chip = Sid::new(model);
        chip.write(0, 0x5a);
        chip.skip(cycles / 2 - 1);
        // A read of a write-only register halves what is left.
        assert_eq!(chip.read(5), 0x5a);
        chip.skip(cycles / 4 - 1);
        assert_eq!(chip.clone().read(5), 0x5a);
        chip.skip(3);
        assert_eq!(chip.read(5), 0);
    }
    assert_eq!(Sid::new(Model::Mos8580).read(25), 0xff);
}

#[test]
fn a_waveform_that_is_switched_off_floats_and_fades() {
    // Times measured on warm chips (VICE bugs 290 and 1128).
    for (model, hold, step) in [
        (Model::Mos6581, 54_000, 1_400),
        (Model::Mos8580, 800_000, 50_000),
    ] {
        let mut chip = Sid::new(model);
        // A pulse of width 0 is high all the time.
        chip.write(18, 0x40);
        chip.skip(10);
        chip.write(18, 0x00);
        chip.skip(hold - 1);
        assert_eq!(chip.read(27), 0xff, "{model:?}");
        chip.skip(1);
        let mut expected = 0x7f;
        for _ in 0..8 {
            assert_eq!(chip.read(27), expected, "{model:?}");
            chip.skip(step);
            expected >>= 1;
        }
        assert_eq!(chip.read(27), 0, "{model:?}");
    }
}

#[test]
fn noise_beside_a_low_pulse_empties_its_register() {
    for model in MODELS {
        let mut chip = Sid::new(model);
        write_all(&mut chip, &[(14, 0xff), (15, 0xff), (18, 0x80)]);
        let running = osc3(&mut chip, 5_000);
        assert!(running.iter().any(|&value| value != running[0]));
        // A pulse as wide as can be is low nearly always and pulls the noise lines down.
        write_all(&mut chip, &[(16, 0xff), (17, 0x0f), (18, 0xc0)]);
        chip.skip(20_000);
        chip.write(18, 0x80);
        let after = osc3(&mut chip, 5_000);
        assert!(after.iter().all(|&value| value == 0), "{model:?}");
        // The test bit fills it again.
        chip.write(18, 0x88);
        chip.skip(10_000_000);
        chip.write(18, 0x80);
        let again = osc3(&mut chip, 5_000);
        assert!(again.iter().any(|&value| value != 0), "{model:?}");
    }
}

#[test]
fn combined_waveforms_only_pull_lines_down() {
    let run = |control: u8| {
        let mut chip = Sid::new(Model::Mos8580);
        write_all(
            &mut chip,
            &[(14, 0x23), (15, 0x11), (16, 0), (17, 4), (18, 0x08)],
        );
        chip.skip(3);
        chip.write(18, control);
        osc3(&mut chip, 20_000)
    };
    let single = [0x10_u8, 0x20, 0x40].map(|control| (control, run(control)));
    for control in [0x30, 0x50, 0x60, 0x70] {
        let found = run(control);
        assert!(found.iter().any(|&value| value > 0x40), "{control:#x}");
        for cycle in 4..found.len() {
            let all = single
                .iter()
                .filter(|(bit, _)| control & bit != 0)
                .fold(0xff, |all, (_, values)| all & values[cycle]);
            // Triangle and sawtooth together are the sawtooth's bits and those above them.
            if control & 0x30 != 0x30 {
                assert_eq!(found[cycle] & !all, 0, "{control:#x} in cycle {cycle}");
            }
        }
    }
}
