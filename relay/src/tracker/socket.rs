//! A client's socket: a task that reads messages and writes what waits for it.

use std::cell::RefCell;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use torrent::frames::{self, Close, Fragments, Frame};
use torrent::tracker::Client;

use crate::edge::connections::Permit;

use super::outbox::{Next, Outbox};
use super::{BUFFER, Room};

/// Messages that a socket may send at once, and then each second.
const MOST_AT_ONCE: u32 = 2_000;
const MOST_A_SECOND: u32 = 100;

/// Where a client's bytes come from: plain, or whatever carries them encrypted.
pub enum Stream {
    /// TCP, not yet known to this thread's runtime, and its place among the connections.
    Plain(std::net::TcpStream, Option<Permit>),
    /// TLS.
    Boxed(Box<dyn Duplex + Send>),
}

/// Reads and writes.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

/// Lets a socket in.
pub fn open(room: &Rc<RefCell<Room>>, stream: Stream, address: Option<IpAddr>, early: Vec<u8>) {
    match stream {
        Stream::Plain(stream, permit) => match tokio::net::TcpStream::from_std(stream) {
            Ok(stream) => spawn(room, stream, permit, address, early),
            Err(error) => tracing::warn!(%error, "a socket could not be taken over"),
        },
        // What carries it has its place.
        Stream::Boxed(stream) => spawn(room, stream, None, address, early),
    }
}

fn spawn<S: Duplex + 'static>(
    room: &Rc<RefCell<Room>>,
    stream: S,
    permit: Option<Permit>,
    address: Option<IpAddr>,
    early: Vec<u8>,
) {
    let (client, outbox) = room.borrow_mut().enter(address);
    if early.len() > frames::MOST_MESSAGE {
        let close = Close::new(1009, "too much before the handshake was done");
        room.borrow().count_close(&close);
        outbox.close(close);
    }
    tokio::task::spawn_local(Socket {
        room: Rc::clone(room),
        stream,
        _permit: permit,
        client,
        address,
        carried: if outbox.is_closing() {
            Vec::new()
        } else {
            early
        },
        outbox,
        fragments: Fragments::default(),
        writing: Vec::new(),
        written: 0,
        tokens: Tokens::default(),
        is_first: true,
    });
}

struct Socket<S> {
    room: Rc<RefCell<Room>>,
    stream: S,
    _permit: Option<Permit>,
    client: Client,
    address: Option<IpAddr>,
    outbox: Rc<Outbox>,
    /// The beginning of a frame whose end has not come yet.
    carried: Vec<u8>,
    fragments: Fragments,
    writing: Vec<u8>,
    written: usize,
    tokens: Tokens,
    is_first: bool,
}

impl<S: Duplex> Future for Socket<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let socket = self.get_mut();
        if socket.poll_read(context).is_ready() {
            return Poll::Ready(());
        }
        socket.poll_write(context)
    }
}

impl<S: Duplex> Socket<S> {
    /// Reads until there is nothing to read; ready when the socket has ended.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let room = Rc::clone(&self.room);
        let mut room = room.borrow_mut();
        let mut buffer = std::mem::take(&mut room.buffer);
        let ended = loop {
            let carried = self.carried.len();
            buffer[..carried].copy_from_slice(&self.carried);
            let count = if std::mem::take(&mut self.is_first) && carried > 0 {
                0
            } else {
                let mut space = ReadBuf::new(&mut buffer[carried..]);
                match Pin::new(&mut self.stream).poll_read(context, &mut space) {
                    Poll::Pending => break Poll::Pending,
                    Poll::Ready(Err(_)) => break Poll::Ready(()),
                    Poll::Ready(Ok(())) if space.filled().is_empty() => break Poll::Ready(()),
                    Poll::Ready(Ok(())) => space.filled().len(),
                }
            };
            // Others write before this one goes on, so that nobody is taken for slow who is not.
            let is_full = carried + count == buffer.len();
            // A socket that is being closed is only read to see its end.
            if self.outbox.is_closing() {
                self.carried = Vec::new();
            } else if let Err(close) = self.take(&mut room, &mut buffer[..carried + count]) {
                self.carried = Vec::new();
                room.count_close(&close);
                self.outbox.close(close);
            }
            if is_full {
                context.waker().wake_by_ref();
                break Poll::Pending;
            }
        };
        room.buffer = buffer;
        ended
    }

    /// Serves the frames in `bytes`, and carries what is left to the next time.
    fn take(&mut self, room: &mut Room, mut bytes: &mut [u8]) -> Result<(), Close> {
        let mut start = Instant::now();
        let now = room.millis(start);
        self.outbox.hear(now);
        while let Some((frame, size)) = frames::take(bytes, &mut self.fragments)? {
            match frame {
                Some(Frame::Message(text)) => {
                    self.tokens.take(now)?;
                    room.message(now, &mut self.client, text);
                    let end = Instant::now();
                    let took = end.duration_since(start);
                    room.message_seconds.observe(took.as_secs_f64());
                    start = end;
                }
                Some(Frame::Ping(payload)) => {
                    self.tokens.take(now)?;
                    self.outbox.pong(payload);
                }
                Some(Frame::Pong) | None => {}
                Some(Frame::Close) => return Err(Close::new(1000, "")),
            }
            bytes = &mut bytes[size..];
        }
        self.fragments.tidy();
        // Exactly as much memory as is needed, none for a socket that waits.
        self.carried = Vec::from(&*bytes);
        Ok(())
    }

    /// Writes what waits; ready when the socket has ended.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.written == self.writing.len() {
                // TLS keeps what it was given until it is told to send it.
                if self.written > 0
                    && ready!(Pin::new(&mut self.stream).poll_flush(context)).is_err()
                {
                    return Poll::Ready(());
                }
                self.written = 0;
                self.writing = Vec::new();
                match self.outbox.next(context.waker()) {
                    Next::Send(bytes) => self.writing = bytes,
                    Next::Wait => return Poll::Pending,
                    Next::Finish => {
                        // The client ends the connection when it has read why: to end it while
                        // bytes of the client are unread would take the reason away.
                        let _ = ready!(Pin::new(&mut self.stream).poll_shutdown(context));
                        return Poll::Pending;
                    }
                    Next::End => return Poll::Ready(()),
                }
            }
            let rest = &self.writing[self.written..];
            match ready!(Pin::new(&mut self.stream).poll_write(context, rest)) {
                Ok(count @ 1..) => self.written += count,
                Ok(0) | Err(_) => return Poll::Ready(()),
            }
        }
    }
}

impl<S> Drop for Socket<S> {
    fn drop(&mut self) {
        self.room.borrow_mut().leave(&self.client, self.address);
    }
}

/// What a socket may still send.
struct Tokens {
    left: u32,
    refilled_second: u32,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            left: MOST_AT_ONCE,
            refilled_second: 0,
        }
    }
}

impl Tokens {
    /// Takes one for a message.
    fn take(&mut self, now_millis: u64) -> Result<(), Close> {
        let second = (now_millis / 1_000) as u32;
        let passed = second.saturating_sub(self.refilled_second);
        if passed > 0 {
            let more = passed.saturating_mul(MOST_A_SECOND);
            self.left = self.left.saturating_add(more).min(MOST_AT_ONCE);
            self.refilled_second = second;
        }
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            Close::new(1008, format!("more than {MOST_A_SECOND} messages a second"))
        })?;
        Ok(())
    }
}

// A frame fits into the buffer beside what a read brings.
const _: () = assert!(BUFFER > frames::MOST_MESSAGE + 1_024);
