//! What waits to be sent to a socket.

use std::cell::{Cell, RefCell};
use std::task::Waker;

use super::frames::{self, Close};

/// Most bytes that wait for a socket: it reads too slowly then, and is closed.
const MOST_WAITING: usize = 1 << 20;
/// How long a socket that is being closed may take to read what waits and to close.
const CLOSING_MILLIS: u64 = 10_000;

/// What waits for a socket, and when it last said something.
pub struct Outbox {
    waiting: RefCell<Waiting>,
    heard_millis: Cell<u64>,
    /// Millisecond at which closing was first seen by a sweep.
    closing_since: Cell<Option<u64>>,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// No more is taken; the socket ends when `bytes` are gone.
    is_closing: bool,
    /// The socket ends now.
    is_over: bool,
    waker: Option<Waker>,
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
    pub fn new(now_millis: u64) -> Self {
        Self {
            waiting: RefCell::default(),
            heard_millis: Cell::new(now_millis),
            closing_since: Cell::new(None),
        }
    }

    /// Adds a text message; false where it is not taken, because the socket closes or is too slow.
    pub fn push(&self, text: &str) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_closing {
            return false;
        }
        if waiting.bytes.len() + text.len() > MOST_WAITING {
            drop(waiting);
            self.close(Close::new(1008, "this socket reads too slowly"));
            return false;
        }
        frames::put_text(text, &mut waiting.bytes);
        waiting.wake();
        true
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

    /// Whether the socket is being closed.
    pub fn is_closing(&self) -> bool {
        self.waiting.borrow().is_closing
    }

    /// Its socket is being served: no need to wake it.
    pub fn awake(&self) {
        self.waiting.borrow_mut().waker = None;
    }

    /// What is to be done next; `waker` is woken when there is more.
    pub fn next(&self, waker: &Waker) -> Next {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_over {
            return Next::End;
        }
        if !waiting.bytes.is_empty() {
            return Next::Send(std::mem::take(&mut waiting.bytes));
        }
        waiting.waker = Some(waker.clone());
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
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}
