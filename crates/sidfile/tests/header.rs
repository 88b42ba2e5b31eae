//! Headers built field by field, and the rules that they must keep.

use proptest::prelude::*;
use sidfile::{ChipModel, Clock, Error, Format, Md5, Relocation, SidChip, Speed, Tune};

/// A file with the given magic and version; the data are a load address of `$1000` and 16 bytes.
fn file(magic: &[u8; 4], version: u16) -> Vec<u8> {
    let header = if version == 1 { 0x76 } else { 0x7c };
    let mut bytes = vec![0; header];
    bytes[..4].copy_from_slice(magic);
    word(&mut bytes, 0x04, version);
    word(&mut bytes, 0x06, header as u16);
    word(&mut bytes, 0x0e, 1);
    word(&mut bytes, 0x10, 1);
    bytes[0x16..0x1a].copy_from_slice(b"Name");
    bytes[0x36..0x3c].copy_from_slice(b"Author");
    bytes[0x56..0x5e].copy_from_slice(b"Released");
    bytes.extend([0x00, 0x10]);
    bytes.extend([0xea; 16]);
    bytes
}

fn word(bytes: &mut [u8], offset: usize, value: u16) {
    bytes[offset..offset + 2].copy_from_slice(&value.to_be_bytes());
}

/// Parses a file after changing it.
fn with(magic: &[u8; 4], version: u16, change: impl FnOnce(&mut Vec<u8>)) -> Result<Tune, Error> {
    let mut bytes = file(magic, version);
    change(&mut bytes);
    Tune::parse(&bytes)
}

fn psid(version: u16, change: impl FnOnce(&mut Vec<u8>)) -> Tune {
    with(b"PSID", version, change).expect("the fixture is a tune")
}

/// Asserts that the field at `offset` is refused, by name and value.
fn check_refused(result: Result<Tune, Error>, expected: (&str, usize, u32)) {
    match result {
        Err(Error::Field {
            field,
            offset,
            found,
            ..
        }) => {
            assert_eq!((field, offset, found), expected);
        }
        other => panic!("expected {expected:?} to be refused, got {other:?}"),
    }
}

#[test]
fn the_fields_of_a_tune_are_read() {
    let mut bytes = file(b"PSID", 2);
    word(&mut bytes, 0x0a, 0x1003);
    word(&mut bytes, 0x0c, 0x1006);
    word(&mut bytes, 0x0e, 3);
    word(&mut bytes, 0x10, 2);
    bytes[0x12..0x16].copy_from_slice(&0x8000_0001u32.to_be_bytes());
    word(&mut bytes, 0x76, 0b01_0100);
    bytes[0x78..0x7a].copy_from_slice(&[0x20, 0x10]);
    let tune = Tune::parse(&bytes).expect("the fixture is a tune");
    let expected = Tune {
        format: Format::Psid,
        version: 2,
        load_address: 0x1000,
        init_address: 0x1003,
        play_address: 0x1006,
        songs: 3,
        start_song: 2,
        speed: 0x8000_0001,
        name: "Name".into(),
        author: "Author".into(),
        released: "Released".into(),
        is_mus: false,
        is_playsid_specific: false,
        is_basic: false,
        clock: Clock::Pal,
        chips: vec![SidChip {
            address: 0xd400,
            model: ChipModel::Mos6581,
        }],
        start_page: 0x20,
        page_length: 0x10,
        data: vec![0xea; 16],
        md5: Md5::of(&bytes),
    };
    assert_eq!(tune, expected);
    assert_eq!(tune.relocation(), Relocation::Pages(0x20..0x30));
}

#[test]
fn versions_are_refused_by_number() {
    for (magic, good) in [(b"PSID", 1..=4), (b"RSID", 2..=4)] {
        for version in 0..8 {
            let result = with(magic, version, |_| ());
            if good.contains(&version) {
                assert!(result.is_ok(), "version {version}: {result:?}");
            } else {
                assert!(matches!(result, Err(Error::Version { found, .. }) if found == version));
            }
        }
    }
    assert!(
        with(b"PSID", 5, |_| ())
            .unwrap_err()
            .to_string()
            .contains('5')
    );
}

#[test]
fn foreign_and_short_files_are_refused() {
    assert_eq!(
        Tune::parse(b""),
        Err(Error::Magic {
            found: String::new()
        })
    );
    assert_eq!(
        Tune::parse(b"MUS"),
        Err(Error::Magic {
            found: "MUS".into()
        })
    );
    let bytes = file(b"PSID", 2);
    for length in 4..bytes.len() - 16 {
        let error = Tune::parse(&bytes[..length]).expect_err("a shortened tune is none");
        if length < 0x7c {
            assert!(matches!(error, Error::Truncated { found, .. } if found == length));
        } else {
            assert_eq!(
                error,
                Error::NoData {
                    offset: 0x7c,
                    found: length - 0x7c
                }
            );
        }
    }
}

