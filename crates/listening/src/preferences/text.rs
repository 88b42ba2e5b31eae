//! Preferences as text: writing, reading, and bringing the texts of two tabs together.

use core::fmt::Write as _;
use core::str::FromStr;
use std::collections::BTreeMap;

use catalog::Sort;
use protocol::engine::Tempo;
use sidfile::{Md5, TuneId};

use super::migrate::{Pairs, STEPS, migrate};
use super::names::Named;
use super::{
    EngineOrder, MAX_COUNTDOWN_SECONDS, MAX_CROSSFADE_SECONDS, Place, Preferences, Repair,
};

/// Version of the text that [`Preferences::save`] writes.
pub const SCHEMA_VERSION: u32 = 2;

const HEADING: &str = "sidereal-preferences";
/// Key of the last line: the start of the digest of all lines before it, since version 2.
const SUM: &str = "sum";

/// Closes the lines of a text.
fn sealed(mut lines: String) -> String {
    let sum = sum_of(&lines);
    let _ = writeln!(lines, "{SUM}={sum}");
    lines
}

fn sum_of(lines: &str) -> String {
    let mut sum = Md5::of(lines.as_bytes()).to_string();
    sum.truncate(8);
    sum
}

impl Preferences {
    /// Text of version [`SCHEMA_VERSION`].
    #[must_use]
    pub fn save(&self) -> String {
        let mut text = format!("{HEADING} {SCHEMA_VERSION}\n");
        let direction = if self.sort.descending { "-" } else { "+" };
        let mut line = |key: &str, value: &str| {
            let _ = writeln!(text, "{key}={value}");
        };
        line("volume", &self.volume.to_string());
        line("muted", self.muted.name());
        line("theme", self.theme.name());
        line("density", self.density.name());
        line("language", self.language.name());
        line("repeat", self.repeat.name());
        line("songs", self.songs.name());
        line("sort", &format!("{direction}{}", self.sort.column.name()));
        line(
            "engine-order",
            &self.engine_order.map(Named::name).join(" "),
        );
        line("chip", self.overrides.model.name());
        line("clock", self.overrides.video.name());
        line("grade", self.overrides.grade.name());
        line("filter", self.overrides.filter.name());
        line("stereo-width", self.overrides.spread.name());
        line("roms", self.rom_set.name());
        line("levelling", self.levelling.name());
        line("crossfade", &self.crossfade_seconds.to_string());
        line("countdown", &self.countdown_seconds.to_string());
        if let Some(tempo) = self.tempo {
            let follows = tempo.pitch_follows.name();
            let text = format!("{} {} {follows}", tempo.speed_percent, tempo.semitones);
            line("tempo", &text);
        }
        line("reach", self.swarm.reach.name());
        line("seeding", self.swarm.seed.name());
        line("download", &self.swarm.download_kilobytes.to_string());
        line("upload", &self.swarm.upload_kilobytes.to_string());
        line("cache", &self.swarm.disk_megabytes.to_string());
        line("data-saver", self.data_saver.name());
        line("telemetry", self.telemetry.name());
        line("narrow-navigation", self.narrow_navigation.name());
        line("picture", self.picture.name());
        if let Some(last) = self.last {
            line("last", &last.tune.to_string());
            line("position", &last.position_millis.to_string());
        }
        sealed(text)
    }

    /// Preferences of `text`, and what had to be repaired. Empty text is a first visit.
    #[must_use]
    pub fn load(text: &str) -> (Self, Vec<Repair>) {
        let mut preferences = Self::default();
        let repairs = preferences.take(text);
        (preferences, repairs)
    }

    /// Preferences of two copies: where `text` is damaged or lacks a line, `copy` says it. Repairs
    /// are those of `text`.
    #[must_use]
    pub fn load_with_copy(text: &str, copy: &str) -> (Self, Vec<Repair>) {
        let (mut preferences, _) = Self::load(copy);
        let repairs = preferences.take(text);
        (preferences, repairs)
    }

    /// Takes the lines of `text` over; what they do not say stays.
    fn take(&mut self, text: &str) -> Vec<Repair> {
        let mut repairs = Vec::new();
        if text.trim().is_empty() {
            return repairs;
        }
        let (version, pairs) = pairs_of(text, &mut repairs);
        if version.is_none() {
            repairs.insert(0, Repair::Heading);
        }
        for (key, value) in pairs {
            if self.set(&key, &value).is_none() {
                repairs.push(Repair::Value {
                    key: clip(&key),
                    value: clip(&value),
                });
            }
        }
        repairs
    }

