//! The page of a composer, a group, a year, a chip or a folder, and of what is new.

use catalog::Shelf;
use leptos::prelude::*;
use leptos_router::components::A;
use listening::language::{t, tn};
use listening::{BrowseIntent, Intent, PinIntent};

use super::facets::Facets;
use super::{heading_of, shelf_path, title_of};
use crate::components::{Icon, Name, SearchField};
use crate::core::use_core;
use crate::pages::library::TuneList;
use crate::pages::parts::PinButton;

/// Tunes that have something in common.
#[component]
pub fn GroupPage(shelf: Memo<Shelf>, of: Memo<String>) -> impl IntoView {
    view! {
        <Selection
            clause=Memo::new(move |_| shelf.get().clause(&of.get()))
            title=Signal::derive(move || title_of(shelf.get(), &of.get()))
            back=Signal::derive(move || shelf_path(shelf.get()))
            above=Signal::derive(move || heading_of(shelf.get()).to_owned())
            but=Signal::derive(move || Some(shelf.get()))
        />
    }
}

/// Tunes that came with the last change of a collection.
#[component]
pub fn NewPage() -> impl IntoView {
    view! {
        <Selection
            clause=Memo::new(|_| "new:yes".to_owned())
            title=t("What is new").to_owned()
            back="/browse".to_owned()
            above=t("Browse").to_owned()
            but=None
        />
    }
}

#[component]
fn Selection(
    /// Part of a query that selects them.
    clause: Memo<String>,
    #[prop(into)] title: Signal<String>,
    /// Address of the page above, and its name.
    #[prop(into)]
    back: Signal<String>,
    #[prop(into)] above: Signal<String>,
    /// What the page is about already.
    #[prop(into)]
    but: Signal<Option<Shelf>>,
) -> impl IntoView {
    let core = use_core();
    Effect::new(move |_| core.wish(Intent::Browse(BrowseIntent::Scope(clause.get()))));
    on_cleanup(move || core.wish(Intent::Browse(BrowseIntent::Scope(String::new()))));
    let typed = Memo::new(move |_| core.list.with(|list| list.typed.clone()));
    let total = Memo::new(move |_| core.list.with(|list| list.total));
    view! {
        <section class="browse browse-group" aria-label=move || title.get()>
            <header class="library-head">
                <div class="library-title">
                    <p class="quiet browse-back">
                        <A href=move || back.get()>
                            <Icon name=Name::Left />
                            {move || above.get()}
                        </A>
                    </p>
                    <h1>{move || title.get()}</h1>
                    <p class="quiet" role="status">
                        {move || total.get().map(|total| tn(total.into(), "{0} tune", "{0} tunes"))}
                    </p>
                </div>
                <SearchField
                    id="search"
                    label=t("Search in these")
                    value=typed
                    on_input=move |text| core.wish(Intent::SetFilter(text))
                />
                <PinButton of=|()| PinIntent::WeighShown />
            </header>
            {move || view! { <Facets but=but.get() /> }}
            <TuneList />
        </section>
    }
}
