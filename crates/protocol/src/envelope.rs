//! Version, request id, body.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Version of every message below; page and workers come from one build, so a difference means
/// that a stale worker script was served.
pub const VERSION: u16 = 3;

/// Request id of what a worker says without being asked.
pub const EVENT: u32 = 0;

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// [`VERSION`].
    pub version: u16,
    /// Id chosen by the asker, repeated in every answer to it; [`EVENT`] where nobody asked.
    pub id: u32,
    /// What is said.
    pub body: T,
}

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Another build is at the other end.
    #[error("a message of version {found} came, this page speaks {VERSION}: reload the page")]
    Version {
        /// As received.
        found: u16,
    },
    /// Not a message at all.
    #[error("a message of {bytes} bytes could not be read: {reason}")]
    Malformed {
        /// Length of the message.
        bytes: usize,
        /// What the decoder says.
        reason: String,
    },
}

/// Bytes of a message.
#[must_use]
pub fn encode<T: Serialize>(id: u32, body: &T) -> Vec<u8> {
    postcard::to_allocvec(&Envelope {
        version: VERSION,
        id,
        body,
    })
    .expect("plain data always serialises to a vector")
}

/// Message of `bytes`.
///
/// # Errors
/// Another version, or bytes that are no message.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<Envelope<T>, Error> {
    let malformed = |error: postcard::Error| Error::Malformed {
        bytes: bytes.len(),
        reason: error.to_string(),
    };
    // The version comes first, and alone, so that another build's body is never misread.
    let (version, _) = postcard::take_from_bytes::<u16>(bytes).map_err(malformed)?;
    if version != VERSION {
        return Err(Error::Version { found: version });
    }
    postcard::from_bytes(bytes).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Request;

    #[test]
    fn round_trip() {
        let body = Request::Seek { millis: 1234 };
        let envelope = decode::<Request>(&encode(7, &body)).unwrap();
        assert_eq!(
            envelope,
            Envelope {
                version: VERSION,
                id: 7,
                body
            }
        );
    }

    #[test]
    fn another_version_is_refused_before_its_body_is_read() {
        let bytes = postcard::to_allocvec(&(VERSION + 1, 7u32, [255u8; 9])).unwrap();
        assert_eq!(
            decode::<Request>(&bytes),
            Err(Error::Version { found: VERSION + 1 })
        );
    }

    #[test]
    fn noise_is_refused() {
        assert!(matches!(
            decode::<Request>(&[]),
            Err(Error::Malformed { bytes: 0, .. })
        ));
        assert!(matches!(
            decode::<Request>(&[VERSION as u8, 7, 250]),
            Err(Error::Malformed { bytes: 3, .. })
        ));
    }
}
