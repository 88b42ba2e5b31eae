//! Messages between peers: the handshake and messages of BEP 3, the fast extension (BEP 6), and
//! the envelope of extension messages (BEP 10).
//!
//! The connection is a stream of bytes: a message may come in parts, and several in one part.

use crate::{InfoHash, PeerId};

/// Bytes of a handshake.
pub const HANDSHAKE_LENGTH: usize = 68;
/// Bytes that peers ask for at a time; only a piece's last block is shorter.
pub const BLOCK_LENGTH: u32 = 16 * 1024;
/// Bytes of a block at most that are given or taken: what webtorrent 3 serves.
pub const MAX_BLOCK_LENGTH: u32 = 128 * 1024;

/// The longest message but a bitfield: a block with its place.
const MAX_MESSAGE_LENGTH: usize = MAX_BLOCK_LENGTH as usize + 9;
const PROTOCOL: &[u8; 20] = b"\x13BitTorrent protocol";

/// What opens a connection, each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handshake {
    /// Torrent.
    pub info_hash: InfoHash,
    /// Who speaks.
    pub peer_id: PeerId,
    /// Knows the fast extension (BEP 6).
    pub fast: bool,
    /// Knows extension messages (BEP 10).
    pub extended: bool,
}

impl Handshake {
    /// As it is sent.
    pub fn encode(&self) -> [u8; HANDSHAKE_LENGTH] {
        let mut out = [0; HANDSHAKE_LENGTH];
        out[..20].copy_from_slice(PROTOCOL);
        out[25] = if self.extended { 0x10 } else { 0 };
        out[27] = if self.fast { 0x04 } else { 0 };
        out[28..48].copy_from_slice(&self.info_hash.0);
        out[48..].copy_from_slice(&self.peer_id.0);
        out
    }

    /// From the first bytes of a connection.
    fn decode(bytes: &[u8; HANDSHAKE_LENGTH]) -> Result<Self, Error> {
        if bytes[..20] != PROTOCOL[..] {
            return Err(Error::Protocol);
        }
        let twenty = |from: usize| core::array::from_fn(|index| bytes[from + index]);
        Ok(Self {
            info_hash: InfoHash(twenty(28)),
            peer_id: PeerId(twenty(48)),
            fast: bytes[27] & 0x04 != 0,
            extended: bytes[25] & 0x10 != 0,
        })
    }
}

/// Part of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    /// Piece.
    pub piece: u32,
    /// First byte in the piece.
    pub begin: u32,
    /// Bytes.
    pub length: u32,
}

/// A message; `B` is what holds its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// Nothing, but still there.
    KeepAlive,
    /// Requests are not answered from here on.
    Choke,
    /// Requests are welcome.
    Unchoke,
    /// The sender wants something that the receiver has.
    Interested,
    /// It does not.
    NotInterested,
    /// The sender has a piece.
    Have(u32),
    /// What the sender has, a bit for each piece.
    Bitfield(&'a [u8]),
    /// Asks for a block.
    Request(Block),
    /// A block: piece, first byte, bytes.
    Piece(u32, u32, &'a [u8]),
    /// Takes a request back.
    Cancel(Block),
    /// A DHT's port, which says nothing here.
    Port(u16),
    /// BEP 6: fetch this piece, it is at hand.
    Suggest(u32),
    /// BEP 6: the sender has everything.
    HaveAll,
    /// BEP 6: the sender has nothing.
    HaveNone,
    /// BEP 6: a request will not be answered.
    Reject(Block),
    /// BEP 6: this piece may be asked for while choked.
    AllowedFast(u32),
    /// BEP 10: an extension's message; 0 is the handshake.
    Extended(u8, &'a [u8]),
    /// Something else, which is passed over.
    Unknown(u8),
}

/// What a connection must not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The first bytes are not BitTorrent's.
    #[error("not a BitTorrent handshake")]
    Protocol,
    /// A message is longer than its kind can be.
    #[error("a message of {0} bytes")]
    TooLong(usize),
    /// A message has not the bytes that its kind must have.
    #[error("message {kind} with {length} bytes")]
    Length {
        /// Number of the kind.
        kind: u8,
        /// Bytes of it.
        length: usize,
    },
}

impl Message<'_> {
    /// Appends the message as it is sent.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::KeepAlive => out.extend([0; 4]),
            Self::Choke => put(out, 0, &[], &[]),
            Self::Unchoke => put(out, 1, &[], &[]),
            Self::Interested => put(out, 2, &[], &[]),
            Self::NotInterested => put(out, 3, &[], &[]),
            Self::Have(piece) => put(out, 4, &[piece], &[]),
            Self::Bitfield(bits) => put(out, 5, &[], bits),
            Self::Request(block) => put(out, 6, &block.words(), &[]),
            Self::Piece(piece, begin, bytes) => put(out, 7, &[piece, begin], bytes),
            Self::Cancel(block) => put(out, 8, &block.words(), &[]),
            Self::Port(port) => put(out, 9, &[], &port.to_be_bytes()),
            Self::Suggest(piece) => put(out, 13, &[piece], &[]),
            Self::HaveAll => put(out, 14, &[], &[]),
            Self::HaveNone => put(out, 15, &[], &[]),
            Self::Reject(block) => put(out, 16, &block.words(), &[]),
            Self::AllowedFast(piece) => put(out, 17, &[piece], &[]),
            Self::Extended(id, bytes) => {
                out.extend((2 + bytes.len() as u32).to_be_bytes());
                out.extend([20, id]);
                out.extend_from_slice(bytes);
            }
            Self::Unknown(kind) => put(out, kind, &[], &[]),
        }
    }
}

