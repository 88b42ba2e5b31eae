//! `/announce`: the WebTorrent tracker.
//!
//! One thread owns all swarms and all sockets: a message is read, understood, and put into the
//! outboxes of those whom it concerns, without a lock or a queue on the way, and what gathers in
//! an outbox goes out in one write. Nothing is dropped silently: a socket that reads too slowly or
//! says too much is closed with the reason.

mod outbox;
mod sharing;
mod socket;
#[cfg(test)]
mod tests;
mod upgrade;

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use prometheus::IntGauge;
use prometheus::local::LocalHistogram;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;
use torrent::InfoHash;
use torrent::announce::{Action, ClientMessage, Counts, Failure, TrackerMessage};
use torrent::frames::Close;
use torrent::tracker::{Client, ClientId, Outcome, Tracker};

use crate::blocks::{self, Blocks};
use crate::cluster::Share;
use crate::edge::network;
use crate::metrics::TrackerMetrics;
use outbox::{Outbox, Pushed};
use socket::Stream;
pub use upgrade::announce;

/// Settings of the tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Swarms' settings.
    pub swarms: torrent::tracker::Config,
    /// Most sockets of one address; one network, where it is of version 6. Those of this machine
    /// are not counted: a proxy may stand before the relay.
    pub most_sockets: usize,
    /// Whether a scrape that names no torrent is told of all.
    pub full_scrape: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            swarms: torrent::tracker::Config::default(),
            most_sockets: 128,
            full_scrape: false,
        }
    }
}

/// The way to the tracker's thread. Clones lead to the same.
#[derive(Clone)]
pub struct Hub {
    to_thread: mpsc::UnboundedSender<ToThread>,
    /// Sockets on the way to the thread.
    handover: IntGauge,
}

/// How long the tracker's thread may take to answer before it is taken for stuck.
const MOST_SILENCE: Duration = Duration::from_secs(1);

enum ToThread {
    /// A socket that has agreed to speak WebSocket, whose it is, and bytes that came along.
    Socket(Stream, Option<IpAddr>, Vec<u8>),
    /// Tell everybody to go elsewhere.
    Stop,
    /// Turn these away from now on.
    Block(Arc<Blocks>),
    /// Tell the largest swarms.
    Swarms(usize, oneshot::Sender<Vec<(InfoHash, Counts)>>),
    /// Set the gauges, and say so.
    Measure(oneshot::Sender<()>),
}

impl Hub {
    /// Starts the tracker on a thread of its own, which ends with the last [`Hub`].
    ///
    /// # Errors
    /// The machine refuses a thread.
    pub fn start(config: Config, metrics: TrackerMetrics) -> std::io::Result<Self> {
        Self::start_sharing(config, metrics, None)
    }

    /// The same, with swarms that other relays share.
    ///
    /// # Errors
    /// The machine refuses a thread.
    pub fn start_sharing(
        config: Config,
        metrics: TrackerMetrics,
        share: Option<Share>,
    ) -> std::io::Result<Self> {
        let (to_thread, from_hub) = mpsc::unbounded_channel();
        let handover = metrics.handover.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        std::thread::Builder::new()
            .name("tracker".into())
            .spawn(move || {
                tokio::task::LocalSet::new()
                    .block_on(&runtime, run(config, metrics, share, from_hub));
            })?;
        Ok(Self {
            to_thread,
            handover,
        })
    }

    fn add(&self, stream: Stream, address: Option<IpAddr>, early: Vec<u8>) {
        self.handover.inc();
        // Without its thread the tracker is gone, and dropping the stream says so.
        let _ = self
            .to_thread
            .send(ToThread::Socket(stream, address, early));
    }

    /// Brings the gauges up to date; whether the tracker's thread did so.
    pub async fn measure(&self) -> bool {
        let (done, is_done) = oneshot::channel();
        let _ = self.to_thread.send(ToThread::Measure(done));
        matches!(
            tokio::time::timeout(MOST_SILENCE, is_done).await,
            Ok(Ok(()))
        )
    }

    /// Turns these away from now on: sockets of blocked addresses are closed, swarms of blocked
    /// torrents forgotten.
    pub fn block(&self, blocks: Arc<Blocks>) {
        let _ = self.to_thread.send(ToThread::Block(blocks));
    }

