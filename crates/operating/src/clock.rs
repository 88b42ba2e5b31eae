//! Times as texts: dates by the calendar, lengths of time in their largest unit.

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A moment as a calendar says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Year.
    pub year: i64,
    /// Month, from 1.
    pub month: u32,
    /// Day, from 1.
    pub day: u32,
    /// Hour.
    pub hour: u32,
    /// Minute.
    pub minute: u32,
    /// Second.
    pub second: u32,
}

impl Moment {
    /// Of milliseconds since 1970, UTC, in a zone so many minutes ahead of it.
    #[must_use]
    pub fn of(millis: u64, offset_minutes: i32) -> Self {
        let shift = i64::from(offset_minutes) * 60_000;
        let millis = i64::try_from(millis).unwrap_or(i64::MAX / 2) + shift;
        let day_millis = DAY.cast_signed();
        let (days, rest) = (millis.div_euclid(day_millis), millis.rem_euclid(day_millis));
        let seconds = u32::try_from(rest / 1_000).unwrap_or(0);
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days: eras of
        // 400 years that begin with March.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: u32::try_from(month).unwrap_or(1),
            day: u32::try_from(day).unwrap_or(1),
            hour: seconds / 3_600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
        }
    }

    /// `2026-11-28`.
    #[must_use]
    pub fn date(&self) -> String {
        format!("{}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// `13:05`.
    #[must_use]
    pub fn minutes(&self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }

    /// `13:05:09`.
    #[must_use]
    pub fn seconds(&self) -> String {
        format!("{}:{:02}", self.minutes(), self.second)
    }

    /// `2026-11-28 13:05`.
    #[must_use]
    pub fn date_and_minutes(&self) -> String {
        format!("{} {}", self.date(), self.minutes())
    }
}

/// A length of time in its largest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Seconds.
    Seconds(u64),
    /// Minutes.
    Minutes(u64),
    /// Hours.
    Hours(u64),
    /// Days.
    Days(u64),
}

impl Span {
    /// Of milliseconds; what does not fill a unit is left out.
    #[must_use]
    pub fn of(millis: u64) -> Self {
        match millis {
            0..MINUTE => Self::Seconds(millis / 1_000),
            MINUTE..HOUR => Self::Minutes(millis / MINUTE),
            HOUR..DAY => Self::Hours(millis / HOUR),
            _ => Self::Days(millis / DAY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(millis: u64, offset: i32, expected: &str) {
        let moment = Moment::of(millis, offset);
        assert_eq!(
            format!("{} {}", moment.date(), moment.seconds()),
            expected,
            "{millis}"
        );
    }

    #[test]
    fn moments_are_those_of_the_calendar() {
        check(0, 0, "1970-01-01 00:00:00");
        check(951_827_696_000, 0, "2000-02-29 12:34:56");
        check(1_795_869_909_000, 0, "2026-11-28 12:45:09");
        check(1_795_869_909_000, 120, "2026-11-28 14:45:09");
        check(0, -90, "1969-12-31 22:30:00");
        check(4_107_542_399_000, 0, "2100-02-28 23:59:59");
        check(4_107_542_400_000, 0, "2100-03-01 00:00:00");
    }

    #[test]
    fn lengths_are_in_their_largest_unit() {
        assert_eq!(Span::of(59_999), Span::Seconds(59));
        assert_eq!(Span::of(60_000), Span::Minutes(1));
        assert_eq!(Span::of(7_199_999), Span::Hours(1));
        assert_eq!(Span::of(3 * DAY + 1), Span::Days(3));
    }

    proptest::proptest! {
        #[test]
        fn any_moment_has_a_date(millis: u64, offset in -900_i32..900) {
            let moment = Moment::of(millis, offset);
            proptest::prop_assert!((1..=12).contains(&moment.month) && (1..=31).contains(&moment.day));
        }
    }
}
