//! WAV files of 16-bit stereo.

/// A WAV file that grows.
pub struct Wav {
    bytes: Vec<u8>,
}

const HEADER: usize = 44;

impl Wav {
    /// An empty file with room for `frames`.
    pub fn new(rate: u32, frames: u32) -> Self {
        let mut bytes = Vec::with_capacity(HEADER + 4 * frames as usize);
        bytes.extend_from_slice(b"RIFF\0\0\0\0WAVEfmt ");
        for word in [16, 0x0002_0001, rate, rate * 4, 0x0010_0004] {
            bytes.extend_from_slice(&u32::to_le_bytes(word));
        }
        bytes.extend_from_slice(b"data\0\0\0\0");
        Self { bytes }
    }

    /// Appends interleaved samples.
    pub fn push(&mut self, samples: &[f32]) {
        for sample in samples {
            #[expect(clippy::cast_possible_truncation, reason = "clamped to the range")]
            let value = (sample.clamp(-1.0, 1.0) * 32_767.0) as i16;
            self.bytes.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// The whole file.
    pub fn finish(mut self) -> Vec<u8> {
        let size = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
        let length = self.bytes.len();
        self.bytes[4..8].copy_from_slice(&size(length - 8));
        self.bytes[40..44].copy_from_slice(&size(length - HEADER));
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_samples() {
        let mut wav = Wav::new(44_100, 2);
        wav.push(&[0.0, 1.0, -2.0, 0.5]);
        let bytes = wav.finish();
        assert_eq!(bytes.len(), 52);
        assert_eq!(bytes[4..8], 44u32.to_le_bytes());
        assert_eq!(bytes[40..44], 8u32.to_le_bytes());
        assert_eq!(bytes[44..], [0, 0, 255, 127, 1, 128, 255, 63]);
    }
}
