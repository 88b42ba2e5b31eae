//! A list of any length, of which only the rows on the screen exist.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

/// Rows above and below the screen that exist too, so that scrolling shows no gap.
const BESIDE: u32 = 6;

/// A key that was pressed in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridKey {
    /// The marked row.
    pub at: u32,
    /// The key's name.
    pub key: String,
    /// With Alt.
    pub alt: bool,
    /// With Shift.
    pub shift: bool,
}

/// The window of a long list: a focusable grid whose rows are `row_height` high. The keyboard moves
/// a mark through all rows; the grid keeps the focus, so that rows may come and go.
#[component]
pub fn VirtualList(
    /// Id of the grid; rows get it with their number behind.
    id: &'static str,
    /// What it lists.
    label: &'static str,
    /// Rows in all.
    #[prop(into)]
    total: Signal<u32>,
    /// Height of a row in pixels; columns of a row, header included.
    row_height: u32,
    /// Columns.
    columns: u32,
    /// Changes when other rows are shown: the list goes back to its start.
    #[prop(into)]
    subject: Signal<String>,
    /// Told which rows exist: first and count.
    #[prop(into)]
    on_range: Callback<(u32, u32)>,
    /// Row chosen by Enter.
    #[prop(into)]
    on_choose: Callback<u32>,
    /// Row opened by the right arrow.
    #[prop(into)]
    on_open: Callback<u32>,
    /// Any other key at the marked row; true where it did something.
    #[prop(optional, into)]
    on_other_key: Option<Callback<(u32, String), bool>>,
    /// The header row.
    header: ViewFn,
    /// A row, by its number.
    row: Callback<u32, AnyView>,
    /// Asked first about a key; true where it has been seen to.
    #[prop(optional)]
    on_key: Option<Callback<GridKey, bool>>,
    /// The marked row, where others set it too.
    #[prop(optional)]
    mark: Option<RwSignal<u32>>,
) -> impl IntoView {
    let viewport = NodeRef::<html::Div>::new();
    let marked = mark.unwrap_or_else(|| RwSignal::new(0u32));
    let focused = RwSignal::new(false);
    let range = RwSignal::new((0u32, 0u32));

    let measure = move || {
        let Some(element) = viewport.get_untracked() else {
            return;
        };
        let top = element.scroll_top().max(0).unsigned_abs();
        let height = element.client_height().max(0).unsigned_abs();
        let first = (top / row_height).saturating_sub(BESIDE);
        let count = height.div_ceil(row_height) + 2 * BESIDE;
        if range.get_untracked() != (first, count) {
            range.set((first, count));
            on_range.run((first, count));
        }
    };
    Effect::new(move |_| {
        if viewport.get().is_some() {
            request_animation_frame(measure);
        }
    });
    let resized = window_event_listener(ev::resize, move |_| measure());
    on_cleanup(move || resized.remove());

    // Another subject: to its start. The first run is no change.
    Effect::new(move |before: Option<String>| {
        let subject = subject.get();
        if before.is_some_and(|before| before != subject) {
            marked.set(0);
            if let Some(element) = viewport.get_untracked() {
                element.set_scroll_top(0);
            }
            measure();
        }
        subject
    });

    let reveal = move |at: u32| {
        let Some(element) = viewport.get_untracked() else {
            return;
        };
        let head = row_height.cast_signed();
        let top = (at * row_height).cast_signed();
        let height = element.client_height() - head;
        if top < element.scroll_top() {
            element.set_scroll_top(top);
        } else if top + head > element.scroll_top() + height {
            element.set_scroll_top(top + head - height);
        }
        measure();
    };
    let key_pressed = move |event: ev::KeyboardEvent| {
        let last = total.get_untracked().saturating_sub(1);
        let at = marked.get_untracked().min(last);
        let key = GridKey {
            at,
            key: event.key(),
            alt: event.alt_key(),
            shift: event.shift_key(),
        };
        if on_key.is_some_and(|on_key| on_key.run(key)) {
            event.prevent_default();
            return;
        }
        let page = range
            .get_untracked()
            .1
            .saturating_sub(2 * BESIDE + 2)
            .max(1);
        let target = match &*event.key() {
            "ArrowDown" => at.saturating_add(1),
            "ArrowUp" => at.saturating_sub(1),
            "PageDown" => at.saturating_add(page),
            "PageUp" => at.saturating_sub(page),
            "Home" => 0,
            "End" => last,
            "Enter" | " " => {
                event.prevent_default();
                on_choose.run(at);
                return;
            }
            "ArrowRight" => {
                event.prevent_default();
                on_open.run(at);
                return;
            }
            key => {
                let plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key();
                if plain && on_other_key.is_some_and(|other| other.run((at, key.to_owned()))) {
                    event.prevent_default();
                }
                return;
            }
        };
        event.prevent_default();
        let target = target.min(last);
        marked.set(target);
        reveal(target);
    };
    let rows = move || {
        let (first, count) = range.get();
        let end = total.get().min(first + count);
        (first..end).collect::<Vec<u32>>()
    };
    view! {
        <div
            node_ref=viewport
            id=id
            class="grid"
            role="grid"
            tabindex="0"
            aria-label=label
            aria-rowcount=move || (total.get() + 1).to_string()
            aria-colcount=columns.to_string()
            aria-activedescendant=move || {
                let (first, count) = range.get();
                let at = marked.get();
                (total.get() > at && (first..first + count).contains(&at))
                    .then(|| format!("{id}-{at}"))
            }
            on:scroll=move |_| measure()
            on:keydown=key_pressed
            on:focus=move |_| focused.set(true)
            on:blur=move |_| focused.set(false)
        >
            {header.run()}
            <div
                class="grid-rows"
                role="rowgroup"
                style:height=move || format!("{}px", total.get().saturating_mul(row_height))
            >
                <For each=rows key=|at| *at let:at>
                    <div
                        id=format!("{id}-{at}")
                        class="grid-place"
                        class:marked=move || focused.get() && marked.get() == at
                        role="row"
                        aria-rowindex=(at + 2).to_string()
                        style:transform=format!("translateY({}px)", at * row_height)
                        on:click=move |_| marked.set(at)
                    >
                        {row.run(at)}
                    </div>
                </For>
            </div>
        </div>
    }
}
