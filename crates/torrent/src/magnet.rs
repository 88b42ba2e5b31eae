//! Magnet links (BEP 9), with the files that they select (BEP 53).

use core::fmt;

use crate::{InfoHash, percent};

/// Most bytes of a link that are read.
const MOST_BYTES: usize = 64 << 10;
/// Most trackers, web seeds, and ranges of files that are kept.
const MOST_SOURCES: usize = 64;

/// A magnet link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Magnet {
    /// Torrent.
    pub info_hash: InfoHash,
    /// What to call it until its metadata is here.
    pub name: Option<String>,
    /// Trackers.
    pub trackers: Vec<String>,
    /// Web seeds (BEP 19).
    pub web_seeds: Vec<String>,
    /// Files that are wanted, as ranges `start..end`; none where all are.
    pub files: Vec<(u32, u32)>,
}

/// Why a link is no magnet link that can be used here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Another kind of link.
    #[error("a magnet link begins with \"magnet:?\"")]
    Scheme,
    /// Longer than any real one.
    #[error("a link of {0} bytes; at most {MOST_BYTES} are read")]
    Size(usize),
    /// No name of a torrent in it.
    #[error("the link names no torrent (xt=urn:btih:...)")]
    NoTorrent,
    /// Only for BitTorrent v2.
    #[error("a link for BitTorrent v2 only, which WebRTC peers do not speak")]
    OnlyV2,
    /// Not an info hash.
    #[error("{0:?} is no info hash: 40 hexadecimal or 32 base32 digits")]
    InfoHash(String),
}

impl core::str::FromStr for Magnet {
    type Err = Error;

    fn from_str(link: &str) -> Result<Self, Error> {
        let link = link.trim();
        if link.len() > MOST_BYTES {
            return Err(Error::Size(link.len()));
        }
        let query = link
            .split_at_checked(8)
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("magnet:?"))
            .ok_or(Error::Scheme)?
            .1;
        let mut info_hash = None;
        let mut is_v2 = false;
        let (mut name, mut trackers, mut web_seeds, mut files) =
            (None, Vec::new(), Vec::new(), Vec::new());
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Values are coded like forms: a plus is a space.
            let value = percent::decode(&value.replace('+', " "));
            let value = value.trim();
            // Several of one kind may be numbered: `tr.1`.
            match key.split('.').next().unwrap_or(key) {
                "xt" => match strip_prefix(value, "urn:btih:") {
                    Some(digits) if info_hash.is_none() => info_hash = Some(parse_hash(digits)?),
                    Some(_) => {}
                    None => is_v2 |= strip_prefix(value, "urn:btmh:").is_some(),
                },
                "dn" if name.is_none() && !value.is_empty() => name = Some(value.to_owned()),
                "tr" => push(&mut trackers, value),
                "ws" => push(&mut web_seeds, value),
                "so" => files = parse_files(value),
                _ => {}
            }
        }
        let missing = if is_v2 {
            Error::OnlyV2
        } else {
            Error::NoTorrent
        };
        Ok(Self {
            info_hash: info_hash.ok_or(missing)?,
            name,
            trackers,
            web_seeds,
            files,
        })
    }
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn push(list: &mut Vec<String>, value: &str) {
    let is_new = !list.iter().any(|known| known == value);
    if !value.is_empty() && is_new && list.len() < MOST_SOURCES {
        list.push(value.to_owned());
    }
}

fn parse_hash(digits: &str) -> Result<InfoHash, Error> {
    let found = match digits.len() {
        32 => base32(digits),
        _ => digits.parse().ok(),
    };
    found.ok_or_else(|| Error::InfoHash(digits.chars().take(80).collect()))
}

/// 32 digits of base32 (RFC 4648), in either case.
fn base32(digits: &str) -> Option<InfoHash> {
    let mut bytes = [0; 20];
    for (group, out) in digits.as_bytes().chunks(8).zip(bytes.chunks_mut(5)) {
        let mut bits = 0u64;
        for digit in group {
            let value = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a',
                b'2'..=b'7' => digit - b'2' + 26,
                _ => return None,
            };
            bits = bits << 5 | u64::from(value);
        }
        out.copy_from_slice(&bits.to_be_bytes()[3..]);
    }
    Some(InfoHash(bytes))
}

