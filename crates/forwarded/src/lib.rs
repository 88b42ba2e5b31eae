//! Who asks, and how they call a server: the connection says so, and behind a proxy that the operator
//! trusts its headers do. Headers of anybody else are not believed.
//!
//! Lists are read from the right: each entry was written by the proxy that is right of it, and is
//! worth something while that one is trusted. What a client wrote itself is on the left.
#![forbid(unsafe_code)]

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use serde::Deserialize;

/// Most entries of a list of proxies that are looked at.
const MOST_HOPS: usize = 32;

/// The header in which the operator's proxies say whom they speak for. One is believed: a proxy
/// hands the other on as its client wrote it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, with `X-Forwarded-Proto` and `X-Forwarded-Host`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl std::str::FromStr for ProxyHeader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err(format!(
                "expected x-forwarded-for or forwarded, found {text:?}"
            )),
        }
    }
}

/// Lines of a request's head, by name: all that there are, in order. A line that is no text is any
/// text that names nobody.
pub trait Head {
    /// All lines with this name, which is in lower case.
    fn lines(&self, name: &'static str) -> Vec<&str>;
}

/// The operator's proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Where they are.
    pub networks: Vec<Network>,
    /// What they write.
    pub header: ProxyHeader,
}

/// Addresses of a network, such as `10.0.0.0/8`, or a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let single = |text: &str| text.parse().ok().map(|ip: IpAddr| IpNet::from(ip));
        let network = text.parse().ok().or_else(|| single(text));
        network.map(Self).ok_or_else(|| {
            format!("expected an address or a network such as 10.0.0.0/8, found {text:?}")
        })
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(to)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// Address; none where the connection has none.
    pub address: Option<IpAddr>,
    /// Whether a trusted proxy speaks for it.
    pub is_proxied: bool,
    /// Scheme and host by which the client called the proxy, where that says so.
    pub called: Called,
}

/// How the relay was called, as far as a proxy says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Called {
    /// Whether it was by https.
    pub is_tls: Option<bool>,
    /// Host, and port where it is not the scheme's.
    pub host: Option<String>,
}

/// What one entry of a list of proxies says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hop<'a> {
    /// Whom the proxy was asked by; none where it does not say or cannot be read.
    from: Option<IpAddr>,
    proto: Option<&'a str>,
    host: Option<&'a str>,
}

impl Proxies {
    /// Whether a proxy is at this address.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks
            .iter()
            .any(|network| network.0.contains(&address))
    }

    /// Whoever is behind the connection from `peer`, by what its headers say.
    #[must_use]
    pub fn client(&self, peer: Option<IpAddr>, headers: &impl Head) -> Client {
        let peer = peer.map(|peer| peer.to_canonical());
        let direct = Client {
            address: peer,
            ..Client::default()
        };
        let Some(peer) = peer.filter(|peer| self.has(*peer)) else {
            return direct;
        };
        let hops = match self.header {
            ProxyHeader::XForwardedFor => x_forwarded(headers),
            ProxyHeader::Forwarded => forwarded(headers),
        };
        if hops.is_empty() {
            return direct;
        }
        // From the right: each entry was written by the one that is right of it, and is worth
        // something while that one is trusted.
        let mut address = peer;
        let mut called = Called::default();
        for hop in hops.iter().rev().take(MOST_HOPS) {
            called = hop.called(called);
            let Some(from) = hop.from else { break };
            address = from;
            if !self.has(from) {
                break;
            }
        }
        Client {
            address: Some(address),
            is_proxied: true,
            called,
        }
    }
}

impl Hop<'_> {
    /// What the entry says of how it was called; what it leaves out stays.
    fn called(&self, before: Called) -> Called {
        let is_tls = self.proto.and_then(|proto| match proto {
            "https" | "wss" => Some(true),
            "http" | "ws" => Some(false),
            _ => None,
        });
        let host = self.host.filter(|host| is_host(host)).map(str::to_owned);
        Called {
            is_tls: is_tls.or(before.is_tls),
            host: host.or(before.host),
        }
    }
}

