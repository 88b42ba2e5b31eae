//! Configuration: flags before environment before a TOML file before defaults.

pub mod settings;

use std::env;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use protocol::admin::Setting;
use serde::Deserialize;

use crate::admin::password::{self, Password, Said};
use crate::cluster;
use crate::edge::guarded::Patience;
use crate::edge::{Limits, Origins, seconds};
use crate::ice;
use crate::metrics::Token;
use crate::tracker;
use forwarded::{Network, Proxies, ProxyHeader};

/// What can be said on the command line or in the environment.
#[derive(Debug, Default, Args)]
pub struct Flags {
    /// TOML file with any of the options below, named with underscores
    #[arg(long, env = "SIDEREAL_CONFIG")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

impl Flags {
    /// The configuration file, where one is named.
    #[must_use]
    pub fn config(&self) -> Option<&Path> {
        self.config.as_deref()
    }
}

/// Every option; a missing one falls through to the next source.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, env = "SIDEREAL_HOST")]
    host: Option<IpAddr>,
    /// Port to listen on [default: 6510]
    #[arg(long, env = "SIDEREAL_PORT")]
    port: Option<u16>,
    /// Address and port of the metrics listener, or "off" [default: 127.0.0.1:9464]
    #[arg(long, env = "SIDEREAL_METRICS")]
    metrics: Option<AddressOrOff>,
    /// What scrapers of the metrics have to say, as in `Authorization: Bearer TOKEN`
    /// [default: nothing]
    #[arg(long, env = "SIDEREAL_METRICS_TOKEN", hide_env_values = true)]
    metrics_token: Option<Token>,
    /// Give the metrics a series for each collection [default: off]
    #[arg(long, env = "SIDEREAL_METRICS_COLLECTIONS")]
    metrics_collections: Option<Switch>,
    /// Folder for what the relay keeps [default: sidereal in the user's data folder]
    #[arg(long, env = "SIDEREAL_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Serve the app from this folder instead of the one built in
    #[arg(long, env = "SIDEREAL_SITE")]
    site: Option<PathBuf>,
    /// Serve https with a certificate of our own, kept in the data folder
    #[arg(long, env = "SIDEREAL_TLS_SELF_SIGNED", num_args = 0..=1, default_missing_value = "true")]
    tls_self_signed: Option<bool>,
    /// Serve https with this certificate chain (PEM)
    #[arg(long, env = "SIDEREAL_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, env = "SIDEREAL_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// Send the headers that give pages shared memory; "off" is for trying the page without
    /// [default: on]
    #[arg(long, env = "SIDEREAL_ISOLATION")]
    isolation: Option<Switch>,
    /// Seconds that open requests have to end after a signal to stop [default: 10]
    #[arg(long, env = "SIDEREAL_DRAIN_SECONDS")]
    drain_seconds: Option<u64>,
    /// How the relay is reached from outside, such as `https://sid.example`; what requests call it
    /// where it is not said
    #[arg(long, env = "SIDEREAL_PUBLIC_URL")]
    public_url: Option<String>,
    /// Folder of published collections [default: collections in the data folder]
    #[arg(long, env = "SIDEREAL_COLLECTIONS")]
    collections: Option<PathBuf>,
    /// Address and port of the STUN responder, by which listeners behind routers find each other,
    /// or "off" [default: port 3478 of the host]
    #[arg(long, env = "SIDEREAL_STUN")]
    stun: Option<AddressOrOff>,
    /// Another ICE server for the page: URL, or URL,USER,CREDENTIAL; may be repeated
    #[arg(long, env = "SIDEREAL_ICE_SERVER", value_delimiter = ' ')]
    ice_server: Option<Vec<ice::Server>>,
    /// Seconds between the announcements that the tracker asks of its clients [default: 120]
    #[arg(long, env = "SIDEREAL_TRACKER_INTERVAL", value_parser = clap::value_parser!(u32).range(10..=3_600))]
    tracker_interval: Option<u32>,
    /// Most offers of an announcement that the tracker hands on [default: 20]
    #[arg(long, env = "SIDEREAL_TRACKER_OFFERS")]
    tracker_offers: Option<usize>,
    /// Most torrents that a tracker's socket may announce [default: 1000]
    #[arg(long, env = "SIDEREAL_TRACKER_TORRENTS")]
    tracker_torrents: Option<usize>,
    /// Most tracker sockets of one address; those of this machine are not counted [default: 128]
    #[arg(long, env = "SIDEREAL_TRACKER_SOCKETS")]
    tracker_sockets: Option<usize>,
    /// Answer a scrape that names no torrent with all of them [default: off]
    #[arg(long, env = "SIDEREAL_TRACKER_FULL_SCRAPE")]
    tracker_full_scrape: Option<Switch>,
    /// Where proxies are whose word on clients is believed: an address or a network such as
    /// 10.0.0.0/8; may be repeated [default: none]
    #[arg(long, env = "SIDEREAL_TRUSTED_PROXY", value_delimiter = ' ')]
    trusted_proxy: Option<Vec<Network>>,
    /// In which header those proxies say whom they speak for [default: x-forwarded-for]
    #[arg(long, env = "SIDEREAL_PROXY_HEADER")]
    proxy_header: Option<ProxyHeader>,
    /// Origin of other pages that may read collections and seeds, such as `https://a.example`; may
    /// be repeated [default: any]
    #[arg(long, env = "SIDEREAL_CORS_ORIGIN", value_delimiter = ' ')]
    cors_origin: Option<Vec<String>>,
    /// Origin of other pages that may use the tracker; may be repeated [default: any]
    #[arg(long, env = "SIDEREAL_ANNOUNCE_ORIGIN", value_delimiter = ' ')]
    announce_origin: Option<Vec<String>>,
    /// Most connections [default: 20000]
    #[arg(long, env = "SIDEREAL_LIMIT_CONNECTIONS")]
    limit_connections: Option<NonZeroU32>,
    /// Most connections of one address; those of this machine and of trusted proxies are not
    /// counted [default: 512]
    #[arg(long, env = "SIDEREAL_LIMIT_ADDRESS")]
    limit_address: Option<NonZeroU32>,
    /// Requests that an address may send in a second; those of this machine are not counted
    /// [default: 200]
    #[arg(long, env = "SIDEREAL_LIMIT_REQUESTS")]
    limit_requests: Option<NonZeroU32>,
    /// Requests that an address may send at once [default: 2000]
    #[arg(long, env = "SIDEREAL_LIMIT_BURST")]
    limit_burst: Option<NonZeroU32>,
    /// Seconds that a connection may take to shake hands, to begin, and for the head of its next
    /// request [default: 30]
    #[arg(long, env = "SIDEREAL_LIMIT_HEAD_SECONDS")]
    limit_head_seconds: Option<NonZeroU32>,
    /// Seconds that the body of a request may take [default: 30]
    #[arg(long, env = "SIDEREAL_LIMIT_BODY_SECONDS")]
    limit_body_seconds: Option<NonZeroU32>,
    /// Seconds that a client may take none of what it asked for [default: 60]
    #[arg(long, env = "SIDEREAL_LIMIT_STALLED_SECONDS")]
    limit_stalled_seconds: Option<NonZeroU32>,
    /// Share swarms with other relays over this Redis, such as redis://127.0.0.1:6379
    /// [default: this relay is the only one]
    #[arg(long, env = "SIDEREAL_REDIS", hide_env_values = true)]
    redis: Option<cluster::Address>,
    /// What the names of the channels in Redis begin with: relays with the same one share their
    /// swarms [default: sidereal]
    #[arg(long, env = "SIDEREAL_REDIS_PREFIX")]
    redis_prefix: Option<String>,
    /// The operator's page, /admin [default: on]
    #[arg(long, env = "SIDEREAL_ADMIN")]
    admin: Option<Switch>,
    /// File whose first line is the operator's password; one is made and told at the first start
    /// where nobody sets it
    #[arg(long, env = "SIDEREAL_ADMIN_PASSWORD_FILE")]
    admin_password_file: Option<PathBuf>,
    /// The operator's password itself; a file or the environment is better, since others on the
    /// machine see command lines
    #[arg(long, env = "SIDEREAL_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<Said>,
    /// What to log, as in "info" or "info,relay=debug" [default: info]
    #[arg(long, env = "SIDEREAL_LOG")]
    log: Option<String>,
    /// How to log [default: text]
    #[arg(long, env = "SIDEREAL_LOG_FORMAT")]
    log_format: Option<LogFormat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Switch {
    On,
    Off,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Where something is served, if anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressOrOff(pub Option<SocketAddr>);

impl std::str::FromStr for AddressOrOff {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self(None));
        }
        let address = text.parse().map_err(|_| {
            format!("expected an address and a port such as 127.0.0.1:9464, or off, found {text:?}")
        })?;
        Ok(Self(Some(address)))
    }
}

