//! The WebSocket handshake (RFC 6455), and the way from axum to the tracker's thread.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse as _;
use data_encoding::BASE64;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::downcast;
use sha1::{Digest as _, Sha1};
use tokio::net::TcpStream;

use super::socket::Stream;
use crate::edge::client_address;
use crate::edge::guarded::{Guarded, LongLived};
use crate::router::App;

/// Answers `/announce`: a socket of any origin, unless the operator names some.
pub async fn announce(State(app): State<App>, mut request: Request) -> Response<Body> {
    let own = app.outside.base_url(&request);
    if !app.edge.may_announce(request.headers(), &own) {
        let words = "this tracker is not for pages of this origin\n";
        return (StatusCode::FORBIDDEN, words).into_response();
    }
    let Some(accept) = accept(request.headers()) else {
        let words = "this is a WebSocket tracker: add it to a torrent as wss://.../announce\n";
        let mut response = (StatusCode::UPGRADE_REQUIRED, words).into_response();
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        return response;
    };
    let address = client_address(&request);
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return (
            StatusCode::BAD_REQUEST,
            "this connection cannot be upgraded\n",
        )
            .into_response();
    };
    if let Some(long_lived) = request.extensions().get::<LongLived>() {
        long_lived.set();
    }
    let hub = app.tracker.clone();
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else {
            return;
        };
        match stream_of(upgraded) {
            Ok((stream, early)) => hub.add(stream, address, early),
            Err(error) => tracing::debug!(%error, "a socket was gone before it was upgraded"),
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// The answer to a client's key; none where the request is no handshake.
fn accept(headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name, word: &str| {
        let values = headers.get_all(name).iter();
        let mut words = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        words.any(|found| found.trim().eq_ignore_ascii_case(word))
    };
    let is_handshake = has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && has(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    if !is_handshake {
        return None;
    }
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    HeaderValue::from_str(&BASE64.encode(&hash.finalize())).ok()
}

/// The bare TCP stream where there is one, so that it can change threads and costs no layers.
fn stream_of(upgraded: Upgraded) -> std::io::Result<(Stream, Vec<u8>)> {
    match downcast::<TokioIo<Guarded<TcpStream>>>(upgraded) {
        Ok(parts) => {
            let (stream, permit) = parts.io.into_inner().into_inner();
            let stream = Stream::Plain(stream.into_std()?, permit);
            Ok((stream, parts.read_buf.to_vec()))
        }
        Err(upgraded) => Ok((Stream::Boxed(Box::new(TokioIo::new(upgraded))), Vec::new())),
    }
}
