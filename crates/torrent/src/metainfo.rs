//! What a `.torrent` file says (BEP 3): names, lengths and piece hashes, and where to find peers.

use sha1::{Digest as _, Sha1};

use crate::InfoHash;
use crate::bencode::{self, Value, raw_entries, write_dictionary};
use crate::names::{Paths, safe_name};

/// Most bytes of a `.torrent` file or an `info` dictionary that are read.
pub const MOST_BYTES: usize = 32 << 20;
/// Most bytes of a piece: all of it is held while it is fetched.
const MOST_PIECE_LENGTH: i64 = 64 << 20;
/// Most trackers, and most web seeds, that are kept.
const MOST_SOURCES: usize = 64;
/// Most bytes of an address.
const MOST_ADDRESS: usize = 2_048;

/// A torrent: its `info` dictionary and what was written around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metainfo {
    /// What the info hash covers.
    pub info: Info,
    /// The `info` dictionary as it was written: its SHA-1 is the info hash, and it is what metadata
    /// exchange (BEP 9) serves.
    pub info_bytes: Vec<u8>,
    /// SHA-1 of `info_bytes`.
    pub info_hash: InfoHash,
    /// Trackers, all tiers in one list, in order.
    pub trackers: Vec<String>,
    /// Web seeds (BEP 19), in order.
    pub web_seeds: Vec<String>,
}

/// The `info` dictionary of a torrent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// File or folder, made safe.
    pub name: String,
    /// The name as the torrent wrote it, where making it safe changed it: a web seed's address is
    /// made from it.
    pub raw_name: Option<String>,
    /// Bytes of a piece; the last may be shorter.
    pub piece_length: u32,
    /// SHA-1 of each piece.
    pub pieces: Vec<[u8; 20]>,
    /// Files in the order in which they lie in the pieces. Padding (BEP 47) is not among them: it
    /// is what lies between a file's end and the next one's offset, and is zeros.
    pub files: Vec<InfoFile>,
    /// Bytes of all files, padding included.
    pub length: u64,
    /// One file without a folder around it: a web seed's address is then the file's.
    pub single_file: bool,
}

/// A file of a torrent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfoFile {
    /// `/`-separated below the torrent's name, made safe and unique; of a single file its name.
    pub path: String,
    /// The path's parts as the torrent wrote them, where making them safe changed them: a web
    /// seed's address is made from these.
    pub raw_path: Option<Vec<String>>,
    /// Bytes.
    pub length: u64,
    /// First byte's place in the torrent.
    pub offset: u64,
}

