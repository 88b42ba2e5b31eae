//! A connection to a peer: what each side has said, what is asked, and how quick it is.

use std::collections::{BTreeSet, VecDeque};

use crate::bitfield::Bitfield;
use crate::rate::Meter;
use crate::wire::{Block, Decoder, Message};
use crate::{ConnectionId, OfferId, PeerId};

/// Requests under way at first.
const FIRST_WINDOW: u32 = 16;
/// Requests under way at least, and at most.
const WINDOWS: (u32, u32) = (4, 1024);
/// Milliseconds that requests may wait at a peer beyond the time that an answer takes.
const QUEUE_MILLIS: u32 = 300;
/// Milliseconds that an answer is thought to take before one came.
const FIRST_LATENCY: u32 = 500;
/// Requests under way at most where a peer does not tell: what clients let wait by habit.
const MOST_REQUESTS: u32 = 250;

/// How far a connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// An answer to this offer is being made; then it goes to this tracker.
    Answering(String, OfferId),
    /// Both sides have described it.
    Connecting,
    /// Open; waiting for the other's handshake.
    Handshaking,
    /// Both have said who they are.
    Open,
}

/// A block that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    pub block: Block,
    pub asked: u64,
}

/// Something that a peer asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Block(Block),
    Metadata(u32),
}

/// What a peer said that it has, before it is known how many pieces there are.
#[derive(Debug, Default)]
pub struct EarlyWords {
    pub all: bool,
    pub bitfield: Option<Vec<u8>>,
    pub pieces: BTreeSet<u32>,
}

#[derive(Debug)]
pub struct Peer {
    pub connection: ConnectionId,
    pub stage: Stage,
    /// When the stage began.
    pub since: u64,
    /// We made the offer.
    pub offered: bool,
    /// From the tracker at first, from the handshake in the end.
    pub peer_id: Option<PeerId>,
    pub decoder: Decoder,
    /// Everything that is said at the beginning has been said.
    pub greeted: bool,
    pub fast: bool,
    pub extended: bool,
    pub ut_metadata: Option<u8>,
    pub dont_have: Option<u8>,
    pub metadata_size: Option<u32>,
    pub most_requests: u32,
    pub client: Option<String>,

    pub have: Bitfield,
    pub early: EarlyWords,
    /// Pieces of it that are wanted and not here.
    pub useful: u32,
    pub allowed_fast: BTreeSet<u32>,
    pub choking_us: bool,
    pub interested: bool,

    pub requests: VecDeque<Request>,
    /// Blocks that were asked for and given to others, which may still come.
    pub given_up: VecDeque<Block>,
    /// Blocks that came without having been asked for.
    pub unasked: u32,
    window: u32,
    /// Milliseconds from a request to its block: the shortest of late, and the usual.
    shortest: Option<u32>,
    pub latency: u32,
    pub last_block: u64,
    pub snubbed: bool,

    pub choked: bool,
    pub wants: bool,
    pub wishes: VecDeque<Wish>,
    /// Requests in a row that were not taken.
    pub refused: u32,
    /// Bytes that wait in the channel.
    pub buffered: u32,
    pub out: Vec<u8>,

    pub down: Meter,
    pub up: Meter,
    pub last_received: u64,
    pub last_sent: u64,
    /// Since when neither side has wanted anything.
    pub idle_since: Option<u64>,
}

impl Peer {
    pub fn new(connection: ConnectionId, stage: Stage, now: u64, pieces: u32) -> Self {
        Self {
            connection,
            stage,
            since: now,
            offered: false,
            peer_id: None,
            decoder: Decoder::default(),
            greeted: false,
            fast: false,
            extended: false,
            ut_metadata: None,
            dont_have: None,
            metadata_size: None,
            most_requests: MOST_REQUESTS,
            client: None,
            have: Bitfield::new(pieces),
            early: EarlyWords::default(),
            useful: 0,
            allowed_fast: BTreeSet::new(),
            choking_us: true,
            interested: false,
            requests: VecDeque::new(),
            given_up: VecDeque::new(),
            unasked: 0,
            window: FIRST_WINDOW,
            shortest: None,
            latency: FIRST_LATENCY,
            last_block: now,
            snubbed: false,
            choked: true,
            wants: false,
            wishes: VecDeque::new(),
            refused: 0,
            buffered: 0,
            out: Vec::new(),
            down: Meter::default(),
            up: Meter::default(),
            last_received: now,
            last_sent: now,
            idle_since: None,
        }
    }

    pub fn is_open(&self) -> bool {
        self.stage == Stage::Open
    }

    /// Connected, but perhaps without the other's handshake.
    pub fn is_connected(&self) -> bool {
        matches!(self.stage, Stage::Handshaking | Stage::Open)
    }

    pub fn say(&mut self, message: &Message<'_>) {
        message.encode(&mut self.out);
    }

    /// Whether a piece may be asked for.
    pub fn may_ask(&self, piece: u32) -> bool {
        self.have.get(piece) && (!self.choking_us || self.allowed_fast.contains(&piece))
    }

    /// Requests that may be added now.
    pub fn room(&self) -> usize {
        let window = if self.snubbed { 1 } else { self.window };
        let window = window.min(self.most_requests) as usize;
        window.saturating_sub(self.requests.len())
    }

    /// Milliseconds until a request would be answered that is added now.
    pub fn expected(&self, now: u64) -> u64 {
        let waiting = self.requests.iter().map(|request| request.block.length);
        let bytes: u64 = waiting.map(u64::from).sum();
        let rate = u64::from(self.down.rate(now)).max(1);
        let queue = if self.requests.is_empty() {
            0
        } else {
            bytes * 1000 / rate
        };
        u64::from(self.shortest.unwrap_or(FIRST_LATENCY)) + queue.min(60_000)
    }

    /// Takes the answer to a request: the window grows while answers come quickly, and shrinks
    /// while they wait in a queue.
    pub fn answered(&mut self, now: u64, request: &Request) {
        let took = (now - request.asked.min(now)).min(60_000) as u32;
        // The shortest is forgotten little by little, so that a change of route is noticed.
        let shortest = self
            .shortest
            .map_or(took, |old| took.min(old + old / 512 + 1));
        self.shortest = Some(shortest);
        self.latency = (self.latency * 7 + took) / 8;
        let is_full = self.requests.len() as u32 * 2 >= self.window;
        if is_full && took <= shortest + QUEUE_MILLIS {
            self.window = (self.window + 1).min(WINDOWS.1);
        } else if took > shortest + QUEUE_MILLIS * 3 / 2 {
            self.window = (self.window - 1).max(WINDOWS.0);
        }
        self.last_block = now;
        self.snubbed = false;
    }
}
