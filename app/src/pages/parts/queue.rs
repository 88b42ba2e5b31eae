//! The queue: what plays next, put in order by pointer or keyboard; the sleep timer; the countdown.

use leptos::ev;
use leptos::prelude::*;
use listening::keep::{date_text, ref_of_row};
use listening::language::{t, tf, tn};
use listening::queue::{QueueIntent, Queued};
use listening::sleep::{SleepView, SleepWish};
use listening::{HintState, Intent, State, words};
use protocol::keep::{Change, Item};
use protocol::swarm::{FileId, InfoHash};

use super::TuneArt;
use super::marks::change;
use super::row::NotHere;
use crate::components::{Icon, IconButton, Name};
use crate::core::{Core, use_core};
use crate::shell::document;

/// Height of a place in pixels; the style sheet knows it too.
const PLACE_HEIGHT: i32 = 52;
/// Minutes to choose from.
const MINUTES: [u16; 6] = [5, 15, 30, 45, 60, 90];

fn wish(core: Core, intent: QueueIntent) {
    core.wish(Intent::Queue(intent));
}

/// The button that shows the queue, with how much waits.
#[component]
pub fn QueueButton() -> impl IntoView {
    let core = use_core();
    let count = Memo::new(move |_| core.onward.with(|onward| onward.items.len()));
    view! {
        <button
            class="button-icon queue-button"
            type="button"
            aria-label=move || match count.get() {
                0 => t("Queue").to_owned(),
                count => tn(count as u64, "Queue, {0} tune", "Queue, {0} tunes"),
            }
            aria-expanded=move || core.queue_shown.get().to_string()
            class:lit=move || core.queue_shown.get()
            on:click=move |_| core.queue_shown.update(|shown| *shown = !*shown)
        >
            <Icon name=Name::Queue />
            <Show when=move || { count.get() > 0 }>
                <span class="queue-count figures" aria-hidden="true">{move || count.get()}</span>
            </Show>
        </button>
    }
}

/// The button that puts the list in any order.
#[component]
pub fn ShuffleButton() -> impl IntoView {
    let core = use_core();
    let on = Memo::new(move |_| core.onward.with(|onward| onward.shuffle));
    view! {
        <IconButton
            class="only-wide"
            lit=on
            label=Signal::derive(move || {
                if on.get() { t("Shuffle: on") } else { t("Shuffle: off") }.to_owned()
            })
            icon=Name::Shuffle
            on_press=move || wish(core, QueueIntent::Shuffle(!on.get_untracked()))
        />
    }
}

/// A place that is being dragged.
#[derive(Clone, Copy, PartialEq)]
struct Drag {
    key: u32,
    from: usize,
    /// Where it was taken.
    start: i32,
    /// How far it was moved.
    moved: i32,
}

impl Drag {
    fn to(&self, count: usize) -> usize {
        let steps = (self.moved + self.moved.signum() * PLACE_HEIGHT / 2) / PLACE_HEIGHT;
        let to = self.from.saturating_add_signed(steps as isize);
        to.min(count.saturating_sub(1))
    }
}

/// Makes a playlist of what waits, called by the day.
fn save(core: Core) {
    let items = core.onward.with_untracked(|onward| {
        let items = onward.items.iter().map(|item| Item {
            tune: ref_of_row(&item.tune.row),
            song: item.tune.song,
            added_at: 0,
        });
        items.collect()
    });
    let name = tf("Queue of {0}", &[&date_text(document::wall_millis())]);
    change(core, Change::MakePlaylist { name, items });
}

/// The queue, beside the page or over it.
#[component]
pub fn QueuePanel() -> impl IntoView {
    let core = use_core();
    let close = move || {
        core.queue_shown.set(false);
    };
    view! {
        <Show when=move || core.queue_shown.get()>
            <aside
                class="queue"
                aria-label=t("Queue")
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        close();
                    }
                }
            >
                <header class="queue-head">
                    <h2>{t("Queue")}</h2>
                    <button
                        class="button button-small button-quiet"
                        type="button"
                        disabled=move || core.onward.with(|onward| onward.items.is_empty())
                        on:click=move |_| save(core)
                    >
                        {t("Save as playlist")}
                    </button>
                    <button
                        class="button button-small button-quiet"
                        type="button"
                        disabled=move || core.onward.with(|onward| onward.items.is_empty())
                        on:click=move |_| wish(core, QueueIntent::Clear)
                    >
                        {t("Clear")}
                    </button>
                    <IconButton label=t("Close the queue") icon=Name::Close on_press=close />
                </header>
                <Places />
                <AfterQueue />
                <SleepTimer />
            </aside>
        </Show>
    }
}