impl Block {
    fn words(self) -> [u32; 3] {
        [self.piece, self.begin, self.length]
    }
}

fn put(out: &mut Vec<u8>, kind: u8, words: &[u32], bytes: &[u8]) {
    out.extend((1 + 4 * words.len() as u32 + bytes.len() as u32).to_be_bytes());
    out.push(kind);
    for word in words {
        out.extend(word.to_be_bytes());
    }
    out.extend_from_slice(bytes);
}

/// A message's body, without its length.
fn parse(body: &[u8]) -> Result<Message<'_>, Error> {
    let Some((&kind, rest)) = body.split_first() else {
        return Ok(Message::KeepAlive);
    };
    let wrong = Error::Length {
        kind,
        length: body.len(),
    };
    let words = |count: usize| -> Result<[u32; 3], Error> {
        if rest.len() != 4 * count {
            return Err(wrong);
        }
        let mut words = [0; 3];
        for (word, bytes) in words.iter_mut().zip(rest.chunks_exact(4)) {
            *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        Ok(words)
    };
    let bare = |message| words(0).map(|_| message);
    let block = || {
        words(3).map(|[piece, begin, length]| Block {
            piece,
            begin,
            length,
        })
    };
    match kind {
        0 => bare(Message::Choke),
        1 => bare(Message::Unchoke),
        2 => bare(Message::Interested),
        3 => bare(Message::NotInterested),
        4 => Ok(Message::Have(words(1)?[0])),
        5 => Ok(Message::Bitfield(rest)),
        6 => Ok(Message::Request(block()?)),
        7 => {
            let (place, bytes) = rest.split_at_checked(8).ok_or(wrong)?;
            let word = |at: usize| u32::from_be_bytes(core::array::from_fn(|i| place[at + i]));
            Ok(Message::Piece(word(0), word(4), bytes))
        }
        8 => Ok(Message::Cancel(block()?)),
        9 => match *rest {
            [high, low] => Ok(Message::Port(u16::from_be_bytes([high, low]))),
            _ => Err(wrong),
        },
        13 => Ok(Message::Suggest(words(1)?[0])),
        14 => bare(Message::HaveAll),
        15 => bare(Message::HaveNone),
        16 => Ok(Message::Reject(block()?)),
        17 => Ok(Message::AllowedFast(words(1)?[0])),
        20 => {
            let (&id, bytes) = rest.split_first().ok_or(wrong)?;
            Ok(Message::Extended(id, bytes))
        }
        other => Ok(Message::Unknown(other)),
    }
}

/// Takes a stream of bytes apart. It holds no more than one message that is not complete and what
/// was pushed last.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Bytes of the buffer that have been taken.
    taken: usize,
    bitfield_length: usize,
}

impl Decoder {
    /// Bytes of the torrent's bitfield: messages of that kind may be as long. Without it they may
    /// be as long as any message.
    pub fn expect_bitfield(&mut self, length: usize) {
        self.bitfield_length = length;
    }

    /// Takes bytes in.
    pub fn push(&mut self, bytes: Vec<u8>) {
        if self.taken == self.buffer.len() {
            self.buffer = bytes;
        } else {
            self.buffer.drain(..self.taken);
            self.buffer.extend_from_slice(&bytes);
        }
        self.taken = 0;
    }

    /// The handshake, once it is complete.
    pub fn handshake(&mut self) -> Result<Option<Handshake>, Error> {
        let rest = &self.buffer[self.taken..];
        let known = rest.len().min(PROTOCOL.len());
        if rest[..known] != PROTOCOL[..known] {
            return Err(Error::Protocol);
        }
        let Some(bytes) = rest.first_chunk() else {
            return Ok(None);
        };
        self.taken += HANDSHAKE_LENGTH;
        Handshake::decode(bytes).map(Some)
    }

    /// The next message, once it is complete.
    pub fn message(&mut self) -> Result<Option<Message<'_>>, Error> {
        let rest = &self.buffer[self.taken..];
        let Some((length, body)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length) as usize;
        let longest = match body.first() {
            Some(5) => MAX_MESSAGE_LENGTH.max(self.bitfield_length + 1),
            Some(_) => MAX_MESSAGE_LENGTH,
            None => MAX_MESSAGE_LENGTH.max(self.bitfield_length + 1),
        };
        if length > longest {
            return Err(Error::TooLong(length));
        }
        let Some(body) = body.get(..length) else {
            return Ok(None);
        };
        self.taken += 4 + length;
        parse(body).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_block() -> impl Strategy<Value = Block> {
        any::<(u32, u32, u32)>().prop_map(|(piece, begin, length)| Block {
            piece,
            begin,
            length,
        })
    }

