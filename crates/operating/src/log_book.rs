//! The log as far as it was told: a window of lines that grows at its end.

use protocol::admin::{LogLine, Logs};

/// Lines that are kept.
const MOST: usize = 5_000;

/// How grave a line is, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[expect(missing_docs, reason = "they are those of the log")]
pub enum Level {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl Level {
    /// Of a line; what is not known counts as ordinary.
    #[must_use]
    pub fn of(line: &LogLine) -> Self {
        match &*line.level {
            "ERROR" => Self::Error,
            "WARN" => Self::Warn,
            "DEBUG" => Self::Debug,
            "TRACE" => Self::Trace,
            _ => Self::Info,
        }
    }
}

/// What is known of the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogBook {
    /// The oldest first.
    pub lines: Vec<LogLine>,
    /// Lines that were forgotten before they could be told, since the page was opened.
    pub lost: u64,
    /// The relay was started again, and counts from the beginning.
    pub restarts: u32,
    /// Which start of the relay the last line is of, in milliseconds.
    start: Option<u64>,
}

impl LogBook {
    /// Takes in what was told after `after`; returns what to ask for next.
    pub(crate) fn take(&mut self, after: u64, told: Logs) -> u64 {
        let was = self.start.replace(told.start_millis);
        if was.is_some_and(|was| was != told.start_millis) {
            self.restarts += 1;
            // Another start counts anew: what it has said is asked for from its beginning.
            if after > 0 {
                return 0;
            }
        }
        self.lost += told.lost;
        self.lines.extend(told.lines);
        let surplus = self.lines.len().saturating_sub(MOST);
        self.lines.drain(..surplus);
        told.next
    }

    /// The lines at least as grave as `level` that hold all of the words, in any case.
    #[must_use]
    pub fn found(&self, level: Level, words: &str) -> Vec<LogLine> {
        let words = words.to_lowercase();
        let words: Vec<&str> = words.split_whitespace().collect();
        let fits = |line: &&LogLine| {
            let text = format!("{} {}", line.target, line.text).to_lowercase();
            Level::of(line) <= level && words.iter().all(|word| text.contains(word))
        };
        self.lines.iter().filter(fits).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(numbers: std::ops::Range<u64>, lost: u64) -> Logs {
        Logs {
            start_millis: 1,
            next: numbers.end,
            lines: numbers
                .map(|number| LogLine {
                    number,
                    at_millis: number,
                    level: if number % 2 == 0 { "WARN" } else { "DEBUG" }.into(),
                    target: "relay::Seed".into(),
                    text: format!("line {number}"),
                })
                .collect(),
            lost,
        }
    }

    #[test]
    fn lines_add_up_and_the_oldest_go() {
        let mut book = LogBook::default();
        assert_eq!(book.take(0, told(0..3, 0)), 3);
        assert_eq!(book.take(3, told(5..8, 2)), 8);
        assert_eq!((book.lines.len(), book.lost), (6, 2));
        let many = MOST as u64;
        book.take(8, told(8..8 + many, 0));
        assert_eq!(book.lines.len(), MOST);
        assert_eq!(book.lines[0].number, 8);
    }

    #[test]
    fn another_start_is_read_from_its_beginning() {
        let mut book = LogBook::default();
        let again = |numbers| Logs {
            start_millis: 2,
            ..told(numbers, 0)
        };
        book.take(0, told(0..100, 0));
        // It has written more already than was read of the start before.
        assert_eq!(book.take(100, again(100..120)), 0);
        assert_eq!((book.restarts, book.lines.len()), (1, 100));
        assert_eq!(book.take(0, again(0..120)), 120);
        assert_eq!((book.restarts, book.lines.len()), (1, 220));
    }

    #[test]
    fn lines_are_found_by_level_and_words() {
        let mut book = LogBook::default();
        book.take(0, told(0..4, 0));
        assert_eq!(book.found(Level::Trace, "").len(), 4);
        assert_eq!(book.found(Level::Info, "").len(), 2);
        let found = book.found(Level::Trace, "seed LINE 3");
        assert_eq!(found.len(), 1);
        assert_eq!(book.found(Level::Trace, "seed nothing"), []);
    }
}