/// Whether a text is a host, with or without a port.
#[must_use]
pub fn is_host(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    !text.is_empty() && text.len() < 256 && text.chars().all(plain)
}

fn x_forwarded(headers: &impl Head) -> Vec<Hop<'_>> {
    let lines = headers.lines("x-forwarded-for");
    let lines = lines.into_iter().filter(|line| !line.trim().is_empty());
    let mut hops: Vec<Hop<'_>> = lines
        .flat_map(|line| line.split(','))
        .map(|text| Hop {
            from: node(text),
            ..Hop::default()
        })
        .collect();
    // Of these two most proxies write one value, some a list: the last is the trusted proxy's.
    let last = |name| {
        let line = headers.lines(name).pop()?;
        line.rsplit(',').next().map(str::trim)
    };
    if let Some(hop) = hops.last_mut() {
        (hop.proto, hop.host) = (last("x-forwarded-proto"), last("x-forwarded-host"));
    }
    hops
}

fn forwarded(headers: &impl Head) -> Vec<Hop<'_>> {
    let lines = headers.lines("forwarded");
    let lines = lines.into_iter().filter(|line| !line.trim().is_empty());
    lines
        .flat_map(|line| split(line, ','))
        .map(element)
        .collect()
}

/// An element of `Forwarded`: pairs behind semicolons. What is unknown or said twice is passed over.
fn element(text: &str) -> Hop<'_> {
    let mut hop = Hop::default();
    let mut has_for = false;
    for pair in split(text, ';') {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        let value = value.trim();
        let quoted = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        let value = quoted.unwrap_or(value);
        match name.trim().to_ascii_lowercase().as_str() {
            "for" if !has_for => {
                has_for = true;
                hop.from = node(value);
            }
            "proto" if hop.proto.is_none() => hop.proto = Some(value),
            "host" if hop.host.is_none() => hop.host = Some(value),
            _ => {}
        }
    }
    hop
}

/// Parts between `separator`, which inside of quotes is none. Where a quote never ends, quotes mean
/// nothing: a client must not be able to hide what the proxy wrote behind its own words.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts: Vec<&str> = text
        .split(|c: char| {
            if std::mem::take(&mut is_escaped) {
                return false;
            }
            match c {
                '\\' if is_quoted => is_escaped = true,
                '"' => is_quoted = !is_quoted,
                _ => return c == separator && !is_quoted,
            }
            false
        })
        .collect();
    if is_quoted {
        text.split(separator).collect()
    } else {
        parts
    }
}

/// An address with or without a port, one of version 6 in brackets where it has one.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|known| known.ip()));
    address.map(|address| address.to_canonical())
}

