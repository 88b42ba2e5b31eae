//! Links to a spot in a song: which voices are heard on which chip from which moment on.
//!
//! ```text
//! /tune/MD5/song?s=1-t61500-m12-c8
//!                  |  |      |   `- chip: 6 for 6581, 8 for 8580
//!                  |  |      `- voices that are muted, a hexadecimal digit for each chip
//!                  |  `- milliseconds
//!                  `- version
//! ```
//!
//! What is as usual is left out; what is not known is passed over.

use core::fmt::Write as _;

use protocol::engine::{ALL_AUDIBLE, Audible, MAX_CHIPS, Model as Chip};
use sidfile::TuneId;

use crate::player::ALL_VOICES;

/// Version of the links that are written.
const VERSION: u32 = 1;
/// Name of the field of the address.
pub const FIELD: &str = "s";
/// A link leads no further into a song than this.
const MOST_MILLIS: u32 = 24 * 3600 * 1000;

/// A spot in a song.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// Place in the song.
    pub millis: u32,
    /// Voices that are heard.
    pub audible: Audible,
    /// Chip that plays, where it is not the tune's own.
    pub chip: Option<Chip>,
}

impl Default for Spot {
    fn default() -> Self {
        Self {
            millis: 0,
            audible: ALL_VOICES,
            chip: None,
        }
    }
}

impl Spot {
    /// The text of the field; empty where all is as usual.
    #[must_use]
    pub fn text(&self) -> String {
        if *self == Self::default() {
            return String::new();
        }
        let mut text = VERSION.to_string();
        if self.millis > 0 {
            // Nothing can go wrong in writing to a string.
            let _ = write!(text, "-t{}", self.millis);
        }
        if self.audible != ALL_VOICES {
            text.push_str("-m");
            for heard in self.audible {
                let _ = write!(text, "{:x}", ALL_AUDIBLE & !heard);
            }
        }
        match self.chip {
            Some(Chip::Mos6581) => text.push_str("-c6"),
            Some(Chip::Mos8580) => text.push_str("-c8"),
            None => {}
        }
        text
    }

    /// The spot of a field; `None` where it is none, or of a later version.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        if parts.next()?.parse() != Ok(VERSION) {
            return None;
        }
        let mut spot = Self::default();
        for part in parts {
            let Some((kind, value)) = part.split_at_checked(1) else {
                continue;
            };
            match (kind, value) {
                ("t", value) => spot.millis = value.parse::<u32>().ok()?.min(MOST_MILLIS),
                ("m", value) => {
                    if value.len() > MAX_CHIPS {
                        return None;
                    }
                    for (heard, muted) in spot.audible.iter_mut().zip(value.chars()) {
                        let muted = u8::try_from(muted.to_digit(16)?).ok()?;
                        *heard = ALL_AUDIBLE & !muted;
                    }
                }
                ("c", "6") => spot.chip = Some(Chip::Mos6581),
                ("c", "8") => spot.chip = Some(Chip::Mos8580),
                _ => {}
            }
        }
        Some(spot)
    }
}

/// Address of a spot, without the site's own.
#[must_use]
pub fn path(tune: TuneId, spot: &Spot) -> String {
    let text = spot.text();
    if text.is_empty() {
        format!("/tune/{tune}")
    } else {
        format!("/tune/{tune}?{FIELD}={text}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sidfile::Md5;

    use super::*;

    fn check(spot: Spot, text: &str) {
        assert_eq!(spot.text(), text);
        if !text.is_empty() {
            assert_eq!(Spot::parse(text), Some(spot), "{text}");
        }
    }

    #[test]
    fn a_spot_is_short() {
        let usual = Spot::default();
        check(usual, "");
        check(
            Spot {
                millis: 61_500,
                ..usual
            },
            "1-t61500",
        );
        let audible = [ALL_AUDIBLE & !0b0101, ALL_AUDIBLE, ALL_AUDIBLE];
        check(Spot { audible, ..usual }, "1-m500");
        let chip = Some(Chip::Mos8580);
        check(
            Spot {
                millis: 1,
                audible,
                chip,
            },
            "1-t1-m500-c8",
        );
        let tune = TuneId {
            md5: Md5::of(b"a"),
            song: 2,
        };
        assert_eq!(path(tune, &usual), format!("/tune/{tune}"));
        let spot = Spot { millis: 5, ..usual };
        assert_eq!(path(tune, &spot), format!("/tune/{tune}?s=1-t5"));
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_nonsense_is_none() {
        let spot = Some(Spot {
            millis: 7,
            ..Spot::default()
        });
        assert_eq!(Spot::parse("1-t7-x9-c7--"), spot);
        for text in ["", "2-t7", "t7", "1-tx", "1-m12345", "1-mz", "1-t-7"] {
            assert_eq!(Spot::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_spot_or_none(text in "1?[-tmc0-9a-g\u{e9}]{0,20}") {
            if let Some(spot) = Spot::parse(&text) {
                let again = spot.text();
                prop_assert_eq!(Spot::parse(&again).unwrap_or_default(), spot);
            }
        }
    }
}
