//! WAV files of 16-bit stereo.
//!
//! Source: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0"
//! (RIFF, `fmt `, `data`, `LIST` of `INFO`).

use crate::{Tags, to_16_bits};

/// A WAV file that grows.
#[derive(Debug, Clone)]
pub struct Wav {
    bytes: Vec<u8>,
    /// Where the samples begin.
    start: usize,
}

impl Wav {
    /// An empty file with room for `frames` at `rate` frames a second.
    #[must_use]
    pub fn new(rate: u32, frames: u32, tags: &Tags) -> Self {
        let info = info(tags);
        let mut bytes = Vec::with_capacity(44 + info.len() + 4 * frames as usize);
        bytes.extend_from_slice(b"RIFF\0\0\0\0WAVEfmt ");
        for word in [16, 0x0002_0001, rate, rate * 4, 0x0010_0004] {
            bytes.extend_from_slice(&u32::to_le_bytes(word));
        }
        bytes.extend(info);
        bytes.extend_from_slice(b"data\0\0\0\0");
        let start = bytes.len();
        Self { bytes, start }
    }

    /// Appends interleaved samples.
    pub fn push(&mut self, samples: &[f32]) {
        let words = samples.iter().map(|&sample| to_16_bits(sample));
        self.bytes.extend(words.flat_map(i16::to_le_bytes));
    }

    /// The whole file.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let size = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
        let (length, start) = (self.bytes.len(), self.start);
        self.bytes[4..8].copy_from_slice(&size(length - 8));
        self.bytes[start - 4..start].copy_from_slice(&size(length - start));
        self.bytes
    }
}

/// The chunk of names; empty where there are none.
fn info(tags: &Tags) -> Vec<u8> {
    let track = if tags.track == 0 {
        String::new()
    } else {
        tags.track.to_string()
    };
    let fields = [
        (b"INAM", &tags.title),
        (b"IART", &tags.artist),
        (b"IPRD", &tags.album),
        (b"ITRK", &track),
        (b"ICOP", &tags.copyright),
    ];
    let mut list = b"INFO".to_vec();
    for (name, text) in fields {
        if text.is_empty() {
            continue;
        }
        list.extend_from_slice(name);
        list.extend((text.len() as u32 + 1).to_le_bytes());
        list.extend_from_slice(text.as_bytes());
        list.push(0);
        // Chunks begin at even places.
        list.resize(list.len().next_multiple_of(2), 0);
    }
    if list.len() == 4 {
        return Vec::new();
    }
    let mut chunk = b"LIST".to_vec();
    chunk.extend((list.len() as u32).to_le_bytes());
    chunk.extend(list);
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_samples() {
        let mut wav = Wav::new(44_100, 2, &Tags::default());
        wav.push(&[0.0, 1.0, -2.0, 0.5]);
        let bytes = wav.finish();
        assert_eq!(bytes.len(), 52);
        assert_eq!(bytes[4..8], 44u32.to_le_bytes());
        assert_eq!(bytes[40..44], 8u32.to_le_bytes());
        assert_eq!(bytes[44..], [0, 0, 255, 127, 0, 128, 0, 64]);
    }

    #[test]
    fn names_lie_before_the_samples() {
        let tags = Tags {
            title: "Ember".into(),
            track: 2,
            ..Tags::default()
        };
        let bytes = Wav::new(8_000, 0, &tags).finish();
        let list = &bytes[36..];
        assert_eq!(&list[..4], b"LIST");
        assert_eq!(list[4..8], 28u32.to_le_bytes());
        assert_eq!(
            &list[8..36],
            b"INFOINAM\x06\0\0\0Ember\0ITRK\x02\0\0\x002\0"
        );
        assert_eq!(&list[36..], b"data\0\0\0\0");
        assert_eq!(bytes[4..8], (bytes.len() as u32 - 8).to_le_bytes());
    }
}