/// `0,2,4-6` as ranges; what is no number or range is passed over.
fn parse_files(text: &str) -> Vec<(u32, u32)> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let first: u32 = first.trim().parse().ok()?;
        let last: u32 = last.trim().parse().ok()?;
        (first <= last).then_some((first, last.checked_add(1)?))
    };
    text.split(',')
        .filter_map(range)
        .take(MOST_SOURCES)
        .collect()
}

impl fmt::Display for Magnet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "magnet:?xt=urn:btih:{}", self.info_hash)?;
        if let Some(name) = &self.name {
            write!(out, "&dn={}", percent::encode(name))?;
        }
        for tracker in &self.trackers {
            write!(out, "&tr={}", percent::encode(tracker))?;
        }
        for seed in &self.web_seeds {
            write!(out, "&ws={}", percent::encode(seed))?;
        }
        for (number, (start, end)) in self.files.iter().enumerate() {
            out.write_str(if number == 0 { "&so=" } else { "," })?;
            write!(out, "{start}")?;
            let last = end.saturating_sub(1);
            if last > *start {
                write!(out, "-{last}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HASH: &str = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a";

    fn check(link: &str, expected: &str) {
        let found = match link.parse::<Magnet>() {
            Ok(magnet) => magnet.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{link}");
    }

    #[test]
    fn links_are_read_in_all_their_dialects() {
        let plain = format!("magnet:?xt=urn:btih:{HASH}");
        check(&plain, &plain);
        check(
            &format!("  MAGNET:?XT=1&xt=URN:BTIH:{} ", HASH.to_uppercase()),
            &plain,
        );
        check(
            "magnet:?xt=urn:btih:YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK",
            &plain,
        );
        check(
            "magnet:?xt=urn:btih:yex6dqdlxisuvhoj6um3gnnkpqjwpkek",
            &plain,
        );
        check(
            &format!("{plain}&dn=Two+Words%21&tr=wss%3A%2F%2Fa&tr.2=wss://b&tr=wss://a&x.pe=1:2"),
            &format!("{plain}&dn=Two%20Words%21&tr=wss%3A%2F%2Fa&tr=wss%3A%2F%2Fb"),
        );
        check(
            &format!("{plain}&ws=https://x/&so=0,2,4-6,x,9-8,7-7"),
            &format!("{plain}&ws=https%3A%2F%2Fx%2F&so=0,2,4-6,7"),
        );
        check(
            &format!("magnet:?xt=urn:btmh:1220aa&xt=urn:btih:{HASH}"),
            &plain,
        );
    }

    #[test]
    fn what_is_none_is_refused() {
        check("https://x", &Error::Scheme.to_string());
        check("magnet:?dn=x", &Error::NoTorrent.to_string());
        check("magnet:?xt=urn:btmh:1220aa", &Error::OnlyV2.to_string());
        let bad = Error::InfoHash("123".into()).to_string();
        check("magnet:?xt=urn:btih:123", &bad);
        let long = format!("magnet:?dn={}", "x".repeat(MOST_BYTES));
        check(&long, &Error::Size(long.len()).to_string());
    }

    proptest! {
        #[test]
        fn a_link_survives_being_written(
            hash in any::<[u8; 20]>(),
            name in proptest::option::of("[^ ]{1,20}"),
            trackers in proptest::collection::btree_set("wss://[a-zü&=%+]{1,20}", 0..4),
            files in proptest::collection::vec((0u32..100, 1u32..10), 0..5),
        ) {
            let magnet = Magnet {
                info_hash: InfoHash(hash),
                name: name.filter(|name| name.trim() == name),
                trackers: trackers.iter().map(|url| url.to_owned()).collect(),
                web_seeds: vec!["https://x/?a=b&c".into()],
                files: files.iter().map(|(start, count)| (*start, start + count)).collect(),
            };
            prop_assert_eq!(magnet.to_string().parse::<Magnet>(), Ok(magnet));
        }

        #[test]
        fn any_text_is_a_link_or_an_error(text in any::<String>()) {
            let _ = text.parse::<Magnet>();
            let _ = format!("magnet:?xt=urn:btih:{HASH}&{text}").parse::<Magnet>();
        }
    }
}
