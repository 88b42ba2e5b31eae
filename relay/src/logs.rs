//! The log: to standard error, and its last lines in memory for the operator's page. Info hashes,
//! magnet links and keys are shortened in both, wherever a line has them from.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, PoisonError};

use protocol::admin::{LogLine, Logs as Told};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt as form};

use crate::admin::now_millis;
use crate::config::{Config, LogFormat};

/// Lines that are remembered; with [`MOST_TEXT`] they are 8 MB at most.
const MOST_LINES: usize = 4_000;
/// Bytes of a line that are remembered.
const MOST_TEXT: usize = 2_048;
/// Hexadecimal digits in a row that are taken for an info hash or another digest.
const DIGEST: usize = 32;
/// Signs of one that are left.
const LEFT: usize = 8;

/// Starts the log. A filter that cannot be read is replaced by `info`, and says so.
pub fn start(config: &Config) -> Logs {
    let (filter, problem) = match EnvFilter::try_new(&config.log) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    // What these tell beyond that are heads of requests, with their secrets.
    let filter = ["hyper=info", "h2=info", "hyper_util=info", "rustls=info"]
        .into_iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let logs = Logs::default();
    let lines = form::layer()
        .with_ansi(io::stderr().is_terminal())
        .with_writer(|| Shortening(io::stderr()));
    let lines = match config.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(logs.clone())
        .init();
    if let Some(error) = problem {
        tracing::warn!(filter = config.log, %error, "the log filter cannot be read, using info");
    }
    logs
}

/// The last lines. Clones share them.
#[derive(Clone, Default)]
pub struct Logs(Arc<Mutex<Lines>>);

struct Lines {
    start_millis: u64,
    last: VecDeque<LogLine>,
    /// Number of the newest.
    count: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            start_millis: now_millis(),
            last: VecDeque::new(),
            count: 0,
        }
    }
}

impl Logs {
    /// The oldest lines after one, which is 0 at first; from the first on where it comes from
    /// before a restart.
    #[must_use]
    pub fn after(&self, after: u64, most: usize) -> Told {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let after = if after > lines.count { 0 } else { after };
        let first = lines
            .last
            .front()
            .map_or(lines.count + 1, |line| line.number);
        let lost = (first - 1).saturating_sub(after);
        let skip = usize::try_from((after + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        let told: Vec<LogLine> = lines.last.iter().skip(skip).take(most).cloned().collect();
        Told {
            start_millis: lines.start_millis,
            next: told.last().map_or(after, |line| line.number),
            lines: told,
            lost,
        }
    }

    fn push(&self, level: &str, target: &str, mut text: String) {
        if text.len() > MOST_TEXT {
            let mut end = MOST_TEXT;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push_str("...");
        }
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.count += 1;
        let line = LogLine {
            number: lines.count,
            at_millis: now_millis(),
            level: level.into(),
            target: target.into(),
            text: shortened(&text),
        };
        if lines.last.len() >= MOST_LINES {
            lines.last.pop_front();
        }
        lines.last.push_back(line);
    }
}

/// Fields of a span, kept with it.
struct Fields(String);

/// Writes fields one behind the other, the message first as it stands.
struct Writing<'a>(&'a mut String);

impl Visit for Writing<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        // A string takes any text.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, "{name}={value:?}"),
        };
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Logs {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut text = String::new();
            attributes.record(&mut Writing(&mut text));
            span.extensions_mut().insert(Fields(text));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(Fields(text)) = span.extensions_mut().get_mut()
        {
            values.record(&mut Writing(text));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut text = String::new();
        event.record(&mut Writing(&mut text));
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(Fields(fields)) = span.extensions().get() {
                let _ = write!(text, " {}{{{fields}}}", span.name());
            }
        }
        let data = event.metadata();
        self.push(data.level().as_str(), data.target(), text);
    }
}

/// Shortens what is written, line by line as the log comes.
struct Shortening<W>(W);

