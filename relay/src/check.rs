//! `sidereal-relay check`: what a configuration means, who reaches what, and what is wrong with it;
//! with `--rollout` also whether the relay that runs by it does what it should.

mod asking;
mod findings;
mod rollout;

use std::io::{self, Write as _};
use std::net::IpAddr;
use std::process::ExitCode;

use clap::{ArgMatches, Args, CommandFactory};
use protocol::admin::Setting;

use crate::config::{self, Config, Tls};
use crate::edge;

/// Options of `check`.
#[derive(Debug, Args)]
pub struct CheckFlags {
    #[command(flatten)]
    serve: config::Flags,
    /// Ask the relay that runs with these options, and tick a launch list
    #[arg(long)]
    rollout: bool,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// It keeps the relay from its work, or others from being safe.
    Error,
    /// An operator should know.
    Warning,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    level: Level,
    words: String,
}

/// Explains; ends with 1 where something is wrong.
#[must_use]
pub fn run<C: CommandFactory>(flags: CheckFlags, said: &ArgMatches) -> ExitCode {
    let file = config::settings::table(flags.serve.config());
    let config = match Config::resolve(flags.serve) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let command = C::command();
    let command = command.find_subcommand("check");
    let settings = match (command, said.subcommand()) {
        (Some(command), Some((_, said))) => config::settings::list(command, said, &file),
        _ => Vec::new(),
    };
    let help = |name: &str| {
        let mut arguments = command.into_iter().flat_map(clap::Command::get_arguments);
        let argument = arguments.find(|argument| argument.get_id() == name)?;
        Some(meaning(&argument.get_help()?.to_string()))
    };
    let found = findings::find(&config);
    let mut text = String::from("Options in force\n");
    for setting in settings.iter().filter(|setting| setting.name != "rollout") {
        text.push_str(&line(setting, help(&setting.name)));
    }
    text.push_str("\nWho reaches what\n");
    for (what, who) in reach(&config) {
        text.push_str(&format!("  {what:<44} {who}\n"));
    }
    text.push_str("\nWhat is to be known\n");
    if found.is_empty() {
        text.push_str("  Nothing is wrong.\n");
    }
    for Finding { level, words } in &found {
        let mark = if *level == Level::Error {
            "error"
        } else {
            "warning"
        };
        text.push_str(&format!("  {mark}: {words}\n"));
    }
    let mut is_well = found.iter().all(|finding| finding.level != Level::Error);
    if flags.rollout {
        text.push_str("\nLaunch list\n");
        for (tick, what) in rollout::tick(&config, &found) {
            is_well &= tick != rollout::Tick::No;
            text.push_str(&format!("  {} {what}\n", tick.sign()));
        }
    }
    // Whoever reads may have enough.
    let _ = io::stdout().write_all(text.as_bytes());
    if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn line(setting: &Setting, meaning: Option<String>) -> String {
    let Setting {
        name,
        value,
        source,
    } = setting;
    let name = name.replace('_', "-");
    let meaning = meaning.unwrap_or_default();
    format!("  {name} = {value} ({source})\n      {meaning}\n")
}

/// What an option's help says, without its default and on one line.
fn meaning(help: &str) -> String {
    let words = help.split("[default:").next().unwrap_or(help);
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Who can connect to an address.
fn who(address: IpAddr) -> &'static str {
    match address {
        _ if address.is_loopback() => "this machine only",
        _ if address.is_unspecified() => "every network that this machine is in",
        IpAddr::V4(address) if address.is_private() || address.is_link_local() => {
            "the private network of that address"
        }
        IpAddr::V6(address) if address.is_unique_local() || address.is_unicast_link_local() => {
            "the private network of that address"
        }
        _ => "the world",
    }
}

/// What is served where, and who reaches it.
fn reach(config: &Config) -> Vec<(String, String)> {
    let listen = config.listen;
    let scheme = if config.tls == Tls::Off {
        "http"
    } else {
        "https"
    };
    let public = who(listen.ip());
    let mut lines = vec![(
        format!("{scheme}://{listen}: page, tracker, collections"),
        match &config.outside.public_url {
            Some(url) => format!("{public}; called {url}"),
            None => format!("{public}; called what requests call it"),
        },
    )];
    if config.admin {
        let words = "who has the password or a token".to_owned();
        lines.push((
            format!("{scheme}://{listen}/admin"),
            format!("{public}: {words}"),
        ));
    }
    if let Some(address) = config.metrics {
        let token = match &config.metrics_token {
            Some(_) => "with the token",
            None => "without a token",
        };
        let what = format!("http://{address}/metrics");
        lines.push((what, format!("{}, {token}", who(address.ip()))));
    }
    if let Some((address, _)) = config.stun {
        let what = format!("udp {address}: STUN");
        lines.push((what, who(address.ip()).to_owned()));
    }
    if let Some(cluster) = &config.cluster {
        let what = format!("Redis at {}", cluster.address);
        let words = format!(
            "relays with the prefix {:?} share their swarms",
            cluster.prefix
        );
        lines.push((what, words));
    }
    let proxies = &config.proxies.networks;
    if !proxies.is_empty() {
        let known: Vec<String> = proxies.iter().map(ToString::to_string).collect();
        let words = "are believed when they say whom they speak for".to_owned();
        lines.push((format!("proxies at {}", known.join(", ")), words));
    }
    for (what, origins) in [
        ("collections and seeds", &config.readers),
        ("the tracker", &config.announcers),
    ] {
        let words = match &origins.0 {
            None => "pages of any origin".to_owned(),
            Some(origins) => format!("the site's own pages, and {}", origins.join(", ")),
        };
        lines.push((format!("{what} in browsers"), words));
    }
    lines
}

/// The address at which a listener of this machine answers.
fn here(address: std::net::SocketAddr) -> std::net::SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    std::net::SocketAddr::new(ip, address.port())
}

/// Whether others than this machine reach an address.
fn is_open(address: IpAddr) -> bool {
    edge::network(address).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_reached_by_whom_they_are() {
        let check = |address: &str, expected: &str| {
            let found = who(address.parse().unwrap());
            assert!(found.contains(expected), "{address}: {found}");
        };
        check("127.0.0.1", "this machine");
        check("::1", "this machine");
        check("0.0.0.0", "every network");
        check("::", "every network");
        check("192.168.1.7", "private");
        check("fd00::1", "private");
        check("198.51.100.7", "the world");
        check("2001:db8::1", "the world");
        assert_eq!(
            here("0.0.0.0:80".parse().unwrap()).to_string(),
            "127.0.0.1:80"
        );
        assert_eq!(here("[::]:80".parse().unwrap()).to_string(), "[::1]:80");
    }

    #[test]
    fn help_becomes_a_meaning() {
        assert_eq!(
            meaning("Port to\nlisten on [default: 6510]"),
            "Port to listen on"
        );
    }
}
