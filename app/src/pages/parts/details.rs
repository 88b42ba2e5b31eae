//! What a tune's page lists: songs, notes, facts.

use std::sync::Arc;

use catalog::{Entry, Note};
use leptos::prelude::*;
use listening::language::{t, tf, tn};
use listening::{Intent, words};
use sidfile::TuneId;

use super::Equaliser;
use crate::core::use_core;

/// Songs of a file as rows.
#[component]
pub fn Songs(
    /// The file.
    entry: Arc<Entry>,
    /// The song whose page is shown.
    song: Memo<u16>,
) -> impl IntoView {
    let core = use_core();
    let md5 = entry.md5;
    let start = entry.start_song;
    let playing = Memo::new(move |_| {
        core.player.with(|player| {
            let tune = player.tune.as_ref().filter(|tune| tune.id.md5 == md5)?;
            Some((tune.id.song, player.state.is_active()))
        })
    });
    let rows = (1..=entry.songs())
        .map(|number| {
            let id = TuneId { md5, song: number };
            let mark = move || {
                playing
                    .get()
                    .filter(|(playing, _)| *playing == number)
                    .map(|(_, active)| active)
            };
            let name = entry
                .notes
                .iter()
                .find(|note| note.song == Some(number))
                .map(|note| {
                    if note.name.is_empty() {
                        note.title.clone()
                    } else {
                        note.name.clone()
                    }
                })
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| tf("Song {0}", &[&number]));
            view! {
                <li>
                    <button
                        class="song"
                        class:chosen=move || mark().is_some()
                        type="button"
                        aria-current=move || (song.get() == number).then_some("true")
                        on:click=move |_| {
                            if untrack(mark).is_some() {
                                core.wish(Intent::PlayPause);
                            } else {
                                core.wish(Intent::PlaySong(id));
                            }
                        }
                    >
                        <span class="song-number figures">
                            {move || match mark() {
                                Some(active) => view! { <Equaliser moving=active /> }.into_any(),
                                None => number.into_any(),
                            }}
                        </span>
                        <span class="song-name">{name}</span>
                        {(number == start && entry.songs() > 1)
                            .then(|| view! { <span class="badge">{t("Default")}</span> })}
                        <span class="figures quiet">
                            {words::length_text(entry.length_millis(number))}
                        </span>
                    </button>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="songs">
            <h2>{tn(entry.songs().into(), "{0} song", "{0} songs")}</h2>
            <ol>{rows}</ol>
        </section>
    }
}

/// What STIL says of a file.
#[component]
pub fn Notes(
    /// The file.
    entry: Arc<Entry>,
) -> impl IntoView {
    let line = |words: &'static str, text: &str| {
        (!text.is_empty()).then(|| {
            view! {
                <div>
                    <dt>{words}</dt>
                    <dd>{text.to_owned()}</dd>
                </div>
            }
        })
    };
    let notes = entry
        .notes
        .iter()
        .map(|note: &Note| {
            let heading = note
                .song
                .map(|song| view! { <h3>{tf("Song {0}", &[&song])}</h3> });
            view! {
                <article>
                    {heading}
                    <dl class="facts">
                        {line(t("Name"), &note.name)} {line(t("Author"), &note.author)}
                        {line(t("Covers"), &note.title)} {line(t("Originally by"), &note.artist)}
                    </dl>
                    {(!note.comment.is_empty()).then(|| view! { <p class="note-text">{note.comment.clone()}</p> })}
                </article>
            }
        })
        .collect_view();
    (!entry.notes.is_empty()).then(|| {
        view! {
            <section class="notes">
                <h2>{t("Notes")}</h2>
                {notes}
            </section>
        }
    })
}

/// Addresses, machine and size.
#[component]
pub fn Facts(
    /// The file.
    entry: Arc<Entry>,
) -> impl IntoView {
    let core = use_core();
    let md5 = entry.md5;
    let machine = Memo::new(move |_| {
        core.player.with(|player| {
            let here = player.tune.as_ref().is_some_and(|tune| tune.id.md5 == md5);
            player.machine.clone().filter(|_| here)
        })
    });
    let speed = Memo::new(move |_| {
        core.player.with(|player| {
            let here = player.tune.as_ref().is_some_and(|tune| tune.id.md5 == md5);
            player.speed_percent.filter(|_| here)
        })
    });
    let loudness = Memo::new(move |_| {
        let here = core
            .player
            .with(|player| player.tune.as_ref().is_some_and(|tune| tune.id.md5 == md5));
        let lufs = core.overview.with(|overview| overview.loudness_lufs);
        // Whole tenths, so that the words change no more often than they are read.
        lufs.filter(|_| here).map(|lufs| format!("{lufs:.1} LUFS"))
    });
    let chips = entry
        .chips
        .iter()
        .map(|chip| {
            tf(
                "{0} at {1}",
                &[
                    &words::chip_name(chip.model),
                    &format!("${:04X}", chip.address),
                ],
            )
        })
        .collect::<Vec<_>>()
        .join(", ");
    let play = match entry.play_address {
        0 => t("own interrupt").to_owned(),
        address => format!("${address:04X}"),
    };
    let fact = |words: &'static str, text: String| {
        view! {
            <div>
                <dt>{words}</dt>
                <dd>{text}</dd>
            </div>
        }
    };
    view! {
        <section class="facts-card">
            <h2>{t("Details")}</h2>
            <dl class="facts figures">
                {fact(t("Written for"), chips)}
                {fact(t("Video"), words::clock_name(entry.clock).to_owned())}
                {move || {
                    machine
                        .get()
                        .map(|machine| {
                            let chips = machine
                                .chips
                                .iter()
                                .map(|chip| words::model_name(chip.model))
                                .collect::<Vec<_>>()
                                .join(", ");
                            let video = words::video_name(machine.video);
                            (
                                fact(t("Playing on"), format!("{chips}, {video}")),
                                fact(t("Play rate"), words::rate_text(&machine)),
                            )
                        })
                }}
                {move || {
                    speed
                        .get()
                        .map(|percent| {
                            fact(t("Emulator"), tf("{0}\u{d7} real time", &[&(percent / 100)]))
                        })
                }}
                {move || loudness.get().map(|text| fact(t("Loudness"), text))}
                {fact("Load", format!("${:04X}", entry.load_address))}
                {fact("Init", format!("${:04X}", entry.init_address))} {fact("Play", play)}
                {fact(t("Size"), tf("{0} bytes", &[&words::count_text(entry.size)]))}
                {fact(t("File"), entry.path.clone())} {fact("MD5", entry.md5.to_string())}
            </dl>
        </section>
    }
}
