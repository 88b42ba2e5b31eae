//! Who asks: what the `forwarded` core makes of a request.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header::HeaderMap;
use axum::http::{HeaderName, Request};
use forwarded::{Client, Head, Proxies};

/// Lines of a request's head.
struct Lines<'a>(&'a HeaderMap);

impl Head for Lines<'_> {
    fn lines(&self, name: &'static str) -> Vec<&str> {
        let lines = self.0.get_all(HeaderName::from_static(name)).iter();
        lines.map(|line| line.to_str().unwrap_or("?")).collect()
    }
}

/// Whoever sends a request.
pub(super) fn identify<B>(proxies: &Proxies, request: &Request<B>) -> Client {
    proxies.client(peer(request), &Lines(request.headers()))
}

/// The address of whoever asks: the one way to it, for limits and for whatever else wants it.
pub fn client_address<B>(request: &Request<B>) -> Option<IpAddr> {
    match request.extensions().get::<Client>() {
        Some(client) => client.address,
        None => peer(request),
    }
}

/// The other end of the connection.
fn peer<B>(request: &Request<B>) -> Option<IpAddr> {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>();
    info.map(|info| info.0.ip().to_canonical())
}
