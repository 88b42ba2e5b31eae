//! Sidplayer songs: what is read is what was written, and what is none is refused.

use proptest::prelude::*;
use sidfile::mus::{self, Error, Mus, Score, decode_petscii};
use sidfile::{Format, Tune};

/// A file of voices without their HLT, and its text.
fn file(voices: &[Vec<[u8; 2]>; 3], text: &[u8]) -> Vec<u8> {
    let ended = |voice: &Vec<[u8; 2]>| [voice.as_flattened(), &[0x01, 0x4f]].concat();
    let voices: Vec<Vec<u8>> = voices.iter().map(ended).collect();
    let mut file = vec![0x00, 0x09];
    for voice in &voices {
        let length = u16::try_from(voice.len()).expect("a short voice");
        file.extend(length.to_le_bytes());
    }
    file.extend(voices.concat());
    file.extend(text);
    file
}

fn empty(text: &[u8]) -> Vec<u8> {
    file(&Default::default(), text)
}

#[test]
fn a_song_is_a_tune() {
    let bytes = empty(b"\r  A TITLE\rSOMEBODY\r1986\r\0 what follows");
    let tune = Tune::parse(&bytes).expect("it is one");
    assert_eq!((tune.format, tune.is_mus), (Format::Mus, true));
    let text = [tune.name.as_str(), &tune.author, &tune.released];
    assert_eq!(text, ["A TITLE", "SOMEBODY", "1986"]);
    assert_eq!((tune.songs, tune.chips.len()), (1, 1));
    assert_eq!(tune.md5, sidfile::Md5::of(&bytes));
}

#[test]
fn what_is_no_song_is_refused() {
    let song = empty(b"");
    let refused = |bytes: &[u8]| Score::parse(bytes).err();
    assert_eq!(
        refused(&song[..13]),
        Some(Error::Truncated {
            needed: 14,
            found: 13
        })
    );
    let mut odd = song.clone();
    odd[9] = 0x4e;
    let (voice, length) = (1, 2);
    assert_eq!(refused(&odd), Some(Error::NoHalt { voice, length }));
    assert!(Tune::parse(&odd).is_err());
    let cut = &mus::bundle(&song, &song, b"LA").expect("short parts")[..40];
    assert!(matches!(Mus::parse(cut), Err(Error::Truncated { .. })));
    assert_eq!(
        mus::bundle(&song, &[], &[0; 70_000]),
        Err(Error::TooLong { bytes: 70_000 })
    );
}

#[test]
fn the_case_of_a_text_shows_in_its_capitals() {
    assert_eq!(
        decode_petscii(b"UPPER \x12CASE\x92\r^ \\ 5_"),
        "UPPER CASE\n↑ £ 5←"
    );
    assert_eq!(decode_petscii(b"\xcdIXED \xa0CASE  \r\r"), "Mixed  case");
}

proptest! {
    /// Any bytes are a song or an error.
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Mus::parse(&bytes);
        let _ = Mus::parse(&[b"SDRMUS1\0", &bytes[..]].concat());
        let _ = decode_petscii(&bytes);
    }

    /// Parts that are kept together come apart again.
    #[test]
    fn a_bundle_holds_its_parts(
        voices in proptest::collection::vec(proptest::collection::vec(any::<[u8; 2]>(), 0..40), 3),
        words in "[A-Z ]{0,40}",
        is_stereo in any::<bool>(),
    ) {
        let voices: [Vec<[u8; 2]>; 3] = voices.try_into().expect("three of them");
        let song = file(&voices, b"NAME\r\0");
        let second = if is_stereo { empty(b"") } else { Vec::new() };
        let bundle = mus::bundle(&song, &second, words.as_bytes()).expect("short parts");
        let mus = Mus::parse(&bundle).expect("it holds a song");
        prop_assert_eq!(mus.scores.len(), 1 + usize::from(is_stereo));
        prop_assert_eq!(mus.lyrics, words.trim_end());
        for (found, expected) in mus.scores[0].voices.iter().zip(&voices) {
            prop_assert_eq!(&found[..found.len() - 1], &expected[..]);
        }
        prop_assert_eq!(&mus.scores[0].text, &["NAME"]);
    }
}