    /// The largest swarms; none where the tracker's thread does not answer.
    pub async fn swarms(&self, most: usize) -> Option<Vec<(InfoHash, Counts)>> {
        let (told, is_told) = oneshot::channel();
        let _ = self.to_thread.send(ToThread::Swarms(most, told));
        tokio::time::timeout(MOST_SILENCE, is_told).await.ok()?.ok()
    }

    /// Closes all sockets with words: the relay stops.
    pub fn stop(&self) {
        let _ = self.to_thread.send(ToThread::Stop);
    }
}

/// What the tracker's thread owns.
struct Room {
    config: Config,
    metrics: TrackerMetrics,
    tracker: Tracker,
    post: Post,
    addresses: HashMap<IpAddr, usize>,
    next_client: u32,
    /// What is turned away, once somebody has said.
    blocks: Option<Arc<Blocks>>,
    start: Instant,
    /// Counted here, handed over when the tracker is measured: a message takes little longer than
    /// counting between threads would.
    message_seconds: LocalHistogram,
    /// What all sockets read into.
    buffer: Vec<u8>,
    /// Wakes who tells other relays.
    has_outgoing: Rc<Notify>,
}

/// The outboxes of all sockets.
struct Post {
    outboxes: HashMap<ClientId, Rc<Outbox>>,
    /// Those that have something and wait to be collected.
    full: Vec<Rc<Outbox>>,
    /// Wakes who collects.
    is_full: Rc<Notify>,
    /// The message that is being sent; kept for its memory.
    scratch: String,
    metrics: TrackerMetrics,
}

/// Longest time that messages gather before they go out, under load. A write costs several times
/// what a message does, and introductions do not hurry: a browser needs far longer to describe
/// itself. A tracker that has little to do sends at once.
const MOST_GATHERING: Duration = Duration::from_millis(32);
/// Shortest time that is worth a timer.
const LEAST_GATHERING: Duration = Duration::from_millis(1);
/// Outboxes that fill in one go when there is load.
const LOAD: usize = 16;

/// Bytes of the buffer that all sockets share.
const BUFFER: usize = 128 << 10;

async fn run(
    config: Config,
    metrics: TrackerMetrics,
    share: Option<Share>,
    mut from_hub: mpsc::UnboundedReceiver<ToThread>,
) {
    let room = Rc::new(RefCell::new(Room::new(config, metrics)));
    tokio::task::spawn_local(collect(Rc::clone(&room)));
    if let Some(share) = share {
        tokio::task::spawn_local(sharing::run(Rc::clone(&room), share));
    }
    let quarter = Duration::from_secs(u64::from(config.swarms.interval_seconds.max(4)) / 4);
    let mut sweeps = tokio::time::interval(quarter);
    loop {
        tokio::select! {
            message = from_hub.recv() => match message {
                Some(ToThread::Socket(stream, address, early)) => {
                    room.borrow().metrics.handover.dec();
                    socket::open(&room, stream, address, early);
                }
                Some(ToThread::Stop) => {
                    for outbox in room.borrow().post.outboxes.values() {
                        outbox.close(Close::new(1001, "the relay stops"));
                    }
                    room.borrow_mut().tracker.say_goodbye();
                    room.borrow().has_outgoing.notify_one();
                }
                Some(ToThread::Block(blocks)) => room.borrow_mut().block(blocks),
                Some(ToThread::Swarms(most, told)) => {
                    // Whoever asked may have stopped waiting.
                    let _ = told.send(room.borrow().swarms(most));
                }
                Some(ToThread::Measure(done)) => {
                    room.borrow().measure();
                    // Whoever asked may have stopped waiting.
                    let _ = done.send(());
                }
                None => return,
            },
            _ = sweeps.tick() => room.borrow_mut().sweep(),
        }
    }
}

/// Lets out what has gathered, again and again: at once while there is little, and after the longer
/// the more there is.
async fn collect(room: Rc<RefCell<Room>>) {
    let is_full = Rc::clone(&room.borrow().post.is_full);
    let gathering_seconds = room.borrow().metrics.gathering_seconds.clone();
    let mut gathering = Duration::ZERO;
    loop {
        is_full.notified().await;
        let since = Instant::now();
        if gathering.is_zero() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(gathering).await;
        }
        let full = std::mem::take(&mut room.borrow_mut().post.full);
        for outbox in &full {
            outbox.collect();
        }
        gathering_seconds.observe(since.elapsed().as_secs_f64());
        gathering = if full.len() >= LOAD {
            (gathering * 2).clamp(LEAST_GATHERING, MOST_GATHERING)
        } else if gathering > LEAST_GATHERING {
            gathering / 2
        } else {
            Duration::ZERO
        };
    }
}

