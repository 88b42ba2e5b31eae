//! The page `/admin/collections`: what is published, and how.

use leptos::prelude::*;
use listening::language::{t, tf, tn};
use listening::words::{bytes_text, grouped};
use operating::{Act, Form};
use protocol::admin::{Collection, Freshness, Integrity, Publish, Scope};

use super::jobs::Jobs;
use super::parts::{
    Confirm, CopyButton, Field, FormTrouble, Head, Known, Mood, Nothing, StateMark, keys_of,
    one_of, when_done,
};
use super::words::{ago_text, date_text};
use crate::components::{Icon, Name};
use crate::desk::use_desk;
use crate::shell::document;

/// The page `/admin/collections`.
#[component]
pub fn CollectionsPage() -> impl IntoView {
    let desk = use_desk();
    document::set_title(t("Collections"));
    let ids = keys_of(desk.collections, |collection: &Collection| {
        collection.id.clone()
    });
    let line = Signal::derive(move || {
        desk.collections.with(|slot| {
            slot.value.as_ref().map_or_else(String::new, |all| {
                let files: u64 = all.iter().map(|one| one.files).sum();
                let bytes: u64 = all.iter().map(|one| one.bytes).sum();
                format!(
                    "{}, {}, {}",
                    tn(all.len() as u64, "{0} collection", "{0} collections"),
                    tn(files, "{0} file", "{0} files"),
                    bytes_text(bytes)
                )
            })
        })
    });
    let may_publish = move || desk.may(Scope::Publish);
    // The question belongs to the page: the list is made anew whenever it changes.
    let unpublished = RwSignal::new(None::<Act>);
    let question = move || {
        let id = unpublished.with(|act| match act {
            Some(Act::Unpublish(id)) => id.clone(),
            _ => String::new(),
        });
        tf(
            "Listeners no longer find \u{201c}{0}\u{201d}, and the relay gives none of its files any more. The folder that was published stays as it is. Listeners who have tunes of it keep them.",
            &[&id],
        )
    };
    view! {
        <section class="page desk-page">
            <Head title=t("Collections") line=line />
            <Show when=may_publish>
                <PublishForm />
            </Show>
            <Jobs />
            <Known what=desk.collections bones=6>
                <ul class="collections">
                    <For each=move || ids.get() key=Clone::clone let:id>
                        <CollectionCard id=id unpublished=unpublished />
                    </For>
                </ul>
                <Show when=move || ids.with(Vec::is_empty)>
                    <div class="card">
                        <Nothing
                            title=t("Nothing is published yet")
                            line=t("Name a folder of tunes on the relay's machine: listeners then find its collection by themselves.")
                        />
                    </div>
                </Show>
            </Known>
            <Confirm
                id="unpublish-title"
                title=t("Take the collection back?")
                words=Signal::derive(question)
                button=t("Take it back")
                act=unpublished
            />
        </section>
    }
}

#[component]
fn PublishForm() -> impl IntoView {
    let desk = use_desk();
    let folder = RwSignal::new(String::new());
    let name = RwSignal::new(String::new());
    let state = desk.form(Form::Publish);
    when_done(Form::Publish, move || {
        folder.set(String::new());
        name.set(String::new());
    });
    let is_whole = move || {
        folder.with(|text| !text.trim().is_empty()) && name.with(|text| !text.trim().is_empty())
    };
    let publish = move || {
        if is_whole() {
            desk.act(Act::Publish(Publish {
                folder: folder.get_untracked().trim().into(),
                name: name.get_untracked().trim().into(),
            }));
        }
    };
    view! {
        <section class="card" aria-labelledby="publish-title">
            <h2 id="publish-title">{t("Publish a folder")}</h2>
            <form
                class="desk-form"
                on:submit=move |event| {
                    event.prevent_default();
                    publish();
                }
            >
                <Field label=t("Folder on the relay's machine") value=folder example="/srv/music/C64Music" wide=true />
                <Field label=t("Name for listeners") value=name />
                <button
                    class="button primary"
                    type="submit"
                    disabled=move || !is_whole() || state.with(|state| state.is_busy)
                >
                    {t("Publish")}
                </button>
            </form>
            <p class="quiet">
                {t("The same name again adds what is new in the folder as an update: listeners fetch that alone.")}
            </p>
            <FormTrouble form=Form::Publish />
        </section>
    }
}

fn freshness_mark(freshness: Option<&Freshness>, now: u64) -> (Mood, String) {
    match freshness {
        None => (Mood::Plain, t("Not compared with its folder yet").into()),
        Some(found) if found.new + found.changed + found.gone == 0 => {
            let ago = ago_text(now, found.checked_millis);
            (Mood::Good, tf("As its folder, {0}", &[&ago]))
        }
        Some(found) => {
            let ago = ago_text(now, found.checked_millis);
            let parts: [&dyn std::fmt::Display; 4] = [
                &grouped(found.new),
                &grouped(found.changed),
                &grouped(found.gone),
                &ago,
            ];
            (
                Mood::Plain,
                tf(
                    "Its folder has {0} new, {1} changed, {2} fewer, {3}",
                    &parts,
                ),
            )
        }
    }
}

