//! WebSocket frames (RFC 6455), as far as a tracker needs them: messages of a bounded length in
//! either kind, control frames, no extensions.
//!
//! The tracker reads all its sockets through one buffer, and a socket that waits holds none at all:
//! that is why this is not left to a library, each of which keeps a buffer for every connection.

/// Most bytes of a message.
pub const MOST_MESSAGE: usize = 64 << 10;
/// Most bytes of a control frame's payload.
const MOST_CONTROL: usize = 125;

/// Why a socket is closed: a status of RFC 6455 and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// Status.
    pub status: u16,
    /// For people.
    pub reason: String,
}

impl Close {
    /// A status and words.
    pub fn new(status: u16, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { status, reason }
    }
}

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A whole message.
    Message(&'a str),
    /// To be answered with the same payload.
    Ping(&'a [u8]),
    /// An answer to a ping, which the tracker never sends: a sign of life.
    Pong,
    /// The client closes.
    Close,
}

/// Parts of a message that came in several frames.
#[derive(Debug, Default)]
pub struct Fragments {
    bytes: Vec<u8>,
    is_open: bool,
}

impl Fragments {
    /// Gives the memory of a message back that is done with.
    pub fn tidy(&mut self) {
        if !self.is_open {
            self.bytes = Vec::new();
        }
    }
}

/// Head of a frame.
struct Head {
    is_last: bool,
    opcode: u8,
    mask: [u8; 4],
    length: usize,
    /// Bytes of the head itself.
    size: usize,
}

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The head that `bytes` begin with; none where it is not complete.
fn head(bytes: &[u8]) -> Result<Option<Head>, Close> {
    let &[first, second, ref rest @ ..] = bytes else {
        return Ok(None);
    };
    let protocol = |words: &str| Err(Close::new(1002, words));
    if first & 0x70 != 0 {
        return protocol("no extension was agreed on");
    }
    if second & 0x80 == 0 {
        return protocol("a client's frames are masked");
    }
    let (length, rest) = match second & 0x7f {
        126 => match rest.split_first_chunk::<2>() {
            Some((length, rest)) => (u64::from(u16::from_be_bytes(*length)), rest),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk::<8>() {
            Some((length, rest)) => (u64::from_be_bytes(*length), rest),
            None => return Ok(None),
        },
        length => (u64::from(length), rest),
    };
    let Some((mask, rest)) = rest.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let opcode = first & 0x0f;
    let is_last = first & 0x80 != 0;
    let most = match opcode {
        CONTINUATION | TEXT | BINARY => MOST_MESSAGE,
        CLOSE | PING | PONG if is_last => MOST_CONTROL,
        _ => return protocol("a frame of an unknown kind"),
    };
    match usize::try_from(length) {
        Ok(length) if length <= most => Ok(Some(Head {
            is_last,
            opcode,
            mask: *mask,
            length,
            size: bytes.len() - rest.len(),
        })),
        _ => Err(too_long()),
    }
}

fn too_long() -> Close {
    Close::new(1009, format!("a message has at most {MOST_MESSAGE} bytes"))
}

/// Takes the frame that `bytes` begin with, unmasked where it lies; returns it, where it is or
/// completes something, and how many bytes it took. None where it is not complete.
///
/// # Errors
/// What is no frame, and frames that do not go together: the socket is to be closed.
pub fn take<'a>(
    bytes: &'a mut [u8],
    fragments: &'a mut Fragments,
) -> Result<Option<(Option<Frame<'a>>, usize)>, Close> {
    let Some(head) = head(bytes)? else {
        return Ok(None);
    };
    let end = head.size + head.length;
    let Some(payload) = bytes.get_mut(head.size..end) else {
        return Ok(None);
    };
    unmask(payload, head.mask);
    let frame = match head.opcode {
        CLOSE => Some(Frame::Close),
        PING => Some(Frame::Ping(payload)),
        PONG => Some(Frame::Pong),
        opcode if (opcode == CONTINUATION) != fragments.is_open => {
            return Err(Close::new(1002, "a message's parts follow each other"));
        }
        TEXT | BINARY if head.is_last => Some(message(payload)?),
        _ => {
            fragments.tidy();
            if fragments.bytes.len() + payload.len() > MOST_MESSAGE {
                return Err(too_long());
            }
            fragments.bytes.extend_from_slice(payload);
            fragments.is_open = !head.is_last;
            if head.is_last {
                Some(message(&fragments.bytes)?)
            } else {
                None
            }
        }
    };
    Ok(Some((frame, end)))
}

fn message(bytes: &[u8]) -> Result<Frame<'_>, Close> {
    let text = str::from_utf8(bytes).map_err(|_| Close::new(1007, "a message is UTF-8"))?;
    Ok(Frame::Message(text))
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    // Four bytes at a time, which the compiler makes wider.
    let word = u32::from_ne_bytes(mask);
    let (words, rest) = payload.as_chunks_mut::<4>();
    for chunk in words {
        *chunk = (u32::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

/// Appends a text message.
pub fn put_text(text: &str, out: &mut Vec<u8>) {
    put(TEXT, text.as_bytes(), out);
}

/// Appends the answer to a ping.
pub fn put_pong(payload: &[u8], out: &mut Vec<u8>) {
    put(PONG, payload, out);
}

/// Appends a close frame.
pub fn put_close(close: &Close, out: &mut Vec<u8>) {
    let mut payload = close.status.to_be_bytes().to_vec();
    let mut end = close.reason.len().min(MOST_CONTROL - 2);
    while !close.reason.is_char_boundary(end) {
        end -= 1;
    }
    payload.extend_from_slice(&close.reason.as_bytes()[..end]);
    put(CLOSE, &payload, out);
}

fn put(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(payload.len() + 10);
    out.push(0x80 | opcode);
    match payload.len() {
        length @ ..126 => out.push(length as u8),
        length @ 126..=0xffff => {
            out.push(126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A client's frame.
    fn masked(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(0, payload, &mut bytes);
        bytes[0] = first;
        bytes[1] |= 0x80;
        let head = bytes.len() - payload.len();
        let mut body = bytes.split_off(head);
        unmask(&mut body, mask);
        bytes.extend_from_slice(&mask);
        bytes.extend_from_slice(&body);
        bytes
    }

    /// Messages, pings and the end of a stream that comes in steps.
    fn read(stream: &[u8], step: usize) -> (Vec<String>, Option<Close>) {
        let (mut found, mut fragments) = (Vec::new(), Fragments::default());
        let mut buffer = Vec::new();
        for part in stream.chunks(step.max(1)) {
            buffer.extend_from_slice(part);
            loop {
                match take(&mut buffer, &mut fragments) {
                    Ok(None) => break,
                    Ok(Some((frame, size))) => {
                        match frame {
                            Some(Frame::Message(text)) => found.push(text.to_owned()),
                            Some(Frame::Ping(payload)) => found.push(format!("ping {payload:?}")),
                            Some(other) => found.push(format!("{other:?}")),
                            None => {}
                        }
                        buffer.drain(..size);
                    }
                    Err(close) => return (found, Some(close)),
                }
            }
        }
        (found, None)
    }

    fn check_closed(stream: &[u8], status: u16) {
        let (_, close) = read(stream, 1);
        assert_eq!(
            close.map(|close| close.status),
            Some(status),
            "{stream:02x?}"
        );
    }

    #[test]
    fn frames_are_read() {
        let mask = [1, 2, 3, 4];
        let stream = [
            masked(0x81, b"hello", mask),
            masked(0x01, b"in ", mask),
            masked(0x89, b"!", mask),
            masked(0x00, b"three ", mask),
            masked(0x80, b"parts", mask),
            masked(0x82, "binär".as_bytes(), mask),
            masked(0x88, b"", mask),
        ]
        .concat();
        let expected = ["hello", "ping [33]", "in three parts", "binär", "Close"];
        for step in [1, 3, 1000] {
            let (found, close) = read(&stream, step);
            assert_eq!((&*found, close), (&expected.map(String::from)[..], None));
        }
    }

    #[test]
    fn what_is_no_frame_closes_with_its_reason() {
        let mask = [9, 8, 7, 6];
        check_closed(b"\x81\x05hello", 1002);
        check_closed(&masked(0xc1, b"x", mask), 1002);
        check_closed(&masked(0x83, b"x", mask), 1002);
        check_closed(&masked(0x09, b"x", mask), 1002);
        check_closed(&masked(0x80, b"x", mask), 1002);
        check_closed(
            &[masked(0x01, b"x", mask), masked(0x81, b"x", mask)].concat(),
            1002,
        );
        check_closed(&masked(0x89, &[0; 126], mask), 1009);
        check_closed(b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff0000", 1009);
        check_closed(&masked(0x81, &[b'x'; MOST_MESSAGE + 1], mask), 1009);
        let half = vec![b'x'; MOST_MESSAGE / 2 + 1];
        check_closed(
            &[masked(0x01, &half, mask), masked(0x80, &half, mask)].concat(),
            1009,
        );
        check_closed(&masked(0x81, b"\xff", mask), 1007);
    }

    #[test]
    fn a_reason_that_is_too_long_is_cut_between_characters() {
        let mut out = Vec::new();
        put_close(&Close::new(1008, "ü".repeat(100)), &mut out);
        assert_eq!(out[1], 124);
        assert!(str::from_utf8(&out[4..]).is_ok());
    }

    proptest! {
        #[test]
        fn messages_survive_however_they_come(
            texts in proptest::collection::vec("\\PC{0,300}", 0..6),
            mask in any::<[u8; 4]>(), step in 1usize..400,
        ) {
            let stream: Vec<u8> = texts
                .iter()
                .flat_map(|text| masked(0x81, text.as_bytes(), mask))
                .collect();
            prop_assert_eq!(read(&stream, step), (texts, None));
        }

        #[test]
        fn any_bytes_are_frames_or_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes, 7);
        }
    }
}
