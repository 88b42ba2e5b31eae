//! The tree under `public/demo`: SID files, `Songlengths.md5`, `STIL.txt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use sidfile::Md5;

use super::tune::{Tune, make};
use crate::shell::root;

/// The tunes' texts, in the order of the tree.
const TUNES: &[(&str, &str)] = &[
    ("Ember_Line", include_str!("tunes/ember_line.txt")),
    ("Honey_and_Brass", include_str!("tunes/honey_and_brass.txt")),
    ("Quarter_Turns", include_str!("tunes/quarter_turns.txt")),
    ("Sawdust_Break", include_str!("tunes/sawdust_break.txt")),
    ("Three_Rivers", include_str!("tunes/three_rivers.txt")),
    ("Twin_Lanterns", include_str!("tunes/twin_lanterns.txt")),
];

/// Writes the tree, or with `check` only says whether it is the one the texts make.
pub fn run(check: bool) -> Result<()> {
    let base = demo_folder();
    for (path, bytes) in tree()? {
        let path = base.join(path);
        if check {
            let found = fs::read(&path).with_context(|| path.display().to_string())?;
            ensure!(
                found == bytes,
                "{} is not what its text makes: run cargo xtask demo-tunes",
                path.display()
            );
        } else {
            fs::create_dir_all(path.parent().unwrap_or(&base))?;
            fs::write(&path, bytes).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

fn demo_folder() -> PathBuf {
    root().join("public/demo")
}

/// Every file by its path in the tree.
fn tree() -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut lengths = "[Database]\n".to_owned();
    let mut stil = STIL_HEAD.to_owned();
    for (name, text) in TUNES {
        let tune = make(text).with_context(|| (*name).to_owned())?;
        ensure!(
            tune.title.len() <= 32 && tune.title.replace(' ', "_") == *name,
            "{name} is titled {}",
            tune.title
        );
        let path = format!("Sidereal/{name}.sid");
        let digest = Md5::of(&tune.file);
        write!(lengths, "; /{path}\n{digest}=")?;
        let passes: Vec<String> = tune
            .songs
            .iter()
            .map(|song| minutes(song.seconds))
            .collect();
        writeln!(lengths, "{}", passes.join(" "))?;
        notes(&mut stil, &path, &tune)?;
        files.insert(path, tune.file);
    }
    files.insert("Songlengths.md5".to_owned(), lengths.into_bytes());
    files.insert("STIL.txt".to_owned(), stil.into_bytes());
    Ok(files)
}

const STIL_HEAD: &str = "\
#  Notes on the demo tunes of Sidereal, in the form of the SID Tune Information List.
#  The tunes and these notes are under the project's licence, GPL-3.0-or-later.

";

/// A tune's entry in `STIL.txt`.
fn notes(stil: &mut String, path: &str, tune: &Tune) -> Result<()> {
    writeln!(stil, "/{path}")?;
    field(stil, "COMMENT", &tune.about)?;
    for (index, song) in tune.songs.iter().enumerate() {
        if tune.songs.len() > 1 {
            writeln!(stil, "(#{})", index + 1)?;
            field(stil, "NAME", &song.name)?;
        }
        field(stil, "COMMENT", &song.about)?;
    }
    stil.push('\n');
    Ok(())
}

/// A field, wrapped as the list wraps it.
fn field(stil: &mut String, name: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut line = format!("{name:>7}:");
    for word in text.split(' ') {
        if line.len() + word.len() + 1 > 78 {
            writeln!(stil, "{line}")?;
            line = " ".repeat(8);
        }
        line.push(' ');
        line.push_str(word);
    }
    writeln!(stil, "{line}")?;
    Ok(())
}

/// `m:ss`, rounded.
fn minutes(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_tunes_are_those_of_the_sources() {
        run(true).unwrap();
    }
}
