//! Links that add torrents, and links that share them.

use torrent::magnet::Magnet;
use torrent::session::TorrentStatus;

use super::record::Record;

/// Most characters of a link.
const MOST_CHARACTERS: usize = 16_384;

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// A torrent by its name.
    Magnet(Magnet),
    /// The address of a `.torrent` file.
    Torrent(String),
}

/// Reads what a listener pasted: a magnet link, an info hash, a link to this page that carries a
/// magnet link, or the address of a `.torrent` file.
///
/// # Errors
/// It is none of these; why, in words.
pub fn parse(text: &str) -> Result<Link, String> {
    let text = text.trim();
    if text.len() > MOST_CHARACTERS {
        return Err("the link is longer than any real one".into());
    }
    if let Some(at) = text.find("magnet:?") {
        // What follows a page's own `#` is percent-encoded no further.
        return text[at..]
            .parse()
            .map(Link::Magnet)
            .map_err(|error| error.to_string());
    }
    if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return format!("magnet:?xt=urn:btih:{text}")
            .parse()
            .map(Link::Magnet)
            .map_err(|error| error.to_string());
    }
    if text.starts_with("https://") || text.starts_with("http://") {
        return Ok(Link::Torrent(text.to_owned()));
    }
    Err(
        "this is neither a magnet link, nor an info hash, nor the address of a .torrent file"
            .into(),
    )
}

/// The magnet link by which others can get a torrent.
#[must_use]
pub fn magnet(status: &TorrentStatus, record: &Record) -> String {
    let magnet = Magnet {
        info_hash: status.info_hash,
        name: Some(status.name.clone()),
        trackers: record.trackers.clone(),
        web_seeds: record.web_seeds.clone(),
        files: Vec::new(),
    };
    magnet.to_string()
}

/// Whether the library knows what to do with a file of this name.
#[must_use]
pub fn is_for_the_library(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    name.ends_with(".sid")
        || name.ends_with(".mus")
        || name == "songlengths.md5"
        || name == "stil.txt"
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn links_are_known_by_their_shape() {
        let magnet = format!("magnet:?xt=urn:btih:{HASH}");
        for (text, is_magnet) in [
            (magnet.clone(), Some(true)),
            (format!("  https://a.example/swarm#{magnet}\n"), Some(true)),
            (HASH.to_uppercase(), Some(true)),
            ("https://a.example/x.torrent".into(), Some(false)),
            ("magnet:?xt=urn:btih:12".into(), None),
            ("hello".into(), None),
            (String::new(), None),
            ("x".repeat(20_000), None),
        ] {
            let found = parse(&text)
                .ok()
                .map(|link| matches!(link, Link::Magnet(_)));
            assert_eq!(found, is_magnet, "{text}");
        }
    }

    #[test]
    fn the_library_gets_music_and_what_is_known_of_it() {
        for (path, expected) in [
            ("MUSICIANS/H/a.SID", true),
            ("DOCUMENTS/STIL.txt", true),
            ("DOCUMENTS/Songlengths.md5", true),
            ("a.mus", true),
            ("a.txt", false),
            ("sid", false),
        ] {
            assert_eq!(is_for_the_library(path), expected, "{path}");
        }
    }
}
