//! A picture of what plays, which a worker draws.

use leptos::html;
use leptos::prelude::*;
use listening::language::{t, tf};
use listening::{SoundMode, State, words};
use protocol::visuals::View;

use crate::components::{IconButton, Name};
use crate::core::use_core;
use crate::shell::visuals;

/// Id of what fills the screen with the picture.
pub const STAGE: &str = "stage";

/// What a view is, in words.
pub fn view_name(view: View) -> &'static str {
    match view {
        View::Scopes => t("Scopes"),
        View::Spectrum => t("Spectrum"),
        View::Roll => t("Piano roll"),
        View::Registers => t("Registers"),
    }
}

/// The picture, or why there is none.
#[component]
pub fn Picture(
    /// What it shows.
    #[prop(into)]
    view: Signal<View>,
) -> impl IntoView {
    let core = use_core();
    let rendered = Memo::new(move |_| {
        core.player
            .with(|player| player.mode == Some(SoundMode::File))
    });
    // Another worker needs another canvas.
    let worker = Memo::new(move |_| core.visuals.starts.get().max(1));
    move || {
        worker.track();
        if rendered.get() {
            let why =
                t("Pictures need sound that is made while it plays; here it is rendered first.");
            return view! { <p class="stage-words quiet">{why}</p> }.into_any();
        }
        match core.visuals.failed.get() {
            Some(reason) => view! {
                <p class="stage-words" role="alert">
                    <span>{tf("The picture could not be drawn: {0}", &[&reason])}</span>
                    <button
                        class="button button-small"
                        type="button"
                        on:click=move |_| core.retry_visuals()
                    >
                        {t("Try again")}
                    </button>
                </p>
            }
            .into_any(),
            None => view! { <Canvas view=view /> }.into_any(),
        }
    }
}

#[component]
fn Canvas(view: Signal<View>) -> impl IntoView {
    let core = use_core();
    let host = NodeRef::<html::Div>::new();
    let missing = RwSignal::new(false);
    // The worker is fetched once there is something to see: the first sound comes before it.
    let plays = Memo::new(move |_| {
        core.player
            .with(|player| matches!(player.state, State::Playing | State::Paused))
    });
    Effect::new(move |_| {
        if let Some(host) = host.get().filter(|_| plays.get()) {
            missing.set(!core.place_picture(&host, view.get_untracked()));
        }
    });
    Effect::new(move |_| core.show_view(view.get()));
    let title = move || {
        core.player.with(|player| {
            player
                .tune
                .as_ref()
                .map(|tune| words::title_text(&tune.row.title).to_owned())
        })
    };
    view! {
        <p class="stage-title" aria-hidden="true">{title}</p>
        <div
            node_ref=host
            class="stage-host"
            role="img"
            aria-label=move || view_name(view.get())
            aria-describedby="stage-seen"
        ></div>
        <p id="stage-seen" class="hidden-words">{move || core.visuals.words.get()}</p>
        <Show when=move || missing.get()>
            <p class="stage-words quiet">
                {t("This browser cannot draw beside the page (OffscreenCanvas is missing), so there is no picture.")}
            </p>
        </Show>
    }
}

/// A button for the whole screen, where the browser has that.
#[component]
pub fn FullScreen() -> impl IntoView {
    let full = RwSignal::new(visuals::is_full(STAGE));
    visuals::watch_full_screen(move || full.set(visuals::is_full(STAGE)));
    visuals::can_fill_screen().then(|| {
        view! {
            <IconButton
                label=Signal::derive(move || {
                    if full.get() { t("Leave the full screen") } else { t("Full screen") }.to_owned()
                })
                icon=Signal::derive(move || {
                    if full.get() { Name::Close } else { Name::FullScreen }
                })
                on_press=move || visuals::toggle_full_screen(STAGE)
            />
        }
    })
}
