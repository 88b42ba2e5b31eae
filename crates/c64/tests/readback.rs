//! What programs read back from the sound chip: the same whether anyone listens or not. Sources:
//! the MOS 6581 data sheet for the oscillator's and the envelope's rates.

use c64::chips::Chips;
use proptest::prelude::*;
use sid::{Grade, Model};

fn chips(model: Model) -> Chips {
    Chips::new(&[(0xd400, model)], Grade::Accurate)
}

#[test]
fn the_oscillator_counts_its_frequency() {
    for model in [Model::Mos6581, Model::Mos8580] {
        let mut chips = chips(model);
        // Voice 3: test bit, then a saw tooth of a step of $1000 a cycle.
        for (cycle, (register, value)) in
            (10..).zip([(15, 0x10), (14, 0x00), (18, 0x08), (18, 0x20)])
        {
            chips.write(0, register, value, cycle);
        }
        let first = chips.read(0, 27, 1000);
        for step in 1..600 {
            // The upper eight of 24 bits move once in sixteen cycles.
            let value = chips.read(0, 27, 1000 + 16 * step);
            assert_eq!(value, first.wrapping_add(step as u8), "{model:?}");
        }
    }
}

#[test]
fn the_envelope_attacks_and_releases_at_its_rates() {
    // Rates of 2 ms and 8 ms: the counter moves every 9 and 32 cycles.
    for (attack, period) in [(0x00, 9), (0x10, 32)] {
        let mut chips = chips(Model::Mos8580);
        // At power-on the envelope stands somewhere, and comes down first.
        for (cycle, (register, value)) in (100_010..).zip([(19, attack), (20, 0xf0), (18, 0x01)]) {
            chips.write(0, register, value, cycle);
        }
        let from = 110_000;
        let mut probe = chips.clone();
        let levels: Vec<u8> = (0..255 * period)
            .map(|cycle| probe.read(0, 28, 100_020 + cycle))
            .collect();
        assert!(levels.is_sorted());
        // Most of the way every level lasts as long.
        let runs: Vec<_> = levels
            .chunk_by(|a, b| a == b)
            .map(|run| run.len() as u64)
            .collect();
        let steady = &runs[2..200];
        assert!(steady.iter().all(|length| *length == period), "{runs:?}");
        assert_eq!(chips.read(0, 28, from), 0xff, "full, and sustained");
        chips.write(0, 18, 0x00, from + 1);
        assert!(chips.read(0, 28, from + 400) < 0xff, "releases");
        assert_eq!(chips.read(0, 28, from + 100_000), 0, "to nothing");
    }
}

/// The bus of a chip that is read again and again discharges twice as fast each time, and what
/// is left when nothing is left to halve stays: as in libsidplayfp 3.0.2 (`SID.cpp`), which the
/// golden tune `Stereophonik_6581_2SID` hears.
#[test]
fn what_is_read_often_enough_stays_on_the_bus() {
    for heard in [false, true] {
        let mut chips = chips(Model::Mos6581);
        chips.set_sounding(heard, false, 1);
        chips.write(0, 1, 0x5a, 100);
        for cycle in 101..130 {
            assert_eq!(chips.read(0, 24, cycle), 0x5a);
        }
        assert_eq!(chips.read(0, 24, 1_000_000), 0x5a, "heard: {heard}");
        chips.write(0, 1, 0xa5, 1_000_001);
        assert_eq!(chips.read(0, 24, 1_000_002 + 0x1d00), 0, "heard: {heard}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// A silent chip only notes what is written and works out what is read; one that is heard
    /// runs all the time.
    #[test]
    fn a_silent_chip_reads_as_one_that_is_heard(
        is_new in any::<bool>(),
        accesses in prop::collection::vec(
            (0u8..32, prop::option::weighted(0.3, any::<u8>()), prop_oneof![1u64..5, 1u64..3000]),
            1..100,
        ),
    ) {
        let model = if is_new { Model::Mos8580 } else { Model::Mos6581 };
        let mut silent = chips(model);
        let mut heard = chips(model);
        heard.set_sounding(true, false, 1);
        let mut cycle = 1;
        for (register, value, gap) in accesses {
            cycle += gap;
            match value {
                Some(value) => {
                    silent.write(0, register, value, cycle);
                    heard.write(0, register, value, cycle);
                }
                None => {
                    let found = silent.read(0, register, cycle);
                    prop_assert_eq!(found, heard.read(0, register, cycle), "register {}", register);
                }
            }
        }
    }
}
