//! The palette: tunes, composers, pages and actions by a few letters.

use std::sync::Arc;

use catalog::{Hit, Shelf};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use listening::language::{t, tf, tn};
use listening::{BrowseIntent, Intent, SuggestionsView, words};

use super::{Marked, TuneArt};
use crate::components::{Dialog, Icon, Name};
use crate::core::{Core, use_core};
use crate::pages::browse::{SHELVES, group_path, heading_of, shelf_path};
use crate::shell::document;

/// Composers, pages and actions that are shown beside tunes.
const MOST_OTHERS: usize = 4;

/// What choosing a line does.
#[derive(Clone)]
enum Act {
    Go(String),
    Wish(Box<Intent>),
    Pick(bool),
    Search(String),
}

/// A line of the palette.
#[derive(Clone)]
struct Line {
    icon: Name,
    label: String,
    detail: String,
    hit: Option<Arc<Hit>>,
    act: Act,
}

fn line(icon: Name, label: impl Into<String>, detail: impl Into<String>, act: Act) -> Line {
    Line {
        icon,
        label: label.into(),
        detail: detail.into(),
        hit: None,
        act,
    }
}

/// Pages and actions.
fn places() -> Vec<Line> {
    let go = |icon, label: &'static str, path: &str| {
        line(icon, label, t("Page"), Act::Go(path.to_owned()))
    };
    let wish = |icon, label: &'static str, intent| {
        line(icon, label, t("Action"), Act::Wish(Box::new(intent)))
    };
    let mut all = vec![
        go(Name::Library, t("Library"), "/"),
        go(Name::Disc, t("Now playing"), "/tune"),
        go(Name::Swarm, t("Swarm"), "/swarm"),
        go(Name::Sliders, t("Settings"), "/settings"),
        go(Name::Info, t("About"), "/about"),
        wish(Name::Play, t("Play or pause"), Intent::PlayPause),
        wish(Name::Next, t("Next tune"), Intent::Next),
        wish(Name::Previous, t("Previous tune"), Intent::Previous),
        wish(Name::Muted, t("Mute"), Intent::ToggleMute),
        line(Name::File, t("Choose files"), t("Action"), Act::Pick(false)),
        line(
            Name::Folder,
            t("Choose a folder"),
            t("Action"),
            Act::Pick(true),
        ),
    ];
    let shelves = SHELVES.map(|(shelf, _)| go(Name::Folder, heading_of(shelf), &shelf_path(shelf)));
    all.splice(1..1, shelves);
    all
}

/// Lines for what has been typed and what the library found for it.
fn lines(text: &str, found: Option<&SuggestionsView>) -> Vec<Line> {
    let wanted = catalog::fold(text.trim());
    if wanted.is_empty() {
        return places();
    }
    let fits = |line: &Line| {
        let label = catalog::fold(&line.label);
        label.starts_with(&wanted) || label.contains(&format!(" {wanted}"))
    };
    let mut lines: Vec<Line> = places()
        .into_iter()
        .filter(fits)
        .take(MOST_OTHERS)
        .collect();
    if let Some(found) = found {
        let composers = found.composers.iter().take(MOST_OTHERS).map(|composer| {
            let path = group_path(Shelf::Composer, &composer.label);
            let count = tn(composer.count.into(), "{0} tune", "{0} tunes");
            line(Name::Disc, &composer.label, count, Act::Go(path))
        });
        lines.extend(composers);
        lines.extend(found.hits.iter().map(|hit| Line {
            icon: Name::Play,
            label: words::title_text(&hit.row.title).to_owned(),
            detail: words::author_text(&hit.row.author).to_owned(),
            act: Act::Wish(Box::new(Intent::PlayRow(Arc::new(hit.row.clone())))),
            hit: Some(Arc::new(hit.clone())),
        }));
        let all = tf(
            "All {0} tunes for \u{201c}{1}\u{201d}",
            &[&words::count_text(found.total), &text.trim()],
        );
        if found.total > 0 {
            lines.push(line(
                Name::Search,
                all,
                t("Search"),
                Act::Search(text.to_owned()),
            ));
        }
    }
    lines
}

fn run(core: Core, act: &Act) {
    match act {
        Act::Go(path) => core.go(path),
        Act::Wish(intent) => core.wish((**intent).clone()),
        Act::Pick(folder) => core.pick(*folder),
        Act::Search(text) => {
            core.go("/");
            core.wish(Intent::SetFilter(text.clone()));
        }
    }
}