impl Room {
    fn new(config: Config, metrics: TrackerMetrics) -> Self {
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let seed = time.map_or(0, |time| time.as_nanos() as u64);
        Self {
            tracker: Tracker::new(config.swarms, seed),
            post: Post {
                outboxes: HashMap::new(),
                full: Vec::new(),
                is_full: Rc::default(),
                scratch: String::new(),
                metrics: metrics.clone(),
            },
            config,
            message_seconds: metrics.message_seconds.local(),
            metrics,
            addresses: HashMap::new(),
            next_client: 0,
            blocks: None,
            start: Instant::now(),
            buffer: vec![0; BUFFER],
            has_outgoing: Rc::default(),
        }
    }

    fn now_millis(&self) -> u64 {
        self.millis(Instant::now())
    }

    fn millis(&self, at: Instant) -> u64 {
        at.duration_since(self.start).as_millis() as u64
    }

    /// A socket comes in: whose it is, and what will be sent to it.
    fn enter(&mut self, address: Option<IpAddr>) -> (Client, Rc<Outbox>) {
        let id = ClientId(self.next_client);
        self.next_client = self.next_client.wrapping_add(1);
        let outbox = Rc::new(Outbox::new(self.now_millis(), address));
        if let Some(address) = address.and_then(network) {
            let count = self.addresses.entry(address).or_default();
            *count += 1;
            if *count > self.config.most_sockets {
                let most = self.config.most_sockets;
                self.metrics.limited_sockets.inc();
                outbox.close(Close::new(
                    1008,
                    format!("more than {most} sockets of an address"),
                ));
            }
        }
        self.close_if_blocked(&outbox);
        self.post.outboxes.insert(id, Rc::clone(&outbox));
        self.metrics.sockets.inc();
        (Client::new(id), outbox)
    }

    fn close_if_blocked(&self, outbox: &Outbox) {
        if let (Some(blocks), Some(address)) = (&self.blocks, outbox.address())
            && !outbox.is_closing()
            && blocks.has_address(address)
        {
            blocks.metrics.sockets.inc();
            outbox.close(Close::new(1008, blocks::ADDRESS_WORDS));
        }
    }

    fn block(&mut self, blocks: Arc<Blocks>) {
        for hash in blocks.torrents() {
            self.tracker.forget(hash);
        }
        self.tell_others();
        self.blocks = Some(blocks);
        for outbox in self.post.outboxes.values() {
            self.close_if_blocked(outbox);
        }
    }

