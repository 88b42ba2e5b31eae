//! The catalogue as bytes: magic, version, digest, then postcard.
//!
//! ```text
//! offset  bytes
//! 0       4   "SDRC"
//! 4       2   version, little endian
//! 6       16  MD5 of what follows
//! 22      -   postcard of Vec<Entry>
//! ```

use sidfile::Md5;

use crate::Entry;

const MAGIC: [u8; 4] = *b"SDRC";
const HEADER: usize = 22;

/// Version written by [`encode`].
pub const FORMAT_VERSION: u16 = 1;

/// Why bytes are not a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Shorter than the header.
    #[error("a catalogue starts with {HEADER} bytes of header, found {0} bytes")]
    Short(usize),
    /// Another kind of file.
    #[error("a catalogue starts with \"SDRC\", found {0:02x?}")]
    Magic([u8; 4]),
    /// Written by a newer or older program.
    #[error("catalogue version {0} is not known, only {FORMAT_VERSION}")]
    Version(u16),
    /// Damaged.
    #[error("the catalogue is damaged: its digest is {found}, written was {expected}")]
    Digest {
        /// As stored.
        expected: Md5,
        /// As computed.
        found: Md5,
    },
    /// The digest is right but the content is not a list of entries.
    #[error("the catalogue's content: {0}")]
    Content(String),
}

/// Bytes of `entries`.
#[must_use]
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    let body = postcard::to_allocvec(entries).expect("plain data always serialises to a vector");
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&Md5::of(&body).0);
    bytes.extend_from_slice(&body);
    bytes
}

/// Entries of `bytes`.
///
/// # Errors
/// Anything that [`encode`] did not write.
pub fn decode(bytes: &[u8]) -> Result<Vec<Entry>, DecodeError> {
    let Some((header, body)) = bytes.split_at_checked(HEADER) else {
        return Err(DecodeError::Short(bytes.len()));
    };
    let magic = [header[0], header[1], header[2], header[3]];
    if magic != MAGIC {
        return Err(DecodeError::Magic(magic));
    }
    let version = u16::from_le_bytes([header[4], header[5]]);
    if version != FORMAT_VERSION {
        return Err(DecodeError::Version(version));
    }
    let mut expected = Md5([0; 16]);
    expected.0.copy_from_slice(&header[6..]);
    let found = Md5::of(body);
    if expected != found {
        return Err(DecodeError::Digest { expected, found });
    }
    postcard::from_bytes(body).map_err(|error| DecodeError::Content(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::tests::entry;
    use proptest::prelude::*;

    #[test]
    fn round_trip() {
        let entries = vec![
            entry("Commando", "Rob Hubbard", "1985 Elite"),
            entry("é", "", ""),
        ];
        assert_eq!(decode(&encode(&entries)), Ok(entries));
    }

    #[test]
    fn damage_is_named() {
        let mut bytes = encode(&[entry("a", "b", "c")]);
        assert_eq!(decode(&bytes[..10]), Err(DecodeError::Short(10)));
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        assert!(matches!(decode(&bytes), Err(DecodeError::Digest { .. })));
        bytes[4] = 9;
        assert_eq!(decode(&bytes), Err(DecodeError::Version(9)));
        bytes[0] = 0;
        assert!(matches!(decode(&bytes), Err(DecodeError::Magic(_))));
    }

    #[test]
    fn content_that_is_no_list_is_named() {
        let body = [0xff; 4];
        let mut bytes = Vec::from(MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&Md5::of(&body).0);
        bytes.extend_from_slice(&body);
        assert!(matches!(decode(&bytes), Err(DecodeError::Content(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
