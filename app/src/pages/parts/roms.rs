//! The ROMs of the C64: which are here, and how they come and go.

use leptos::prelude::*;
use listening::Intent;
use listening::language::t;
use sidfile::rom::RomKind;

use crate::components::{Icon, Name};
use crate::core::use_core;

/// What each ROM is for.
fn purpose(kind: RomKind) -> &'static str {
    match kind {
        RomKind::Kernal => t("The operating system. BASIC programs need it."),
        RomKind::Basic => t("The interpreter. BASIC programs need it."),
        RomKind::Chargen => t("The letters. A few programs read them."),
    }
}

/// A card with a line for each ROM.
#[component]
pub fn Roms() -> impl IntoView {
    let core = use_core();
    let kept = Memo::new(move |_| core.list.with(|list| list.roms.clone()));
    view! {
        <section class="card" id="roms">
            <h2>{t("C64 ROMs")}</h2>
            <p class="quiet">
                {t("A few hundred tunes are BASIC programs and run only with a C64's own ROMs, which are Commodore's and not part of Sidereal. Every emulator's ROM folder has them: add its files here, or drop them on the page. Each is checked by its SHA-256 and stays in this browser.")}
            </p>
            <ul class="roms">
                {RomKind::ALL
                    .map(|kind| {
                        let here = move || kept.with(|kept| kept.contains(&kind));
                        view! {
                            <li class="setting">
                                <div>
                                    <h3>
                                        {kind.name()} " " <span class="quiet">{kind.part()}</span>
                                    </h3>
                                    <p class="quiet">
                                        {purpose(kind)} " " <code>{kind.file_names()[1]}</code>
                                    </p>
                                </div>
                                <Show
                                    when=here
                                    fallback=|| view! { <span class="quiet">{t("Not here")}</span> }
                                >
                                    <span class="rom-here">
                                        <Icon name=Name::Check />
                                        {t("Ready")}
                                    </span>
                                </Show>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
            <div class="button-row">
                <button class="button" type="button" on:click=move |_| core.pick(false)>
                    <Icon name=Name::Plus />
                    {t("Add ROM files")}
                </button>
                <Show when=move || kept.with(|kept| !kept.is_empty())>
                    <button
                        class="button"
                        type="button"
                        on:click=move |_| core.wish(Intent::RemoveRoms)
                    >
                        <Icon name=Name::Trash />
                        {t("Remove them")}
                    </button>
                </Show>
            </div>
        </section>
    }
}
