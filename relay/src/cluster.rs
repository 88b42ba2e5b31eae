//! More than one relay: swarms are shared over the channels of a Redis.
//!
//! Redis keeps nothing of it: what relays tell each other passes through, and each remembers what it
//! heard (`torrent::tracker`, [`Tracker::sharing`](torrent::tracker::Tracker::sharing)). The
//! tracker's thread never waits: it puts messages into a queue, and those that find no room are
//! counted. A task of its own speaks with Redis; while that is away, what would be sent is dropped
//! and counted, the others' peers are forgotten after a few seconds, and the relay goes on by itself.

mod redis;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use ::redis::{Client, ConnectionAddr};
use serde::Deserialize;
use tokio::sync::mpsc;
use torrent::tracker::{Outgoing, RelayId};

use crate::metrics::{Adapters, ClusterMetrics};

/// Messages that wait for Redis, and messages that wait for the tracker.
const MOST_WAITING: usize = 8_192;

/// Where Redis is. Its password never shows.
#[derive(Clone)]
pub struct Address {
    client: Client,
    text: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "Address({self})")
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) => write!(to, "{host}:{port}"),
            other => write!(to, "{other}"),
        }
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl std::str::FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words = "expected an address such as redis://127.0.0.1:6379 or redis+unix:///path";
        if text.starts_with("rediss:") {
            return Err(format!(
                "{words}: for a Redis elsewhere use a private network or a tunnel"
            ));
        }
        // What was found is not said: a password may be in it.
        let client = Client::open(text).map_err(|_| words.to_owned())?;
        Ok(Self {
            client,
            text: text.to_owned(),
        })
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// What an operator says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where Redis is.
    pub address: Address,
    /// What the names of its channels begin with: relays with the same one share their swarms.
    pub prefix: String,
}

/// What the tracker's thread has of it.
pub struct Share {
    /// This relay.
    pub id: RelayId,
    /// What is counted.
    pub metrics: ClusterMetrics,
    to_bus: mpsc::Sender<Outgoing>,
    from_bus: mpsc::Receiver<Vec<u8>>,
}

impl Share {
    /// Hands messages over, as far as there is room.
    pub fn send(&self, outgoing: Vec<Outgoing>) {
        for message in outgoing {
            if self.to_bus.try_send(message).is_err() {
                self.metrics.dropped_out.inc();
            }
        }
        let waiting = MOST_WAITING - self.to_bus.capacity();
        self.metrics.queue_out.set(waiting as i64);
    }

    /// The next message of another relay.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        self.from_bus.recv().await
    }
}

/// Starts speaking with Redis, and goes on for as long as the process lives.
#[must_use]
pub fn start(config: Config, metrics: ClusterMetrics, adapters: Adapters) -> Share {
    // The operating system's randomness, by way of what protects hash maps with it.
    let id = RelayId(RandomState::new().build_hasher().finish());
    let (to_bus, from_tracker) = mpsc::channel(MOST_WAITING);
    let (to_tracker, from_bus) = mpsc::channel(MOST_WAITING);
    adapters.set("redis", Some(false));
    tracing::info!(relay = %id, redis = %config.address, "swarms are shared");
    let task = redis::Task {
        channels: redis::Channels::new(&config.prefix, id),
        client: config.address.client,
        metrics: metrics.clone(),
        adapters,
        from_tracker,
        to_tracker,
    };
    tokio::spawn(task.run());
    Share {
        id,
        metrics,
        to_bus,
        from_bus,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_its_password_never_shown() {
        let address: Address = "redis://user:secret@127.0.0.1:6379/0".parse().unwrap();
        assert_eq!(
            format!("{address} {address:?}"),
            "127.0.0.1:6379 Address(127.0.0.1:6379)"
        );
        for text in [
            "",
            "http://secret",
            "127.0.0.1",
            "rediss://u:secret@a.example",
        ] {
            let words = text.parse::<Address>().unwrap_err();
            assert!(words.contains("redis://127.0.0.1:6379"), "{words}");
            assert!(!words.contains("secret"), "{words}");
        }
    }
}