#[test]
fn the_load_address_is_in_the_header_or_in_the_data() {
    assert_eq!(psid(2, |_| ()).load_address, 0x1000);
    let tune = psid(2, |bytes| word(bytes, 0x08, 0x2000));
    assert_eq!(
        (tune.load_address, tune.init_address, tune.data.len()),
        (0x2000, 0x2000, 18)
    );
    let long = with(b"PSID", 2, |bytes| word(bytes, 0x08, 0xffef));
    assert!(matches!(
        long,
        Err(Error::TooLong {
            load_address: 0xffef,
            length: 18,
            ..
        })
    ));
    assert_eq!(
        psid(2, |bytes| word(bytes, 0x08, 0xffee)).load_range().end,
        0x1_0000
    );
}

#[test]
fn data_may_start_behind_a_longer_header_only() {
    let tune = psid(2, |bytes| {
        word(bytes, 0x06, 0x80);
        bytes[0x80..0x82].copy_from_slice(&[0x00, 0x30]);
    });
    assert_eq!((tune.load_address, tune.data.len()), (0x3000, 12));
    check_refused(
        with(b"PSID", 2, |b| word(b, 0x06, 0x76)),
        ("dataOffset", 0x06, 0x76),
    );
    check_refused(
        with(b"PSID", 2, |b| word(b, 0x06, 0x999)),
        ("dataOffset", 0x06, 0x999),
    );
}

#[test]
fn songs_are_counted_from_one_to_256() {
    check_refused(with(b"PSID", 2, |b| word(b, 0x0e, 0)), ("songs", 0x0e, 0));
    check_refused(
        with(b"PSID", 2, |b| word(b, 0x0e, 257)),
        ("songs", 0x0e, 257),
    );
    assert_eq!(psid(2, |bytes| word(bytes, 0x0e, 256)).songs, 256);
    for (start, expected) in [(0, 1), (1, 1), (3, 3), (4, 1)] {
        let tune = psid(2, |bytes| {
            word(bytes, 0x0e, 3);
            word(bytes, 0x10, start);
        });
        assert_eq!(tune.start_song, expected);
    }
}

#[test]
fn speed_beyond_32_songs_repeats_in_old_tunes_and_stays_in_new_ones() {
    fn check(version: u16, flags: u16, speed: u32, expected: [(u16, Speed); 4]) {
        let tune = psid(version, |bytes| {
            word(bytes, 0x0e, 256);
            bytes[0x12..0x16].copy_from_slice(&speed.to_be_bytes());
            if version > 1 {
                word(bytes, 0x76, flags);
            }
        });
        for (song, speed) in expected {
            assert_eq!(tune.speed_of(song), speed, "version {version}, song {song}");
        }
    }
    use Speed::{Cia, VerticalBlank as Vbi};
    for (version, flags) in [(1, 0), (2, 2), (4, 2)] {
        check(
            version,
            flags,
            1,
            [(1, Cia), (32, Vbi), (33, Cia), (65, Cia)],
        );
        check(
            version,
            flags,
            1 << 31,
            [(1, Vbi), (32, Cia), (33, Vbi), (64, Cia)],
        );
    }
    for version in [2, 3, 4] {
        check(version, 0, 1, [(1, Cia), (32, Vbi), (33, Vbi), (256, Vbi)]);
        check(
            version,
            0,
            1 << 31,
            [(1, Vbi), (32, Cia), (33, Cia), (256, Cia)],
        );
    }
}

#[test]
fn flags_name_clock_model_and_special_players() {
    let clocks = [Clock::Unknown, Clock::Pal, Clock::Ntsc, Clock::Any];
    let models = [
        ChipModel::Unknown,
        ChipModel::Mos6581,
        ChipModel::Mos8580,
        ChipModel::Any,
    ];
    for bits in 0..4u16 {
        let tune = psid(2, |bytes| {
            word(bytes, 0x76, bits << 2 | (3 - bits) << 4 | bits)
        });
        assert_eq!(tune.clock, clocks[usize::from(bits)]);
        assert_eq!(tune.chips[0].model, models[usize::from(3 - bits)]);
        assert_eq!(
            (tune.is_mus, tune.is_playsid_specific),
            (bits & 1 != 0, bits & 2 != 0)
        );
        assert!(!tune.is_basic);
    }
    let basic = with(b"RSID", 2, |bytes| word(bytes, 0x76, 2)).expect("the fixture is a tune");
    assert!(basic.is_basic && !basic.is_playsid_specific);
}

