//! What is wrong with a configuration, as far as it can be seen without a relay that runs.

use std::fs;
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::{Finding, Level, is_open};
use crate::config::{Config, Tls};
use crate::metrics::disk;
use crate::{store, tls};

/// Days before its end at which a certificate should be renewed.
const RENEW_DAYS: i64 = 14;
/// Of a hundred parts of the disk, how many should be free.
const LEAST_FREE: u64 = 10;
/// Files beside connections: site, collections, store, Redis.
const OTHER_FILES: u64 = 256;

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, level: Level, words: impl Into<String>) {
        let words = words.into();
        self.0.push(Finding { level, words });
    }

    fn warn(&mut self, words: impl Into<String>) {
        self.add(Level::Warning, words);
    }

    fn error(&mut self, words: impl Into<String>) {
        self.add(Level::Error, words);
    }
}

/// Everything that is found.
pub fn find(config: &Config) -> Vec<Finding> {
    let mut found = Findings::default();
    reachable(config, &mut found);
    folders(config, &mut found);
    ports(config, &mut found);
    certificate(config, &mut found);
    files(config, &mut found);
    redis(config, &mut found);
    found.0
}

fn reachable(config: &Config, found: &mut Findings) {
    let is_public = is_open(config.listen.ip());
    let has_proxy = !config.proxies.networks.is_empty();
    let url = config.outside.public_url.as_deref();
    let is_outside_tls = url.is_some_and(|url| url.starts_with("https:"));
    if is_public && config.tls == Tls::Off && !has_proxy {
        found.warn(
            "plain http for others than this machine: their browsers give the page no sound \
             worklet, no storage and no way offline, and the operator's password crosses the \
             network in the clear; use --tls-cert and --tls-key, or a proxy with --trusted-proxy",
        );
    }
    if has_proxy && url.is_none() {
        found.warn(
            "a proxy and no --public-url: torrents are made for whatever host the proxy passes on",
        );
    }
    if is_outside_tls && config.tls == Tls::Off && !has_proxy {
        found.warn(
            "--public-url is https, so a proxy stands before the relay, and no --trusted-proxy \
             names it: all listeners count as one address",
        );
    }
    if let Some(address) = config.metrics
        && is_open(address.ip())
        && config.metrics_token.is_none()
    {
        found.warn(format!(
            "metrics at {address} are for everybody who reaches it: use --metrics-token, or \
             127.0.0.1"
        ));
    }
    if !config.isolation {
        found.warn("--isolation off: pages have no shared memory, and sound breaks off sooner");
    }
}

fn folders(config: &Config, found: &mut Findings) {
    let folder = &config.data_dir;
    let probe = folder.join(".check");
    let is_writable = fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe));
    if !folder.exists() {
        match nearest(folder).map(fs::metadata) {
            Some(Ok(above)) if above.is_dir() => found.warn(format!(
                "data folder {} does not exist: the first start makes it",
                folder.display()
            )),
            _ => found.error(format!("data folder {} cannot be made", folder.display())),
        }
    } else if let Err(error) = is_writable {
        found.error(format!("data folder {}: {error}", folder.display()));
    }
    if let Some((size, free)) = nearest(folder).and_then(disk)
        && free < size / 100 * LEAST_FREE
    {
        let percent = free * 100 / size.max(1);
        found.warn(format!(
            "the disk of {} has {percent} % left",
            folder.display()
        ));
    }
    if let Some(site) = &config.site
        && !site.join("index.html").is_file()
    {
        found.error(format!(
            "site folder {} holds no index.html",
            site.display()
        ));
    }
    if config.collections.exists()
        && let Err(error) = fs::read_dir(&config.collections)
    {
        found.error(format!(
            "collections folder {}: {error}",
            config.collections.display()
        ));
    }
}

/// The folder, or the first above it that exists.
fn nearest(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.exists())
}

fn ports(config: &Config, found: &mut Findings) {
    // A relay that runs has them, and holds its folder.
    if config.data_dir.is_dir() && store::hold(&config.data_dir).is_err() {
        return;
    }
    let listeners = [
        (Some(config.listen), "--port"),
        (config.metrics, "--metrics"),
    ];
    for (address, flag) in listeners {
        if let Some(address) = address
            && let Err(error) = TcpListener::bind(address)
        {
            found.error(format!("{address}: {error}: choose another with {flag}"));
        }
    }
    if let Some((address, is_asked_for)) = config.stun
        && let Err(error) = UdpSocket::bind(address)
    {
        let level = if is_asked_for {
            Level::Error
        } else {
            Level::Warning
        };
        found.add(
            level,
            format!("STUN at {address}: {error}: choose another with --stun"),
        );
    }
}