/// Why bytes are not a torrent that can be fetched here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More than is read.
    #[error("a torrent of {0} bytes; at most {MOST_BYTES} are read")]
    Size(usize),
    /// Not bencoded.
    #[error(transparent)]
    Bencode(#[from] bencode::Error),
    /// Something is not there, or is of another kind than it should be.
    #[error("no usable {0:?} in the torrent")]
    Missing(&'static str),
    /// Only for BitTorrent v2 (BEP 52).
    #[error("a torrent for BitTorrent v2 only, which WebRTC peers do not speak")]
    OnlyV2,
    /// Pieces of no or of absurd length.
    #[error("pieces of {0} bytes; between 1 and {MOST_PIECE_LENGTH} are taken")]
    PieceLength(i64),
    /// A file of negative length, or files that add up to more than can be counted.
    #[error("file {0} has an absurd length")]
    FileLength(usize),
    /// Nothing to fetch.
    #[error("the torrent has no content")]
    Empty,
    /// Hashes and lengths do not match.
    #[error("{found} piece hashes for {expected} pieces")]
    Pieces {
        /// Pieces that the files' lengths make.
        expected: u64,
        /// Hashes that are there.
        found: u64,
    },
}

impl Metainfo {
    /// Reads a `.torrent` file.
    ///
    /// # Errors
    /// Not a torrent of version 1, or one that contradicts itself.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MOST_BYTES {
            return Err(Error::Size(bytes.len()));
        }
        let (entries, _) = raw_entries(bytes)?;
        let find = |key: &str| entries.iter().find(|entry| entry.0 == key.as_bytes());
        let (_, info, raw) = find("info").ok_or(Error::Missing("info"))?;
        let value = |key| find(key).map(|entry| &entry.1);
        let mut trackers = Vec::new();
        for tier in value("announce-list").and_then(Value::list).unwrap_or(&[]) {
            for tracker in tier.list().unwrap_or(&[]) {
                push_address(&mut trackers, tracker);
            }
        }
        if let Some(tracker) = value("announce") {
            push_address(&mut trackers, tracker);
        }
        let mut web_seeds = Vec::new();
        match value("url-list") {
            Some(Value::List(seeds)) => seeds
                .iter()
                .for_each(|seed| push_address(&mut web_seeds, seed)),
            Some(seed) => push_address(&mut web_seeds, seed),
            None => {}
        }
        Ok(Self {
            info: Info::read(info)?,
            info_bytes: raw.to_vec(),
            info_hash: InfoHash(Sha1::digest(raw).into()),
            trackers,
            web_seeds,
        })
    }

    /// A `.torrent` file with these trackers, each a tier of its own, and web seeds, and further
    /// entries such as `comment`. The `info` dictionary is written as it was read.
    #[must_use]
    pub fn encode(
        &self,
        trackers: &[String],
        web_seeds: &[String],
        extra: &[(&str, Value<'_>)],
    ) -> Vec<u8> {
        let bytes = |text: &'_ String| -> Vec<u8> { Value::Bytes(text.as_bytes()).encode() };
        let mut entries: Vec<(&[u8], Vec<u8>)> = vec![(b"info", self.info_bytes.clone())];
        if let Some(first) = trackers.first() {
            entries.push((b"announce", bytes(first)));
        }
        if trackers.len() > 1 {
            let tier = |url: &'_ String| [b"l", &*bytes(url), b"e"].concat();
            let tiers = trackers.iter().flat_map(tier);
            let list = [b'l'].into_iter().chain(tiers).chain([b'e']).collect();
            entries.push((b"announce-list", list));
        }
        if !web_seeds.is_empty() {
            let list = [b'l']
                .into_iter()
                .chain(web_seeds.iter().flat_map(bytes))
                .chain([b'e']);
            entries.push((b"url-list", list.collect()));
        }
        for (key, value) in extra {
            entries.push((key.as_bytes(), value.encode()));
        }
        let mut out = Vec::new();
        write_dictionary(entries, &mut out, |bytes, out| {
            out.extend_from_slice(&bytes);
        });
        out
    }
}

/// Keeps an address that is text, not absurdly long, and new.
fn push_address(addresses: &mut Vec<String>, value: &Value<'_>) {
    let text = value.bytes().and_then(|bytes| str::from_utf8(bytes).ok());
    let text = text.map_or("", str::trim);
    let is_sound = !text.is_empty() && text.len() <= MOST_ADDRESS;
    if is_sound && addresses.len() < MOST_SOURCES && !addresses.iter().any(|known| known == text) {
        addresses.push(text.to_owned());
    }
}

impl Info {
    /// Reads an `info` dictionary, as it comes from peers (BEP 9).
    ///
    /// # Errors
    /// Not one of version 1, or one that contradicts itself.
    pub fn parse(info_bytes: &[u8]) -> Result<Self, Error> {
        if info_bytes.len() > MOST_BYTES {
            return Err(Error::Size(info_bytes.len()));
        }
        Self::read(&Value::parse(info_bytes)?)
    }

    fn read(info: &Value<'_>) -> Result<Self, Error> {
        let hashes = info.get("pieces").and_then(Value::bytes);
        let Some(hashes) = hashes else {
            let is_v2 = info.get("meta version").is_some() || info.get("file tree").is_some();
            return Err(if is_v2 {
                Error::OnlyV2
            } else {
                Error::Missing("pieces")
            });
        };
        let name = text_of(info, "name.utf-8", "name").unwrap_or_default();
        let safe = safe_name(&name);
        let piece_length = info.get("piece length").and_then(Value::integer);
        let piece_length = piece_length.ok_or(Error::Missing("piece length"))?;
        if !(1..=MOST_PIECE_LENGTH).contains(&piece_length) {
            return Err(Error::PieceLength(piece_length));
        }
        let mut files = Files::default();
        let single_file = info.get("files").is_none();
        if single_file {
            let length = info.get("length").and_then(Value::integer);
            files.length = length_of(length.ok_or(Error::Missing("length"))?, 0)?;
            files.list.push(InfoFile {
                path: safe.clone(),
                raw_path: None,
                length: files.length,
                offset: 0,
            });
        } else {
            let list = info.get("files").and_then(Value::list);
            for file in list.ok_or(Error::Missing("files"))? {
                files.add(file)?;
            }
        }
        if files.length == 0 {
            return Err(Error::Empty);
        }
        let expected = files.length.div_ceil(piece_length.unsigned_abs());
        let found = (hashes.len() / 20) as u64;
        if hashes.len() % 20 != 0 || found != expected {
            return Err(Error::Pieces { expected, found });
        }
        let pieces = hashes.as_chunks().0.to_vec();
        Ok(Self {
            raw_name: (safe != name).then(|| name.into_owned()),
            name: safe,
            piece_length: piece_length as u32,
            pieces,
            files: files.list,
            length: files.length,
            single_file,
        })
    }

    /// Bytes of all files, padding included.
    pub fn total_length(&self) -> u64 {
        self.length
    }

    /// Bytes of a piece: of the last, what is left.
    pub fn length_of_piece(&self, piece: u32) -> u32 {
        let start = u64::from(piece) * u64::from(self.piece_length);
        let left = self.total_length().saturating_sub(start);
        left.min(u64::from(self.piece_length)) as u32
    }
}

#[derive(Default)]
struct Files {
    list: Vec<InfoFile>,
    /// Entries seen, those that are not shown included.
    entries: usize,
    length: u64,
    paths: Paths,
}

impl Files {
    fn add(&mut self, file: &Value<'_>) -> Result<(), Error> {
        let number = self.entries;
        self.entries += 1;
        let length = file.get("length").and_then(Value::integer);
        let length = length_of(length.ok_or(Error::FileLength(number))?, number)?;
        let offset = self.length;
        let end = offset.checked_add(length).filter(|&end| end < 1 << 63);
        self.length = end.ok_or(Error::FileLength(number))?;
        // BEP 47: padding, and links to other files.
        let attributes = file.get("attr").and_then(Value::bytes).unwrap_or(b"");
        if attributes.iter().any(|attribute| b"pl".contains(attribute)) {
            return Ok(());
        }
        let parts = file.get("path.utf-8").or_else(|| file.get("path"));
        let parts = parts
            .and_then(Value::list)
            .ok_or(Error::Missing("path"))?
            .iter()
            .map(|part| part.bytes().map(String::from_utf8_lossy))
            .collect::<Option<Vec<_>>>()
            .ok_or(Error::Missing("path"))?;
        let path = self.paths.add(parts.iter().map(|part| &**part));
        let is_same = path.split('/').eq(parts.iter().map(|part| &**part));
        self.list.push(InfoFile {
            path,
            raw_path: (!is_same).then(|| parts.into_iter().map(Into::into).collect()),
            length,
            offset,
        });
        Ok(())
    }
}

fn length_of(length: i64, file: usize) -> Result<u64, Error> {
    u64::try_from(length).map_err(|_| Error::FileLength(file))
}

fn text_of<'a>(value: &Value<'a>, first: &str, second: &str) -> Option<std::borrow::Cow<'a, str>> {
    let bytes = |key| value.get(key).and_then(Value::bytes);
    bytes(first)
        .or_else(|| bytes(second))
        .map(String::from_utf8_lossy)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A dictionary of version 1 with these files, each length and path, in pieces of 4 bytes.
    fn info(name: &str, files: &[(u64, &str)], more: &str) -> Vec<u8> {
        let total: u64 = files.iter().map(|file| file.0).sum();
        let mut out = String::from("d5:filesl");
        for (length, path) in files {
            let padding = if path.starts_with(".pad") {
                "4:attr1:p"
            } else {
                ""
            };
            out += &format!("d{padding}6:lengthi{length}e4:pathl");
            for part in path.split('/') {
                out += &format!("{}:{part}", part.len());
            }
            out += "ee";
        }
        let hashes = "x".repeat(20 * total.div_ceil(4) as usize);
        out += &format!("e{more}4:name{}:{name}12:piece lengthi4e", name.len());
        out += &format!("6:pieces{}:{hashes}e", hashes.len());
        out.into_bytes()
    }

    fn torrent(info: &[u8], before: &str, after: &str) -> Vec<u8> {
        [
            b"d",
            before.as_bytes(),
            b"4:info",
            info,
            after.as_bytes(),
            b"e",
        ]
        .concat()
    }

    #[test]
    fn a_torrent_is_read_as_it_was_written() {
        let info = info("Tunes", &[(5, "a/b.sid"), (0, "empty"), (4, "c.sid")], "");
        let bytes = torrent(
            &info,
            "8:announce8:wss://a/13:announce-listll8:wss://b/8:wss://a/el6:udp://ee",
            "8:url-listl9:https://xe",
        );
        let found = Metainfo::parse(&bytes).unwrap();
        assert_eq!(found.info_bytes, info);
        assert_eq!(found.info_hash.0, <[u8; 20]>::from(Sha1::digest(&info)));
        assert_eq!(found.trackers, ["wss://b/", "wss://a/", "udp://"]);
        assert_eq!(found.web_seeds, ["https://x"]);
        let files: Vec<_> = found
            .info
            .files
            .iter()
            .map(|file| (&*file.path, file.offset, file.length))
            .collect();
        assert_eq!(files, [("a/b.sid", 0, 5), ("empty", 5, 0), ("c.sid", 5, 4)]);
        assert_eq!(found.info.pieces.len(), 3);
        assert_eq!(found.info.length_of_piece(2), 1);
        assert_eq!(Info::parse(&info), Ok(found.info.clone()));
        let extra = [("comment", Value::Bytes(b"hello"))];
        let again = found.encode(&found.trackers, &found.web_seeds, &extra);
        assert_eq!(Metainfo::parse(&again), Ok(found));
    }

    #[test]
    fn real_torrents_are_untidy() {
        let info = info("Tunes", &[(5, "a")], "");
        // Unsorted keys, one web seed as a string, bytes after the end.
        let mut bytes = torrent(&info, "8:url-list9:https://x", "7:comment2:hi");
        bytes.extend(b"\r\n");
        let found = Metainfo::parse(&bytes).unwrap();
        assert_eq!(found.web_seeds, ["https://x"]);
        assert_eq!(found.info_hash.0, <[u8; 20]>::from(Sha1::digest(&info)));
    }

    #[test]
    fn padding_is_counted_and_not_shown() {
        let files = [(3, "a"), (1, ".pad/1"), (4, "b"), (2, ".pad/2")];
        let found = Info::parse(&info("Tunes", &files, "12:meta versioni2e")).unwrap();
        assert_eq!(found.total_length(), 10);
        let shown: Vec<_> = found
            .files
            .iter()
            .map(|file| (&*file.path, file.offset))
            .collect();
        assert_eq!(shown, [("a", 0), ("b", 4)]);
    }

    #[test]
    fn raw_names_are_kept_where_they_are_unsafe() {
        let found = Info::parse(&info("a:b", &[(4, "../x"), (4, "y"), (4, "y")], "")).unwrap();
        assert_eq!(
            (&*found.name, found.raw_name.as_deref()),
            ("a_b", Some("a:b"))
        );
        assert_eq!(found.files[0].path, "_/x");
        let raw = |parts: &[&str]| Some(parts.iter().map(|part| (*part).to_owned()).collect());
        assert_eq!(found.files[0].raw_path, raw(&["..", "x"]));
        assert_eq!(found.files[1].raw_path, None);
        assert_eq!(found.files[2].path, "y (2)");
        assert_eq!(found.files[2].raw_path, raw(&["y"]));
    }

    fn check_refused(info: &str, expected: &str) {
        let error = Info::parse(info.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{info}: {error}");
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let hash = "x".repeat(20);
        let with = |length: &str, piece: &str, hashes: usize| {
            format!(
                "d6:lengthi{length}e12:piece lengthi{piece}e6:pieces{}:{}e",
                20 * hashes,
                hash.repeat(hashes)
            )
        };
        assert!(
            Info::parse(with("5", "4", 2).as_bytes())
                .unwrap()
                .single_file
        );
        check_refused("d9:file treede12:meta versioni2ee", "v2 only");
        check_refused("d6:lengthi5ee", "no usable \"pieces\"");
        check_refused(&with("5", "4", 1), "1 piece hashes for 2 pieces");
        check_refused(&with("5", "0", 2), "pieces of 0 bytes");
        check_refused(&with("5", "1000000000", 1), "pieces of 1000000000 bytes");
        check_refused(&with("-5", "4", 2), "absurd length");
        check_refused(&with("0", "4", 0), "no content");
        check_refused("i1e", "no usable \"pieces\"");
        assert_eq!(Metainfo::parse(b"d4:spami1ee"), Err(Error::Missing("info")));
        assert_eq!(
            Metainfo::parse(&vec![b'l'; MOST_BYTES + 1]),
            Err(Error::Size(MOST_BYTES + 1))
        );
        let most = i64::MAX as u64;
        let two = format!(
            "d5:filesld6:lengthi{most}e4:pathl1:aeed6:lengthi{most}e4:pathl1:beee12:piece \
             lengthi4e6:pieces20:{hash}e"
        );
        check_refused(&two, "absurd length");
    }

    proptest! {
        #[test]
        fn any_damage_is_read_or_refused(at in 0usize..400, byte in any::<u8>()) {
            let info = info("Tunes", &[(5, "a/b.sid"), (9, "c")], "");
            let mut bytes = torrent(&info, "8:announce8:wss://a/", "8:url-listl9:https://xe");
            let place = at % bytes.len();
            bytes[place] = byte;
            if let Ok(found) = Metainfo::parse(&bytes) {
                let again = found.encode(&found.trackers, &found.web_seeds, &[]);
                prop_assert_eq!(Metainfo::parse(&again), Ok(found));
            }
        }
    }
}
