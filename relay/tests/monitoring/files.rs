//! What lies in `monitoring/`, read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// The folder.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../monitoring")
}

/// A file of it.
pub fn text(name: &str) -> String {
    let path = folder().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of it that is YAML.
pub fn yaml<T: serde::de::DeserializeOwned>(name: &str) -> T {
    serde_saphyr::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Names of the files of one of its folders.
pub fn names(of: &str) -> Vec<String> {
    let entries = fs::read_dir(folder().join(of)).unwrap();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| format!("{of}/{}", name(entry.unwrap())))
        .collect();
    names.sort();
    names
}

#[derive(Deserialize)]
struct RuleFile {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

/// A rule of Prometheus.
#[derive(Debug, Deserialize)]
pub struct Rule {
    /// The series that it makes.
    #[serde(default)]
    pub record: String,
    /// The alert that it is.
    #[serde(default)]
    pub alert: String,
    /// Its expression.
    pub expr: String,
    /// What it adds to labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What people are told.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// All rules.
pub fn rules() -> Vec<Rule> {
    let files = names("prometheus/rules").into_iter();
    let groups = files.flat_map(|name| yaml::<RuleFile>(&name).groups);
    groups.flat_map(|group| group.rules).collect()
}

/// A dashboard of Grafana.
pub struct Dashboard {
    /// File.
    pub name: String,
    /// Content.
    pub json: Value,
}

impl Dashboard {
    /// Its panels, rows and what is in collapsed ones among them.
    pub fn panels(&self) -> Vec<&Value> {
        let outer = self.json["panels"].as_array().unwrap().iter();
        outer
            .flat_map(|panel| {
                std::iter::once(panel).chain(panel["panels"].as_array().into_iter().flatten())
            })
            .collect()
    }

    /// Title and expression of every question.
    pub fn questions(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for panel in self.panels() {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let title = format!("{}: {}", self.name, panel["title"].as_str().unwrap());
                found.push((title, target["expr"].as_str().unwrap().to_owned()));
            }
        }
        found
    }
}

/// All dashboards.
pub fn dashboards() -> Vec<Dashboard> {
    let read = |name: String| Dashboard {
        json: serde_json::from_str(&text(&name)).unwrap_or_else(|error| panic!("{name}: {error}")),
        name,
    };
    names("grafana/dashboards").into_iter().map(read).collect()
}
