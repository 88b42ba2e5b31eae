//! Tests of single files, with what can be done once for all of them done.

use sidfile::{ChipModel, Clock, Format};

use super::Ground;
use crate::columns::Columns;
use crate::query::{Field, Span, Test};
use crate::words::fold;
use crate::{group_of, year_of};

/// A test that is ready to be asked of file after file.
pub(crate) enum Ready<'a> {
    /// Told by the text of a dictionary that a file names.
    Shared(&'a [u32], Vec<bool>),
    /// Told file by file.
    Files(Vec<bool>),
    /// Part of a path: the folders that have it, and the columns for the names.
    Path {
        folders: Vec<bool>,
        /// Folders that end with what stands before the last slash.
        before: Vec<bool>,
        needle: String,
        columns: &'a Columns,
    },
    Title(String, &'a Columns),
    Sids(Span, &'a Columns),
    Chip(ChipModel, &'a Columns),
    Length(Span, &'a Columns),
    Songs(Span, &'a Columns),
    Clock(Clock, &'a Columns),
    Format(Format, &'a Columns),
    Here(bool, Vec<bool>, &'a Columns),
}

impl<'a> Ready<'a> {
    /// Makes a test ready; none for those that words are looked up for.
    pub fn of(test: &Test, ground: &Ground<'a>) -> Option<Self> {
        let columns = ground.columns;
        let marked = |holds: &dyn Fn(&crate::Marks) -> bool, other: bool| {
            let mut files = vec![other; columns.len()];
            for (md5, marks) in &ground.facts.marks {
                if let Some(file) = (ground.find)(md5) {
                    files[file] = holds(marks);
                }
            }
            Ready::Files(files)
        };
        let listed = |md5s: &std::collections::BTreeSet<sidfile::Md5>| {
            let mut files = vec![false; columns.len()];
            for file in md5s.iter().filter_map(ground.find) {
                files[file] = true;
            }
            files
        };
        let authors = |holds: &dyn Fn(&str) -> bool| {
            Ready::Shared(
                &columns.author,
                columns.authors.texts().iter().map(holds).collect(),
            )
        };
        let releases = |holds: &dyn Fn(&str) -> bool| {
            Ready::Shared(
                &columns.release,
                columns.releases.texts().iter().map(holds).collect(),
            )
        };
        let folders = || columns.folders.texts().iter().map(fold);
        Some(match test {
            Test::Words { .. } | Test::Phrase { .. } => return None,
            Test::Whole(Field::Author, text) => authors(&|author| fold(author) == *text),
            Test::Whole(Field::Group, text) => {
                releases(&|released| fold(group_of(released)) == *text)
            }
            Test::Whole(_, text) => Ready::Title(text.clone(), columns),
            Test::Year(span) => releases(&|released| {
                year_of(released).is_some_and(|year| span.has(u32::from(year)))
            }),
            Test::Folder(text) => {
                let below = format!("{text}/");
                let holds = |folder: String| {
                    text.is_empty() || folder == *text || folder.starts_with(&below)
                };
                Ready::Shared(&columns.folder, folders().map(holds).collect())
            }
            Test::Path(needle) => {
                let before = needle.rsplit_once('/').map(|(before, _)| before);
                Ready::Path {
                    folders: folders().map(|folder| folder.contains(&**needle)).collect(),
                    before: folders()
                        .map(|folder| {
                            before.is_some_and(|before| {
                                !folder.is_empty() && folder.ends_with(before)
                            })
                        })
                        .collect(),
                    needle: needle.clone(),
                    columns,
                }
            }
            Test::Sids(span) => Ready::Sids(*span, columns),
            Test::Chip(model) => Ready::Chip(*model, columns),
            Test::Length(span) => Ready::Length(*span, columns),
            Test::Songs(span) => Ready::Songs(*span, columns),
            Test::Clock(clock) => Ready::Clock(*clock, columns),
            Test::Format(format) => Ready::Format(*format, columns),
            Test::Here(wanted) => Ready::Here(*wanted, listed(&ground.facts.here), columns),
            Test::New(wanted) => {
                let files = listed(&ground.facts.new);
                Ready::Files(files.into_iter().map(|is_new| is_new == *wanted).collect())
            }
            Test::Favourite(wanted) => marked(&|marks| marks.favourite == *wanted, !wanted),
            Test::Rating(span) => marked(&|marks| span.has(u32::from(marks.rating)), span.has(0)),
            Test::Tag(tag) => marked(
                &|marks| {
                    marks
                        .tags
                        .iter()
                        .any(|known| fold(known).starts_with(&**tag))
                },
                false,
            ),
        })
    }

    /// Whether the test holds for a file.
    pub fn holds(&self, file: usize) -> bool {
        match self {
            Self::Shared(places, holds) => holds[places[file] as usize],
            Self::Files(holds) => holds[file],
            Self::Path {
                folders,
                before,
                needle,
                columns,
            } => {
                let folder = columns.folder[file] as usize;
                if folders[folder] {
                    return true;
                }
                let name = fold(columns.names.get(file));
                match needle.rsplit_once('/') {
                    Some((_, after)) => before[folder] && name.starts_with(after),
                    None => name.contains(&**needle),
                }
            }
            Self::Title(text, columns) => fold(columns.titles.get(file)) == *text,
            Self::Sids(span, columns) => span.has(columns.chips(file).len() as u32),
            Self::Chip(model, columns) => columns.models(file).any(|known| known == *model),
            Self::Length(span, columns) => {
                columns.length(file).is_some_and(|length| span.has(length))
            }
            Self::Songs(span, columns) => span.has(columns.lengths(file).len() as u32),
            Self::Clock(clock, columns) => columns.headers[file].clock == *clock,
            Self::Format(format, columns) => columns.headers[file].format == *format,
            Self::Here(wanted, here, columns) => {
                (columns.remotes[file].0 == 0 || here[file]) == *wanted
            }
        }
    }
}
