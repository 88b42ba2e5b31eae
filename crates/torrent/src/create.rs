//! Making torrents: the same files make the same bytes, whoever makes them and when.
//!
//! Files lie in the order of their paths' bytes, so that an updated tree keeps most pieces where
//! neighbours did not change; there is no creation date and no author.

use sha1::{Digest as _, Sha1};

use crate::bencode::Value;
use crate::metainfo::{Error as MetainfoError, Info};
use crate::{InfoHash, Metainfo};

/// Bytes of the smallest piece: a tune is hardly ever longer, so that one piece is one request.
const LEAST_PIECE: u64 = 16 << 10;
/// Most pieces before their length doubles.
const MOST_PIECES: u64 = 32_768;

/// Hashes the bytes of files, in order, into a torrent.
#[derive(Debug, Clone)]
pub struct Builder {
    name: String,
    files: Vec<(String, u64)>,
    is_single: bool,
    length: u64,
    piece_length: u64,
    pieces: Vec<[u8; 20]>,
    hasher: Sha1,
    position: u64,
}

/// Why a torrent cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A name or a path that is empty or leads elsewhere.
    #[error("{0:?} is no path below the torrent's folder")]
    Path(String),
    /// A path that is there twice, or a file that is also a folder.
    #[error("{0:?} is there twice")]
    Twice(String),
    /// More bytes than the files were said to have.
    #[error("more than the {0} bytes that the files were said to have")]
    TooMuch(u64),
    /// Fewer bytes than the files were said to have.
    #[error("only {found} of the {expected} bytes that the files were said to have")]
    TooLittle {
        /// What the files were said to have.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// Nothing to share, or too much for one torrent.
    #[error(transparent)]
    Metainfo(#[from] MetainfoError),
}

/// Bytes of a piece for files of `length` bytes together.
#[must_use]
pub fn piece_length_of(length: u64) -> u64 {
    let mut piece = LEAST_PIECE;
    while length.div_ceil(piece) > MOST_PIECES {
        piece *= 2;
    }
    piece
}

impl Builder {
    /// A torrent of a folder called `name`: paths below it, `/`-separated, and lengths, in any
    /// order. [`Builder::files`] tells the order in which their bytes are to come.
    ///
    /// # Errors
    /// A path that is none or is there twice.
    pub fn new(name: &str, mut files: Vec<(String, u64)>) -> Result<Self, Error> {
        files.sort_by(|a, b| a.0.cmp(&b.0));
        for (path, _) in &files {
            if !path.split('/').all(is_plain) {
                return Err(Error::Path(path.clone()));
            }
            // What lies in a folder may not follow the folder's own name at once: `a`, `a.b`, `a/b`.
            let is_file = |folder: &str| {
                files
                    .binary_search_by(|(known, _)| known.as_str().cmp(folder))
                    .is_ok()
            };
            let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
            if let Some(folder) = folders.find(|folder| is_file(folder)) {
                return Err(Error::Twice(folder.to_owned()));
            }
        }
        if let Some(pair) = files.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::Twice(pair[0].0.clone()));
        }
        Self::of(name, files, false)
    }

    /// A torrent of one file, without a folder around it.
    ///
    /// # Errors
    /// A name that is none.
    pub fn single(name: &str, length: u64) -> Result<Self, Error> {
        Self::of(name, vec![(name.to_owned(), length)], true)
    }

    fn of(name: &str, files: Vec<(String, u64)>, is_single: bool) -> Result<Self, Error> {
        if !is_plain(name) || name.contains('/') {
            return Err(Error::Path(name.to_owned()));
        }
        let length = files.iter().map(|file| file.1).sum();
        Ok(Self {
            name: name.to_owned(),
            files,
            is_single,
            length,
            piece_length: piece_length_of(length),
            pieces: Vec::new(),
            hasher: Sha1::new(),
            position: 0,
        })
    }

    /// Paths and lengths in the order in which [`Builder::push`] wants their bytes.
    #[must_use]
    pub fn files(&self) -> &[(String, u64)] {
        &self.files
    }

    /// Bytes taken so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Bytes of all files.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Hashes of the pieces that are complete: what [`Builder::resume`] takes.
    #[must_use]
    pub fn pieces(&self) -> &[[u8; 20]] {
        &self.pieces
    }

    /// Goes on behind pieces that were hashed before; returns the byte from which to push.
    ///
    /// # Panics
    /// When bytes were pushed already, or there are more pieces than the files have.
    pub fn resume(&mut self, pieces: &[[u8; 20]]) -> u64 {
        assert_eq!(self.position, 0, "work is resumed before it begins");
        let position = (pieces.len() as u64 * self.piece_length).min(self.length);
        assert!(
            pieces.len() as u64 <= self.length.div_ceil(self.piece_length),
            "pieces are those of these files"
        );
        self.pieces = pieces.to_vec();
        self.position = position;
        position
    }

    /// Takes the next bytes of the files.
    ///
    /// # Errors
    /// More bytes than the files were said to have.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        if bytes.len() as u64 > self.length - self.position {
            return Err(Error::TooMuch(self.length));
        }
        while !bytes.is_empty() {
            let left = self.piece_length - self.position % self.piece_length;
            let count = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
            let (now, later) = bytes.split_at(count);
            self.hasher.update(now);
            self.position += now.len() as u64;
            bytes = later;
            if self.position.is_multiple_of(self.piece_length) || self.position == self.length {
                self.pieces.push(self.hasher.finalize_reset().into());
            }
        }
        Ok(())
    }

    /// The torrent, without trackers and web seeds.
    ///
    /// # Errors
    /// Bytes are missing, or there are none at all.
    pub fn finish(self) -> Result<Metainfo, Error> {
        if self.position != self.length {
            let (expected, found) = (self.length, self.position);
            return Err(Error::TooLittle { expected, found });
        }
        let integer = |number: u64| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        let content: (&[u8], Value<'_>) = if self.is_single {
            (b"length", integer(self.length))
        } else {
            let files = self.files.iter().map(|(path, length)| {
                let parts = path.split('/').map(|part| Value::Bytes(part.as_bytes()));
                let parts = Value::List(parts.collect());
                Value::Dictionary(vec![(b"length", integer(*length)), (b"path", parts)])
            });
            (b"files", Value::List(files.collect()))
        };
        let info_bytes = Value::Dictionary(vec![
            content,
            (b"name", Value::Bytes(self.name.as_bytes())),
            (b"piece length", integer(self.piece_length)),
            (b"pieces", Value::Bytes(self.pieces.as_flattened())),
        ])
        .encode();
        Ok(Metainfo {
            info: Info::parse(&info_bytes)?,
            info_hash: InfoHash(Sha1::digest(&info_bytes).into()),
            info_bytes,
            trackers: Vec::new(),
            web_seeds: Vec::new(),
        })
    }
}