fn integrity_mark(integrity: Option<&Integrity>, now: u64) -> (Mood, String) {
    match integrity {
        None => (Mood::Plain, t("Files not verified yet").into()),
        Some(found) if found.damaged == 0 => {
            let files = tn(found.files, "{0} file", "{0} files");
            let ago = ago_text(now, found.checked_millis);
            (
                Mood::Good,
                tf("{0} are what was published, {1}", &[&files, &ago]),
            )
        }
        Some(found) => {
            let ago = ago_text(now, found.checked_millis);
            let damaged = tn(
                found.damaged,
                "{0} file is damaged",
                "{0} files are damaged",
            );
            (Mood::Bad, format!("{damaged}, {ago}"))
        }
    }
}

#[component]
fn CollectionCard(id: String, unpublished: RwSignal<Option<Act>>) -> impl IntoView {
    let desk = use_desk();
    let one = one_of(desk.collections, id.clone(), |one: &Collection| {
        one.id.clone()
    });
    let fact = move |read: fn(&Collection) -> String| {
        one.with(|one| one.as_ref().map_or_else(String::new, read))
    };
    let mark = move |read: fn(&Collection, u64) -> (Mood, String)| {
        let read = Memo::new(move |_| {
            let now = desk.wall_millis();
            one.with(|one| one.as_ref().map(|one| read(one, now)))
        });
        let mood = Signal::derive(move || read.get().map_or(Mood::Plain, |(mood, _)| mood));
        let words = Signal::derive(move || read.get().map_or_else(String::new, |(_, words)| words));
        view! { <StateMark mood=mood words=words /> }
    };
    let problem =
        Memo::new(move |_| one.with(|one| one.as_ref().and_then(|one| one.problem.clone())));
    let examples = Memo::new(move |_| {
        one.with(|one| {
            let integrity = one.as_ref().and_then(|one| one.integrity.as_ref());
            integrity.map_or_else(Vec::new, |found| found.examples.clone())
        })
    });
    let torrents = Memo::new(move |_| {
        one.with(|one| {
            one.as_ref()
                .map_or_else(Vec::new, |one| one.torrents.clone())
        })
    });
    let may_publish = move || desk.may(Scope::Publish);
    let id = StoredValue::new(id);
    let act = move |make: fn(String) -> Act| desk.act(make(id.get_value()));
    view! {
        <li class="card collection">
            <header class="collection-head">
                <div>
                    <h2>{move || fact(|one| one.name.clone())}</h2>
                    <p class="quiet"><code>{move || fact(|one| one.folder.clone())}</code></p>
                </div>
                <Show when=may_publish>
                    <div class="collection-acts">
                        <button class="button button-small" type="button" on:click=move |_| act(Act::Compare)>
                            {t("Compare")}
                        </button>
                        <button class="button button-small" type="button" on:click=move |_| act(Act::Verify)>
                            {t("Verify")}
                        </button>
                        <button
                            class="button button-small"
                            type="button"
                            on:click=move |_| unpublished.set(Some(Act::Unpublish(id.get_value())))
                        >
                            {t("Take back")}
                        </button>
                    </div>
                </Show>
            </header>
            {move || {
                problem
                    .get()
                    .map(|problem| {
                        view! {
                            <p class="trouble">
                                <Icon name=Name::Warning />
                                <span>{tf("It cannot be served: {0}", &[&problem])}</span>
                            </p>
                        }
                    })
            }}
            <dl class="desk-facts figures">
                <div>
                    <dt>{t("Files")}</dt>
                    <dd>{move || fact(|one| grouped(one.files))}</dd>
                </div>
                <div>
                    <dt>{t("Songs")}</dt>
                    <dd>{move || fact(|one| grouped(one.tunes))}</dd>
                </div>
                <div>
                    <dt>{t("Bytes")}</dt>
                    <dd>{move || fact(|one| bytes_text(one.bytes))}</dd>
                </div>
                <div>
                    <dt>{t("Catalogue")}</dt>
                    <dd>{move || fact(|one| bytes_text(one.catalogue_bytes))}</dd>
                </div>
                <div>
                    <dt>{t("Published")}</dt>
                    <dd>
                        {move || fact(|one| one.published_millis.map_or_else(|| "\u{2013}".into(), date_text))}
                    </dd>
                </div>
            </dl>
            <p class="collection-marks">
                {mark(|one, now| freshness_mark(one.freshness.as_ref(), now))}
                {mark(|one, now| integrity_mark(one.integrity.as_ref(), now))}
            </p>
            {move || {
                let examples = examples.get();
                (!examples.is_empty())
                    .then(|| {
                        view! {
                            <details>
                                <summary>{t("Some of the damaged files")}</summary>
                                <ul class="plain-list">
                                    {examples
                                        .into_iter()
                                        .map(|path| view! { <li><code>{path}</code></li> })
                                        .collect_view()}
                                </ul>
                            </details>
                        }
                    })
            }}
            <details>
                <summary>
                    {move || {
                        tn(
                            torrents.with(Vec::len).saturating_sub(1) as u64,
                            "Torrents: the base and {0} update",
                            "Torrents: the base and {0} updates",
                        )
                    }}
                </summary>
                <ul class="plain-list">
                    {move || {
                        torrents
                            .get()
                            .into_iter()
                            .map(|hash| {
                                let text = hash.clone();
                                view! {
                                    <li class="hash-line">
                                        <code>{hash}</code>
                                        <CopyButton label=t("Copy") text=move |()| text.clone() />
                                    </li>
                                }
                            })
                            .collect_view()
                    }}
                </ul>
            </details>
            {view! { <FormTrouble form=Form::Collection(id.get_value()) /> }}
        </li>
    }
}
