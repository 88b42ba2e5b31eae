//! What plays, beside the list.

use leptos::prelude::*;
use listening::language::{t, tf};
use listening::words;
use protocol::visuals::View;

use super::{FullScreen, Picture, STAGE, TuneArt};
use crate::components::{Icon, Name};
use crate::core::{tune_path, use_core};

/// What plays, beside the list, where the screen is wide enough.
#[component]
pub fn SidePanel() -> impl IntoView {
    let core = use_core();
    let tune = Memo::new(move |_| core.player.with(|player| player.tune.clone()));
    view! {
        <aside class="side" aria-label=t("Now playing")>
            {move || match tune.get() {
                None => {
                    view! {
                        <div class="side-empty">
                            <div class="state-art" aria-hidden="true">
                                <Icon name=Name::Disc />
                            </div>
                            <p>{t("Pick a tune, or press play for the first of the list.")}</p>
                        </div>
                    }
                        .into_any()
                }
                Some(tune) => {
                    let path = tune_path(tune.id);
                    let note = tune
                        .entry
                        .as_ref()
                        .and_then(|entry| {
                            entry
                                .notes
                                .iter()
                                .find(|note| note.song.is_none_or(|song| song == tune.id.song))
                                .map(note_text)
                        })
                        .filter(|text| !text.is_empty());
                    view! {
                        <a class="side-art" href=path.clone() aria-label=t("Open the tune's page")>
                            <TuneArt md5=tune.id.md5 />
                        </a>
                        <div class="side-words">
                            <h2>
                                <a href=path>{words::title_text(&tune.row.title).to_owned()}</a>
                            </h2>
                            <p>{words::author_text(&tune.row.author).to_owned()}</p>
                            <p class="quiet">{tune.row.released.clone()}</p>
                        </div>
                        <section id=STAGE class="stage compact" aria-label=t("Voices")>
                            <header class="stage-head">
                                <h2>{t("Voices")}</h2>
                                <FullScreen />
                            </header>
                            <Picture view=View::Scopes />
                        </section>
                        {note
                            .map(|text| {
                                view! {
                                    <section class="side-note">
                                        <h2>{t("Note")}</h2>
                                        <p>{text}</p>
                                    </section>
                                }
                            })}
                    }
                        .into_any()
                }
            }}
        </aside>
    }
}

/// A STIL entry in one line.
fn note_text(note: &catalog::Note) -> String {
    let mut text = String::new();
    if !note.title.is_empty() {
        let of = if note.artist.is_empty() {
            tf("Covers {0}.", &[&note.title])
        } else {
            tf("Covers {0} by {1}.", &[&note.title, &note.artist])
        };
        text.push_str(&of);
        text.push(' ');
    }
    text.push_str(&note.comment);
    text.trim().to_owned()
}
