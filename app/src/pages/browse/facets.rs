//! What the tunes in the list have in common, to narrow it by.

use std::sync::Arc;

use catalog::{Group, Shelf};
use leptos::prelude::*;
use listening::language::{t, tf};
use listening::{BrowseIntent, Intent, PinIntent, words};

use crate::core::use_core;
use crate::pages::parts::PinButton;

/// The facets of the list. While they are shown they are kept up.
#[component]
pub fn Facets(
    /// What the page is about already.
    #[prop(optional_no_strip)]
    but: Option<Shelf>,
) -> impl IntoView {
    let core = use_core();
    core.wish(Intent::Browse(BrowseIntent::ShowFacets(true)));
    on_cleanup(move || core.wish(Intent::Browse(BrowseIntent::ShowFacets(false))));
    let facets = Memo::new(move |_| core.browse.with(|browse| browse.facets.clone()));
    let typed = Memo::new(move |_| core.list.with(|list| list.typed.clone()));
    view! {
        <section id="facets" class="facets" aria-label=t("Narrow the list")>
            {move || {
                let facets = facets.get().unwrap_or_else(|| Arc::from([]));
                facets
                    .iter()
                    .filter(|(shelf, groups)| Some(*shelf) != but && tells(groups, typed))
                    .map(|(shelf, groups)| facet(*shelf, groups, typed))
                    .collect_view()
            }}
            {but
                .is_none()
                .then(|| {
                    view! {
                        <div class="facet">
                            <PinButton of=|()| PinIntent::WeighShown />
                        </div>
                    }
                })}
        </section>
    }
}

/// Whether groups part the list, or one of them has been chosen.
fn tells(groups: &[Group], typed: Memo<String>) -> bool {
    let is_chosen = |group: &Group| typed.with_untracked(|typed| typed.contains(&group.clause));
    groups.len() > 1 || groups.iter().any(is_chosen)
}

fn heading(shelf: Shelf) -> &'static str {
    match shelf {
        Shelf::Composer => t("Composer"),
        Shelf::Group => t("Group"),
        Shelf::Year => t("Year"),
        Shelf::Chip => t("Chip"),
        Shelf::Sids => t("Count of chips"),
        Shelf::Format => t("Format"),
        Shelf::Folder => t("Folder"),
    }
}

fn facet(shelf: Shelf, groups: &[Group], typed: Memo<String>) -> AnyView {
    let core = use_core();
    let most = groups.iter().map(|group| group.count).max().unwrap_or(1);
    let values = groups.iter().map(|group| {
        let (label, count) = (label(shelf, &group.label), group.count);
        let share = f64::from(count) * 100.0 / f64::from(most);
        let clause = group.clause.clone();
        let is_pressed = {
            let clause = clause.clone();
            Memo::new(move |_| typed.with(|typed| typed.contains(&clause)))
        };
        view! {
            <li>
                <button
                    type="button"
                    class="facet-value"
                    style:--share=format!("{share:.0}%")
                    aria-pressed=move || is_pressed.get().to_string()
                    on:click=move |_| {
                        core.wish(Intent::SetFilter(toggled(&typed.get_untracked(), &clause)));
                    }
                >
                    <span>{label}</span>
                    <span class="figures">{words::count_text(count)}</span>
                </button>
            </li>
        }
    });
    view! {
        <div class="facet">
            <h2>{heading(shelf)}</h2>
            <ul>{values.collect_view()}</ul>
        </div>
    }
    .into_any()
}

/// What a group is called on the page.
pub fn label(shelf: Shelf, label: &str) -> String {
    match (shelf, label) {
        (_, "<?>") => t("Not known").to_owned(),
        (Shelf::Chip, "any") => t("Either chip").to_owned(),
        (Shelf::Chip, "unknown") => t("Not known").to_owned(),
        (Shelf::Sids, count) => tf("{0}\u{d7} SID", &[&count]),
        (_, label) => label.to_owned(),
    }
}

/// A query with a clause more, or without it.
fn toggled(typed: &str, clause: &str) -> String {
    if typed.contains(clause) {
        let rest = typed.replacen(clause, "", 1);
        return rest
            .split("  ")
            .collect::<Vec<_>>()
            .join(" ")
            .trim()
            .to_owned();
    }
    let space = if typed.is_empty() || typed.ends_with(' ') {
        ""
    } else {
        " "
    };
    format!("{typed}{space}{clause}")
}
