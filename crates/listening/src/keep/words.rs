//! Dates and deeds in words.

use protocol::keep::Deed;

use crate::language::{t, tn};
use crate::words;

/// Date of a time in milliseconds since 1970, as `2026-11-21`, by the clock of Greenwich.
#[must_use]
pub fn date_text(millis: u64) -> String {
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": civil_from_days.
    let days = i64::try_from(millis / 86_400_000).unwrap_or(0) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

/// Deeds in words.
#[must_use]
pub fn deed_text(deed: Deed) -> String {
    match deed {
        Deed::Play => t("Played").to_owned(),
        Deed::EarlySkip => t("Skipped early").to_owned(),
        Deed::LateSkip => t("Skipped late").to_owned(),
        Deed::Finish => t("Heard to the end").to_owned(),
        Deed::Replay => t("Played again").to_owned(),
        Deed::Like => t("Liked").to_owned(),
        Deed::Unlike => t("Like taken back").to_owned(),
        Deed::Dislike => t("Disliked").to_owned(),
        Deed::Rate(0) => t("Rating taken back").to_owned(),
        Deed::Rate(stars) => {
            words::sentence(&tn(stars.into(), "rated {0} star", "rated {0} stars"))
        }
    }
}
