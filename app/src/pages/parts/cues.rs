//! What STIL says of moments in the song: it scrolls along while the song plays.

use std::sync::Arc;

use catalog::Entry;
use leptos::html;
use leptos::prelude::*;
use listening::Intent;
use listening::cues::{cues, webvtt};
use listening::keep::KeepIntent;
use listening::language::t;
use listening::words;
use sidfile::TuneId;

use crate::components::{Icon, Name};
use crate::core::use_core;
use crate::shell::document;

/// Moments of the song; nothing where none are named.
#[component]
pub fn Cues(
    /// The file.
    entry: Arc<Entry>,
    /// The song whose page is shown.
    song: Memo<u16>,
) -> impl IntoView {
    move || {
        let song = song.get().max(1);
        let length = entry
            .length_millis(song)
            .unwrap_or(words::UNKNOWN_LENGTH_MILLIS);
        let found = cues(&entry.notes, song, entry.songs(), length);
        let id = TuneId {
            md5: entry.md5,
            song,
        };
        let name = format!("{}.vtt", entry.title);
        (!found.is_empty()).then(|| of_song(id, found, name))
    }
}

fn of_song(id: TuneId, found: Vec<listening::cues::Cue>, name: String) -> AnyView {
    let core = use_core();
    let list = NodeRef::<html::Ol>::new();
    let starts: Vec<(u32, u32)> = found.iter().map(|cue| (cue.from, cue.to)).collect();
    let is_current = Memo::new(move |_| core.player.with(|player| player.is_current(id)));
    // The last that has begun and is not over.
    let now = Memo::new(move |_| {
        if !is_current.get() {
            return None;
        }
        let at = core.clock.get().position_millis;
        starts
            .iter()
            .rposition(|(from, to)| *from <= at && at < *to)
    });
    Effect::new(move |_| {
        if let (Some(now), Some(list)) = (now.get(), list.get()) {
            document::scroll_within(&list, now);
        }
    });
    let text = webvtt(&found);
    let rows = found
        .into_iter()
        .enumerate()
        .map(|(at, cue)| {
            let from = cue.from;
            view! {
                <li class="cue" class:now=move || now.get() == Some(at)>
                    <button
                        type="button"
                        aria-current=move || (now.get() == Some(at)).then_some("true")
                        on:click=move |_| {
                            if is_current.get_untracked() {
                                core.wish(Intent::SeekTo(from));
                            } else {
                                core.wish(Intent::Keep(KeepIntent::PlayFrom(id, from)));
                            }
                        }
                    >
                        <span class="figures cue-time">{words::clock_text(from)}</span>
                        <span>{cue.text}</span>
                    </button>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="cues">
            <header>
                <h2>{t("Moments")}</h2>
                <button
                    class="button-icon"
                    type="button"
                    aria-label=t("Save as a text track (WebVTT)")
                    title=t("Save as a text track (WebVTT)")
                    on:click=move |_| document::save_text(&text, &name)
                >
                    <Icon name=Name::Drop />
                </button>
            </header>
            <ol node_ref=list tabindex="0" aria-label=t("Moments")>{rows}</ol>
        </section>
    }
    .into_any()
}
