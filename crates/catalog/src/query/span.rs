//! Values from one to another: `1985..1988`, `>3:00`, `<=2`, `198`.

/// From one value to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Smallest.
    pub from: u32,
    /// Largest.
    pub to: u32,
}

impl Span {
    /// Whether `value` is one of them.
    #[must_use]
    pub fn has(self, value: u32) -> bool {
        (self.from..=self.to).contains(&value)
    }

    /// Reads `text`; `read` tells the values that a single one may mean.
    pub(super) fn parse(text: &str, read: impl Fn(&str) -> Option<Self>) -> Option<Self> {
        const LAST: u32 = u32::MAX;
        for (sign, make) in [
            (">=", (|value| (value.from, LAST)) as fn(Self) -> (u32, u32)),
            ("<=", |value| (0, value.to)),
            (">", |value| (value.to.saturating_add(1), LAST)),
            ("<", |value| (0, value.from.saturating_sub(1))),
            ("=", |value| (value.from, value.to)),
        ] {
            if let Some(rest) = text.strip_prefix(sign) {
                let (from, to) = make(read(rest)?);
                return Some(Self { from, to });
            }
        }
        let range = text.split_once("..").or_else(|| text.split_once('-'));
        let Some((from, to)) = range else {
            return read(text);
        };
        let from = match from {
            "" => 0,
            from => read(from)?.from,
        };
        let to = match to {
            "" => LAST,
            to => read(to)?.to,
        };
        Some(Self { from, to })
    }

    /// A number.
    pub(super) fn number(text: &str) -> Option<Self> {
        let number = text.parse().ok()?;
        Some(Self {
            from: number,
            to: number,
        })
    }

    /// A year, or the years that begin with what has been typed of one: `198` and `198?`.
    pub(super) fn year(text: &str) -> Option<Self> {
        let digits = text.trim_end_matches(['?', 'x', '*']);
        let number: u32 = digits.parse().ok()?;
        let rest = 4u32.checked_sub(u32::try_from(digits.len()).ok()?)?;
        let scale = 10u32.pow(rest);
        Some(Self {
            from: number * scale,
            to: number * scale + (scale - 1),
        })
    }

    /// Minutes and seconds (`3:00`), seconds (`90`, `90s`) or minutes (`3m`), in milliseconds; the
    /// whole second, as lists show no parts of it.
    pub(super) fn time(text: &str) -> Option<Self> {
        let seconds: u32 = if let Some((minutes, seconds)) = text.split_once(':') {
            let seconds: u32 = if seconds.is_empty() {
                0
            } else {
                seconds.parse().ok()?
            };
            minutes
                .parse::<u32>()
                .ok()?
                .checked_mul(60)?
                .checked_add(seconds)?
        } else if let Some(minutes) = text.strip_suffix('m') {
            minutes.parse::<u32>().ok()?.checked_mul(60)?
        } else {
            text.strip_suffix('s').unwrap_or(text).parse().ok()?
        };
        let from = seconds.checked_mul(1000)?;
        Some(Self {
            from,
            to: from.checked_add(999)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, read: fn(&str) -> Option<Span>, expected: Option<(u32, u32)>) {
        let found = Span::parse(text, read).map(|span| (span.from, span.to));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn numbers() {
        check("2", Span::number, Some((2, 2)));
        check(">1", Span::number, Some((2, u32::MAX)));
        check(">=1", Span::number, Some((1, u32::MAX)));
        check("<3", Span::number, Some((0, 2)));
        check("<=3", Span::number, Some((0, 3)));
        check("=3", Span::number, Some((3, 3)));
        check("2..5", Span::number, Some((2, 5)));
        check("2-5", Span::number, Some((2, 5)));
        check("..5", Span::number, Some((0, 5)));
        check("2..", Span::number, Some((2, u32::MAX)));
        check(">", Span::number, None);
        check("x", Span::number, None);
        check("99999999999", Span::number, None);
    }

    #[test]
    fn years() {
        check("1985..1988", Span::year, Some((1985, 1988)));
        check("198", Span::year, Some((1980, 1989)));
        check("198?", Span::year, Some((1980, 1989)));
        check("1", Span::year, Some((1000, 1999)));
        check(">198x", Span::year, Some((1990, u32::MAX)));
        check("19855", Span::year, None);
        check("?", Span::year, None);
    }

    #[test]
    fn times() {
        check("3:00", Span::time, Some((180_000, 180_999)));
        check(">3:00", Span::time, Some((181_000, u32::MAX)));
        check("<1:", Span::time, Some((0, 59_999)));
        check("90", Span::time, Some((90_000, 90_999)));
        check("3m..4m", Span::time, Some((180_000, 240_999)));
        check("99999999:00", Span::time, None);
    }
}