    /// Takes one line; `None` where the value makes no sense. Keys that are not known are passed
    /// over: a later version may have written them.
    fn set(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "volume" => self.volume = number_to(value, 100)?,
            "muted" => self.muted = Named::named(value)?,
            "theme" => self.theme = Named::named(value)?,
            "density" => self.density = Named::named(value)?,
            "language" => self.language = Named::named(value)?,
            "repeat" => self.repeat = Named::named(value)?,
            "songs" => self.songs = Named::named(value)?,
            "sort" => {
                let (direction, column) = value.split_at_checked(1)?;
                self.sort = Sort {
                    descending: match direction {
                        "+" => false,
                        "-" => true,
                        _ => return None,
                    },
                    column: Named::named(column)?,
                };
            }
            "engine-order" => self.engine_order = order_of(value)?,
            "chip" => self.overrides.model = Named::named(value)?,
            "clock" => self.overrides.video = Named::named(value)?,
            "grade" => self.overrides.grade = Named::named(value)?,
            "filter" => self.overrides.filter = Named::named(value)?,
            "stereo-width" => self.overrides.spread = Named::named(value)?,
            "roms" => self.rom_set = Named::named(value)?,
            "levelling" => self.levelling = Named::named(value)?,
            "crossfade" => self.crossfade_seconds = number_to(value, MAX_CROSSFADE_SECONDS)?,
            "countdown" => self.countdown_seconds = number_to(value, MAX_COUNTDOWN_SECONDS)?,
            "tempo" => {
                let mut parts = value.split_whitespace();
                let tempo = Tempo {
                    speed_percent: number(parts.next()?)?,
                    semitones: number(parts.next()?)?,
                    pitch_follows: Named::named(parts.next()?)?,
                };
                let is_playable = tempo == tempo.within_limits() && parts.next().is_none();
                self.tempo = is_playable.then_some(Some(tempo))?;
            }
            "reach" => self.swarm.reach = Named::named(value)?,
            "seeding" => self.swarm.seed = Named::named(value)?,
            "download" => self.swarm.download_kilobytes = number(value)?,
            "upload" => self.swarm.upload_kilobytes = number(value)?,
            "cache" => self.swarm.disk_megabytes = number(value)?,
            "data-saver" => self.data_saver = Named::named(value)?,
            "telemetry" => self.telemetry = Named::named(value)?,
            "narrow-navigation" => self.narrow_navigation = Named::named(value)?,
            "picture" => self.picture = Named::named(value)?,
            "last" => {
                let (md5, song) = value.split_once('/')?;
                let tune = TuneId {
                    md5: md5.parse().ok()?,
                    song: number(song).filter(|&song| song > 0)?,
                };
                let position_millis = self.last.map_or(0, |last| last.position_millis);
                self.last = Some(Place {
                    tune,
                    position_millis,
                });
            }
            "position" => self.last.as_mut()?.position_millis = number(value)?,
            _ => {}
        }
        Some(())
    }
}

/// Version of a text, and its lines as those of the newest version.
fn pairs_of(text: &str, repairs: &mut Vec<Repair>) -> (Option<u32>, Pairs) {
    let mut lines = text.lines();
    let version = lines.clone().next().and_then(|first| {
        let number = first.trim().strip_prefix(HEADING)?;
        number.trim().parse::<u32>().ok()
    });
    if version.is_some() {
        lines.next();
    }
    let mut pairs = Pairs::new();
    for line in lines.filter(|line| !line.trim().is_empty()) {
        match line.split_once('=') {
            Some((key, value)) => pairs.push((key.trim().to_owned(), value.trim().to_owned())),
            None => repairs.push(Repair::Line { line: clip(line) }),
        }
    }
    match version {
        Some(found) if found > SCHEMA_VERSION => repairs.push(Repair::Newer { found }),
        Some(found) => {
            if found >= 2 && !is_whole(text) {
                repairs.push(Repair::Sum);
            }
            migrate(&mut pairs, found, STEPS);
        }
        // Whatever it was: steps leave newer names alone.
        None => migrate(&mut pairs, 1, STEPS),
    }
    pairs.retain(|(key, _)| key != SUM);
    (version, pairs)
}

/// The last line fits those before it.
fn is_whole(text: &str) -> bool {
    text.rfind("sum=").is_some_and(|at| {
        let (lines, last) = text.split_at(at);
        last.trim_end() == format!("{SUM}={}", sum_of(lines))
    })
}

/// Brings together what two tabs made of `base`: a line that only one of them changed is as it made
/// it, and one that both changed is as in `ours`. What plays last, and where, is a matter of each
/// tab, and stays as in `ours`.
#[must_use]
pub fn merge(base: &str, ours: &str, theirs: &str) -> String {
    let lines = |text: &str| -> BTreeMap<String, String> {
        pairs_of(text, &mut Vec::new()).1.into_iter().collect()
    };
    let (base, theirs) = (lines(base), lines(theirs));
    let mut merged = format!("{HEADING} {SCHEMA_VERSION}\n");
    let (_, ours) = pairs_of(ours, &mut Vec::new());
    let own = |key: &str| matches!(key, "last" | "position");
    for (key, value) in &ours {
        let unchanged = base.get(key) == Some(value) && !own(key);
        let value = theirs.get(key).filter(|_| unchanged).unwrap_or(value);
        // What they took away is gone; a text that is damaged takes nothing away.
        if unchanged && !theirs.contains_key(key) && theirs.len() + 1 >= base.len() {
            continue;
        }
        let _ = writeln!(merged, "{key}={value}");
    }
    for (key, value) in &theirs {
        let is_new = !base.contains_key(key) && !own(key);
        if is_new && ours.iter().all(|(other, _)| other != key) {
            let _ = writeln!(merged, "{key}={value}");
        }
    }
    sealed(merged)
}

fn order_of(text: &str) -> Option<EngineOrder> {
    let mut names = text.split_whitespace();
    let mut next = || Named::named(names.next()?);
    let order = [next()?, next()?, next()?];
    let [first, second, third] = order;
    let is_whole = first != second && second != third && first != third;
    (is_whole && names.next().is_none()).then_some(order)
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn number_to(text: &str, most: u8) -> Option<u8> {
    number(text).filter(|&number| number <= most)
}

fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}