fn certificate(config: &Config, found: &mut Findings) {
    let (cert, is_own) = match &config.tls {
        Tls::Off => return,
        Tls::SelfSigned => {
            found.warn("browsers do not know a certificate of our own, and ask before they go on");
            (config.data_dir.join("self-signed.pem"), true)
        }
        Tls::Files { cert, .. } => (cert.clone(), false),
    };
    if is_own && !cert.exists() {
        return;
    }
    if let Err(error) = loads(config) {
        found.error(error);
        return;
    }
    let Ok(der) = CertificateDer::from_pem_file(&cert) else {
        found.error(format!("certificate {}: no PEM", cert.display()));
        return;
    };
    let Ok((_, parsed)) = X509Certificate::from_der(&der) else {
        found.error(format!("certificate {}: cannot be read", cert.display()));
        return;
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs() as i64);
    let days = (parsed.validity().not_after.timestamp() - now) / 86_400;
    if parsed.validity().not_after.timestamp() < now {
        found.error(format!("certificate {}: it has ended", cert.display()));
    } else if days < RENEW_DAYS {
        found.warn(format!(
            "certificate {}: it ends in {days} days",
            cert.display()
        ));
    }
    if parsed.validity().not_before.timestamp() > now {
        found.error(format!(
            "certificate {}: it is not valid yet",
            cert.display()
        ));
    }
    let url = config.outside.public_url.as_deref();
    if let Some(host) = url.and_then(host_of)
        && !is_for(&parsed, host)
        && config.proxies.networks.is_empty()
    {
        found.error(format!(
            "certificate {}: it is not for {host}",
            cert.display()
        ));
    }
}

/// Whether certificate and key are there and go together.
fn loads(config: &Config) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let loaded = runtime.block_on(tls::load(&config.tls, &config.data_dir, config.listen.ip()));
    loaded.map(|_| ()).map_err(|error| error.to_string())
}

/// The host of `https://host:port`.
pub fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let rest = rest.trim_end_matches('/');
    let is_number = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let host = match rest.rsplit_once(':') {
        Some((host, port)) if is_number(port) => host,
        _ => rest,
    };
    Some(host.trim_matches(['[', ']']))
}

/// Whether a certificate names a host.
fn is_for(certificate: &X509Certificate<'_>, host: &str) -> bool {
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names
        .into_iter()
        .flat_map(|names| &names.value.general_names);
    let address = host.parse::<std::net::IpAddr>().ok();
    let is_it = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => match name.strip_prefix("*.") {
            Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest == domain),
            None => name.eq_ignore_ascii_case(host),
        },
        GeneralName::IPAddress(bytes) => match address {
            Some(std::net::IpAddr::V4(address)) => *bytes == address.octets(),
            Some(std::net::IpAddr::V6(address)) => *bytes == address.octets(),
            None => false,
        },
        _ => false,
    };
    names.into_iter().any(is_it)
}

fn files(config: &Config, found: &mut Findings) {
    let Ok(text) = fs::read_to_string("/proc/self/limits") else {
        return;
    };
    let wanted = config.limits.connections as u64 + OTHER_FILES;
    if let Some(most) = open_files(&text)
        && most < wanted
    {
        found.warn(format!(
            "this shell may open {most} files, and --limit-connections allows {}: set \
             LimitNOFILE={} in the service, or ulimit -n",
            config.limits.connections,
            wanted.next_power_of_two()
        ));
    }
}

