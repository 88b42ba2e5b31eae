//! What the listener chose, kept as text: one `key=value` a line under a line with the version.
//!
//! Damage costs the damaged line only: the field takes its default, the rest stays, and the
//! repair is reported.

use core::fmt::Write;
use core::str::FromStr;

use catalog::{Column, Sort};
use protocol::engine::{Filter, Grade, Model, Overrides, Spread, Tempo, Video};
use sidfile::TuneId;

use crate::swarm::{Reach, SwarmChoices};

/// Version of the text that [`Preferences::save`] writes.
pub const SCHEMA_VERSION: u32 = 1;

const HEADING: &str = "sidereal-preferences";

/// Colours of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// What follows the end of a song.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Repeat {
    /// The list to its end.
    #[default]
    Off,
    /// The same song again.
    One,
    /// The list, from its start again after the end.
    All,
}

/// Which songs of a file are played in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Songs {
    /// The chosen one, then the next file.
    #[default]
    Chosen,
    /// All that follow the chosen one, then the next file.
    All,
}

/// Where the listener was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What played.
    pub tune: TuneId,
    /// Where in it.
    pub position_millis: u32,
}

/// What the listener chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// Percent, 0 to 100.
    pub volume: u8,
    /// No sound, whatever the volume.
    pub muted: bool,
    /// Colours.
    pub theme: Theme,
    /// What follows a song.
    pub repeat: Repeat,
    /// Which songs of a file play.
    pub songs: Songs,
    /// Order of the library.
    pub sort: Sort,
    /// Machine, where not the tune's own.
    pub overrides: Overrides,
    /// Tunes are brought to one loudness.
    pub levelling: bool,
    /// Speed and pitch of every tune; `None` where each starts as it was made.
    pub tempo: Option<Tempo>,
    /// What is shared and fetched, and how.
    pub swarm: SwarmChoices,
    /// The navigation shows icons only.
    pub narrow_navigation: bool,
    /// What played last.
    pub last: Option<Place>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            volume: 80,
            muted: false,
            theme: Theme::default(),
            repeat: Repeat::default(),
            songs: Songs::default(),
            sort: Sort::default(),
            overrides: Overrides::default(),
            levelling: true,
            tempo: None,
            swarm: SwarmChoices::default(),
            narrow_navigation: false,
            last: None,
        }
    }
}

/// What was found damaged and set right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Repair {
    /// No heading: all defaults, except for lines that could be read.
    #[error("the settings had no heading")]
    Heading,
    /// Written by a later build.
    #[error("the settings are of version {found}; what this page knows of them was kept")]
    Newer {
        /// As found.
        found: u32,
    },
    /// A line whose value makes no sense: its default was taken.
    #[error("the setting \"{key}\" had the value \"{value}\" and was reset")]
    Value {
        /// Which.
        key: String,
        /// As found.
        value: String,
    },
    /// A line that is none.
    #[error("a line of the settings could not be read: \"{line}\"")]
    Line {
        /// As found.
        line: String,
    },
}

/// Names of the values of an enum, in one place for both directions.
trait Named: Copy + PartialEq + 'static {
    const NAMES: &'static [(&'static str, Self)];

    fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, value)| *value == self)
            .map_or("", |(name, _)| name)
    }

    fn named(text: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value)
    }
}

