//! A field for words to search by.

use leptos::prelude::*;

use super::{Icon, Name};

/// A field for words to search by.
#[component]
pub fn SearchField(
    /// Id; empty where nobody looks for it.
    #[prop(optional)]
    id: &'static str,
    /// What is searched, in words.
    label: &'static str,
    /// What stands in the empty field, where that is not the label.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// What is in it.
    #[prop(into)]
    value: Signal<String>,
    /// Something else is in it.
    #[prop(into)]
    on_input: Callback<String>,
    /// The key that leads to it.
    #[prop(optional)]
    key: Option<&'static str>,
) -> impl IntoView {
    view! {
        <div class="search">
            <Icon name=Name::Search />
            <input
                id=(!id.is_empty()).then_some(id)
                type="search"
                placeholder=hint.unwrap_or(label)
                aria-label=label
                autocomplete="off"
                spellcheck="false"
                prop:value=move || value.get()
                on:input=move |event| on_input.run(event_target_value(&event))
            />
            {key.map(|key| view! { <kbd aria-hidden="true">{key}</kbd> })}
        </div>
    }
}