/// The soft limit of open files in `/proc/self/limits`.
fn open_files(limits: &str) -> Option<u64> {
    let mut lines = limits.lines();
    let rest = lines.find_map(|line| line.strip_prefix("Max open files"))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn redis(config: &Config, found: &mut Findings) {
    let Some(cluster) = &config.cluster else {
        return;
    };
    let address = cluster.address.to_string();
    // A socket of the file system has no port.
    let Ok(mut addresses) = address.to_socket_addrs() else {
        return;
    };
    let reached = addresses
        .any(|address| TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok());
    if !reached {
        found.error(format!("Redis at {address} does not answer"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use clap::{Args as _, FromArgMatches as _};

    fn config(words: &[&str]) -> Config {
        let command = config::Flags::augment_args(clap::Command::new("serve"));
        let said = command.get_matches_from(["serve"].iter().chain(words));
        Config::resolve(config::Flags::from_arg_matches(&said).unwrap()).unwrap()
    }

    /// What is found with a data folder that is there and whatever ports are free.
    fn words(options: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let standard = [["--data-dir", path], ["--port", "0"], ["--stun", "off"]];
        let standard = standard.iter().filter(|[name, _]| !options.contains(name));
        let all: Vec<&str> = standard.flatten().chain(options).copied().collect();
        let found = find(&config(&all));
        found
            .iter()
            .map(|finding| format!("{:?} {}\n", finding.level, finding.words))
            .collect()
    }

    fn check(options: &[&str], expected: &str) {
        let found = words(options);
        assert!(found.contains(expected), "{options:?}: {found}");
    }

    #[test]
    fn what_is_wrong_is_found() {
        let off = ["--metrics", "off", "--limit-connections", "1"];
        assert_eq!(words(&off), "");
        check(
            &["--host", "0.0.0.0", "--metrics", "off"],
            "Warning plain http",
        );
        check(&["--metrics", "0.0.0.0:0"], "Warning metrics at 0.0.0.0:0");
        check(&["--trusted-proxy", "10.0.0.1"], "no --public-url");
        check(&["--public-url", "https://a.example"], "no --trusted-proxy");
        check(&["--isolation", "off"], "Warning --isolation");
        check(&["--site", "/nowhere"], "Error site folder /nowhere");
        check(&["--limit-connections", "4000000000"], "LimitNOFILE=");
        check(
            &["--redis", "redis://127.0.0.1:1"],
            "Error Redis at 127.0.0.1:1",
        );
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        check(&["--metrics", &address], "choose another with --metrics");
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        check(&["--stun", &address], "Error STUN");
        check(&["--data-dir", "/etc/hostname/x"], "Error data folder");
        check(
            &["--data-dir", "/nowhere/at/all"],
            "the first start makes it",
        );
    }

    #[test]
    fn certificates_are_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let make = |name: &str, days: i64| {
            let mut params =
                rcgen::CertificateParams::new(vec!["a.example".into(), "*.b.example".into()])
                    .unwrap();
            let now = SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap()
                .as_secs() as i64;
            let day = |days: i64| {
                let moved =
                    x509_parser::time::ASN1Time::from_timestamp(now + days * 86_400).unwrap();
                moved.to_datetime()
            };
            (params.not_before, params.not_after) = (day(-30), day(days));
            let key = rcgen::KeyPair::generate().unwrap();
            let made = params.self_signed(&key).unwrap();
            fs::write(path(&format!("{name}.pem")), made.pem()).unwrap();
            fs::write(path(&format!("{name}.key")), key.serialize_pem()).unwrap();
        };
        make("good", 100);
        make("soon", 3);
        make("over", -1);
        let found = |cert: &str, key: &str, url: &str| {
            let (cert, key) = (path(&format!("{cert}.pem")), path(&format!("{key}.key")));
            words(&[
                "--tls-cert",
                &cert,
                "--tls-key",
                &key,
                "--public-url",
                url,
                "--metrics",
                "off",
                "--limit-connections",
                "1",
            ])
        };
        assert_eq!(found("good", "good", "https://a.example"), "");
        assert_eq!(found("good", "good", "https://c.b.example:8443/"), "");
        assert!(found("good", "good", "https://c.example").contains("it is not for c.example"));
        assert!(found("soon", "soon", "https://a.example").contains("Warning certificate"));
        assert!(found("over", "over", "https://a.example").contains("Error certificate"));
        assert!(found("good", "soon", "https://a.example").contains("Error certificate"));
    }

    #[test]
    fn limits_and_hosts_are_read() {
        let text = "Limit  Soft  Hard\nMax open files            1024                 524288               files\n";
        assert_eq!(open_files(text), Some(1_024));
        assert_eq!(open_files("Max open files unlimited"), None);
        assert_eq!(host_of("https://a.example:8443/"), Some("a.example"));
        assert_eq!(host_of("https://[2001:db8::1]"), Some("2001:db8::1"));
    }
}
