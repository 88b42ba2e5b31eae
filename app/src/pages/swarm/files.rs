//! The files of a torrent: how far each is, and how wanted.

use leptos::prelude::*;
use listening::language::{t, tf, tn};
use listening::{Intent, SwarmIntent, words};
use protocol::swarm::{FileId, FileStatus, InfoHash, Priority, Torrent};

use super::{Bar, percent};
use crate::components::{Icon, Name, VirtualList};
use crate::core::use_core;

/// Height of a row in pixels; the style sheet knows it too.
const ROW_HEIGHT: u32 = 44;

/// Priorities, and their names in the page's code.
const PRIORITIES: [(Priority, &str); 5] = [
    (Priority::None, "none"),
    (Priority::Low, "low"),
    (Priority::Normal, "normal"),
    (Priority::High, "high"),
    (Priority::Now, "now"),
];

fn priority_words(priority: Priority) -> &'static str {
    match priority {
        Priority::None => t("None"),
        Priority::Low => t("Low"),
        Priority::Normal => t("Normal"),
        Priority::High => t("High"),
        Priority::Now => t("Now"),
    }
}

fn priority_name(priority: Priority) -> &'static str {
    let known = PRIORITIES.iter().find(|(one, _)| *one == priority);
    known.map_or("", |(_, name)| name)
}

fn is_playable(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.ends_with(".sid") || path.ends_with(".mus")
}

/// The files.
#[component]
pub fn Files(hash: InfoHash, torrent: Memo<Option<Torrent>>) -> impl IntoView {
    let core = use_core();
    let total = Memo::new(move |_| {
        core.swarm
            .with(|swarm| swarm.detail.as_ref().map_or(0, |detail| detail.total))
    });
    let filter = Memo::new(move |_| core.swarm.with(|swarm| swarm.filter.clone()));
    let all = Memo::new(move |_| {
        torrent.with(|torrent| torrent.as_ref().map_or(0, |torrent| torrent.status.files))
    });
    let file_at = move |at: u32| -> Option<FileStatus> {
        core.swarm.with(|swarm| {
            let detail = swarm.detail.as_ref()?;
            let place = at.checked_sub(detail.first)? as usize;
            detail.files.get(place).cloned()
        })
    };
    let play = move |at: u32| {
        let file = untrack(|| file_at(at)).filter(|file| is_playable(&file.path));
        if let Some(file) = file {
            let id = FileId {
                torrent: hash,
                file: file.index,
            };
            core.wish(Intent::Swarm(SwarmIntent::Play(id)));
        }
    };
    let prioritise_all = move |priority| {
        let files = (0, all.get_untracked());
        core.wish(Intent::Swarm(SwarmIntent::Prioritise(
            hash, files, priority,
        )));
    };
    view! {
        <section class="torrent-files" aria-label=t("Files")>
            <header class="files-head">
                <h2>
                    {move || match (all.get(), total.get(), filter.with(String::is_empty)) {
                        (0, ..) => t("Files").to_owned(),
                        (all, _, true) => tn(all.into(), "{0} file", "{0} files"),
                        (all, shown, false) => {
                            tf("{0} of {1}", &[&words::count_text(shown), &tn(all.into(), "{0} file", "{0} files")])
                        }
                    }}
                </h2>
                <input
                    type="search"
                    class="field"
                    placeholder=t("Filter files")
                    aria-label=t("Filter files")
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=move || filter.get()
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        core.wish(Intent::Swarm(SwarmIntent::Filter(text)));
                    }
                />
                <div class="button-row">
                    <button
                        class="button button-small"
                        type="button"
                        on:click=move |_| prioritise_all(Priority::Normal)
                    >
                        {t("Fetch all")}
                    </button>
                    <button
                        class="button button-small"
                        type="button"
                        on:click=move |_| prioritise_all(Priority::None)
                    >
                        {t("Only what I play")}
                    </button>
                </div>
            </header>
            <Show
                when=move || { all.get() > 0 }
                fallback=|| {
                    view! {
                        <p class="quiet files-none">
                            {t("The list of files comes from the first listener who has it.")}
                        </p>
                    }
                }
            >
                <VirtualList
                    id="files"
                    label=t("Files")
                    total=total
                    row_height=ROW_HEIGHT
                    columns=4
                    subject=filter
                    on_range=move |(first, count)| {
                        core.wish(Intent::Swarm(SwarmIntent::ShowFiles { first, count }));
                    }
                    on_choose=play
                    on_open=play
                    header=FileHeader.into()
                    row=Callback::new(move |at| {
                        let file = Memo::new(move |_| file_at(at));
                        view! { <FileRow hash=hash file=file on_play=move || play(at) /> }.into_any()
                    })
                />
            </Show>
        </section>
    }
}

