//! An address that leads nowhere.

use leptos::prelude::*;
use leptos_router::components::A;
use listening::language::t;

/// Shown for every address that has no page.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <section class="page centred">
            <div class="boot-screen">
                <p>"LOAD \"THIS PAGE\",8"</p>
                <p>"SEARCHING FOR THIS PAGE"</p>
                <p>"?FILE NOT FOUND  ERROR"</p>
                <p>"READY."</p>
                <span class="cursor" aria-hidden="true"></span>
            </div>
            <h1>{t("This page does not exist")}</h1>
            <p class="quiet">{t("The address may be mistyped, or the link is out of date.")}</p>
            <A href="/" attr:class="button primary">
                {t("Go to the library")}
            </A>
        </section>
    }
}