#[test]
fn second_and_third_chip_need_their_version_and_a_valid_address() {
    fn check(version: u16, flags: u16, second: u8, third: u8, expected: &[(u16, ChipModel)]) {
        let tune = psid(version, |bytes| {
            word(bytes, 0x76, flags);
            bytes[0x7a..0x7c].copy_from_slice(&[second, third]);
        });
        let chips: Vec<_> = tune
            .chips
            .iter()
            .map(|chip| (chip.address, chip.model))
            .collect();
        assert_eq!(chips, expected);
    }
    use ChipModel::{Any, Mos6581, Mos8580, Unknown};
    check(2, 0x10, 0x42, 0x44, &[(0xd400, Mos6581)]);
    check(3, 0x10, 0x42, 0x44, &[(0xd400, Mos6581), (0xd420, Mos6581)]);
    check(
        4,
        0x10,
        0x42,
        0x44,
        &[(0xd400, Mos6581), (0xd420, Mos6581), (0xd440, Mos6581)],
    );
    check(
        4,
        0x390,
        0xe0,
        0xfe,
        &[(0xd400, Mos6581), (0xde00, Mos8580), (0xdfe0, Any)],
    );
    check(4, 0x40, 0x50, 0x50, &[(0xd400, Unknown), (0xd500, Mos6581)]);
    for invalid in [0x00, 0x02, 0x40, 0x41, 0x43, 0x7f, 0x80, 0xdf, 0xe1, 0xff] {
        check(3, 0, invalid, 0, &[(0xd400, Unknown)]);
        check(4, 0, 0x7e, invalid, &[(0xd400, Unknown), (0xd7e0, Unknown)]);
    }
}

#[test]
fn a_free_range_that_cannot_be_meant_counts_as_not_given() {
    fn check(start: u8, length: u8, expected: Relocation) {
        let tune = psid(2, |bytes| {
            bytes[0x78..0x7a].copy_from_slice(&[start, length])
        });
        assert_eq!(tune.relocation(), expected);
    }
    check(0, 0, Relocation::Anywhere);
    check(0xff, 0, Relocation::Nowhere);
    check(0x0f, 1, Relocation::Pages(0x0f..0x10));
    check(0x0f, 2, Relocation::Anywhere);
    check(0x10, 1, Relocation::Anywhere);
    check(0x11, 0, Relocation::Anywhere);
    check(0xf0, 0x20, Relocation::Anywhere);
}

#[test]
fn an_rsid_must_run_on_a_real_machine() {
    let rsid = |change: fn(&mut Vec<u8>)| with(b"RSID", 2, change);
    let tune = rsid(|_| ()).expect("the fixture is a tune");
    assert_eq!((tune.init_address, tune.speed_of(1)), (0x1000, Speed::Cia));
    check_refused(
        rsid(|b| word(b, 0x08, 0x1000)),
        ("loadAddress", 0x08, 0x1000),
    );
    check_refused(
        rsid(|b| word(b, 0x0c, 0x1000)),
        ("playAddress", 0x0c, 0x1000),
    );
    check_refused(rsid(|b| b[0x15] = 1), ("speed", 0x12, 1));
    check_refused(
        rsid(|b| b[0x7c..0x7e].copy_from_slice(&[0xe7, 0x07])),
        ("load address in the data", 0x7c, 0x07e7),
    );
    check_refused(
        rsid(|b| word(b, 0x0a, 0xa000)),
        ("initAddress", 0x0a, 0xa000),
    );
    check_refused(
        rsid(|b| word(b, 0x0a, 0x1010)),
        ("initAddress", 0x0a, 0x1010),
    );
    assert_eq!(
        rsid(|b| word(b, 0x0a, 0x100f)).map(|tune| tune.init_address),
        Ok(0x100f)
    );
    check_refused(
        rsid(|b| {
            word(b, 0x76, 2);
            word(b, 0x0a, 0x1000);
        }),
        ("initAddress", 0x0a, 0x1000),
    );
}

proptest! {
    #[test]
    fn any_bytes_are_a_tune_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Tune::parse(&bytes);
    }

    #[test]
    fn any_header_is_a_tune_or_an_error(
        real in any::<bool>(),
        version in 0u16..6,
        header in prop::collection::vec(any::<u8>(), 0x7c - 8),
        data in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut bytes = if real { b"RSID".to_vec() } else { b"PSID".to_vec() };
        bytes.extend(version.to_be_bytes());
        bytes.extend([0x00, 0x7c]);
        bytes.extend(header);
        bytes.extend(data);
        if let Ok(tune) = Tune::parse(&bytes) {
            prop_assert!((1..=tune.songs).contains(&tune.start_song));
            prop_assert!((1..=3).contains(&tune.chips.len()));
            prop_assert!(tune.load_range().end <= 0x1_0000);
            prop_assert_eq!(tune.load_range().len(), tune.data.len());
            let _ = tune.speed_of(tune.songs);
            let _ = tune.relocation();
        }
    }
}
