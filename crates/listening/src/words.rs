//! Times, chips and failures in words, as the page shows and speaks them.

use protocol::engine::{FoundLength, LengthBy, Model, Playing, Video};
use sidfile::{ChipModel, Clock};

use crate::language::{t, tf, tn};

/// Length that stands in where none is known: three minutes.
pub const UNKNOWN_LENGTH_MILLIS: u32 = 180_000;

/// `3:05`, or `1:02:03` from an hour on.
#[must_use]
pub fn clock_text(millis: u32) -> String {
    let seconds = millis / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A length; `~3:00` where none is known.
#[must_use]
pub fn length_text(millis: Option<u32>) -> String {
    match millis {
        Some(millis) => clock_text(millis),
        None => format!("~{}", clock_text(UNKNOWN_LENGTH_MILLIS)),
    }
}

/// A speed: `1.25×`.
#[must_use]
pub fn speed_text(percent: u16) -> String {
    let text = format!("{}.{:02}", percent / 100, percent % 100);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}\u{d7}")
}

/// Semitones up or down: `+3`, `0`, `\u{2212}12`.
#[must_use]
pub fn semitones_text(semitones: i8) -> String {
    match semitones {
        0 => "0".to_owned(),
        1.. => format!("+{semitones}"),
        _ => format!("\u{2212}{}", semitones.unsigned_abs()),
    }
}

/// How a length was found that no list knows.
#[must_use]
pub fn found_text(found: FoundLength) -> &'static str {
    match found.by {
        LengthBy::Repeat => t("Length found by listening: from here on the tune repeats itself"),
        LengthBy::Silence => t("Length found by listening: from here on the tune is silent"),
    }
}

/// A time as a screen reader should say it.
#[must_use]
pub fn spoken_time(millis: u32) -> String {
    let minutes = |count: u32| tn(count.into(), "{0} minute", "{0} minutes");
    let seconds = |count: u32| tn(count.into(), "{0} second", "{0} seconds");
    let all = millis / 1000;
    match (all / 60, all % 60) {
        (0, rest) => seconds(rest),
        (whole, 0) => minutes(whole),
        (whole, rest) => format!("{} {}", minutes(whole), seconds(rest)),
    }
}

/// What the header says of a chip.
#[must_use]
pub fn chip_name(model: ChipModel) -> &'static str {
    match model {
        ChipModel::Unknown => "SID",
        ChipModel::Mos6581 => "6581",
        ChipModel::Mos8580 => "8580",
        ChipModel::Any => t("Any SID"),
    }
}

/// The badge of a row: the model of a single chip, else `2SID` or `3SID`.
#[must_use]
pub fn chip_badge(models: &[ChipModel]) -> &'static str {
    match models {
        [] => "SID",
        [one] => chip_name(*one),
        [_, _] => "2SID",
        _ => "3SID",
    }
}

/// Model of a chip that plays.
#[must_use]
pub fn model_name(model: Model) -> &'static str {
    match model {
        Model::Mos6581 => "6581",
        Model::Mos8580 => "8580",
    }
}

/// Video standard that plays.
#[must_use]
pub fn video_name(video: Video) -> &'static str {
    match video {
        Video::Pal => "PAL",
        Video::Ntsc => "NTSC",
    }
}

/// What the header says of the video standard.
#[must_use]
pub fn clock_name(clock: Clock) -> &'static str {
    match clock {
        Clock::Unknown => t("Not stated"),
        Clock::Pal => "PAL, 50 Hz",
        Clock::Ntsc => "NTSC, 60 Hz",
        Clock::Any => t("PAL or NTSC"),
    }
}

/// How often the play routine is called.
#[must_use]
pub fn rate_text(playing: &Playing) -> String {
    match playing.play_rate_millihertz {
        0 => t("Own interrupt").into(),
        rate => {
            let hertz = format!("{}.{:02}", rate / 1000, rate % 1000 / 10);
            let frame = match playing.video {
                Video::Pal => 50_125,
                Video::Ntsc => 59_826,
            };
            match (rate + frame / 2) / frame {
                speed @ 2.. => tf("{0} Hz ({1}× speed)", &[&hertz, &speed]),
                _ => format!("{hertz} Hz"),
            }
        }
    }
}

/// Bytes in words, in powers of ten: `5.2 kB`, `1.3 MB`, `12 GB`.
#[must_use]
pub fn bytes_text(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    // What would be shown as 1000 of a unit is 1.0 of the next.
    let unit = UNITS.iter().find(|(size, _)| bytes >= size - size / 2_000);
    match unit {
        None => format!("{bytes} B"),
        Some((size, name)) => {
            let tenths = (bytes * 10 + size / 2) / size;
            if tenths < 100 {
                format!("{}{}{} {name}", tenths / 10, t("."), tenths % 10)
            } else {
                format!("{} {name}", (bytes + size / 2) / size)
            }
        }
    }
}

/// A count with thousands separated: `60,572`.
#[must_use]
pub fn count_text(count: u32) -> String {
    grouped(count.into())
}

/// `87,868`.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(t(","));
        }
        text.push(digit);
    }
    text
}

fn or_words<'a>(text: &'a str, words: &'a str) -> &'a str {
    match text.trim() {
        "" | "<?>" => words,
        known => known,
    }
}

/// Title, or words where the file has none.
#[must_use]
pub fn title_text(title: &str) -> &str {
    or_words(title, t("Untitled"))
}

/// Composer, or words where the file names none.
#[must_use]
pub fn author_text(author: &str) -> &str {
    or_words(author, t("Unknown composer"))
}

/// Said where play is pressed and there is no tune.
pub(crate) fn nothing_to_play() -> &'static str {
    t("There is nothing to play in this list.")
}

/// Words with a capital first.
#[must_use]
pub fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

#[cfg(test)]
mod tests {
    use protocol::engine::Grade;

    use super::*;

    #[test]
    fn times() {
        for (millis, text) in [
            (0, "0:00"),
            (999, "0:00"),
            (65_000, "1:05"),
            (3_723_000, "1:02:03"),
        ] {
            assert_eq!(clock_text(millis), text);
        }
        assert_eq!(length_text(None), "~3:00");
        assert_eq!(spoken_time(61_000), "1 minute 1 second");
        assert_eq!(spoken_time(120_000), "2 minutes");
        assert_eq!(spoken_time(0), "0 seconds");
    }

    #[test]
    fn counts() {
        assert_eq!(count_text(7), "7");
        assert_eq!(count_text(1_234), "1,234");
    }

    #[test]
    fn unknown_words_are_replaced() {
        assert_eq!(title_text("<?>"), "Untitled");
        assert_eq!(sentence("émile à"), "Émile à");
        assert_eq!(author_text(" "), "Unknown composer");
        assert_eq!(author_text("Rob Hubbard"), "Rob Hubbard");
    }

    #[test]
    fn multispeed_is_named() {
        let playing = |rate| Playing {
            chips: Vec::new(),
            video: Video::Pal,
            grade: Grade::Accurate,
            play_rate_millihertz: rate,
        };
        assert_eq!(rate_text(&playing(0)), "Own interrupt");
        assert_eq!(rate_text(&playing(50_125)), "50.12 Hz");
        assert_eq!(rate_text(&playing(200_500)), "200.50 Hz (4× speed)");
    }
}
