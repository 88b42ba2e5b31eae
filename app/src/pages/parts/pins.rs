//! Keeping whole lots of tunes on this device.

use leptos::prelude::*;
use listening::language::{t, tf};
use listening::{BrowseIntent, Intent, PinIntent, words};

use crate::components::{Dialog, Icon, Name};
use crate::core::{Core, use_core};

fn wish(core: Core, intent: PinIntent) {
    core.wish(Intent::Browse(BrowseIntent::Pin(intent)));
}

/// Asks what a lot takes to have it here.
#[component]
pub fn PinButton(
    /// Which lot, when it is pressed.
    #[prop(into)]
    of: Callback<(), PinIntent>,
) -> impl IntoView {
    let core = use_core();
    view! {
        <button class="button" type="button" on:click=move |_| wish(core, of.run(()))>
            <Icon name=Name::Drop />
            {t("Keep offline")}
        </button>
    }
}

/// What a lot takes, and whether it is to be here.
#[component]
pub fn PinDialog() -> impl IntoView {
    let core = use_core();
    let pin = Memo::new(move |_| core.browse.with(|browse| browse.pin.clone()));
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(pin.with(Option::is_some)));
    Effect::new(move |_| {
        if !open.get() && pin.with_untracked(Option::is_some) {
            wish(core, PinIntent::Leave);
        }
    });
    let room = move || {
        core.swarm.with(|swarm| {
            swarm
                .allowed
                .map(|allowed| allowed.saturating_sub(swarm.used))
        })
    };
    view! {
        <Dialog id="pin" title=t("Keep offline").to_owned() open=open>
            {move || {
                let pin = pin.get()?;
                let is_own = pin.files.is_empty();
                let tight = room().filter(|room| *room < pin.bytes);
                Some(
                    view! {
                        <p>
                            <strong>
                                {if pin.name.is_empty() { t("Everything").to_owned() } else { pin.name.clone() }}
                            </strong>
                        </p>
                        <p>{pin.text()}</p>
                        {tight
                            .map(|room| {
                                let room = words::bytes_text(room);
                                view! {
                                    <p class="pin-tight">
                                        {tf(
                                            "There is room for {0}: what does not fit is fetched when it is played. The settings of the swarm say how much may be kept.",
                                            &[&room],
                                        )}
                                    </p>
                                }
                            })}
                        <div class="button-row">
                            <button
                                class="button primary"
                                type="button"
                                disabled=is_own
                                on:click=move |_| wish(core, PinIntent::Keep(true))
                            >
                                {t("Keep on this device")}
                            </button>
                            <button
                                class="button"
                                type="button"
                                disabled=is_own
                                on:click=move |_| wish(core, PinIntent::Keep(false))
                            >
                                {t("No longer keep")}
                            </button>
                        </div>
                    },
                )
            }}
        </Dialog>
    }
}