fn is_plain(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.contains(['\0', '\\'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn build(files: &[(&str, &[u8])], steps: usize) -> Result<Metainfo, Error> {
        let list = files
            .iter()
            .map(|(path, bytes)| ((*path).to_owned(), bytes.len() as u64));
        let mut builder = Builder::new("Tunes", list.collect())?;
        let order: Vec<String> = builder.files().iter().map(|file| file.0.clone()).collect();
        for path in order {
            let (_, bytes) = files.iter().find(|file| file.0 == path).unwrap();
            for part in bytes.chunks(steps) {
                builder.push(part)?;
            }
        }
        builder.finish()
    }

    #[test]
    fn files_are_sorted_by_the_bytes_of_their_paths() {
        let made = build(&[("b", b"2"), ("a/c", b"3"), ("a.b", b"1"), ("B", b"0")], 1).unwrap();
        let paths: Vec<&str> = made.info.files.iter().map(|file| &*file.path).collect();
        assert_eq!(paths, ["B", "a.b", "a/c", "b"]);
        let hash: [u8; 20] = Sha1::digest(b"0132").into();
        assert_eq!(made.info.pieces, [hash]);
        // Fixed: another program, or this one tomorrow, must make the same.
        assert_eq!(
            made.info_hash.to_string(),
            "b34b87bd4acd7732244429500e91215e54814d13"
        );
    }

    #[test]
    fn one_file_needs_no_folder() {
        let mut builder = Builder::single("a.sid", 3).unwrap();
        builder.push(b"abc").unwrap();
        let made = builder.finish().unwrap();
        assert!(made.info.single_file);
        assert_eq!(made.info.files[0].path, "a.sid");
    }

    #[test]
    fn pieces_double_while_there_are_too_many() {
        for (length, expected) in [
            (0, 16 << 10),
            (32_768 << 14, 16 << 10),
            ((32_768 << 14) + 1, 32 << 10),
            (1 << 40, 32 << 20),
        ] {
            assert_eq!(piece_length_of(length), expected, "{length}");
        }
    }

    #[test]
    fn what_cannot_be_a_torrent_is_refused() {
        let path = |path: &str| Err(Error::Path(path.into()));
        assert_eq!(build(&[("../a", b"1")], 1), path("../a"));
        assert_eq!(build(&[("a//b", b"1")], 1), path("a//b"));
        assert_eq!(
            build(&[("a", b"1"), ("a", b"1")], 1),
            Err(Error::Twice("a".into()))
        );
        let nested: [(&str, &[u8]); 3] = [("a", b"1"), ("a.b", b"1"), ("a/b", b"1")];
        assert_eq!(build(&nested, 1), Err(Error::Twice("a".into())));
        assert_eq!(build(&[("a", b"")], 1), Err(MetainfoError::Empty.into()));
        let mut builder = Builder::single("a", 2).unwrap();
        assert_eq!(builder.push(b"abc"), Err(Error::TooMuch(2)));
        let little = Error::TooLittle {
            expected: 2,
            found: 0,
        };
        assert_eq!(builder.finish(), Err(little));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// However the bytes come, and wherever the work was interrupted.
        #[test]
        fn steps_and_interruptions_leave_no_trace(
            length in 1usize..70_000, steps in 1usize..40_000, at in 0usize..6,
        ) {
            let bytes: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
            let whole = build(&[("a", &bytes)], length).unwrap();
            prop_assert_eq!(&build(&[("a", &bytes)], steps).unwrap(), &whole);
            let mut builder = Builder::new("Tunes", vec![("a".into(), length as u64)]).unwrap();
            let done = at.min(whole.info.pieces.len());
            let from = builder.resume(&whole.info.pieces[..done]);
            builder.push(&bytes[from as usize..]).unwrap();
            prop_assert_eq!(builder.finish().unwrap(), whole);
        }
    }
}
