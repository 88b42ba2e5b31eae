//! What the relay turns away: torrents, and addresses. The operator's page keeps the list; the
//! tracker and the router go by it.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use protocol::admin::{BlockKind, Problem};
use protocol::network::Network;
use torrent::InfoHash;

use crate::edge::client_address;
use crate::metrics::BlockMetrics;

/// What clients of a blocked address are told.
pub const ADDRESS_WORDS: &str = "this address is blocked by the operator of the relay";
/// What clients of a blocked torrent are told.
pub const TORRENT_WORDS: &str = "this torrent is blocked by the operator of the tracker";

/// Something that can be blocked, understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A torrent.
    Torrent(InfoHash),
    /// An address or a network.
    Address(Network),
}

impl Wanted {
    /// Reads what an operator wrote.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(kind: BlockKind, text: &str) -> Result<Self, String> {
        let text = text.trim();
        match kind {
            BlockKind::Torrent => {
                let hash = text.to_ascii_lowercase().parse();
                hash.map(Self::Torrent).map_err(|_| {
                    "a torrent is blocked by its info hash: 40 hexadecimal digits".into()
                })
            }
            BlockKind::Address => text
                .parse()
                .map(Self::Address)
                .map_err(|error: protocol::network::Error| error.to_string()),
        }
    }

    /// In one way, whatever way it was written.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Torrent(hash) => hash.to_string(),
            Self::Address(network) => network.to_string(),
        }
    }
}

/// Everything that is blocked.
#[derive(Clone)]
pub struct Blocks {
    torrents: HashSet<InfoHash>,
    /// Single addresses, of which there may be many.
    single: BTreeSet<Network>,
    networks: Vec<Network>,
    /// What was turned away.
    pub metrics: BlockMetrics,
}

impl Blocks {
    /// Nothing, or these.
    pub fn new(metrics: BlockMetrics, all: impl IntoIterator<Item = Wanted>) -> Self {
        let mut blocks = Self {
            torrents: HashSet::new(),
            single: BTreeSet::new(),
            networks: Vec::new(),
            metrics,
        };
        for wanted in all {
            match wanted {
                Wanted::Torrent(hash) => {
                    blocks.torrents.insert(hash);
                }
                Wanted::Address(network) if network.is_single() => {
                    blocks.single.insert(network);
                }
                Wanted::Address(network) => blocks.networks.push(network),
            }
        }
        blocks
    }

    /// Whether a torrent is.
    #[must_use]
    pub fn has_torrent(&self, hash: &InfoHash) -> bool {
        self.torrents.contains(hash)
    }

    /// Those that are.
    pub fn torrents(&self) -> impl Iterator<Item = &InfoHash> {
        self.torrents.iter()
    }

    /// Whether an address is.
    #[must_use]
    pub fn has_address(&self, address: IpAddr) -> bool {
        let is_of = |network: &Network| network.contains(address);
        self.single.contains(&Network::one(address)) || self.networks.iter().any(is_of)
    }
}

/// What is blocked now. Clones share it.
#[derive(Clone)]
pub struct Gate(Arc<RwLock<Arc<Blocks>>>);

impl Gate {
    /// Nothing is blocked.
    #[must_use]
    pub fn new(metrics: BlockMetrics) -> Self {
        let nothing = Blocks::new(metrics, []);
        Self(Arc::new(RwLock::new(Arc::new(nothing))))
    }

    /// What is blocked.
    #[must_use]
    pub fn now(&self) -> Arc<Blocks> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Blocks these from now on, and nothing else.
    pub fn set(&self, all: impl IntoIterator<Item = Wanted>) -> Arc<Blocks> {
        let blocks = Arc::new(Blocks::new(self.now().metrics.clone(), all));
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *now = Arc::clone(&blocks);
        blocks
    }
}

/// Turns blocked addresses away from what costs the relay something, and from the operator's page;
/// the app itself and health stay for everybody.
pub async fn check(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_closed = ["/seed/", "/api/v1/", "/announce"]
        .iter()
        .any(|closed| path.starts_with(closed));
    if is_closed && let Some(address) = client_address(&request) {
        let blocks = gate.now();
        if blocks.has_address(address) {
            blocks.metrics.requests.inc();
            let problem = Problem {
                error: ADDRESS_WORDS.into(),
                retry_seconds: None,
            };
            return (StatusCode::FORBIDDEN, Json(problem)).into_response();
        }
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn what_an_operator_writes_is_understood_or_told() {
        let check = |kind, text: &str, expected: Result<&str, &str>| {
            let found = Wanted::parse(kind, text);
            match expected {
                Ok(expected) => assert_eq!(found.unwrap().text(), expected),
                Err(words) => assert!(found.clone().unwrap_err().contains(words), "{found:?}"),
            }
        };
        let hash = "0123456789abcdef0123456789abcdef01234567";
        check(BlockKind::Torrent, &hash.to_uppercase(), Ok(hash));
        check(BlockKind::Torrent, "203.0.113.1", Err("40 hexadecimal"));
        check(BlockKind::Address, " 203.0.113.7/24 ", Ok("203.0.113.0/24"));
        check(BlockKind::Address, hash, Err("expected an address"));
    }

    #[test]
    fn a_list_has_what_is_on_it() {
        let wanted = ["203.0.113.0/24", "2001:db8::1"]
            .map(|text| Wanted::parse(BlockKind::Address, text).unwrap());
        let blocks = Blocks::new(Metrics::new(false).blocks, wanted);
        let has = |text: &str| blocks.has_address(text.parse().unwrap());
        assert!(has("203.0.113.9") && has("::ffff:203.0.113.9") && has("2001:db8::1"));
        assert!(!has("203.0.114.9") && !has("2001:db8::2") && !has("127.0.0.1"));
    }
}
