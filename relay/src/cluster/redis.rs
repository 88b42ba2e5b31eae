//! The task that speaks with Redis: two connections, one that publishes and one that is subscribed
//! to the channel of all relays and to this relay's own.

use std::time::Duration;

use futures_util::StreamExt as _;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use torrent::tracker::{MOST_BUS_BYTES, Outgoing, RelayId};

use crate::metrics::{Adapters, ClusterMetrics};

/// How long Redis may take to answer before it is taken for gone.
const MOST_WAIT: Duration = Duration::from_secs(2);
/// How long nothing may come: this relay's own pulse comes back every second.
const MOST_SILENCE: Duration = Duration::from_secs(5);
/// How often Redis is asked whether it is there, and every so many times for its memory.
const ASK_EVERY: Duration = Duration::from_secs(2);
const MEMORY_EVERY: u32 = 8;
/// Wait after the first failure, and the longest one.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// Messages that are published at once.
const BATCH: usize = 64;

/// Names of the channels.
pub struct Channels {
    prefix: String,
    own: String,
}

impl Channels {
    /// The channels of relays with this prefix, of which one is `id`.
    pub fn new(prefix: &str, id: RelayId) -> Self {
        let prefix = format!("{prefix}:1:");
        Self {
            own: format!("{prefix}{id}"),
            prefix,
        }
    }

    fn all(&self) -> String {
        format!("{}all", self.prefix)
    }

    fn of(&self, to: Option<RelayId>) -> String {
        to.map_or_else(|| self.all(), |id| format!("{}{id}", self.prefix))
    }
}

/// What the task needs.
pub struct Task {
    /// The way to Redis.
    pub client: Client,
    /// Where messages go.
    pub channels: Channels,
    /// What is counted.
    pub metrics: ClusterMetrics,
    /// Where it shows whether Redis is there.
    pub adapters: Adapters,
    /// What the tracker says.
    pub from_tracker: Receiver<Outgoing>,
    /// What others say.
    pub to_tracker: Sender<Vec<u8>>,
}