/// What addresses are counted by: themselves, or the network of one of version 6, which a client
/// may change within; nothing for this machine.
#[must_use]
pub fn network(address: IpAddr) -> Option<IpAddr> {
    let address = address.to_canonical();
    if address.is_loopback() {
        return None;
    }
    Some(match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn proxies(header: ProxyHeader) -> Proxies {
        let networks = ["10.0.0.0/8", "127.0.0.1", "fd00::/8"];
        Proxies {
            networks: networks.map(|text| text.parse().unwrap()).into(),
            header,
        }
    }

    /// Lines with their names.
    struct Lines<'a>(Vec<(&'static str, &'a str)>);

    impl Head for Lines<'_> {
        fn lines(&self, name: &'static str) -> Vec<&str> {
            let lines = self.0.iter().filter(|(known, _)| *known == name);
            lines.map(|(_, line)| *line).collect()
        }
    }

    fn headers<'a>(lines: &[(&'static str, &'a str)]) -> Lines<'a> {
        Lines(lines.to_vec())
    }

    fn check(peer: &str, lines: &[(&'static str, &str)], expected: &str) {
        let is_forwarded = lines.iter().any(|(name, _)| *name == "forwarded");
        let header = if is_forwarded {
            ProxyHeader::Forwarded
        } else {
            ProxyHeader::XForwardedFor
        };
        let client = proxies(header).client(Some(peer.parse().unwrap()), &headers(lines));
        let found = client.address.map(|address| address.to_string());
        assert_eq!(found.as_deref(), Some(expected), "{peer} {lines:?}");
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_from_the_right() {
        const FOR: &str = "x-forwarded-for";
        check("203.0.113.1", &[(FOR, "198.51.100.7")], "203.0.113.1");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &[(FOR, "")], "10.0.0.1");
        check("10.0.0.1", &[(FOR, "198.51.100.7")], "198.51.100.7");
        check("::ffff:10.0.0.1", &[(FOR, "198.51.100.7")], "198.51.100.7");
        // What the client wrote itself is left of what the proxy saw.
        check(
            "10.0.0.1",
            &[(FOR, "1.2.3.4, 198.51.100.7")],
            "198.51.100.7",
        );
        check(
            "10.0.0.1",
            &[(FOR, "1.2.3.4"), (FOR, "198.51.100.7")],
            "198.51.100.7",
        );
        check(
            "10.0.0.1",
            &[(FOR, "198.51.100.7, 10.2.3.4")],
            "198.51.100.7",
        );
        check("10.0.0.1", &[(FOR, "10.9.9.9, 10.2.3.4")], "10.9.9.9");
        check(
            "10.0.0.1",
            &[(FOR, "198.51.100.7, unknown, 10.2.3.4")],
            "10.2.3.4",
        );
        check("10.0.0.1", &[(FOR, "198.51.100.7:8080")], "198.51.100.7");
        check("10.0.0.1", &[(FOR, "[2001:db8::1]:8080")], "2001:db8::1");
        check("fd00::1", &[(FOR, "2001:db8::1")], "2001:db8::1");
        check("127.0.0.1", &[(FOR, "::ffff:198.51.100.7")], "198.51.100.7");
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_has_it() {
        const NAME: &str = "forwarded";
        check(
            "10.0.0.1",
            &[(NAME, "for=198.51.100.7;proto=https;by=10.0.0.1")],
            "198.51.100.7",
        );
        check(
            "10.0.0.1",
            &[(NAME, "For=\"[2001:db8::1]:4711\"")],
            "2001:db8::1",
        );
        check(
            "10.0.0.1",
            &[(NAME, "for=1.2.3.4, for=198.51.100.7;host=\"a,b\"")],
            "198.51.100.7",
        );
        check(
            "10.0.0.1",
            &[(NAME, "for=198.51.100.7, for=_hidden, for=10.0.0.2")],
            "10.0.0.2",
        );
        check(
            "10.0.0.1",
            &[(NAME, "for=198.51.100.7;for=1.2.3.4")],
            "198.51.100.7",
        );
        check("10.0.0.1", &[(NAME, "nonsense")], "10.0.0.1");
    }

    #[test]
    fn the_other_header_is_its_clients_and_not_believed() {
        let both = headers(&[
            ("x-forwarded-for", "198.51.100.7"),
            ("forwarded", "for=1.2.3.4;host=evil.example"),
        ]);
        let client = proxies(ProxyHeader::XForwardedFor).client(Some([10, 0, 0, 1].into()), &both);
        assert_eq!(client.address, Some([198, 51, 100, 7].into()));
        assert_eq!(client.called.host, None);
    }

    #[test]
    fn a_proxy_tells_how_it_was_called() {
        let lines = [
            ("x-forwarded-for", "198.51.100.7"),
            ("x-forwarded-proto", "http, https"),
            ("x-forwarded-host", "sid.example"),
        ];
        let of = |peer: [u8; 4], lines: &[(&'static str, &str)]| {
            let headers = headers(lines);
            proxies(ProxyHeader::XForwardedFor)
                .client(Some(peer.into()), &headers)
                .called
        };
        let called = Called {
            is_tls: Some(true),
            host: Some("sid.example".into()),
        };
        assert_eq!(of([10, 0, 0, 1], &lines), called);
        assert_eq!(of([203, 0, 113, 1], &lines), Called::default());
        let bad = [
            lines[0],
            ("x-forwarded-proto", "gopher"),
            ("x-forwarded-host", "a/b"),
        ];
        assert_eq!(of([10, 0, 0, 1], &bad), Called::default());
    }

    #[test]
    fn networks_are_read_or_refused_with_words() {
        for text in ["10.0.0.0/8", "::1", "2001:db8::/32", "192.0.2.1"] {
            assert!(text.parse::<Network>().is_ok(), "{text}");
        }
        for text in ["", "10.0.0.0/33", "host", "10.0.0"] {
            let words = text.parse::<Network>().unwrap_err();
            assert!(words.contains("10.0.0.0/8"), "{words}");
        }
    }

    #[test]
    fn addresses_are_counted_by_network() {
        let of = |text: &str| network(text.parse().unwrap()).map(|known| known.to_string());
        assert_eq!(of("127.0.0.1"), None);
        assert_eq!(of("::1"), None);
        assert_eq!(of("::ffff:127.0.0.1"), None);
        assert_eq!(of("198.51.100.7").as_deref(), Some("198.51.100.7"));
        assert_eq!(
            of("2001:db8:1:2:3:4:5:6").as_deref(),
            Some("2001:db8:1:2::")
        );
    }

    proptest! {
        #[test]
        fn any_lines_name_nobody_that_is_not_there(
            text in "(for=)?[0-9a-f.:\\[\\]\", ;=]{0,80}", other in "\\PC{0,60}",
        ) {
            let names = ["x-forwarded-for", "forwarded", "x-forwarded-proto", "x-forwarded-host"];
            let lines: Vec<_> = names.iter().flat_map(|name| [(*name, &*text), (*name, &*other)]).collect();
            let headers = headers(&lines);
            let [stranger, proxy]: [IpAddr; 2] = [[203, 0, 113, 1].into(), [10, 0, 0, 1].into()];
            for header in [ProxyHeader::XForwardedFor, ProxyHeader::Forwarded] {
                let direct = proxies(header).client(Some(stranger), &headers);
                prop_assert_eq!(direct.address, Some(stranger));
                prop_assert!(!direct.is_proxied && direct.called == Called::default());
                let client = proxies(header).client(Some(proxy), &headers);
                let is_named = |address: IpAddr| {
                    let said = format!("{text} {other}").to_lowercase();
                    address == proxy || said.contains(['.', ':'])
                };
                prop_assert!(client.address.is_some_and(is_named));
                prop_assert!(client.called.host.is_none_or(|host| is_host(&host)));
            }
        }

        /// Whatever a client writes in front, the proxy's own entry counts.
        #[test]
        fn what_a_client_writes_itself_changes_nothing(text in "[ -~]{0,60}") {
            let line = format!("{text}, 198.51.100.7");
            let lines = headers(&[("x-forwarded-for", &line)]);
            let client = proxies(ProxyHeader::XForwardedFor).client(Some([10, 0, 0, 1].into()), &lines);
            prop_assert_eq!(client.address, Some([198, 51, 100, 7].into()));
            for own in ["for=198.51.100.7", "for=\"198.51.100.7\";proto=https"] {
                let line = format!("{text}, {own}");
                let lines = headers(&[("forwarded", &line)]);
                let client = proxies(ProxyHeader::Forwarded).client(Some([10, 0, 0, 1].into()), &lines);
                prop_assert_eq!(client.address, Some([198, 51, 100, 7].into()));
            }
        }
    }
}
