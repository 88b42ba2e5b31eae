//! A link to this song, at this moment, with these voices.

use leptos::prelude::*;
use listening::language::{t, tf};
use listening::share::{Spot, path};
use listening::words;
use sidfile::{Md5, TuneId};

use crate::components::{Dialog, Icon, Name};
use crate::core::use_core;
use crate::shell::document;

/// Offers the link.
#[component]
pub fn ShareLink(
    /// File.
    md5: Md5,
    /// Song.
    song: Memo<u16>,
) -> impl IntoView {
    let core = use_core();
    let open = RwSignal::new(false);
    let with_time = RwSignal::new(true);
    let copied = RwSignal::new(false);
    // The moment at which the dialog was opened: a link that changes cannot be marked.
    let moment = RwSignal::new(0u32);
    let has_moment = Memo::new(move |_| moment.get() > 0);
    let id = move || TuneId {
        md5,
        song: song.get().max(1),
    };
    let link = Signal::derive(move || {
        let id = id();
        let (is_current, audible) = core
            .player
            .with(|player| (player.is_current(id), player.audible));
        let mut spot = Spot {
            chip: core.settings.with(|settings| settings.overrides.model),
            ..Spot::default()
        };
        if is_current {
            spot.audible = audible;
            spot.millis = if with_time.get() { moment.get() } else { 0 };
        }
        format!("{}{}", document::origin(), path(id, &spot))
    });
    let title = move || {
        core.page
            .with_untracked(|page| match page.as_ref().map(|page| &page.entry) {
                Some(listening::PageEntry::Known(entry)) => {
                    words::title_text(&entry.title).to_owned()
                }
                _ => String::new(),
            })
    };
    view! {
        <button
            class="button button-square"
            type="button"
            aria-label=t("Share a link")
            title=t("Share a link")
            on:click=move |_| {
                let is_current = core.player.with_untracked(|player| player.is_current(untrack(id)));
                moment.set(if is_current { core.heard_millis() } else { 0 });
                copied.set(false);
                open.set(true);
            }
        >
            <Icon name=Name::Link />
        </button>
        <Dialog id="share-link" title=t("Share a link").to_owned() open=open>
            <p class="quiet">
                {t("Who opens it hears this song with the voices and the chip that you hear. The tune itself is not in the link.")}
            </p>
            <Show when=move || has_moment.get()>
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || with_time.get()
                        on:change=move |event| with_time.set(event_target_checked(&event))
                    />
                    {move || tf("Start at {0}", &[&words::clock_text(moment.get())])}
                </label>
            </Show>
            <input
                id="shared-link"
                class="field share-field"
                readonly
                aria-label=t("Link")
                prop:value=move || link.get()
            />
            <div class="button-row">
                <button
                    class="button primary"
                    type="button"
                    on:click=move |_| {
                        document::focus("shared-link");
                        document::copy(&link.get_untracked());
                        copied.set(true);
                        core.announcement.set(t("Link copied").to_owned());
                    }
                >
                    <Icon name=Signal::derive(move || {
                        if copied.get() { Name::Check } else { Name::Link }
                    }) />
                    {move || if copied.get() { t("Link copied") } else { t("Copy link") }}
                </button>
                {document::can_share()
                    .then(|| {
                        view! {
                            <button
                                class="button"
                                type="button"
                                on:click=move |_| document::share(&title(), &link.get_untracked())
                            >
                                <Icon name=Name::Share />
                                {t("Share")}
                            </button>
                        }
                    })}
            </div>
        </Dialog>
    }
}