impl<'de> Deserialize<'de> for AddressOrOff {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Where TLS keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Plain http.
    Off,
    /// Made by the relay and kept in the data folder.
    SelfSigned,
    /// The operator's.
    Files {
        /// Certificate chain, PEM.
        cert: PathBuf,
        /// Private key, PEM.
        key: PathBuf,
    },
}

/// Everything decided.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the app is served.
    pub listen: SocketAddr,
    /// Where metrics are served.
    pub metrics: Option<SocketAddr>,
    /// What scrapers have to say.
    pub metrics_token: Option<Token>,
    /// Whether single collections have metrics.
    pub metrics_collections: bool,
    /// Folder for what the relay keeps.
    pub data_dir: PathBuf,
    /// Folder of the app, where it is not the one built in.
    pub site: Option<PathBuf>,
    /// Transport security.
    pub tls: Tls,
    /// Whether cross-origin isolation headers are sent.
    pub isolation: bool,
    /// How long open requests may take after a signal to stop.
    pub drain: Duration,
    /// Folder of published collections.
    pub collections: PathBuf,
    /// How the relay is called from outside, as far as it was said.
    pub outside: ice::Outside,
    /// Where STUN is answered, and whether somebody asked for it there.
    pub stun: Option<(SocketAddr, bool)>,
    /// The tracker.
    pub tracker: tracker::Config,
    /// The operator's proxies.
    pub proxies: Proxies,
    /// Bounds of the public listener.
    pub limits: Limits,
    /// Pages that may read collections and seeds.
    pub readers: Origins,
    /// Pages that may use the tracker.
    pub announcers: Origins,
    /// The Redis by which swarms are shared with other relays.
    pub cluster: Option<cluster::Config>,
    /// Whether there is an operator's page.
    pub admin: bool,
    /// The operator's password, where the configuration has it.
    pub admin_password: Option<Password>,
    /// Every option and where it comes from.
    pub settings: Vec<Setting>,
    /// Log filter.
    pub log: String,
    /// Log form.
    pub log_format: LogFormat,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("configuration file {}: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("configuration file {}: {reason}", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Line and cause.
        reason: String,
    },
    /// Options that do not go together.
    #[error("{0}")]
    Conflict(&'static str),
    /// The operator's password is none.
    #[error("admin-password: {0}")]
    Password(#[from] password::Error),
}

impl Config {
    /// Decides every option.
    ///
    /// # Errors
    /// A file that cannot be read or holds unknown keys; options that exclude each other.
    pub fn resolve(flags: Flags) -> Result<Self, Error> {
        let said = flags.options;
        let file = flags
            .config
            .as_deref()
            .map_or_else(|| Ok(Options::default()), read)?;
        let tracker = tracker_config(&said, &file);
        let limits = limits(&said, &file);
        let host = said
            .host
            .or(file.host)
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let port = said.port.or(file.port).unwrap_or(6510);
        let metrics = said.metrics.or(file.metrics).map_or_else(
            || Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9464))),
            |address| address.0,
        );
        let self_signed = said
            .tls_self_signed
            .or(file.tls_self_signed)
            .unwrap_or(false);
        let tls = match (
            said.tls_cert.or(file.tls_cert),
            said.tls_key.or(file.tls_key),
        ) {
            (None, None) if self_signed => Tls::SelfSigned,
            (None, None) => Tls::Off,
            (Some(_), Some(_)) if self_signed => {
                return Err(Error::Conflict(
                    "tls-self-signed excludes tls-cert and tls-key",
                ));
            }
            (Some(cert), Some(key)) => Tls::Files { cert, key },
            (Some(_), None) => return Err(Error::Conflict("tls-cert needs tls-key")),
            (None, Some(_)) => return Err(Error::Conflict("tls-key needs tls-cert")),
        };
        let data_dir = said
            .data_dir
            .or(file.data_dir)
            .unwrap_or_else(default_data_dir);
        let public_url = said.public_url.or(file.public_url);
        if public_url.as_deref().is_some_and(|url| !is_origin(url)) {
            return Err(Error::Conflict(
                "public-url begins with http:// or https:// and has no path",
            ));
        }
        let origins = |said: Option<Vec<String>>, error| match said {
            Some(origins) if !origins.iter().all(|origin| is_plain_origin(origin)) => Err(error),
            origins => Ok(Origins(origins)),
        };
        let readers = origins(
            said.cors_origin.or(file.cors_origin),
            Error::Conflict("cors-origin is a scheme and a host such as https://a.example"),
        )?;
        let announcers = origins(
            said.announce_origin.or(file.announce_origin),
            Error::Conflict("announce-origin is a scheme and a host such as https://a.example"),
        )?;
        let stun = match said.stun.or(file.stun) {
            Some(AddressOrOff(address)) => address.map(|address| (address, true)),
            None => Some((SocketAddr::new(host, 3478), false)),
        };
        let admin_password = match (
            said.admin_password.or(file.admin_password),
            said.admin_password_file.or(file.admin_password_file),
        ) {
            (Some(_), Some(_)) => {
                return Err(Error::Conflict(
                    "admin-password excludes admin-password-file",
                ));
            }
            (Some(said), None) => Some(said.password()?),
            (None, Some(path)) => Some(Password::of_file(&path)?),
            (None, None) => None,
        };
        Ok(Self {
            listen: SocketAddr::new(host, port),
            metrics,
            metrics_token: said.metrics_token.or(file.metrics_token),
            metrics_collections: said.metrics_collections.or(file.metrics_collections)
                == Some(Switch::On),
            collections: said
                .collections
                .or(file.collections)
                .unwrap_or_else(|| data_dir.join("collections")),
            data_dir,
            outside: ice::Outside {
                public_url,
                is_tls: tls != Tls::Off,
                stun_port: None,
                servers: said.ice_server.or(file.ice_server).unwrap_or_default(),
            },
            stun,
            site: said.site.or(file.site),
            tls,
            isolation: said.isolation.or(file.isolation) != Some(Switch::Off),
            drain: Duration::from_secs(said.drain_seconds.or(file.drain_seconds).unwrap_or(10)),
            tracker,
            proxies: Proxies {
                networks: said
                    .trusted_proxy
                    .or(file.trusted_proxy)
                    .unwrap_or_default(),
                header: said.proxy_header.or(file.proxy_header).unwrap_or_default(),
            },
            limits,
            readers,
            announcers,
            cluster: said.redis.or(file.redis).map(|address| cluster::Config {
                address,
                prefix: said
                    .redis_prefix
                    .or(file.redis_prefix)
                    .unwrap_or_else(|| "sidereal".into()),
            }),
            admin: said.admin.or(file.admin) != Some(Switch::Off),
            admin_password,
            settings: Vec::new(),
            log: said.log.or(file.log).unwrap_or_else(|| "info".into()),
            log_format: said.log_format.or(file.log_format).unwrap_or_default(),
        })
    }
}