#[component]
fn Places() -> impl IntoView {
    let core = use_core();
    let drag = RwSignal::new(None::<Drag>);
    let items = Memo::new(move |_| core.onward.with(|onward| onward.items.clone()));
    let places = move || items.get().to_vec();
    view! {
        <Show
            when=move || !items.with(|items| items.is_empty())
            fallback=|| {
                view! {
                    <p class="queue-empty">
                        {t("Nothing waits. Add tunes with the menu of a row, or with Q in the list; they play before the list goes on.")}
                    </p>
                }
            }
        >
            <ol class="queue-places" class:dragging=move || drag.get().is_some()>
                <For each=places key=|item| item.key let:item>
                    <Place item=item drag=drag />
                </For>
            </ol>
            <p class="queue-hint quiet">
                {t("Alt and arrow keys move a tune, Delete takes it out.")}
            </p>
        </Show>
    }
}

#[component]
fn Place(item: Queued, drag: RwSignal<Option<Drag>>) -> impl IntoView {
    let core = use_core();
    let key = item.key;
    let row = item.tune.row.clone();
    let title = words::title_text(&row.title).to_owned();
    let label = title.clone();
    let id = format!("queue-{key}");
    let place = Memo::new(move |_| {
        core.onward.with(|onward| {
            let at = onward.items.iter().position(|item| item.key == key);
            (at.unwrap_or(0), onward.items.len())
        })
    });
    let on_key = {
        let id = id.clone();
        move |event: ev::KeyboardEvent| {
            let step = match (&*event.key(), event.alt_key()) {
                ("ArrowUp", true) => Some(-1),
                ("ArrowDown", true) => Some(1),
                _ => None,
            };
            let (at, count) = place.get_untracked();
            let neighbour = |at: usize| {
                let items = core.onward.with_untracked(|onward| onward.items.clone());
                items.get(at).map(|item| format!("queue-{}", item.key))
            };
            let focus = match &*event.key() {
                _ if step.is_some() => {
                    wish(core, QueueIntent::Step(key, step.unwrap_or(0)));
                    Some(id.clone())
                }
                "ArrowUp" => at.checked_sub(1).and_then(neighbour),
                "ArrowDown" => neighbour(at + 1),
                "Home" => neighbour(0),
                "End" => neighbour(count.saturating_sub(1)),
                "Delete" | "Backspace" => {
                    let other = neighbour(at + 1).or_else(|| at.checked_sub(1).and_then(neighbour));
                    wish(core, QueueIntent::Remove(key));
                    other
                }
                "Enter" => {
                    wish(core, QueueIntent::Play(key));
                    None
                }
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            if let Some(id) = focus {
                document::focus(&id);
                // A row that is moved loses the focus.
                request_animation_frame(move || {
                    document::focus(&id);
                });
            }
        }
    };
    let shift = move || {
        let dragged = drag.get()?;
        let (at, count) = place.get();
        let to = dragged.to(count);
        let pixels = if dragged.key == key {
            dragged.moved
        } else if (dragged.from + 1..=to).contains(&at) {
            -PLACE_HEIGHT
        } else if (to..dragged.from).contains(&at) {
            PLACE_HEIGHT
        } else {
            return None;
        };
        Some(format!("translateY({pixels}px)"))
    };
    let on_up = move |_| {
        if let Some(dragged) = drag.get_untracked() {
            drag.set(None);
            let to = dragged.to(place.get_untracked().1);
            if to != dragged.from {
                wish(core, QueueIntent::Move { key, to });
            }
        }
    };
    let remote = row.remote;
    let song = (row.songs > 1).then_some(item.tune.song);
    let author = words::author_text(&row.author).to_owned();
    view! {
        <li
            id=id
            class="queue-place"
            class:dragged=move || drag.get().is_some_and(|drag| drag.key == key)
            tabindex="0"
            aria-label=move || {
                let (at, count) = place.get();
                tf("{0}, place {1} of {2}", &[&label, &(at + 1), &count])
            }
            style:transform=shift
            on:keydown=on_key
            on:dblclick=move |_| wish(core, QueueIntent::Play(key))
        >
            <span
                class="queue-grip"
                aria-hidden="true"
                on:pointerdown=move |event| {
                    document::capture_pointer(&event);
                    event.prevent_default();
                    let from = place.get_untracked().0;
                    drag.set(Some(Drag { key, from, start: event.client_y(), moved: 0 }));
                }
                on:pointermove=move |event| {
                    drag.update(|drag| {
                        if let Some(drag) = drag {
                            drag.moved = event.client_y() - drag.start;
                        }
                    });
                }
                on:pointerup=on_up
                on:pointercancel=move |_| drag.set(None)
            >
                <Icon name=Name::Grip />
            </span>
            <span class="queue-art" aria-hidden="true">
                <TuneArt md5=row.md5 />
            </span>
            <span class="queue-words">
                <span class="queue-title" title=title.clone()>{title.clone()}</span>
                <span class="queue-author">
                    {song.map(|song| tf("Song {0}, ", &[&song]))} {author}
                </span>
            </span>
            {remote.map(|remote| view! { <NotHere remote=remote /> })}
            <IconButton
                class="queue-remove"
                label=tf("Take {0} out of the queue", &[&title])
                icon=Name::Close
                on_press=move || wish(core, QueueIntent::Remove(key))
            />
        </li>
    }
}

/// What the list goes on with.
#[component]
fn AfterQueue() -> impl IntoView {
    let core = use_core();
    let next = Memo::new(move |_| {
        core.onward.with(|onward| {
            let next = onward.next.as_ref()?;
            let of_queue = onward
                .items
                .first()
                .is_some_and(|item| item.tune == next.tune);
            let source = match (&onward.list_name, onward.shuffle, onward.filter.is_empty()) {
                (Some(name), _, _) => name.clone(),
                (None, true, _) => t("Shuffle").to_owned(),
                (None, false, false) => tf("Library: {0}", &[&onward.filter]),
                (None, false, true) => t("Library").to_owned(),
            };
            Some((next.clone(), of_queue, source))
        })
    });
    move || {
        let (next, of_queue, source) = next.get()?;
        let remote = next.tune.row.remote.map(|remote| FileId {
            torrent: InfoHash(remote.info_hash),
            file: remote.file,
        });
        let state = move || match next.state {
            HintState::Ready | HintState::Joined => t("ready").to_owned(),
            HintState::Failed => t("cannot be played").to_owned(),
            HintState::Known => String::new(),
            HintState::Fetching => {
                let progress = remote.and_then(|id| {
                    core.remote_files
                        .with(|files| files.get(&id).map(|file| file.progress))
                });
                match progress {
                    Some(share) if share < 1.0 => tf("{0} % fetched", &[&((share * 100.0) as u32)]),
                    _ => t("is made ready").to_owned(),
                }
            }
        };
        Some(view! {
            <p class="queue-next">
                <span class="quiet">
                    {if of_queue { t("Next").to_owned() } else { tf("Then from {0}", &[&source]) }}
                </span>
                <span class="queue-next-title">
                    {words::title_text(&next.tune.row.title).to_owned()}
                </span>
                <span class="quiet">{state}</span>
            </p>
        })
    }
}

#[component]
fn SleepTimer() -> impl IntoView {
    let core = use_core();
    let sleep = Memo::new(move |_| core.onward.with(|onward| onward.sleep));
    let chosen = move || match sleep.get() {
        SleepView::Off => "off".to_owned(),
        SleepView::EndOfTune => "tune".to_owned(),
        SleepView::Minutes(_) => "running".to_owned(),
    };
    let choose = move |event| {
        let wished = match &*event_target_value(&event) {
            "tune" => SleepWish::EndOfTune,
            "running" => return,
            minutes => minutes.parse().map_or(SleepWish::Off, SleepWish::Minutes),
        };
        wish(core, QueueIntent::Sleep(wished));
    };
    view! {
        <div class="queue-sleep">
            <label for="sleep">{t("Sleep timer")}</label>
            <select id="sleep" class="select" prop:value=chosen on:change=choose>
                <option value="off">{t("Off")}</option>
                {move || match sleep.get() {
                    SleepView::Minutes(left) => Some(
                        view! {
                            <option value="running" selected>
                                {tn(left, "{0} minute left", "{0} minutes left")}
                            </option>
                        },
                    ),
                    _ => None,
                }}
                {MINUTES
                    .into_iter()
                    .map(|minutes| {
                        view! {
                            <option value=minutes.to_string()>
                                {tn(minutes.into(), "{0} minute", "{0} minutes")}
                            </option>
                        }
                    })
                    .collect_view()}
                <option value="tune">{t("End of this tune")}</option>
            </select>
        </div>
    }
}

/// Says which tune starts soon, and lets it start or not.
#[component]
pub fn Countdown() -> impl IntoView {
    let core = use_core();
    let countdown = Memo::new(move |_| core.onward.with(|onward| onward.countdown.clone()));
    move || {
        let countdown = countdown.get()?;
        let text = match &countdown.tune {
            Some(tune) => tf(
                "Next in {0} s: {1}",
                &[&countdown.seconds, &words::title_text(&tune.row.title)],
            ),
            None => tf("The next tune starts in {0} s", &[&countdown.seconds]),
        };
        Some(view! {
            <div class="notice countdown">
                <Icon name=Name::Next />
                <span>{text}</span>
                <button
                    class="button button-small primary"
                    type="button"
                    on:click=move |_| wish(core, QueueIntent::SkipCountdown)
                >
                    {t("Play now")}
                </button>
                <button
                    class="button button-small"
                    type="button"
                    on:click=move |_| wish(core, QueueIntent::CancelCountdown)
                >
                    {t("Cancel")}
                </button>
            </div>
        })
    }
}

/// Whether something plays, so that other offers stand back.
pub fn is_quiet(core: Core) -> Memo<bool> {
    Memo::new(move |_| {
        core.player
            .with(|player| !player.state.is_active() && player.state != State::Paused)
    })
}
