//! Torrents to exchange.

use torrent::session::{AddTorrent, Priority, Source};
use torrent::{Builder, InfoHash, Metainfo};

use super::{Lot, TRACKER};

/// A torrent and its bytes.
pub struct Sample {
    pub meta: Metainfo,
    pub bytes: Vec<u8>,
}

impl Sample {
    /// Files of these lengths, filled by lot.
    pub fn new(seed: u64, lengths: &[u64]) -> Self {
        let files = lengths.iter().enumerate();
        let files = files.map(|(index, length)| (format!("dir/{index:05}.sid"), *length));
        let mut lot = Lot(seed);
        let total: u64 = lengths.iter().sum();
        let bytes: Vec<u8> = (0..total.div_ceil(8))
            .flat_map(|_| lot.next().to_le_bytes())
            .collect();
        let bytes = bytes[..total as usize].to_vec();
        let mut builder = Builder::new("music", files.collect()).unwrap();
        builder.push(&bytes).unwrap();
        let meta = builder.finish().unwrap();
        Self { meta, bytes }
    }

    /// The same files in pieces of another size.
    pub fn with_pieces(mut self, piece_length: u32) -> Self {
        use sha1::{Digest, Sha1};
        use torrent::bencode::Value;

        let info = &self.meta.info;
        let hashes: Vec<u8> = self
            .bytes
            .chunks(piece_length as usize)
            .flat_map(|piece| <[u8; 20]>::from(Sha1::digest(piece)))
            .collect();
        let files = info.files.iter().map(|file| {
            let path = file
                .path
                .split('/')
                .map(|part| Value::Bytes(part.as_bytes()));
            Value::Dictionary(vec![
                (b"length", Value::Integer(file.length as i64)),
                (b"path", Value::List(path.collect())),
            ])
        });
        let encoded = Value::Dictionary(vec![
            (b"files", Value::List(files.collect())),
            (b"name", Value::Bytes(info.name.as_bytes())),
            (b"piece length", Value::Integer(piece_length.into())),
            (b"pieces", Value::Bytes(&hashes)),
        ])
        .encode();
        self.meta.info = torrent::Info::parse(&encoded).unwrap();
        self.meta.info_hash = InfoHash(Sha1::digest(&encoded).into());
        self.meta.info_bytes = encoded;
        self
    }

    pub fn hash(&self) -> InfoHash {
        self.meta.info_hash
    }

    pub fn piece(&self, piece: u32) -> Vec<u8> {
        let start = piece as usize * self.meta.info.piece_length as usize;
        self.bytes[start..start + self.meta.info.length_of_piece(piece) as usize].to_vec()
    }

    pub fn adding(&self) -> AddTorrent {
        AddTorrent {
            source: Source::Info(self.meta.info_bytes.clone()),
            trackers: vec![TRACKER.into()],
            web_seeds: Vec::new(),
            flat_web_seeds: Vec::new(),
            stored: Vec::new(),
            trusted: false,
            priority: Priority::Normal,
            priorities: Vec::new(),
            paused: false,
            totals: (0, 0),
        }
    }
}
