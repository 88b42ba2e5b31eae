//! Zip archives whose files are stored as they are: sound does not get smaller twice.
//!
//! Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification" 6.3.10, sections 4.3.7,
//! 4.3.12 and 4.3.16; CRC-32 after ITU-T V.42.

/// General purpose bit 11: names are in UTF-8.
const UTF_8: u16 = 0x0800;
/// Version that is needed to read it: the first one.
const VERSION: u16 = 10;
/// 1980-01-01, the first day that a date here can tell: the archive's files have none.
const NO_DATE: u16 = 0x0021;

/// An archive that grows.
#[derive(Debug, Clone, Default)]
pub struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Zip {
    /// An empty archive.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a file. Archives of 4 GiB and more, or of more than 65,535 files, are beyond this
    /// format.
    pub fn push(&mut self, name: &str, file: &[u8]) {
        let offset = self.bytes.len() as u32;
        let mut fields = Vec::new();
        for word in [VERSION, UTF_8, 0, 0, NO_DATE] {
            fields.extend(word.to_le_bytes());
        }
        for word in [crc(file), file.len() as u32, file.len() as u32] {
            fields.extend(word.to_le_bytes());
        }
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0; 2]);

        self.bytes.extend_from_slice(b"PK\x03\x04");
        self.bytes.extend_from_slice(&fields);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(file);

        self.directory.extend_from_slice(b"PK\x01\x02");
        self.directory.extend(VERSION.to_le_bytes());
        self.directory.extend(fields);
        // Comment, disk, attributes.
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        self.count += 1;
    }

    /// The whole archive.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let (start, length) = (self.bytes.len() as u32, self.directory.len() as u32);
        self.bytes.append(&mut self.directory);
        self.bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        for _ in 0..2 {
            self.bytes.extend(self.count.to_le_bytes());
        }
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(start.to_le_bytes());
        self.bytes.extend([0; 2]);
        self.bytes
    }
}

/// CRC-32, reflected, polynomial 04C11DB7.
fn crc(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut value = index as u32;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 1 == 0 {
                    value >> 1
                } else {
                    value >> 1 ^ 0xedb8_8320
                };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    let step = |crc: u32, byte: &u8| crc >> 8 ^ TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize];
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_is_that_of_the_standard() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn files_lie_where_the_directory_says() {
        let mut zip = Zip::new();
        zip.push("a.txt", b"alpha");
        zip.push("b/ü.txt", b"");
        let bytes = zip.finish();
        let end = &bytes[bytes.len() - 22..];
        assert_eq!(&end[..4], b"PK\x05\x06");
        assert_eq!(end[10..12], [2, 0]);
        let start = u32::from_le_bytes(end[16..20].try_into().unwrap()) as usize;
        let directory = &bytes[start..];
        assert_eq!(&directory[..4], b"PK\x01\x02");
        assert_eq!(&directory[46..51], b"a.txt");
        let second = &directory[51..];
        let at = u32::from_le_bytes(second[42..46].try_into().unwrap()) as usize;
        assert_eq!(at, 30 + 5 + 5);
        assert_eq!(&bytes[at..at + 4], b"PK\x03\x04");
        assert_eq!(&bytes[35..40], b"alpha");
    }
}