impl Named for bool {
    const NAMES: &'static [(&'static str, Self)] = &[("no", false), ("yes", true)];
}
impl Named for Theme {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("system", Self::System),
        ("dark", Self::Dark),
        ("light", Self::Light),
    ];
}
impl Named for Repeat {
    const NAMES: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("one", Self::One), ("all", Self::All)];
}
impl Named for Songs {
    const NAMES: &'static [(&'static str, Self)] = &[("chosen", Self::Chosen), ("all", Self::All)];
}
impl Named for Option<Grade> {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("auto", None),
        ("accurate", Some(Grade::Accurate)),
        ("light", Some(Grade::Light)),
    ];
}
impl Named for Filter {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("brightest", Self::Brightest),
        ("bright", Self::Bright),
        ("average", Self::Average),
        ("dark", Self::Dark),
        ("darkest", Self::Darkest),
    ];
}
impl Named for Spread {
    const NAMES: &'static [(&'static str, Self)] =
        &[("stereo", Self::Stereo), ("mono", Self::Mono)];
}
impl Named for Option<Model> {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("auto", None),
        ("6581", Some(Model::Mos6581)),
        ("8580", Some(Model::Mos8580)),
    ];
}
impl Named for Option<Video> {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("auto", None),
        ("pal", Some(Video::Pal)),
        ("ntsc", Some(Video::Ntsc)),
    ];
}
impl Named for Reach {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("direct", Self::Direct),
        ("local", Self::Local),
        ("relayed", Self::Relayed),
        ("nobody", Self::Nobody),
    ];
}
impl Named for Column {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("title", Self::Title),
        ("composer", Self::Author),
        ("year", Self::Year),
        ("length", Self::Length),
        ("songs", Self::Songs),
        ("path", Self::Path),
        ("added", Self::Added),
    ];
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
        line("repeat", self.repeat.name());
        line("songs", self.songs.name());
        line("sort", &format!("{direction}{}", self.sort.column.name()));
        line("model", self.overrides.model.name());
        line("video", self.overrides.video.name());
        line("grade", self.overrides.grade.name());
        line("filter", self.overrides.filter.name());
        line("spread", self.overrides.spread.name());
        line("levelling", self.levelling.name());
        if let Some(tempo) = self.tempo {
            let follows = tempo.pitch_follows.name();
            let text = format!("{} {} {follows}", tempo.speed_percent, tempo.semitones);
            line("tempo", &text);
        }
        line("reach", self.swarm.reach.name());
        line("seed", self.swarm.seed.name());
        line("download", &self.swarm.download_kilobytes.to_string());
        line("upload", &self.swarm.upload_kilobytes.to_string());
        line("disk", &self.swarm.disk_megabytes.to_string());
        line("narrow-navigation", self.narrow_navigation.name());
        if let Some(last) = self.last {
            line("last", &last.tune.to_string());
            line("position", &last.position_millis.to_string());
        }
        text
    }

    /// Preferences of `text`, and what had to be repaired. Empty text is a first visit.
    #[must_use]
    pub fn load(text: &str) -> (Self, Vec<Repair>) {
        let mut preferences = Self::default();
        let mut repairs = Vec::new();
        if text.trim().is_empty() {
            return (preferences, repairs);
        }
        let mut lines = text.lines();
        let version = lines.clone().next().and_then(|first| {
            let number = first.trim().strip_prefix(HEADING)?;
            number.trim().parse::<u32>().ok()
        });
        if version.is_some() {
            lines.next();
        } else {
            repairs.push(Repair::Heading);
        }
        let mut pairs = Vec::new();
        for line in lines.filter(|line| !line.trim().is_empty()) {
            match line.split_once('=') {
                Some((key, value)) => pairs.push((key.trim().to_owned(), value.trim().to_owned())),
                None => repairs.push(Repair::Line { line: clip(line) }),
            }
        }
        match version {
            Some(found) if found > SCHEMA_VERSION => repairs.push(Repair::Newer { found }),
            Some(found) => migrate(&mut pairs, found, STEPS),
            None => {}
        }
        for (key, value) in pairs {
            if preferences.set(&key, &value).is_none() {
                repairs.push(Repair::Value {
                    key: clip(&key),
                    value: clip(&value),
                });
            }
        }
        (preferences, repairs)
    }

    /// Takes one line; `None` where the value makes no sense. Keys that are not known are passed
    /// over: a later version may have written them.
    fn set(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "volume" => {
                self.volume = number(value).filter(|&percent| percent <= 100)?;
            }
            "muted" => self.muted = Named::named(value)?,
            "theme" => self.theme = Named::named(value)?,
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
            "model" => self.overrides.model = Named::named(value)?,
            "video" => self.overrides.video = Named::named(value)?,
            "grade" => self.overrides.grade = Named::named(value)?,
            "filter" => self.overrides.filter = Named::named(value)?,
            "spread" => self.overrides.spread = Named::named(value)?,
            "levelling" => self.levelling = Named::named(value)?,
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
            "seed" => self.swarm.seed = Named::named(value)?,
            "download" => self.swarm.download_kilobytes = number(value)?,
            "upload" => self.swarm.upload_kilobytes = number(value)?,
            "disk" => self.swarm.disk_megabytes = number(value)?,
            "narrow-navigation" => self.narrow_navigation = Named::named(value)?,
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

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Keys and values on their way to the newest version.
type Pairs = Vec<(String, String)>;

/// Step `n` turns version `n + 1` into version `n + 2`.
const STEPS: &[fn(&mut Pairs)] = &[];

/// Takes `pairs` of version `from` through every later step.
fn migrate(pairs: &mut Pairs, from: u32, steps: &[fn(&mut Pairs)]) {
    let done = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
    for step in steps.iter().skip(done) {
        step(pairs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidfile::Md5;

    fn full() -> Preferences {
        Preferences {
            volume: 55,
            muted: true,
            theme: Theme::Light,
            repeat: Repeat::All,
            songs: Songs::All,
            sort: Sort {
                column: Column::Year,
                descending: true,
            },
            overrides: Overrides {
                model: Some(Model::Mos8580),
                video: Some(Video::Ntsc),
                grade: Some(Grade::Light),
                filter: Filter::Darkest,
                spread: Spread::Mono,
            },
            levelling: true,
            tempo: Some(Tempo {
                speed_percent: 150,
                semitones: -2,
                pitch_follows: true,
            }),
            swarm: SwarmChoices {
                reach: Reach::Local,
                seed: false,
                download_kilobytes: 500,
                upload_kilobytes: 20,
                disk_megabytes: 100,
            },
            narrow_navigation: true,
            last: Some(Place {
                tune: TuneId {
                    md5: Md5::of(b"abc"),
                    song: 3,
                },
                position_millis: 61_500,
            }),
        }
    }

    #[test]
    fn version_1_is_read_as_it_was_written() {
        let fixture = include_str!("../fixtures/preferences-1.txt");
        // What later releases added is as on a first visit.
        let mut written = full();
        written.tempo = None;
        written.swarm = SwarmChoices::default();
        written.overrides = Overrides {
            model: written.overrides.model,
            video: written.overrides.video,
            ..Overrides::default()
        };
        assert_eq!(Preferences::load(fixture), (written, Vec::new()));
    }

    #[test]
    fn round_trip() {
        for preferences in [Preferences::default(), full()] {
            let text = preferences.save();
            assert_eq!(Preferences::load(&text), (preferences, Vec::new()));
        }
        assert_eq!(
            Preferences::load(""),
            (Preferences::default(), Vec::new()),
            "a first visit is no damage"
        );
    }

    fn check(line: &str, repairs: usize, change: impl FnOnce(&mut Preferences)) {
        let key = line.split('=').next().unwrap();
        let text: String = full()
            .save()
            .lines()
            .map(|old| {
                if old.split('=').next() == Some(key) {
                    format!("{line}\n")
                } else {
                    format!("{old}\n")
                }
            })
            .collect();
        let mut expected = full();
        change(&mut expected);
        let (found, reported) = Preferences::load(&text);
        assert_eq!(found, expected, "{line}");
        assert_eq!(reported.len(), repairs, "{line}: {reported:?}");
    }

    #[test]
    fn damage_costs_one_field() {
        check("volume=101", 1, |p| p.volume = 80);
        check("volume=", 1, |p| p.volume = 80);
        check("muted=perhaps", 1, |p| p.muted = false);
        check("theme=\u{1f408}", 1, |p| p.theme = Theme::System);
        check("repeat", 1, |p| p.repeat = Repeat::Off);
        check("songs=2", 1, |p| p.songs = Songs::Chosen);
        check("sort=year", 1, |p| p.sort = Sort::default());
        check("sort=\u{e9}year", 1, |p| p.sort = Sort::default());
        check("model=6582", 1, |p| p.overrides.model = None);
        check("video=secam", 1, |p| p.overrides.video = None);
        check("grade=heavy", 1, |p| p.overrides.grade = None);
        check("filter=pink", 1, |p| p.overrides.filter = Filter::Average);
        check("spread=butter", 1, |p| p.overrides.spread = Spread::Stereo);
        check("levelling=loud", 1, |_| ());
        check("levelling=no", 0, |p| p.levelling = false);
        for damaged in ["fast", "150 -2", "20 0 no", "100 13 no", "100 0 no 1", ""] {
            check(&format!("tempo={damaged}"), 1, |p| p.tempo = None);
        }
        check("reach=moon", 1, |p| p.swarm.reach = Reach::Direct);
        check("seed=", 1, |p| p.swarm.seed = true);
        check("download=-1", 1, |p| p.swarm.download_kilobytes = 0);
        check("upload=x", 1, |p| p.swarm.upload_kilobytes = 0);
        check("disk=1.5", 1, |p| p.swarm.disk_megabytes = 0);
        check("narrow-navigation=", 1, |p| p.narrow_navigation = false);
        // Without a tune the position means nothing either.
        check("last=xyz/1", 2, |p| p.last = None);
        check("position=-1", 1, |p| {
            p.last.as_mut().unwrap().position_millis = 0;
        });
    }

    #[test]
    fn a_lost_heading_and_a_later_version_keep_the_lines() {
        let body: String = full()
            .save()
            .lines()
            .skip(1)
            .fold(String::new(), |text, line| text + line + "\n");
        assert_eq!(Preferences::load(&body), (full(), vec![Repair::Heading]));
        let later = format!("{HEADING} 9\n{body}colour-of-dreams=blue\n");
        assert_eq!(
            Preferences::load(&later),
            (full(), vec![Repair::Newer { found: 9 }])
        );
    }

    #[test]
    fn any_cut_of_the_text_can_be_read() {
        let text = full().save();
        for end in 0..text.len() {
            let (found, _) = Preferences::load(&text[..end]);
            assert!(found.volume <= 100);
        }
    }

    #[test]
    fn steps_run_in_order_from_the_version_found() {
        let steps: &[fn(&mut Pairs)] = &[
            |pairs| pairs.push(("1 to 2".into(), String::new())),
            |pairs| pairs.push(("2 to 3".into(), String::new())),
        ];
        for (from, expected) in [
            (1, vec!["1 to 2", "2 to 3"]),
            (2, vec!["2 to 3"]),
            (3, vec![]),
            (0, vec!["1 to 2", "2 to 3"]),
        ] {
            let mut pairs = Pairs::new();
            migrate(&mut pairs, from, steps);
            let names: Vec<&str> = pairs.iter().map(|(key, _)| &**key).collect();
            assert_eq!(names, expected, "from {from}");
        }
        assert_eq!(STEPS.len() + 1, SCHEMA_VERSION as usize);
    }
}
