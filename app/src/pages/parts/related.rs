//! Tunes beside a tune: other versions of it, and its composer's others.

use std::sync::Arc;

use catalog::{Entry, Row};
use leptos::prelude::*;
use listening::Intent;
use listening::keep::KeepIntent;
use listening::language::{t, tf};
use listening::words;

use super::TuneArt;
use crate::core::use_core;

/// Tunes beside a tune.
#[component]
pub fn Beside(
    /// The file.
    entry: Arc<Entry>,
) -> impl IntoView {
    let core = use_core();
    let md5 = entry.md5;
    let (author, title) = (entry.author.clone(), entry.title.clone());
    core.wish(Intent::Keep(KeepIntent::Beside(md5, author.clone(), title)));
    let related = Memo::new(move |_| {
        let related = core.kept.with(|kept| kept.related.clone());
        (related.of == Some(md5)).then_some(related)
    });
    let all = author.clone();
    let composer = move || {
        let rows = related.get().map(|related| related.composer.clone());
        let heading = tf("More by {0}", &[&author]);
        let all = all.clone();
        rows.filter(|rows| !rows.is_empty()).map(|rows| {
            view! {
                {cards(heading, rows)}
                <button
                    class="button button-small"
                    type="button"
                    on:click=move |_| {
                        core.wish(Intent::SetFilter(all.clone()));
                        core.go("/");
                    }
                >
                    {t("All in the library")}
                </button>
            }
        })
    };
    let versions = move || {
        let rows = related.get().map(|related| related.versions.clone());
        rows.filter(|rows| !rows.is_empty())
            .map(|rows| cards(t("Other versions").to_owned(), rows))
    };
    view! { <div class="beside">{versions} {composer}</div> }
}

fn cards(heading: String, rows: Vec<Row>) -> AnyView {
    let cards = rows
        .into_iter()
        .map(|row| {
            let title = words::title_text(&row.title).to_owned();
            let author = words::author_text(&row.author).to_owned();
            view! {
                <li>
                    <a class="beside-card" href=format!("/tune/{}", row.md5)>
                        <span class="beside-art" aria-hidden="true"><TuneArt md5=row.md5 /></span>
                        <span class="beside-title">{title}</span>
                        <span class="quiet">{author}" "{row.year}</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <section>
            <h2>{heading}</h2>
            <ul class="beside-list">{cards}</ul>
        </section>
    }
    .into_any()
}
