//! The ROMs of a C64, which a listener may supply: what each is, and how one knows it.
//!
//! They are Commodore's and are never shipped. A file is one of them when its SHA-256 says so,
//! whatever it is called. Source: the part numbers on the chips of the board; the digests of the
//! images that `kernal.901227-03.bin` and the like commonly hold.

use core::fmt::{self, Write as _};

use sha2::{Digest, Sha256};

/// A ROM that the machine has a socket for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum RomKind {
    /// The operating system, `$E000` to `$FFFF`.
    Kernal,
    /// The BASIC interpreter, `$A000` to `$BFFF`.
    Basic,
    /// The character generator, `$D000` to `$DFFF`.
    Chargen,
}

impl RomKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Kernal, Self::Basic, Self::Chargen];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kernal => "KERNAL",
            Self::Basic => "BASIC",
            Self::Chargen => "CHARGEN",
        }
    }

    /// Commodore's part number, with its revision.
    pub const fn part(self) -> &'static str {
        match self {
            Self::Kernal => "901227-03",
            Self::Basic => "901226-01",
            Self::Chargen => "901225-01",
        }
    }

    /// Names that its file commonly has.
    pub const fn file_names(self) -> [&'static str; 2] {
        match self {
            Self::Kernal => ["kernal.901227-03.bin", "kernal.bin"],
            Self::Basic => ["basic.901226-01.bin", "basic.bin"],
            Self::Chargen => ["characters.901225-01.bin", "chargen.bin"],
        }
    }

    /// Its size in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::Kernal | Self::Basic => 0x2000,
            Self::Chargen => 0x1000,
        }
    }

    /// SHA-256 of its contents, in hexadecimal digits.
    const fn sha256(self) -> &'static str {
        match self {
            Self::Kernal => "83c60d47047d7beab8e5b7bf6f67f80daa088b7a6a27de0d7e016f6484042721",
            Self::Basic => "89878cea0a268734696de11c4bae593eaaa506465d2029d619c0e0cbccdfa62d",
            Self::Chargen => "fd0d53b8480e86163ac98998976c72cc58d5dd8eb824ed7b829774e74213b420",
        }
    }
}

impl fmt::Display for RomKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.name(), self.part())
    }
}

/// Why a file is not a ROM of the C64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RomError {
    /// No ROM has this size.
    #[error("{found} bytes: KERNAL and BASIC have 8192, CHARGEN has 4096")]
    Size {
        /// Bytes of the file.
        found: usize,
    },
    /// The size is right, the contents are not.
    #[error("{found} bytes, but its SHA-256 {sha256} is not that of {}", candidates(*.found, *.wanted))]
    Contents {
        /// Bytes of the file.
        found: usize,
        /// Its SHA-256, in hexadecimal digits.
        sha256: String,
        /// What it should be, if only one will do.
        wanted: Option<RomKind>,
    },
    /// It is a ROM, but another one than the caller asked for.
    #[error("this is {found}, not {wanted}")]
    Other {
        /// What it is.
        found: RomKind,
        /// What it should be.
        wanted: RomKind,
    },
}

/// What a file could have been, in words: the ROM that was asked for, or all of its size.
fn candidates(size: usize, wanted: Option<RomKind>) -> String {
    if let Some(wanted) = wanted {
        return wanted.to_string();
    }
    let mut names = String::new();
    for kind in RomKind::ALL.iter().filter(|kind| kind.size() == size) {
        let joint = if names.is_empty() { "" } else { " or " };
        // Writing to a string cannot fail.
        let _ = write!(names, "{joint}{kind}");
    }
    names
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Says which ROM a file holds.
///
/// # Errors
/// Says what is wrong with a file that is none.
pub fn identify(bytes: &[u8]) -> Result<RomKind, RomError> {
    let found = bytes.len();
    if RomKind::ALL.iter().all(|kind| kind.size() != found) {
        return Err(RomError::Size { found });
    }
    let sha256 = sha256(bytes);
    let known = RomKind::ALL.iter().find(|kind| kind.sha256() == sha256);
    known.copied().ok_or(RomError::Contents {
        found,
        sha256,
        wanted: None,
    })
}

/// Checks that a file holds a certain ROM.
///
/// # Errors
/// Says what it is instead.
pub fn check(bytes: &[u8], wanted: RomKind) -> Result<(), RomError> {
    match identify(bytes) {
        Ok(found) if found == wanted => Ok(()),
        Ok(found) => Err(RomError::Other { found, wanted }),
        Err(RomError::Contents { found, sha256, .. }) => Err(RomError::Contents {
            found,
            sha256,
            wanted: Some(wanted),
        }),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of nothing, and of "abc". Source: FIPS 180-4, examples.
    #[test]
    fn digests_are_those_of_the_standard() {
        assert_eq!(
            sha256(b""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[track_caller]
    fn refuses(result: Result<RomKind, RomError>, text: &str) {
        assert_eq!(result.map_err(|error| error.to_string()), Err(text.into()));
    }

    #[test]
    fn a_file_of_another_size_or_content_is_named() {
        refuses(
            identify(&[0; 100]),
            "100 bytes: KERNAL and BASIC have 8192, CHARGEN has 4096",
        );
        refuses(
            identify(&[0; 0x2000]),
            "8192 bytes, but its SHA-256 \
             9f1dcbc35c350d6027f98be0f5c8b43b42ca52b7604459c0c42be3aa88913d47 \
             is not that of KERNAL 901227-03 or BASIC 901226-01",
        );
        refuses(
            identify(&[0; 0x1000]),
            "4096 bytes, but its SHA-256 \
             ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7 \
             is not that of CHARGEN 901225-01",
        );
    }

    #[test]
    fn the_wrong_file_for_a_socket_is_refused() {
        let error = check(&[0; 0x2000], RomKind::Kernal).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("8192 bytes, but its SHA-256 9f1d"),
            "{text}"
        );
        assert!(text.ends_with(" is not that of KERNAL 901227-03"), "{text}");
        let error = RomError::Other {
            found: RomKind::Basic,
            wanted: RomKind::Kernal,
        };
        assert_eq!(
            error.to_string(),
            "this is BASIC 901226-01, not KERNAL 901227-03"
        );
    }

    #[test]
    fn digests_of_the_manifest_are_whole_and_differ() {
        for kind in RomKind::ALL {
            assert_eq!(kind.sha256().len(), 64);
            let same = RomKind::ALL
                .iter()
                .filter(|other| other.sha256() == kind.sha256());
            assert_eq!(same.count(), 1);
        }
    }
}