fn tracker_config(said: &Options, file: &Options) -> tracker::Config {
    let default = tracker::Config::default();
    let swarms = default.swarms;
    let of = |option: fn(&Options) -> Option<usize>| option(said).or_else(|| option(file));
    let interval = said.tracker_interval.or(file.tracker_interval);
    let full_scrape = said.tracker_full_scrape.or(file.tracker_full_scrape);
    tracker::Config {
        swarms: torrent::tracker::Config {
            interval_seconds: interval.unwrap_or(swarms.interval_seconds),
            most_offers: of(|options| options.tracker_offers).unwrap_or(swarms.most_offers),
            most_peers: of(|options| options.tracker_torrents).unwrap_or(swarms.most_peers),
        },
        most_sockets: of(|options| options.tracker_sockets).unwrap_or(default.most_sockets),
        full_scrape: full_scrape == Some(Switch::On),
    }
}

fn limits(said: &Options, file: &Options) -> Limits {
    let default = Limits::default();
    let of = |option: fn(&Options) -> Option<NonZeroU32>| option(said).or_else(|| option(file));
    let count = |option, default: usize| {
        of(option).map_or(default, |number: NonZeroU32| number.get() as usize)
    };
    let (a_second, at_once) = default.requests;
    Limits {
        connections: count(|options| options.limit_connections, default.connections),
        connections_of_address: count(
            |options| options.limit_address,
            default.connections_of_address,
        ),
        patience: Patience {
            first: seconds(
                of(|options| options.limit_head_seconds),
                default.patience.first,
            ),
            stalled: seconds(
                of(|options| options.limit_stalled_seconds),
                default.patience.stalled,
            ),
            quiet: default.patience.quiet,
        },
        body: seconds(of(|options| options.limit_body_seconds), default.body),
        requests: (
            of(|options| options.limit_requests).map_or(a_second, NonZeroU32::get),
            of(|options| options.limit_burst).map_or(at_once, NonZeroU32::get),
        ),
    }
}

