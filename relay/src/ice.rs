//! How the relay is called from outside, and the ICE servers that its pages use to find each other:
//! its own, and what the operator adds. No third party by default.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{self, HeaderValue};
use axum::http::uri::Authority;
use axum::http::{Request, Response, Uri};
use axum::response::{IntoResponse as _, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use forwarded::{Client, is_host};

use crate::router::App;

/// How the relay is called from outside.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// `https://host`, where the operator says so; otherwise what requests call it.
    pub public_url: Option<String>,
    /// Whether the relay itself speaks TLS.
    pub is_tls: bool,
    /// Port of its STUN responder, where there is one.
    pub stun_port: Option<u16>,
    /// Servers that the operator adds.
    pub servers: Vec<Server>,
}

/// An ICE server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    url: String,
    /// User and credential.
    login: Option<(String, String)>,
}

impl std::str::FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, ',').map(str::trim);
        let url = parts.next().unwrap_or_default();
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        if !["stun", "stuns", "turn", "turns"].contains(&scheme) {
            return Err(format!(
                "expected a URL such as turn:host:3478, then user and credential behind commas, \
                 found {text:?}"
            ));
        }
        let login = match (parts.next(), parts.next()) {
            (Some(user), Some(credential)) => Some((user.to_owned(), credential.to_owned())),
            (None, None) if !scheme.starts_with("turn") => None,
            _ => {
                return Err(format!(
                    "{url} needs a user and a credential, behind commas"
                ));
            }
        };
        let url = url.to_owned();
        Ok(Self { url, login })
    }
}

impl<'de> Deserialize<'de> for Server {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl Outside {
    /// Scheme and host that reach the relay from outside, such as `https://host:6510`.
    pub fn base_url<B>(&self, request: &Request<B>) -> String {
        if let Some(url) = &self.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        let called = request.extensions().get::<Client>();
        let called = called.map(|client| client.called.clone());
        let called = called.unwrap_or_default();
        let is_tls = called.is_tls.unwrap_or(self.is_tls);
        let scheme = if is_tls { "https" } else { "http" };
        let host = called.host.as_deref().unwrap_or_else(|| host(request));
        format!("{scheme}://{host}")
    }

    /// `iceServers` of an `RTCConfiguration`.
    fn servers<B>(&self, request: &Request<B>) -> Value {
        let own = self.stun_port.and_then(|port| {
            let url: Uri = self.base_url(request).parse().ok()?;
            let host = url.host()?;
            // Browsers of one machine find each other without, and would wait for an answer from
            // the wrong family's `localhost`.
            (!is_this_machine(host)).then_some(())?;
            Some(json!({ "urls": [format!("stun:{host}:{port}")] }))
        });
        let added = self.servers.iter().map(|server| match &server.login {
            Some((user, credential)) => json!({
                "urls": [server.url], "username": user, "credential": credential,
            }),
            None => json!({ "urls": [server.url] }),
        });
        json!({ "iceServers": own.into_iter().chain(added).collect::<Vec<_>>() })
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

/// What a request calls the relay; `localhost` where that is no host.
fn host<B>(request: &Request<B>) -> &str {
    let header = request.headers().get(header::HOST);
    // HTTP/2 has it in the address.
    let authority = request.uri().authority().map(Authority::as_str);
    header
        .and_then(|host| host.to_str().ok())
        .or(authority)
        .filter(|host| is_host(host))
        .unwrap_or("localhost")
}

/// Answers `/api/v1/ice`.
pub async fn servers(State(app): State<App>, request: Request<Body>) -> Response<Body> {
    let mut response = Json(app.outside.servers(&request)).into_response();
    let cache = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(host: &str) -> Request<()> {
        Request::builder().header("host", host).body(()).unwrap()
    }

    #[test]
    fn the_relay_is_called_as_requests_call_it_or_as_the_operator_says() {
        let mut outside = Outside::default();
        let check = |outside: &Outside, host: &str, expected: &str| {
            assert_eq!(outside.base_url(&request(host)), expected);
        };
        check(&outside, "a.example:6510", "http://a.example:6510");
        check(&outside, "a.example/\"<script>", "http://localhost");
        outside.is_tls = true;
        check(&outside, "[::1]:6510", "https://[::1]:6510");
        let second = Request::builder().uri("https://c.example:6510/x");
        let second = second.body(()).unwrap();
        assert_eq!(outside.base_url(&second), "https://c.example:6510");
        outside.public_url = Some("https://b.example/".into());
        check(&outside, "a.example", "https://b.example");
    }

    #[test]
    fn servers_are_the_relays_own_and_the_operators() {
        let turn = "turn:t.example:3478?transport=udp,user,pass,word".parse();
        let outside = Outside {
            stun_port: Some(3478),
            servers: vec![turn.unwrap(), "stun:s.example".parse().unwrap()],
            ..Outside::default()
        };
        let expected = json!({ "iceServers": [
            { "urls": ["stun:a.example:3478"] },
            {
                "urls": ["turn:t.example:3478?transport=udp"],
                "username": "user", "credential": "pass,word",
            },
            { "urls": ["stun:s.example"] },
        ] });
        assert_eq!(outside.servers(&request("a.example:6510")), expected);
        for here in ["[::1]:6510", "localhost", "127.0.0.1:80"] {
            let servers = &outside.servers(&request(here))["iceServers"];
            assert_eq!(servers.as_array().unwrap().len(), 2, "{here}");
        }
        let none = Outside::default().servers(&request("a.example"));
        assert_eq!(none, json!({ "iceServers": [] }));
        assert!("https://x".parse::<Server>().is_err());
        assert!("turn:t.example".parse::<Server>().is_err());
        assert!("turn:t.example,user".parse::<Server>().is_err());
    }
}