#[component]
fn FileHeader() -> impl IntoView {
    view! {
        <div class="row row-head file-row" role="row" aria-rowindex="1">
            <div class="f-path" role="columnheader">{t("Path")}</div>
            <div class="f-size" role="columnheader">{t("Size")}</div>
            <div class="f-progress" role="columnheader">{t("Here")}</div>
            <div class="f-priority" role="columnheader">{t("Priority")}</div>
        </div>
    }
}

#[component]
fn FileRow(
    hash: InfoHash,
    file: Memo<Option<FileStatus>>,
    #[prop(into)] on_play: Callback<()>,
) -> impl IntoView {
    let core = use_core();
    let path = Memo::new(move |_| file.with(|file| file.as_ref().map(|file| file.path.clone())));
    let share = Memo::new(move |_| {
        file.with(|file| file.as_ref().map_or(0.0, |file| f64::from(file.progress)))
    });
    let priority = Memo::new(move |_| {
        file.with(|file| file.as_ref().map_or(Priority::None, |file| file.priority))
    });
    let is_faint = Memo::new(move |_| priority.get() == Priority::None && share.get() < 1.0);
    let size = move || {
        file.with(|file| {
            file.as_ref()
                .map_or_else(String::new, |file| words::bytes_text(file.length))
        })
    };
    let set = move |name: String| {
        let chosen = PRIORITIES.iter().find(|(_, words)| *words == name);
        let index = file.with_untracked(|file| file.as_ref().map(|file| file.index));
        if let (Some((priority, _)), Some(index)) = (chosen, index) {
            let intent = SwarmIntent::Prioritise(hash, (index, index + 1), *priority);
            core.wish(Intent::Swarm(intent));
        }
    };
    view! {
        <div
            class="row file-row"
            class:dimmed=move || is_faint.get()
            on:dblclick=move |_| on_play.run(())
        >
            <div class="f-path" role="gridcell">
                <Show when=move || path.with(|path| path.as_deref().is_some_and(is_playable))>
                    <button
                        class="file-play"
                        type="button"
                        tabindex="-1"
                        aria-label=move || {
                            path.with(|path| tf("Play {0}", &[&path.as_deref().unwrap_or_default()]))
                        }
                        on:click=move |_| on_play.run(())
                    >
                        <Icon name=Name::Play />
                    </button>
                </Show>
                <span class="file-path">{move || path.get().unwrap_or_default()}</span>
            </div>
            <div class="f-size figures" role="gridcell">{size}</div>
            <div class="f-progress figures" role="gridcell">
                <Bar
                    label=t("Progress of the file").to_owned()
                    share=share
                    faint=Signal::derive(move || is_faint.get())
                />
                <span>{move || percent(share.get())}</span>
            </div>
            <div class="f-priority" role="gridcell">
                <span class=move || {
                    format!("priority priority-{}", priority_name(priority.get()))
                }>
                    <select
                        tabindex="-1"
                        aria-label=t("Priority")
                        on:change=move |event| set(event_target_value(&event))
                        on:click=|event| event.stop_propagation()
                        prop:value=move || priority_name(priority.get())
                    >
                        {PRIORITIES
                            .map(|(priority, name)| view! { <option value=name>{priority_words(priority)}</option> })
                            .collect_view()}
                    </select>
                </span>
            </div>
        </div>
    }
}
