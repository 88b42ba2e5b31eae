//! What is in force, and where it comes from: for the operator's page.

use std::path::Path;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use protocol::admin::Setting;

/// Options whose value nobody is shown, beside those whose environment is hidden.
const SECRET: [&str; 1] = ["ice_server"];

/// Every option of a command, in the order of its help. `file` has the options of the
/// configuration file.
#[must_use]
pub fn list(command: &Command, said: &ArgMatches, file: &toml::Table) -> Vec<Setting> {
    let arguments = command.get_arguments();
    let arguments =
        arguments.filter(|argument| !["help", "version"].contains(&argument.get_id().as_str()));
    arguments
        .map(|argument| setting(argument, said, file))
        .collect()
}

/// The configuration file as a table; an empty one where there is none.
#[must_use]
pub fn table(path: Option<&Path>) -> toml::Table {
    let text = path.and_then(|path| std::fs::read_to_string(path).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn setting(argument: &Arg, said: &ArgMatches, file: &toml::Table) -> Setting {
    let name = argument.get_id().as_str();
    let raw = || {
        let values = said.get_raw(name).into_iter().flatten();
        let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
        values.join(" ")
    };
    let (value, source) = match said.value_source(name) {
        Some(ValueSource::CommandLine) => (raw(), "command line"),
        Some(ValueSource::EnvVariable) => (raw(), "environment"),
        _ => match file.get(name) {
            Some(value) => (plain(value), "file"),
            None => (default_of(argument), "default"),
        },
    };
    let is_secret = argument.is_hide_env_values_set() || SECRET.contains(&name);
    let value = match (is_secret, source) {
        (true, "default") => "not set".into(),
        (true, _) => "set".into(),
        (false, _) => without_login(&value),
    };
    Setting {
        name: name.into(),
        value,
        source: source.into(),
    }
}

/// A value of the file as one says it elsewhere.
fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(is_so) => is_so.to_string(),
        toml::Value::Datetime(time) => time.to_string(),
        toml::Value::Array(values) => {
            let values: Vec<String> = values.iter().map(plain).collect();
            values.join(" ")
        }
        toml::Value::Table(_) => "a table".into(),
    }
}

/// The default as the help tells it: `[default: THIS]`.
fn default_of(argument: &Arg) -> String {
    let help = argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let found = help
        .split_once("[default: ")
        .and_then(|(_, rest)| rest.split_once(']'));
    found.map_or_else(|| "not set".into(), |(value, _)| value.into())
}

/// Addresses without the user and password that they may have.
fn without_login(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after.find(['/', ' ']).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(at) => {
                out.push_str("...");
                &after[at..]
            }
            None => after,
        };
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Args as _;

    fn check(said: &[&str], file: &str, name: &str, value: &str, source: &str) {
        let command = crate::config::Flags::augment_args(Command::new("serve"));
        let words = ["serve"].iter().chain(said);
        let said = command.clone().get_matches_from(words);
        let found = list(&command, &said, &file.parse().unwrap());
        let setting = found.iter().find(|setting| setting.name == name).unwrap();
        assert_eq!(
            (&*setting.value, &*setting.source),
            (value, source),
            "{name}"
        );
    }

    #[test]
    fn each_source_is_told() {
        check(
            &["--port", "7000"],
            "port = 8000",
            "port",
            "7000",
            "command line",
        );
        check(&[], "port = 8000", "port", "8000", "file");
        check(&[], "host = \"::1\"", "host", "::1", "file");
        check(&[], "", "port", "6510", "default");
        check(&[], "", "site", "not set", "default");
    }

    #[test]
    fn secrets_are_set_or_not() {
        check(
            &["--metrics-token", "abc"],
            "",
            "metrics_token",
            "set",
            "command line",
        );
        check(
            &[],
            "metrics_token = \"abc\"",
            "metrics_token",
            "set",
            "file",
        );
        check(&[], "", "metrics_token", "not set", "default");
        check(&[], "", "admin_password", "not set", "default");
        let server = "turn:host:3478,user,credential";
        check(
            &["--ice-server", server],
            "",
            "ice_server",
            "set",
            "command line",
        );
        let url = "redis://user:secret@host/0 x://y";
        assert_eq!(without_login(url), "redis://...@host/0 x://y");
    }
}
