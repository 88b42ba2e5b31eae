//! What several pages of the operator have: heads, waiting, nothing, troubles, questions.

use std::sync::Arc;

use leptos::prelude::*;
use listening::language::t;
use operating::{Act, Form, Intent, Slot, Trouble};

use super::words::trouble_text;
use crate::components::{Dialog, Icon, IconButton, Name};
use crate::desk::use_desk;
use crate::shell::document;

/// Heading of a page, a line about it, and what acts on all of it.
#[component]
pub fn Head(
    /// Heading.
    title: &'static str,
    /// What the page is for, in a line.
    #[prop(into)]
    line: Signal<String>,
    /// Controls.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="desk-head">
            <div>
                <h1>{title}</h1>
                <p class="quiet">{move || line.get()}</p>
            </div>
            {children.map(|children| view! { <div class="desk-controls">{children()}</div> })}
        </header>
    }
}

/// What something that the relay was asked for looks like: bones while it comes, why it does not,
/// and itself.
#[component]
pub fn Known<T, V>(
    /// What was asked for.
    what: RwSignal<Slot<T>>,
    /// Rows of bones.
    #[prop(default = 4)]
    bones: usize,
    /// What is shown when it is there; made once.
    children: TypedChildrenFn<V>,
) -> impl IntoView
where
    T: PartialEq + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let is_there = Memo::new(move |_| what.with(|slot| slot.value.is_some()));
    let trouble = Memo::new(move |_| what.with(|slot| slot.trouble.clone()));
    let children = children.into_inner();
    view! {
        {move || trouble.get().map(|trouble| view! { <TroubleLine trouble=trouble /> })}
        {move || {
            if is_there.get() {
                children().into_any()
            } else if trouble.with(Option::is_none) {
                view! { <Bones rows=bones /> }.into_any()
            } else {
                ().into_any()
            }
        }}
    }
}

/// Where something will stand.
#[component]
pub fn Bones(
    /// Rows.
    rows: usize,
) -> impl IntoView {
    view! {
        <div class="bones" role="status" aria-label=t("Loading")>
            {(0..rows).map(|_| view! { <i></i> }).collect_view()}
        </div>
    }
}

/// Nothing is there, and why that is.
#[component]
pub fn Nothing(
    /// What is not there.
    title: &'static str,
    /// What to do about it, or that all is well.
    line: &'static str,
) -> impl IntoView {
    view! {
        <div class="nothing">
            <strong>{title}</strong>
            <p class="quiet">{line}</p>
        </div>
    }
}

/// Why something did not work.
#[component]
pub fn TroubleLine(
    /// Why.
    trouble: Trouble,
) -> impl IntoView {
    view! {
        <p class="trouble" role="alert">
            <Icon name=Name::Warning />
            <span>{trouble_text(&trouble)}</span>
        </p>
    }
}

/// What came of what was asked for in a form, where it was not done.
#[component]
pub fn FormTrouble(
    /// Where.
    form: Form,
) -> impl IntoView {
    let desk = use_desk();
    let state = desk.form(form.clone());
    let trouble = Memo::new(move |_| state.with(|state| state.trouble.clone()));
    move || {
        let form = form.clone();
        trouble.get().map(|trouble| {
            view! {
                <div class="trouble" role="alert">
                    <Icon name=Name::Warning />
                    <span>{trouble_text(&trouble)}</span>
                    <IconButton
                        label=t("Close")
                        icon=Name::Close
                        on_press=move || desk.wish(Intent::Forget(form.clone()))
                    />
                </div>
            }
        })
    }
}

/// Calls `act` each time when what was asked for in a form was done.
pub fn when_done(form: Form, act: impl Fn() + 'static) {
    let state = use_desk().form(form);
    let done = Memo::new(move |_| state.with(|state| state.done));
    Effect::new(move |before: Option<u32>| {
        let done = done.get();
        if before.is_some_and(|before| before != done) {
            act();
        }
        done
    });
}

/// A field of a form, with its label.
#[component]
pub fn Field(
    /// Label.
    #[prop(into)]
    label: Signal<&'static str>,
    /// What is typed.
    value: RwSignal<String>,
    /// Id of the field; unique on the page.
    #[prop(optional)]
    id: Option<&'static str>,
    /// Kind of the field.
    #[prop(default = "text")]
    kind: &'static str,
    /// What password managers put into it.
    #[prop(default = "off")]
    complete: &'static str,
    /// An example.
    #[prop(optional)]
    example: Option<&'static str>,
    /// It is as wide as the form.
    #[prop(optional)]
    wide: bool,
    /// It holds no prose.
    #[prop(optional)]
    mono: bool,
) -> impl IntoView {
    view! {
        <label class="form-field" class:form-wide=wide>
            <span>{move || label.get()}</span>
            <input
                id=id
                class="field"
                class:mono=mono
                type=kind
                placeholder=example
                autocomplete=complete
                spellcheck="false"
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        </label>
    }
}

