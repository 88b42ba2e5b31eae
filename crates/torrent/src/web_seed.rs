//! Web seeds: which addresses have the bytes of a torrent (BEP 19).

use core::ops::Range;

use crate::percent;
use crate::{Info, InfoFile};

/// A part of a torrent at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Address.
    pub url: String,
    /// First byte there.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// First byte's place in the torrent.
    pub at: u64,
}

/// Where a web seed has a range of a torrent's bytes, in order. `flat` seeds have all files as one
/// stream. Bytes between files, where a torrent pads them, are zeros and at no address.
pub fn parts(seed: &str, flat: bool, info: &Info, range: Range<u64>) -> Vec<Part> {
    if flat {
        return vec![Part {
            url: seed.to_owned(),
            offset: range.start,
            length: range.end - range.start,
            at: range.start,
        }];
    }
    let first = info
        .files
        .partition_point(|file| file.offset + file.length <= range.start);
    let files = info.files[first..].iter();
    files
        .take_while(|file| file.offset < range.end)
        .filter(|file| file.length > 0)
        .map(|file| {
            let start = file.offset.max(range.start);
            let end = (file.offset + file.length).min(range.end);
            Part {
                url: address(seed, info, file),
                offset: start - file.offset,
                length: end - start,
                at: start,
            }
        })
        .collect()
}

/// Where a file is: a seed that ends in `/` is a folder that has the torrent's; of a torrent of
/// one file, another is the file.
fn address(seed: &str, info: &Info, file: &InfoFile) -> String {
    let name = percent::encode(info.raw_name.as_ref().unwrap_or(&info.name));
    match (info.single_file, seed.ends_with('/')) {
        (true, false) => seed.to_owned(),
        (true, true) => format!("{seed}{name}"),
        (false, folder) => {
            let slash = if folder { "" } else { "/" };
            let path: String = file_parts(file)
                .map(|part| format!("/{}", percent::encode(part)))
                .collect();
            format!("{seed}{slash}{name}{path}")
        }
    }
}

/// A path's parts as the torrent wrote them.
fn file_parts(file: &InfoFile) -> impl Iterator<Item = &str> {
    let raw = file.raw_path.iter().flatten().map(String::as_str);
    let safe = file.raw_path.is_none().then(|| file.path.split('/'));
    raw.chain(safe.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(single_file: bool, files: &[(&str, u64, u64)]) -> Info {
        Info {
            name: "My Music".into(),
            raw_name: single_file.then(|| "a b.sid".into()),
            piece_length: 16_384,
            pieces: Vec::new(),
            length: files.last().map_or(0, |file| file.1 + file.2),
            files: files
                .iter()
                .map(|&(path, offset, length)| InfoFile {
                    path: path.into(),
                    raw_path: None,
                    length,
                    offset,
                })
                .collect(),
            single_file,
        }
    }

    fn check(
        seed: &str,
        flat: bool,
        info: &Info,
        range: Range<u64>,
        expected: &[(&str, u64, u64)],
    ) {
        let found = parts(seed, flat, info, range);
        let found: Vec<_> = found
            .iter()
            .map(|part| (part.url.as_str(), part.offset, part.length))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_file_is_at_the_seed_or_in_its_folder() {
        let one = info(true, &[("a b.sid", 0, 100)]);
        check("http://x/y", false, &one, 10..20, &[("http://x/y", 10, 10)]);
        check(
            "http://x/",
            false,
            &one,
            0..5,
            &[("http://x/a%20b.sid", 0, 5)],
        );
    }

    #[test]
    fn a_range_across_files_is_one_part_of_each() {
        let mut many = info(
            false,
            &[
                ("a/ä.sid", 0, 100),
                ("empty", 100, 0),
                ("b", 100, 50),
                ("c", 200, 9),
            ],
        );
        check(
            "http://x",
            false,
            &many,
            90..205,
            &[
                ("http://x/My%20Music/a/%C3%A4.sid", 90, 10),
                ("http://x/My%20Music/b", 0, 50),
                ("http://x/My%20Music/c", 0, 5),
            ],
        );
        check(
            "http://x/f",
            true,
            &many,
            90..205,
            &[("http://x/f", 90, 115)],
        );
        many.files[0].raw_path = Some(vec!["a?".into(), "..".into()]);
        check(
            "http://x/",
            false,
            &many,
            0..1,
            &[("http://x/My%20Music/a%3F/..", 0, 1)],
        );
    }
}
