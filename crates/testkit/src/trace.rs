//! The golden trace format: every write to a sound chip, with its distance in cycles.
//!
//! Records of 8 bytes, little endian: u32 cycles since the write before (the first: since
//! power-on), u8 chip, u8 register, u8 value, u8 zero. `.zst` files are compressed with zstd.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, ensure};

/// One register write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// Cycles since the write before, or since power-on.
    pub cycles: u32,
    /// Chip, 0 to 2.
    pub chip: u8,
    /// Register, 0 to 31.
    pub register: u8,
    /// Value written.
    pub value: u8,
}

/// Decodes records.
pub fn decode(bytes: &[u8]) -> anyhow::Result<Vec<Write>> {
    ensure!(
        bytes.len().is_multiple_of(8),
        "{} bytes are not whole records",
        bytes.len()
    );
    let records = bytes.chunks_exact(8).map(|record| Write {
        cycles: u32::from_le_bytes([record[0], record[1], record[2], record[3]]),
        chip: record[4],
        register: record[5],
        value: record[6],
    });
    Ok(records.collect())
}

/// Encodes records.
pub fn encode(writes: &[Write]) -> Vec<u8> {
    let records = writes.iter().flat_map(|write| {
        let [a, b, c, d] = write.cycles.to_le_bytes();
        [a, b, c, d, write.chip, write.register, write.value, 0]
    });
    records.collect()
}

/// Reads a trace, plain or `.zst`.
pub fn read(path: &Path) -> anyhow::Result<Vec<Write>> {
    let stored = std::fs::read(path).with_context(|| path.display().to_string())?;
    if path.extension().is_some_and(|ending| ending == "zst") {
        let mut bytes = Vec::new();
        zstd::Decoder::new(stored.as_slice())?.read_to_end(&mut bytes)?;
        decode(&bytes)
    } else {
        decode(&stored)
    }
    .with_context(|| path.display().to_string())
}

/// Writes a trace, compressed where the path ends in `.zst`.
pub fn write(path: &Path, writes: &[Write]) -> anyhow::Result<()> {
    let mut bytes = encode(writes);
    if path.extension().is_some_and(|ending| ending == "zst") {
        bytes = zstd::encode_all(bytes.as_slice(), 12)?;
    }
    std::fs::write(path, bytes).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let writes = [
            Write {
                cycles: 167_873,
                chip: 0,
                register: 24,
                value: 15,
            },
            Write {
                cycles: 4,
                chip: 2,
                register: 4,
                value: 0x41,
            },
        ];
        let bytes = encode(&writes);
        assert_eq!(bytes.len(), 16);
        assert_eq!(bytes[..8], [0xc1, 0x8f, 0x02, 0, 0, 24, 15, 0]);
        assert_eq!(decode(&bytes).unwrap(), writes);
        assert!(decode(&bytes[..15]).is_err());

        let folder = tempfile::tempdir().unwrap();
        for name in ["a.trace", "a.trace.zst"] {
            let path = folder.path().join(name);
            write(&path, &writes).unwrap();
            assert_eq!(read(&path).unwrap(), writes);
        }
    }
}