    fn swarms(&self, most: usize) -> Vec<(InfoHash, Counts)> {
        let mut all: Vec<_> = self.tracker.own_counts().collect();
        all.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.complete + counts.incomplete));
        all.truncate(most);
        all
    }

    /// A socket is gone.
    fn leave(&mut self, client: &Client, address: Option<IpAddr>) {
        for (info_hash, peer_id) in client.joined() {
            self.tracker.leave(client.id(), info_hash, peer_id);
        }
        self.tell_others();
        self.post.outboxes.remove(&client.id());
        if let Some(address) = address.and_then(network)
            && let Some(count) = self.addresses.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.addresses.remove(&address);
            }
        }
        self.metrics.sockets.dec();
    }

    /// Serves a message.
    fn message(&mut self, now: u64, client: &mut Client, text: &str) {
        let message = match ClientMessage::parse(text) {
            Ok(message) => message,
            Err(error) => return self.refuse(client.id(), error.0),
        };
        if let (ClientMessage::Announce(announce), Some(blocks)) = (&message, &self.blocks)
            && blocks.has_torrent(&announce.info_hash)
        {
            self.metrics.announces.inc();
            blocks.metrics.announces.inc();
            let failure = Failure {
                action: Action::Announce,
                info_hash: Some(announce.info_hash),
                reason: blocks::TORRENT_WORDS.into(),
            };
            return self
                .post
                .send(client.id(), &TrackerMessage::Failure(failure));
        }
        let Self {
            tracker,
            metrics,
            post,
            ..
        } = self;
        let send = |to, message: &TrackerMessage<'_>| post.send(to, message);
        let (outcome, relayed, refused) = match message {
            ClientMessage::Announce(announce) => {
                metrics.announces.inc();
                let outcome = tracker.announce(now, client, &announce, send);
                (outcome, &metrics.relayed_offers, &metrics.refused_announces)
            }
            ClientMessage::Answer(answer) => {
                metrics.answers.inc();
                let outcome = tracker.answer(now, client, &answer, send);
                (outcome, &metrics.relayed_answers, &metrics.refused_answers)
            }
            ClientMessage::Scrape(hashes) => {
                metrics.scrapes.inc();
                return self.scrape(client.id(), &hashes);
            }
        };
        match outcome {
            Outcome::Relayed(count) => relayed.inc_by(u64::from(count)),
            Outcome::Gone => self.metrics.gone.inc(),
            Outcome::Refused => refused.inc(),
        }
        self.tell_others();
    }

    /// Wakes who tells other relays, where there is something to tell.
    fn tell_others(&self) {
        if self.tracker.has_outgoing() {
            self.has_outgoing.notify_one();
        }
    }

    fn scrape(&mut self, to: ClientId, hashes: &[InfoHash]) {
        let counts = if !hashes.is_empty() {
            let of = |hash: &InfoHash| (*hash, self.tracker.counts(hash));
            hashes.iter().map(of).collect()
        } else if self.config.full_scrape {
            self.tracker.all_counts()
        } else {
            let failure = Failure {
                action: Action::Scrape,
                info_hash: None,
                reason: "a scrape names its torrents".into(),
            };
            return self.refuse(to, failure);
        };
        self.post.send(to, &TrackerMessage::Scrape(counts));
    }

    fn refuse(&mut self, to: ClientId, failure: Failure<'_>) {
        self.metrics.unreadable.inc();
        self.post.send(to, &TrackerMessage::Failure(failure));
    }

    /// Counts a socket that is closed for what its client sent.
    fn count_close(&self, close: &Close) {
        match close.status {
            // The client closes.
            1000 => {}
            1008 => self.metrics.limited_messages.inc(),
            1009 => self.metrics.closed_large.inc(),
            _ => self.metrics.closed_protocol.inc(),
        }
    }

    /// Forgets peers that fell silent, and closes sockets that did.
    fn sweep(&mut self) {
        let now = self.now_millis();
        self.tracker.sweep(now);
        self.tell_others();
        let most = 2_000 * u64::from(self.config.swarms.interval_seconds);
        for outbox in self.post.outboxes.values() {
            let is_silent = now.saturating_sub(outbox.heard_millis()) > most;
            if is_silent && !outbox.is_closing() {
                self.metrics.closed_silent.inc();
                outbox.close(Close::new(1000, "nothing was said for two intervals"));
            }
            outbox.end_if_closing_long(now);
        }
    }

    /// Sets the gauges.
    fn measure(&self) {
        let (mut swarms, mut seeders, mut leechers) = (0, 0, 0);
        for (_, counts) in self.tracker.own_counts() {
            swarms += 1;
            seeders += i64::from(counts.complete);
            leechers += i64::from(counts.incomplete);
        }
        let outboxes = self.post.outboxes.values();
        let waiting: usize = outboxes.map(|outbox| outbox.waiting_bytes()).sum();
        self.metrics.swarms.set(swarms);
        self.metrics.seeders.set(seeders);
        self.metrics.peers.set(seeders + leechers);
        self.metrics.waiting_bytes.set(waiting as i64);
        self.message_seconds.flush();
    }
}

impl Post {
    fn send(&mut self, to: ClientId, message: &TrackerMessage<'_>) {
        let Some(outbox) = self.outboxes.get(&to) else {
            return self.metrics.lost.inc();
        };
        self.scratch.clear();
        message.write(&mut self.scratch);
        match outbox.push(&self.scratch) {
            Pushed::First => {
                self.full.push(Rc::clone(outbox));
                self.is_full.notify_one();
            }
            Pushed::More => {}
            Pushed::Refused => self.metrics.lost.inc(),
            Pushed::TooSlow => {
                self.metrics.closed_slow.inc();
                self.metrics.lost.inc();
            }
        }
    }
}