/// The name that password managers keep a password with; nobody sees it.
#[component]
pub fn Username() -> impl IntoView {
    view! {
        <input
            class="hidden-words"
            type="text"
            name="username"
            autocomplete="username"
            value="operator"
            readonly
            tabindex="-1"
            aria-hidden="true"
        />
    }
}

/// A question before something that cannot be undone: what happens, and a button that does it.
#[component]
pub fn Confirm(
    /// Id of the title; unique on the page.
    id: &'static str,
    /// The question.
    title: &'static str,
    /// What happens, in words.
    #[prop(into)]
    words: Signal<String>,
    /// Words of the button.
    button: &'static str,
    /// What is to be done; the dialog is open while there is something.
    act: RwSignal<Option<Act>>,
) -> impl IntoView {
    let desk = use_desk();
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(act.with(Option::is_some)));
    Effect::new(move |_| {
        if !open.get() && act.with_untracked(Option::is_some) {
            act.set(None);
        }
    });
    let go = move || {
        if let Some(act) = act.get_untracked() {
            desk.act(act);
        }
        act.set(None);
    };
    view! {
        <Dialog id=id title=title open=open>
            <p>{move || words.get()}</p>
            <div class="button-row dialog-buttons">
                <button class="button" type="button" on:click=move |_| act.set(None)>
                    {t("Leave it")}
                </button>
                <button class="button danger" type="button" on:click=move |_| go()>
                    {button}
                </button>
            </div>
        </Dialog>
    }
}

/// A button that copies a text, and says so.
#[component]
pub fn CopyButton(
    /// What is copied, in words.
    label: &'static str,
    /// The text.
    #[prop(into)]
    text: Callback<(), String>,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        document::copy(&text.run(()));
        copied.set(true);
    };
    view! {
        <button class="button button-small" type="button" on:click=copy>
            {move || {
                if copied.get() {
                    view! { <Icon name=Name::Check /> }.into_any()
                } else {
                    view! { <super::glyph::Sign glyph=super::glyph::Glyph::Copy /> }.into_any()
                }
            }}
            <span aria-live="polite">{move || if copied.get() { t("Copied") } else { label }}</span>
        </button>
    }
}

/// A state: a mark by shape and colour, and words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Neither.
    Plain,
}

/// A state in words, with a mark.
#[component]
pub fn StateMark(
    /// How it is.
    #[prop(into)]
    mood: Signal<Mood>,
    /// In words.
    #[prop(into)]
    words: Signal<String>,
) -> impl IntoView {
    let icon = move || match mood.get() {
        Mood::Good => Name::Check,
        Mood::Bad => Name::Warning,
        Mood::Plain => Name::Info,
    };
    view! {
        <span
            class="state-mark"
            class:good=move || mood.get() == Mood::Good
            class:bad=move || mood.get() == Mood::Bad
        >
            <Icon name=Signal::derive(icon) />
            {move || words.get()}
        </span>
    }
}

/// One thing of a list that was asked for.
pub fn one_of<T, K>(slot: RwSignal<Slot<Vec<T>>>, key: K, key_of: fn(&T) -> K) -> Memo<Option<T>>
where
    T: Clone + PartialEq + Send + Sync + 'static,
    K: PartialEq + Send + Sync + 'static,
{
    Memo::new(move |_| {
        slot.with(|slot| {
            let list: &Arc<Vec<T>> = slot.value.as_ref()?;
            list.iter().find(|one| key_of(one) == key).cloned()
        })
    })
}

/// The keys of a list that was asked for, in its order.
pub fn keys_of<T, K>(slot: RwSignal<Slot<Vec<T>>>, key_of: fn(&T) -> K) -> Memo<Vec<K>>
where
    T: Send + Sync + 'static,
    K: PartialEq + Send + Sync + 'static,
{
    Memo::new(move |_| {
        slot.with(|slot| {
            let list = slot.value.iter();
            list.flat_map(|list| list.iter().map(key_of)).collect()
        })
    })
}
