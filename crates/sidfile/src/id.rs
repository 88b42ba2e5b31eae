//! What a tune is called: the MD5 of its file and the number of the song in it.

use core::fmt;
use core::str::FromStr;

use md5::{Digest, Md5 as Hasher};
use serde::{Deserialize, Serialize};

/// MD5 of a whole file, the key of `Songlengths.md5` since HVSC #68.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Md5(pub [u8; 16]);

impl Md5 {
    /// Digest of `bytes`, the whole file.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Hasher::digest(bytes).into())
    }
}

impl fmt::Display for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Md5({self})")
    }
}

/// The text is not 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an MD5 is 32 hexadecimal digits, found {0:?}")]
pub struct ParseMd5Error(pub String);

impl FromStr for Md5 {
    type Err = ParseMd5Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseMd5Error(text.chars().take(64).collect());
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(error());
        }
        let mut digest = [0; 16];
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = core::str::from_utf8(pair).map_err(|_| error())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| error())?;
        }
        Ok(Self(digest))
    }
}

/// One song: the file's MD5 and the song in it, 1-based. Paths are attributes, not identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TuneId {
    /// MD5 of the file.
    pub md5: Md5,
    /// Song in the file, from 1.
    pub song: u16,
}

impl fmt::Display for TuneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.md5, self.song)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_the_published_one() {
        assert_eq!(Md5::of(b"").to_string(), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(
            Md5::of(b"abc").to_string(),
            "900150983cd24fb0d6963f7d28e17f72"
        );
    }

    #[test]
    fn text_round_trips_and_bad_text_is_refused() {
        let md5 = Md5::of(b"abc");
        assert_eq!(md5.to_string().parse(), Ok(md5));
        assert!("90015098".parse::<Md5>().is_err());
        assert!("zz0150983cd24fb0d6963f7d28e17f72".parse::<Md5>().is_err());
        assert!("é00150983cd24fb0d6963f7d28e17f7".parse::<Md5>().is_err());
    }
}
