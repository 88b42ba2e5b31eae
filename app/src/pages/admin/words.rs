//! Times, values and troubles in words.

use listening::language::{t, tf, tn};
use listening::words::{bytes_text, grouped};
use operating::Trouble;
use operating::clock::{Moment, Span};
use protocol::admin::Scope;

use crate::shell::document;

/// A moment by the clock and calendar of this device.
pub fn moment(millis: u64) -> Moment {
    Moment::of(millis, document::utc_offset_minutes(millis))
}

/// `2026-11-28 13:05`.
pub fn date_text(millis: u64) -> String {
    moment(millis).date_and_minutes()
}

/// A length of time.
pub fn span_text(millis: u64) -> String {
    match Span::of(millis) {
        Span::Seconds(count) => tn(count, "{0} second", "{0} seconds"),
        Span::Minutes(count) => tn(count, "{0} minute", "{0} minutes"),
        Span::Hours(count) => tn(count, "{0} hour", "{0} hours"),
        Span::Days(count) => tn(count, "{0} day", "{0} days"),
    }
}

/// How long ago something was.
pub fn ago_text(now_millis: u64, millis: u64) -> String {
    match now_millis.saturating_sub(millis) {
        0..5_000 => t("just now").into(),
        past => tf("{0} ago", &[&span_text(past)]),
    }
}

/// A number with as many digits as tell something.
pub fn number_text(value: f64) -> String {
    let size = value.abs();
    if size >= 100.0 || value.fract() == 0.0 {
        return grouped(value.round() as u64);
    }
    let text = if size >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A share, such as `99.5 %`.
pub fn share_text(share: f64) -> String {
    let percent = share * 100.0;
    let text = if (99.0..100.0).contains(&percent) {
        format!("{percent:.2}")
    } else {
        format!("{percent:.1}")
    };
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}\u{a0}%")
}

/// A length of time that was measured: `850 ms`, `2.4 s`, `3 min`.
pub fn seconds_text(seconds: f64) -> String {
    if seconds == 0.0 {
        "0\u{a0}s".into()
    } else if seconds < 0.001 {
        format!("{}\u{a0}\u{b5}s", number_text(seconds * 1e6))
    } else if seconds < 1.0 {
        format!("{}\u{a0}ms", number_text(seconds * 1_000.0))
    } else if seconds < 120.0 {
        format!("{}\u{a0}s", number_text(seconds))
    } else {
        format!("{}\u{a0}min", number_text(seconds / 60.0))
    }
}

/// A value and its unit, as the relay names it.
pub fn value_text(value: f64, unit: &str) -> String {
    match unit {
        "seconds" => seconds_text(value),
        "bytes" => bytes_text(value.max(0.0) as u64),
        "bytes/s" => format!("{}/s", bytes_text(value.max(0.0) as u64)),
        "ratio" => share_text(value),
        _ => number_text(value),
    }
}

/// Why something did not work.
pub fn trouble_text(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Away => {
            t("The relay did not answer: whether it was done is not known. Look again when it is back.").into()
        }
        Trouble::Out { .. } => {
            t("It was not done: the relay did not know you, or the password is another.").into()
        }
        Trouble::Refused { words, .. } => tf("The relay refuses: {0}", &[words]),
        Trouble::Unknown(what) => tf(
            "The relay answered what this page does not understand ({0}). Open the page anew.",
            &[what],
        ),
    }
}

/// What a scope is called, and what it allows.
pub fn scope_words(scope: Scope) -> (&'static str, &'static str) {
    match scope {
        Scope::Read => (t("Read"), t("See everything but secrets")),
        Scope::Publish => (t("Publish"), t("Publish collections and take them back")),
        Scope::Moderate => (t("Moderate"), t("Block torrents and addresses")),
        Scope::Manage => (t("Manage"), t("Passwords, sessions and tokens")),
    }
}

/// Names of scopes, one after another.
pub fn scopes_text(scopes: &[Scope]) -> String {
    let names: Vec<&str> = scopes.iter().map(|scope| scope_words(*scope).0).collect();
    names.join(", ")
}