/// The palette.
#[component]
pub fn Palette(
    /// It is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <Dialog id="palette-title" title=t("Find or do") open=open>
            <Finder open=open />
        </Dialog>
    }
}

#[component]
fn Finder(open: RwSignal<bool>) -> impl IntoView {
    let core = use_core();
    let text = RwSignal::new(String::new());
    let marked = RwSignal::new(0usize);
    let found = Memo::new(move |_| core.browse.with(|browse| browse.suggestions.clone()));
    let lines = Memo::new_with_compare(
        move |_| found.with(|found| lines(&text.get(), found.as_deref())),
        |_, _| true,
    );
    on_cleanup(move || core.wish(Intent::Browse(BrowseIntent::Suggest(None))));
    request_animation_frame(|| {
        document::focus("palette-input");
    });
    let choose = move |at: usize| {
        if let Some(line) = lines.with_untracked(|lines| lines.get(at).cloned()) {
            open.set(false);
            run(core, &line.act);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let count = lines.with_untracked(Vec::len);
        let at = marked.get_untracked().min(count.saturating_sub(1));
        let target = match &*event.key() {
            "ArrowDown" if at + 1 < count => at + 1,
            "ArrowDown" => 0,
            "ArrowUp" => at.checked_sub(1).unwrap_or(count.saturating_sub(1)),
            "Enter" => {
                event.prevent_default();
                choose(at);
                return;
            }
            _ => return,
        };
        event.prevent_default();
        marked.set(target);
        document::reveal(&format!("palette-{target}"));
    };
    view! {
        <div class="palette">
            <div class="search">
                <Icon name=Name::Search />
                <input
                    id="palette-input"
                    type="text"
                    role="combobox"
                    aria-label=t("Tunes, composers, pages and actions")
                    aria-expanded="true"
                    aria-controls="palette-lines"
                    aria-autocomplete="list"
                    aria-activedescendant=move || {
                        let count = lines.with(Vec::len);
                        (count > 0).then(|| format!("palette-{}", marked.get().min(count - 1)))
                    }
                    placeholder=t("Tune, composer, page or action")
                    autocomplete="off"
                    spellcheck="false"
                    on:input=move |event| {
                        let typed = event_target_value(&event);
                        marked.set(0);
                        text.set(typed.clone());
                        core.wish(Intent::Browse(BrowseIntent::Suggest(Some(typed))));
                    }
                    on:keydown=on_key
                />
            </div>
            <ul id="palette-lines" class="palette-lines" role="listbox" aria-label=t("Found")>
                {move || {
                    lines
                        .get()
                        .into_iter()
                        .enumerate()
                        .map(|(at, line)| view! { <PaletteLine at=at line=line marked=marked choose=choose /> })
                        .collect_view()
                }}
            </ul>
            <Show when=move || lines.with(Vec::is_empty)>
                <p class="quiet palette-none">{t("Nothing is called so.")}</p>
            </Show>
        </div>
    }
}

#[component]
fn PaletteLine(
    at: usize,
    line: Line,
    marked: RwSignal<usize>,
    #[prop(into)] choose: Callback<usize>,
) -> impl IntoView {
    let is_marked = Memo::new(move |_| marked.get() == at);
    let places = |pick: fn(&Hit) -> &Vec<catalog::Place>| {
        line.hit.as_deref().map(pick).cloned().unwrap_or_default()
    };
    let title = places(|hit| &hit.places.title);
    let author = places(|hit| &hit.places.author);
    let picture = match &line.hit {
        Some(hit) => view! { <TuneArt md5=hit.row.md5 /> }.into_any(),
        None => view! { <Icon name=line.icon /> }.into_any(),
    };
    view! {
        <li
            id=format!("palette-{at}")
            class="palette-line"
            role="option"
            aria-selected=move || is_marked.get().to_string()
            on:pointermove=move |_| marked.set(at)
            on:click=move |_| choose.run(at)
        >
            <span class="palette-picture" aria-hidden="true">{picture}</span>
            <span class="palette-label">
                <Marked text=line.label places=Signal::derive(move || title.clone()) />
            </span>
            <span class="palette-detail quiet">
                <Marked text=line.detail places=Signal::derive(move || author.clone()) />
            </span>
        </li>
    }
}