impl<W: Write> Write for Shortening<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .write_all(shortened(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A text without whole digests, magnet links and keys.
#[must_use]
pub fn shortened(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let run = |is_of: fn(u8) -> bool| rest.bytes().take_while(|byte| is_of(*byte)).count();
        let is_word = out.ends_with(|c: char| c.is_ascii_alphanumeric());
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let secret = ["magnet:", "Bearer ", "sid_"]
            .into_iter()
            .find(|begin| !is_word && rest.starts_with(begin));
        let digits = run(|byte| byte.is_ascii_hexdigit());
        let (left, taken) = if let Some(begin) = secret {
            let after = &rest[begin.len()..];
            let end = match begin {
                "sid_" => after.bytes().take_while(|byte| is_sign(*byte)).count(),
                _ => after
                    .find(|c: char| c.is_whitespace() || "\"'<>)".contains(c))
                    .unwrap_or(after.len()),
            };
            (begin.len(), begin.len() + end)
        } else if digits > 0 {
            (
                digits.min(if digits < DIGEST { digits } else { LEFT }),
                digits,
            )
        } else {
            (c.len_utf8(), c.len_utf8())
        };
        out.push_str(&rest[..left]);
        if taken > left {
            out.push_str("...");
        }
        rest = &rest[taken..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digests_links_and_keys_are_shortened() {
        let check = |text: &str, expected: &str| assert_eq!(shortened(text), expected);
        check("plain words, 12 of abc", "plain words, 12 of abc");
        let hash = "0123456789abcdef0123456789ABCDEF01234567";
        check(
            &format!("torrent {hash}, next"),
            "torrent 01234567..., next",
        );
        check(
            &format!("uri=/x?m=magnet:?xt=urn:btih:{hash}&dn=a b"),
            "uri=/x?m=magnet:... b",
        );
        check("say sid_AbC-_9 now", "say sid_... now");
        check("Bearer secret\" x", "Bearer ...\" x");
        check("beside_me", "beside_me");
        check("ünïcode", "ünïcode");
    }

    proptest! {
        #[test]
        fn nothing_long_and_hexadecimal_is_left(text in "[a-f0-9 x_ü:.]{0,200}(magnet:|sid_)?[0-9a-f]{0,80}") {
            let short = shortened(&text);
            let longest = short.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max();
            prop_assert!(longest.unwrap_or(0) < DIGEST);
        }
    }

    #[test]
    fn lines_are_told_once_and_the_oldest_are_forgotten() {
        let logs = Logs::default();
        let subscriber = tracing_subscriber::registry().with(logs.clone());
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("request", path = "/x");
            let _entered = span.enter();
            tracing::warn!(count = 3, "a thing happened");
        });
        let told = logs.after(0, 10);
        assert_eq!((told.next, told.lost), (1, 0));
        let line = &told.lines[0];
        assert_eq!((&*line.level, line.number), ("WARN", 1));
        assert_eq!(line.text, "a thing happened count=3 request{path=\"/x\"}");
        for number in 0..MOST_LINES {
            logs.push("INFO", "t", number.to_string());
        }
        let told = logs.after(0, 2);
        assert_eq!((told.lost, told.next), (1, 3));
        assert_eq!(told.lines[0].text, "0");
        let told = logs.after(told.next, 1);
        assert_eq!((told.lost, &*told.lines[0].text), (0, "2"));
        // After a restart numbers begin anew.
        assert_eq!(logs.after(1 << 40, 1).lines[0].number, 2);
        assert!(logs.after(4_001, 9).lines.is_empty());
    }

    #[test]
    fn a_long_line_is_cut() {
        let logs = Logs::default();
        logs.push("INFO", "t", "ü ".repeat(MOST_TEXT));
        let told = logs.after(0, 1);
        assert!(told.lines[0].text.len() <= MOST_TEXT + 3);
    }

    #[test]
    fn what_goes_to_standard_error_is_shortened_too() {
        let mut out = Vec::new();
        let line = format!("peer of {}\n", "ab".repeat(20));
        Shortening(&mut out).write_all(line.as_bytes()).unwrap();
        assert_eq!(out, b"peer of abababab...\n");
    }
}
