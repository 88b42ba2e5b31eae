//! The page `/admin/logs`: the log as it is written.

use leptos::prelude::*;
use listening::language::{t, tf, tn};
use listening::words::grouped;
use operating::{Intent, Level};
use protocol::admin::LogLine;

use super::parts::{CopyButton, Head, Known, Nothing};
use super::words::moment;
use crate::components::{Icon, Name, SearchField, Segmented};
use crate::desk::use_desk;
use crate::shell::document;

/// Lines that are drawn: the last of those that fit.
const MOST_SHOWN: usize = 1_000;
/// Id of the box that scrolls.
const BOX: &str = "log-lines";

fn line_text(line: &LogLine) -> String {
    let at = moment(line.at_millis);
    let millis = line.at_millis % 1_000;
    format!(
        "{} {}.{millis:03} {:5} {} {}",
        at.date(),
        at.seconds(),
        line.level,
        line.target,
        line.text
    )
}

/// The page `/admin/logs`.
#[component]
pub fn LogsPage() -> impl IntoView {
    let desk = use_desk();
    document::set_title(t("Logs"));
    let level = RwSignal::new(Level::Trace);
    let words = RwSignal::new(String::new());
    let following = desk.is_following;
    let found = Memo::new(move |_| {
        let (level, words) = (level.get(), words.get());
        desk.logs.with(|slot| {
            slot.value
                .as_ref()
                .map_or_else(Vec::new, |book| book.found(level, &words))
        })
    });
    let shown = Memo::new(move |_| {
        found.with(|lines| lines[lines.len().saturating_sub(MOST_SHOWN)..].to_vec())
    });
    // Who has scrolled back reads: new lines do not carry them away.
    let is_at_end = RwSignal::new(true);
    Effect::new(move |_| {
        shown.track();
        if following.get() && is_at_end.get_untracked() {
            request_animation_frame(|| document::scroll_to_end(BOX));
        }
    });
    let line = Signal::derive(move || {
        desk.logs.with(|slot| {
            let Some(book) = &slot.value else {
                return String::new();
            };
            let mut text = tf(
                "{0} of {1} lines",
                &[
                    &grouped(found.with(Vec::len) as u64),
                    &grouped(book.lines.len() as u64),
                ],
            );
            if book.lost > 0 {
                text.push_str(", ");
                text.push_str(&tn(
                    book.lost,
                    "{0} was forgotten before it could be told",
                    "{0} were forgotten before they could be told",
                ));
            }
            if book.restarts > 0 {
                text.push_str(", ");
                text.push_str(t("the relay was started anew meanwhile"));
            }
            text
        })
    });
    let copy = move |()| {
        let lines = found.get_untracked();
        lines.iter().map(line_text).collect::<Vec<_>>().join("\n")
    };
    view! {
        <section class="page desk-page logs-page">
            <Head title=t("Logs") line=line>
                <SearchField label=t("Search the log") value=words on_input=move |text| words.set(text) />
                <Segmented
                    name="level"
                    label=t("Level")
                    options=vec![
                        (Level::Trace, t("All")),
                        (Level::Info, "Info"),
                        (Level::Warn, "Warn"),
                        (Level::Error, "Error"),
                    ]
                    value=level
                    on_choose=move |chosen| level.set(chosen)
                />
                <button
                    class="button button-small"
                    type="button"
                    on:click=move |_| desk.wish(Intent::Follow(!following.get_untracked()))
                >
                    <Icon name=Signal::derive(move || {
                        if following.get() { Name::Pause } else { Name::Play }
                    }) />
                    {move || if following.get() { t("Pause") } else { t("Follow") }}
                </button>
                <CopyButton label=t("Copy") text=copy />
            </Head>
            <Known what=desk.logs bones=12>
                <div id=BOX class="log-lines card" tabindex="0" role="log" aria-label=t("Logs") aria-live="off" on:scroll=move |_| is_at_end.set(document::is_at_end(BOX))>
                    <For each=move || shown.get() key=|line| (line.number, line.at_millis) let:line>
                        <LogRow line=line />
                    </For>
                    <Show when=move || shown.with(Vec::is_empty)>
                        <Nothing title=t("No line fits") line=t("Another level or other words may find some.") />
                    </Show>
                </div>
            </Known>
        </section>
    }
}

#[component]
fn LogRow(line: LogLine) -> impl IntoView {
    let level = Level::of(&line);
    let at = moment(line.at_millis);
    view! {
        <p
            class="log-line"
            class:log-error=level == Level::Error
            class:log-warn=level == Level::Warn
        >
            <time title=at.date()>{at.seconds()}</time>
            <span class="log-level">{line.level}</span>
            <span class="log-target">{line.target}</span>
            <span class="log-text">{line.text}</span>
        </p>
    }
}
