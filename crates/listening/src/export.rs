//! Songs as files: what is asked for, and how far it is.

use std::sync::Arc;

use catalog::Entry;
use protocol::engine::{Event, ExportNames, ExportSong, FileFormat, FoundLength, Request};
use sidfile::{Md5, TuneId};

use crate::event::{Effect, Ticket};
use crate::language::{t, tf};
use crate::model::Model;
use crate::words;

/// What the listener wants as files.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportWish {
    /// Of which file.
    pub entry: Arc<Entry>,
    /// Songs, from 1.
    pub songs: Vec<u16>,
    /// Kind of file.
    pub format: FileFormat,
    /// A file for each voice.
    pub stems: bool,
    /// Length of every song in place of its own.
    pub length_millis: Option<u32>,
}

/// How far an export is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ExportPhase {
    /// There is none.
    #[default]
    None,
    /// It goes on: percent.
    Running(u32),
    /// It is over, and the file has this name.
    Done(String),
    /// It could not go on, in words.
    Failed(String),
}

/// What the page shows of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportView {
    /// How far it is.
    pub phase: ExportPhase,
    /// Of which file.
    pub md5: Option<Md5>,
}

#[derive(Debug, Default)]
pub(crate) struct Export {
    pub view: ExportView,
    ticket: Option<Ticket>,
}

/// A name that every file system takes.
fn file_name(text: &str) -> String {
    let plain = |letter: char| match letter {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
        letter if letter.is_control() => '_',
        letter => letter,
    };
    let name: String = text.chars().map(plain).take(80).collect();
    // A dot at either end hides a file, or is lost.
    let name = name.trim().trim_matches('.').trim();
    if name.is_empty() { "tune" } else { name }.to_owned()
}

fn song_of(wish: &ExportWish, song: u16, found: Option<FoundLength>) -> ExportSong {
    let entry = &wish.entry;
    let title = words::title_text(&entry.title);
    let length_millis = wish
        .length_millis
        .or_else(|| entry.length_millis(song).filter(|&millis| millis > 0))
        .or_else(|| found.map(|found| found.millis))
        .unwrap_or(words::UNKNOWN_LENGTH_MILLIS);
    let name = file_name(title);
    let several = entry.songs() > 1;
    ExportSong {
        song,
        length_millis,
        title: if several {
            tf("{0}, song {1}", &[&title, &song])
        } else {
            title.to_owned()
        },
        file_name: if several {
            format!("{name} - {song:02}")
        } else {
            name
        },
    }
}

impl Model {
    pub(crate) fn export(&mut self, wish: &ExportWish) {
        if self.export.ticket.is_some() || wish.songs.is_empty() {
            return;
        }
        let md5 = wish.entry.md5;
        let songs = wish.songs.iter().map(|&song| {
            let found = self.player.scouted.length(TuneId { md5, song });
            song_of(wish, song, found)
        });
        let entry = &wish.entry;
        let request = Request::Export {
            md5,
            songs: songs.collect(),
            names: ExportNames {
                artist: words::author_text(&entry.author).to_owned(),
                album: words::title_text(&entry.title).to_owned(),
                copyright: entry.released.clone(),
                file_name: file_name(words::title_text(&entry.title)),
            },
            format: wish.format,
            stems: wish.stems,
            overrides: self.preferences.overrides,
        };
        let ticket = self.ticket();
        self.export = Export {
            view: ExportView {
                phase: ExportPhase::Running(0),
                md5: Some(md5),
            },
            ticket: Some(ticket),
        };
        self.effects.push(Effect::Export(ticket, request));
    }

    pub(crate) fn stop_export(&mut self) {
        if self.export.ticket.take().is_some() {
            self.effects.push(Effect::StopExport);
        }
        self.export.view = ExportView::default();
    }

    /// What the second engine says.
    pub(crate) fn export_says(&mut self, ticket: Ticket, event: Event, file: Option<String>) {
        if self.export.ticket != Some(ticket) {
            self.effects.extend(file.map(Effect::ForgetFile));
            return;
        }
        let phase = match event {
            Event::ExportProgress {
                at_millis,
                length_millis,
            } => {
                let percent = u64::from(at_millis) * 100 / u64::from(length_millis.max(1));
                ExportPhase::Running(u32::try_from(percent.min(100)).unwrap_or(100))
            }
            Event::Exported { file_name } => match file {
                Some(url) => {
                    let name = file_name.clone();
                    self.effects.push(Effect::SaveFile { url, name });
                    self.effects
                        .push(Effect::Announce(tf("{0} is ready", &[&file_name])));
                    ExportPhase::Done(file_name)
                }
                None => ExportPhase::Failed(t("The file is too large for this browser.").into()),
            },
            Event::Failed { failure, .. } => {
                ExportPhase::Failed(words::sentence(&failure.to_string()))
            }
            _ => return,
        };
        if !matches!(phase, ExportPhase::Running(_)) {
            self.export.ticket = None;
            self.effects.push(Effect::StopExport);
        }
        self.export.view.phase = phase;
    }

    /// The second engine died.
    pub(crate) fn export_died(&mut self, reason: &str) {
        if self.export.ticket.take().is_some() {
            let text = words::sentence(&tf("the export stopped: {0}", &[&reason]));
            self.export.view.phase = ExportPhase::Failed(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn names_fit_every_file_system() {
        assert_eq!(file_name("Ocean Loader 2"), "Ocean Loader 2");
        assert_eq!(file_name("AC/DC: \"Hells?\""), "AC_DC_ _Hells__");
        assert_eq!(file_name(" .. "), "tune");
        assert_eq!(file_name("Grün"), "Grün");
        assert_eq!(file_name(&"x".repeat(200)).len(), 80);
    }
}
