//! What the listener thinks of a tune: heart, stars, tags, a note.

use leptos::prelude::*;
use listening::Intent;
use listening::keep::KeepIntent;
use listening::language::{t, tf, tn};
use protocol::keep::{Change, TuneRef};
use sidfile::Md5;

use crate::components::{Icon, Name};
use crate::core::{Core, use_core};

/// Changes what is kept.
pub fn change(core: Core, change: Change) {
    core.wish(Intent::Keep(KeepIntent::Change(change)));
}

/// Makes a tune a favourite, or none.
#[component]
pub fn Heart(
    /// Which.
    tune: TuneRef,
    /// Further classes.
    #[prop(optional)]
    class: &'static str,
    /// Stands in a list, whose keys lead to it.
    #[prop(optional)]
    in_list: bool,
) -> impl IntoView {
    let core = use_core();
    let md5 = tune.md5;
    let on = Memo::new(move |_| core.kept.with(|kept| kept.marks(&md5).is_favourite));
    view! {
        <button
            class=format!("button-icon heart {class}")
            class:lit=move || on.get()
            type="button"
            tabindex=in_list.then_some("-1")
            aria-label=t("Favourite")
            title=move || if on.get() { t("Remove from the favourites") } else { t("Add to the favourites") }
            aria-pressed=move || on.get().to_string()
            on:click=move |event| {
                event.stop_propagation();
                let on = !on.get_untracked();
                change(core, Change::Favourite { tune: tune.clone(), on });
            }
        >
            <Icon name=Signal::derive(move || {
                if on.get() { Name::HeartFull } else { Name::Heart }
            }) />
        </button>
    }
}

/// Rates a tune: a group of radio buttons, the last of which takes the rating back.
#[component]
pub fn Stars(
    /// Which.
    tune: TuneRef,
    /// Name of the group; unique on the page.
    name: &'static str,
) -> impl IntoView {
    let core = use_core();
    let md5 = tune.md5;
    let rating = Memo::new(move |_| core.kept.with(|kept| kept.marks(&md5).rating.unwrap_or(0)));
    let star = move |stars: u8| {
        let tune = tune.clone();
        let words = match stars {
            0 => t("No rating").to_owned(),
            _ => tn(stars.into(), "{0} star", "{0} stars"),
        };
        let title = words.clone();
        view! {
            <label class="star" class:star-none=stars == 0 title=title>
                <input
                    type="radio"
                    name=name
                    aria-label=words
                    prop:checked=move || rating.get() == stars
                    on:change=move |_| {
                        let rating = (stars > 0).then_some(stars);
                        change(core, Change::Rate { tune: tune.clone(), rating });
                    }
                />
                {match stars {
                    0 => view! { <Icon name=Name::Close /> }.into_any(),
                    _ => {
                        let full = Signal::derive(move || {
                            if rating.get() >= stars { Name::StarFull } else { Name::Star }
                        });
                        view! { <Icon name=full /> }.into_any()
                    }
                }}
            </label>
        }
    };
    view! {
        <fieldset class="stars">
            <legend class="hidden-words">{t("Rating")}</legend>
            {[1, 2, 3, 4, 5, 0].map(star).collect_view()}
        </fieldset>
    }
}

/// Rating, tags and note of a tune.
#[component]
pub fn Marks(
    /// Which.
    tune: TuneRef,
) -> impl IntoView {
    view! {
        <section class="marks">
            <h2>{t("Yours")}</h2>
            <div class="marks-line">
                <Stars tune=tune.clone() name="rating" />
            </div>
            <Tags tune=tune.clone() />
            <OwnNote tune=tune />
        </section>
    }
}

fn tags_of(core: Core, md5: Md5) -> Memo<Vec<String>> {
    Memo::new(move |_| {
        core.kept.with(|kept| {
            let about = kept.tunes.get(&md5);
            about.map(|about| about.tags.clone()).unwrap_or_default()
        })
    })
}

#[component]
fn Tags(tune: TuneRef) -> impl IntoView {
    let core = use_core();
    let tags = tags_of(core, tune.md5);
    let text = RwSignal::new(String::new());
    let known = Memo::new(move |_| core.kept.with(|kept| kept.tags()));
    let added = tune.clone();
    let add = move || {
        let tag = text.get_untracked();
        if !tag.trim().is_empty() {
            let tune = added.clone();
            change(
                core,
                Change::Tag {
                    tune,
                    tag,
                    on: true,
                },
            );
        }
        text.set(String::new());
    };
    let remove = StoredValue::new(tune);
    view! {
        <div class="tags">
            <ul class="tag-list" aria-label=t("Tags")>
                <For each=move || tags.get() key=String::clone let:tag>
                    {
                        let label = tf("Remove the tag {0}", &[&tag]);
                        let shown = tag.clone();
                        view! {
                            <li class="tag">
                                <span>{shown}</span>
                                <button
                                    type="button"
                                    aria-label=label
                                    on:click=move |_| {
                                        let tune = remove.get_value();
                                        change(core, Change::Tag { tune, tag: tag.clone(), on: false });
                                    }
                                >
                                    <Icon name=Name::Close />
                                </button>
                            </li>
                        }
                    }
                </For>
            </ul>
            <form
                class="tag-form"
                on:submit=move |event| {
                    event.prevent_default();
                    add();
                }
            >
                <input
                    class="field"
                    list="known-tags"
                    maxlength="120"
                    placeholder=t("Add a tag")
                    aria-label=t("Add a tag")
                    autocomplete="off"
                    prop:value=move || text.get()
                    on:input=move |event| text.set(event_target_value(&event))
                />
                <datalist id="known-tags">
                    {move || {
                        known.get().into_iter().map(|tag| view! { <option value=tag></option> }).collect_view()
                    }}
                </datalist>
                <button class="button button-small" type="submit">
                    <Icon name=Name::Tag />
                    {t("Tag")}
                </button>
            </form>
        </div>
    }
}

#[component]
fn OwnNote(tune: TuneRef) -> impl IntoView {
    let core = use_core();
    let md5 = tune.md5;
    let note = Memo::new(move |_| {
        core.kept.with(|kept| {
            let about = kept.tunes.get(&md5);
            about.map(|about| about.note.clone()).unwrap_or_default()
        })
    });
    view! {
        <textarea
            class="field own-note"
            rows="3"
            maxlength="10000"
            placeholder=t("A note of your own")
            aria-label=t("A note of your own")
            prop:value=move || note.get()
            on:change=move |event| {
                let text = event_target_value(&event);
                change(core, Change::Note { tune: tune.clone(), text });
            }
        ></textarea>
    }
}
