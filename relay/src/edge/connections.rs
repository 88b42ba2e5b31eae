//! How many connections there are: of all, and of each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use forwarded::network;

use crate::metrics::EdgeMetrics;

/// Which bound a connection is beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// All of them.
    All,
    /// Those of its address.
    Address,
}

/// Counts connections.
#[derive(Debug)]
pub struct Connections {
    most: usize,
    most_of_address: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

impl Connections {
    /// At most `most`, and `most_of_address` of an address or of a network of version 6.
    #[must_use]
    pub fn new(most: usize, most_of_address: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            most_of_address,
            open: Mutex::default(),
        })
    }

    /// Lets one in. Those of this machine count among all only, and so do those for which
    /// `is_counted` is not said: a proxy has many clients.
    ///
    /// # Errors
    /// There are enough.
    pub fn enter(
        self: &Arc<Self>,
        address: IpAddr,
        is_counted: bool,
        metrics: &EdgeMetrics,
    ) -> Result<Permit, Beyond> {
        let network = network(address).filter(|_| is_counted);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.most {
            return Err(Beyond::All);
        }
        if let Some(network) = network {
            let count = open.of.entry(network).or_default();
            if *count >= self.most_of_address {
                return Err(Beyond::Address);
            }
            *count += 1;
        }
        open.all += 1;
        metrics.connections.inc();
        Ok(Permit {
            connections: Arc::clone(self),
            network,
            metrics: metrics.clone(),
        })
    }
}

/// A connection's place, given back when it is dropped.
pub struct Permit {
    connections: Arc<Connections>,
    network: Option<IpAddr>,
    metrics: EdgeMetrics,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let open = self.connections.open.lock();
        let mut open = open.unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        self.metrics.connections.dec();
        if let Some(network) = self.network
            && let Some(count) = open.of.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                open.of.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn connections_are_bounded_in_all_and_by_network() {
        let metrics = Metrics::new(false).edge;
        let connections = Connections::new(5, 2);
        let enter = |text: &str, is_counted| {
            let address = text.parse().unwrap();
            connections.enter(address, is_counted, &metrics)
        };
        let first = enter("2001:db8::1", true).unwrap();
        let _second = enter("2001:db8::2", true).unwrap();
        assert_eq!(enter("2001:db8::3", true).err(), Some(Beyond::Address));
        let _other = enter("2001:db8:0:1::1", true).unwrap();
        drop(first);
        let _again = enter("2001:db8::3", true).unwrap();
        let _proxy = enter("2001:db8::4", false).unwrap();
        let here = enter("127.0.0.1", true).unwrap();
        assert_eq!(enter("127.0.0.1", true).err(), Some(Beyond::All));
        assert_eq!(metrics.connections.get(), 5);
        drop(here);
        assert!(enter("127.0.0.1", true).is_ok());
        assert_eq!(connections.open.lock().unwrap().of.len(), 2);
    }
}
