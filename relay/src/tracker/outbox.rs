//! What waits to be sent to a socket.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::task::Waker;

use torrent::frames::{self, Close};

/// Most bytes that wait for a socket: it reads too slowly then, and is closed.
const MOST_WAITING: usize = 1 << 20;
/// How long a socket that is being closed may take to read what waits and to close.
const CLOSING_MILLIS: u64 = 10_000;

/// What waits for a socket, and when it last said something.
pub struct Outbox {
    /// Whose it is.
    address: Option<IpAddr>,
    waiting: RefCell<Waiting>,
    heard_millis: Cell<u64>,
    /// Millisecond at which closing was first seen by a sweep.
    closing_since: Cell<Option<u64>>,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// What waits goes out now; otherwise it waits for the next collection.
    is_due: bool,
    /// No more is taken; the socket ends when `bytes` are gone.
    is_closing: bool,
    /// The socket ends now.
    is_over: bool,
    waker: Option<Waker>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It waits, and is the first that does: the outbox is to be collected.
    First,
    /// It waits with others.
    More,
    /// It was not taken: the socket closes.
    Refused,
    /// It was not taken, and the socket is closed because it reads too slowly.
    TooSlow,
}

/// What a socket is to do next.
pub enum Next {
    /// Send these.
    Send(Vec<u8>),
    /// All is sent that will be: close this direction, and wait for the other to be closed.
    Finish,
    /// End.
    End,
    /// Nothing now.
    Wait,
}

impl Outbox {
    /// Nothing waits.
    pub fn new(now_millis: u64, address: Option<IpAddr>) -> Self {
        Self {
            address,
            waiting: RefCell::default(),
            heard_millis: Cell::new(now_millis),
            closing_since: Cell::new(None),
        }
    }

    /// Whose it is.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Adds a text message, which waits for [`Outbox::collect`].
    pub fn push(&self, text: &str) -> Pushed {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_closing {
            return Pushed::Refused;
        }
        if waiting.bytes.len() + text.len() > MOST_WAITING {
            drop(waiting);
            self.close(Close::new(1008, "this socket reads too slowly"));
            return Pushed::TooSlow;
        }
        let is_first = waiting.bytes.is_empty();
        frames::put_text(text, &mut waiting.bytes);
        if is_first {
            Pushed::First
        } else {
            Pushed::More
        }
    }

    /// Lets go what waits.
    pub fn collect(&self) {
        self.waiting.borrow_mut().wake();
    }

    /// Adds the answer to a ping.
    pub fn pong(&self, payload: &[u8]) {
        let mut waiting = self.waiting.borrow_mut();
        if !waiting.is_closing && waiting.bytes.len() < MOST_WAITING {
            frames::put_pong(payload, &mut waiting.bytes);
            waiting.wake();
        }
    }

    /// Sends what waits, then why the socket is closed, and closes it.
    pub fn close(&self, close: Close) {
        let mut waiting = self.waiting.borrow_mut();
        if !waiting.is_closing {
            waiting.is_closing = true;
            frames::put_close(&close, &mut waiting.bytes);
            waiting.wake();
        }
    }

    /// Bytes that wait.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting.borrow().bytes.len()
    }

    /// Whether the socket is being closed.
    pub fn is_closing(&self) -> bool {
        self.waiting.borrow().is_closing
    }

    /// What is to be done next; `waker` is woken when there is more.
    pub fn next(&self, waker: &Waker) -> Next {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_over {
            return Next::End;
        }
        if waiting.is_due && !waiting.bytes.is_empty() {
            waiting.is_due = false;
            return Next::Send(std::mem::take(&mut waiting.bytes));
        }
        match &mut waiting.waker {
            Some(known) => known.clone_from(waker),
            empty => *empty = Some(waker.clone()),
        }
        if waiting.is_closing {
            Next::Finish
        } else {
            Next::Wait
        }
    }

    /// The socket said something.
    pub fn hear(&self, now_millis: u64) {
        self.heard_millis.set(now_millis);
    }

    /// When it last said something.
    pub fn heard_millis(&self) -> u64 {
        self.heard_millis.get()
    }

    /// Ends a socket that does not read what is left for it before it closes.
    pub fn end_if_closing_long(&self, now_millis: u64) {
        if !self.is_closing() {
            return;
        }
        let since = self.closing_since.get().unwrap_or(now_millis);
        self.closing_since.set(Some(since));
        if now_millis - since >= CLOSING_MILLIS {
            let mut waiting = self.waiting.borrow_mut();
            waiting.is_over = true;
            waiting.wake();
        }
    }
}

impl Waiting {
    fn wake(&mut self) {
        self.is_due = true;
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}