    /// A message with its bytes beside it.
    fn any_message() -> impl Strategy<Value = Vec<u8>> {
        let bytes = prop::collection::vec(any::<u8>(), 0..600);
        (0..18u8, any::<u32>(), any::<u32>(), any_block(), bytes).prop_map(
            |(kind, word, other, block, bytes)| {
                let message = match kind {
                    0 => Message::KeepAlive,
                    1 => Message::Choke,
                    2 => Message::Unchoke,
                    3 => Message::Interested,
                    4 => Message::NotInterested,
                    5 => Message::Have(word),
                    6 => Message::Bitfield(&bytes),
                    7 => Message::Request(block),
                    8 => Message::Piece(word, other, &bytes),
                    9 => Message::Cancel(block),
                    10 => Message::Port(word as u16),
                    11 => Message::Suggest(word),
                    12 => Message::HaveAll,
                    13 => Message::HaveNone,
                    14 => Message::Reject(block),
                    15 => Message::AllowedFast(word),
                    16 => Message::Extended(word as u8, &bytes),
                    _ => Message::Unknown(99),
                };
                let mut out = Vec::new();
                message.encode(&mut out);
                out
            },
        )
    }

    fn decode_all(decoder: &mut Decoder, out: &mut Vec<u8>) {
        while let Some(message) = decoder.message().unwrap() {
            message.encode(out);
        }
    }

    proptest! {
        #[test]
        fn messages_survive_any_cut(
            messages in prop::collection::vec(any_message(), 0..12),
            cuts in prop::collection::vec(1..700usize, 1..20),
        ) {
            let sent = messages.concat();
            let (mut decoder, mut got) = (Decoder::default(), Vec::new());
            let (mut rest, mut cuts) = (&sent[..], cuts.iter().cycle());
            while !rest.is_empty() {
                let (part, others) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                decoder.push(part.to_vec());
                decode_all(&mut decoder, &mut got);
                rest = others;
            }
            prop_assert_eq!(got, sent);
        }

        #[test]
        fn any_bytes_are_messages_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let mut decoder = Decoder::default();
            let _ = decoder.handshake();
            decoder.push(bytes);
            while let Ok(Some(_)) = decoder.message() {}
        }
    }

    #[test]
    fn a_handshake_survives_being_cut() {
        let sent = Handshake {
            info_hash: InfoHash([7; 20]),
            peer_id: PeerId(*b"-WW0301-abcdefghijkl"),
            fast: true,
            extended: true,
        };
        let bytes = sent.encode();
        let mut decoder = Decoder::default();
        decoder.push(bytes[..30].to_vec());
        assert_eq!(decoder.handshake(), Ok(None));
        decoder.push([&bytes[30..], &[0, 0, 0, 1, 14]].concat());
        assert_eq!(decoder.handshake(), Ok(Some(sent)));
        assert_eq!(decoder.message(), Ok(Some(Message::HaveAll)));
        assert_eq!(decoder.message(), Ok(None));
    }

    #[test]
    fn what_is_not_bittorrent_is_refused_at_its_first_bytes() {
        let mut decoder = Decoder::default();
        decoder.push(b"GET / HTTP/1.1".to_vec());
        assert_eq!(decoder.handshake(), Err(Error::Protocol));
    }

    #[test]
    fn lengths_are_refused_before_the_bytes_come() {
        let too_long = |kind: u8, length: u32, bitfield: usize| {
            let mut decoder = Decoder::default();
            decoder.expect_bitfield(bitfield);
            decoder.push([&length.to_be_bytes()[..], &[kind]].concat());
            decoder.message().is_err()
        };
        assert!(!too_long(7, MAX_BLOCK_LENGTH + 9, 0));
        assert!(too_long(7, MAX_BLOCK_LENGTH + 10, 0));
        assert!(too_long(20, u32::MAX, 0));
        assert!(!too_long(5, 400_001, 400_000));
        assert!(too_long(5, 400_002, 400_000));
        assert!(too_long(7, 400_001, 400_000));
    }

    #[test]
    fn bodies_of_the_wrong_size_are_refused() {
        for (kind, length) in [(0, 2), (4, 4), (6, 12), (7, 8), (9, 2), (14, 2), (17, 1)] {
            let mut bytes = vec![0, 0, 0, length];
            bytes.push(kind);
            bytes.extend(vec![0; usize::from(length) - 1]);
            let mut decoder = Decoder::default();
            decoder.push(bytes);
            let length = usize::from(length);
            assert_eq!(decoder.message(), Err(Error::Length { kind, length }));
        }
    }
}