fn read(path: &Path) -> Result<Options, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.into(),
        source,
    })?;
    toml::from_str(&text).map_err(|error: toml::de::Error| {
        let line = error
            .span()
            .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        let reason = format!("line {line}: {}", error.message().replace('\n', " "));
        Error::Parse {
            path: path.into(),
            reason,
        }
    })
}

fn is_origin(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.strip_suffix('/').unwrap_or(rest);
        !host.is_empty() && !host.contains(['/', '?', '#', '@'])
    })
}

/// An origin as browsers write it.
fn is_plain_origin(url: &str) -> bool {
    is_origin(url) && !url.ends_with('/') && url.chars().all(|c| !c.is_ascii_uppercase())
}

/// Where the relay keeps things when nobody says otherwise.
pub fn default_data_dir() -> PathBuf {
    let folder = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    folder("XDG_DATA_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".local/share")))
        .unwrap_or_else(env::temp_dir)
        .join("sidereal")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn with_file(text: &str, options: Options) -> Result<Config, Error> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Config::resolve(Flags {
            config: Some(file.path().into()),
            options,
        })
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_defaults() {
        let said = Options {
            port: Some(7000),
            ..Options::default()
        };
        let config = with_file("port = 8000\nhost = \"0.0.0.0\"\nmetrics = \"off\"", said).unwrap();
        assert_eq!(config.listen.to_string(), "0.0.0.0:7000");
        assert_eq!(config.metrics, None);
        assert_eq!(config.drain, Duration::from_secs(10));
    }

    fn check_refused(text: &str, expected: &str) {
        let error = with_file(text, Options::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn a_bad_file_is_one_clear_line() {
        check_refused("\nprot = 1", "line 2: unknown field `prot`");
        check_refused("port = 70000", "line 1: ");
        check_refused("metrics = \"here\"", "expected an address and a port");
        check_refused("metrics_token = \"\"", "a token is made of");
        check_refused("tls_cert = \"a\"", "tls-cert needs tls-key");
        check_refused("tls_key = \"a\"", "tls-key needs tls-cert");
        check_refused(
            "tls_key = \"a\"\ntls_cert = \"b\"\ntls_self_signed = true",
            "excludes",
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let flags = Flags {
            config: Some("/nowhere/at.toml".into()),
            ..Flags::default()
        };
        let error = Config::resolve(flags).unwrap_err().to_string();
        assert!(
            error.starts_with("configuration file /nowhere/at.toml: "),
            "{error}"
        );
    }
}
