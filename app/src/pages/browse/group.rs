//! The page of a composer, a group, a year, a chip or a folder.

use catalog::Shelf;
use leptos::prelude::*;
use leptos_router::components::A;
use listening::language::{t, tn};
use listening::{BrowseIntent, Intent, PinIntent};

use super::facets::Facets;
use super::{heading_of, shelf_path, title_of};
use crate::components::{Icon, Name};
use crate::core::use_core;
use crate::pages::library::TuneList;
use crate::pages::parts::PinButton;

#[component]
pub fn GroupPage(shelf: Memo<Shelf>, of: Memo<String>) -> impl IntoView {
    let core = use_core();
    let clause = Memo::new(move |_| shelf.get().clause(&of.get()));
    Effect::new(move |_| core.wish(Intent::Browse(BrowseIntent::Scope(clause.get()))));
    on_cleanup(move || core.wish(Intent::Browse(BrowseIntent::Scope(String::new()))));
    let typed = Memo::new(move |_| core.list.with(|list| list.typed.clone()));
    let total = Memo::new(move |_| core.list.with(|list| list.total));
    let name = move || heading_of(shelf.get());
    view! {
        <section class="browse browse-group" aria-label=move || title_of(shelf.get(), &of.get())>
            <header class="library-head">
                <div class="library-title">
                    <p class="quiet browse-back">
                        <A href=move || shelf_path(shelf.get())>
                            <Icon name=Name::Left />
                            {name}
                        </A>
                    </p>
                    <h1>{move || title_of(shelf.get(), &of.get())}</h1>
                    <p class="quiet" role="status">
                        {move || total.get().map(|total| tn(total.into(), "{0} tune", "{0} tunes"))}
                    </p>
                </div>
                <div class="search">
                    <Icon name=Name::Search />
                    <input
                        id="search"
                        type="search"
                        placeholder=t("Search in these")
                        aria-label=t("Search in these")
                        autocomplete="off"
                        spellcheck="false"
                        prop:value=move || typed.get()
                        on:input=move |event| {
                            core.wish(Intent::SetFilter(event_target_value(&event)));
                        }
                    />
                </div>
                <PinButton of=|()| PinIntent::WeighShown />
            </header>
            {move || view! { <Facets but=Some(shelf.get()) /> }}
            <TuneList />
        </section>
    }
}