/// Why it does not go on.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("{0}: {1}")]
    Redis(&'static str, RedisError),
    #[error("{0}: no answer within {limit} s", limit = MOST_WAIT.as_secs())]
    Late(&'static str),
    #[error("nothing came for {} s", MOST_SILENCE.as_secs())]
    Silent,
    #[error("the subscription ended")]
    Ended,
}

/// Both connections.
struct Session {
    commands: MultiplexedConnection,
    messages: PubSub,
}

impl Task {
    /// Connects, serves, and begins anew, until the tracker is gone.
    pub async fn run(mut self) {
        let mut wait = RETRY.0;
        let mut was_told = false;
        loop {
            let lost = match self.connect().await {
                Ok(session) => {
                    (wait, was_told) = (RETRY.0, false);
                    self.show(true);
                    tracing::info!("Redis is there: swarms are shared with other relays");
                    match self.serve(session).await {
                        Ok(()) => return,
                        Err(lost) => lost,
                    }
                }
                Err(lost) => lost,
            };
            self.show(false);
            // Once, not at every try.
            if !std::mem::replace(&mut was_told, true) {
                tracing::warn!(%lost, "Redis is away: this relay goes on by itself");
            }
            if self.wait(wait).await.is_none() {
                return;
            }
            wait = (wait * 2).min(RETRY.1);
        }
    }

    fn show(&self, is_connected: bool) {
        self.adapters.set("redis", Some(is_connected));
        self.metrics.connected.set(Some(is_connected.into()));
        if !is_connected {
            self.metrics.memory.set(None);
        }
    }

    /// Waits for the next try; what is to be sent meanwhile is lost, and counted.
    async fn wait(&mut self, longest: Duration) -> Option<()> {
        // Relays that lost Redis in one moment come back one after the other.
        let share = u32::from(self.channels.own.bytes().next_back().unwrap_or_default()) % 16;
        let until = Instant::now() + longest * (16 + share) / 32;
        loop {
            match tokio::time::timeout_at(until, self.from_tracker.recv()).await {
                Ok(Some(_)) => self.metrics.dropped_away.inc(),
                Ok(None) => return None,
                Err(_) => return Some(()),
            }
        }
    }

    async fn connect(&self) -> Result<Session, Lost> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(MOST_WAIT))
            .set_response_timeout(Some(MOST_WAIT));
        let commands = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let commands = self.timed("connect", commands).await?;
        let mut messages = self
            .timed("connect", self.client.get_async_pubsub())
            .await?;
        for channel in [self.channels.all(), self.channels.own.clone()] {
            self.timed("subscribe", messages.subscribe(channel)).await?;
        }
        Ok(Session { commands, messages })
    }

    /// Does something with Redis; how long it took and whether it failed is counted.
    async fn timed<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, Lost> {
        let timer = self.metrics.seconds(operation).start_timer();
        let done = timeout(MOST_WAIT, work).await;
        timer.observe_duration();
        let done = match done {
            Ok(done) => done.map_err(|error| Lost::Redis(operation, error)),
            Err(_) => Err(Lost::Late(operation)),
        };
        if done.is_err() {
            self.metrics.errors(operation).inc();
        }
        done
    }

    /// Serves until Redis is lost; or until the tracker is gone, which is no error.
    async fn serve(&mut self, session: Session) -> Result<(), Lost> {
        let Session {
            mut commands,
            messages,
        } = session;
        let mut messages = messages.into_on_message();
        let mut asks = interval(ASK_EVERY);
        asks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asked = 0;
        let mut heard = Instant::now();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                message = messages.next() => {
                    let message = message.ok_or(Lost::Ended)?;
                    heard = Instant::now();
                    self.take_in(message.get_payload_bytes());
                }
                count = self.from_tracker.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return Ok(());
                    }
                    self.publish(&mut commands, &mut batch).await?;
                }
                _ = asks.tick() => {
                    if heard.elapsed() > MOST_SILENCE {
                        return Err(Lost::Silent);
                    }
                    self.ask(&mut commands, asked % MEMORY_EVERY == 0).await?;
                    asked += 1;
                }
            }
        }
    }

    /// A message of the bus.
    fn take_in(&self, bytes: &[u8]) {
        if bytes.len() > MOST_BUS_BYTES {
            self.metrics.unreadable.inc();
            return;
        }
        match self.to_tracker.try_send(bytes.to_vec()) {
            Ok(()) => self.metrics.received.inc(),
            Err(TrySendError::Full(_)) => self.metrics.dropped_in.inc(),
            // The tracker is gone, and with it this task soon.
            Err(TrySendError::Closed(_)) => {}
        }
    }

    async fn publish(
        &self,
        commands: &mut MultiplexedConnection,
        batch: &mut Vec<Outgoing>,
    ) -> Result<(), Lost> {
        let mut pipeline = redis::pipe();
        for Outgoing { to, bytes } in batch.iter() {
            pipeline.publish(self.channels.of(*to), bytes.as_slice());
        }
        let receivers: Result<Vec<u64>, Lost> =
            self.timed("publish", pipeline.query_async(commands)).await;
        let count = batch.len() as u64;
        let sent = batch.drain(..);
        match receivers {
            Ok(receivers) => {
                self.metrics.sent.inc_by(count);
                // A relay that is gone a moment ago.
                let nobody = sent.zip(&receivers);
                let nobody = nobody.filter(|(message, count)| message.to.is_some() && **count == 0);
                self.metrics.dropped_nobody.inc_by(nobody.count() as u64);
                Ok(())
            }
            Err(lost) => {
                self.metrics.dropped_away.inc_by(count);
                Err(lost)
            }
        }
    }

    async fn ask(
        &self,
        commands: &mut MultiplexedConnection,
        wants_memory: bool,
    ) -> Result<(), Lost> {
        let ping = redis::cmd("PING");
        let _: String = self.timed("ping", ping.query_async(commands)).await?;
        if wants_memory {
            let mut info = redis::cmd("INFO");
            info.arg("memory");
            // An operator may forbid it to this user: then there is no series.
            let info: Result<String, Lost> = self.timed("info", info.query_async(commands)).await;
            let used = info.ok().and_then(|text| used_memory(&text));
            self.metrics.memory.set(used);
        }
        Ok(())
    }
}

/// `used_memory` of what `INFO memory` answers.
fn used_memory(text: &str) -> Option<u64> {
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix("used_memory:"))?;
    value.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_named_by_prefix_version_and_relay() {
        let channels = Channels::new("sidereal", RelayId(255));
        assert_eq!(channels.of(None), "sidereal:1:all");
        assert_eq!(channels.own, "sidereal:1:00000000000000ff");
        assert_eq!(channels.of(Some(RelayId(255))), channels.own);
    }

    #[test]
    fn memory_is_read_where_it_is_told() {
        assert_eq!(
            used_memory("# Memory\r\nused_memory:1024\r\nused_memory_human:1K\r\n"),
            Some(1_024)
        );
        assert_eq!(used_memory("# Memory\r\n"), None);
        assert_eq!(used_memory("used_memory:many"), None);
    }
}
