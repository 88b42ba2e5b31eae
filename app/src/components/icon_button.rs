//! A button that is an icon.

use leptos::prelude::*;

use super::{Icon, Name};

/// A button that shows an icon and says its words to those who do not see it.
#[component]
pub fn IconButton(
    /// What it does, in words.
    #[prop(into)]
    label: Signal<String>,
    /// Which icon.
    #[prop(into)]
    icon: Signal<Name>,
    /// Further classes.
    #[prop(optional)]
    class: &'static str,
    /// What it stands for is on.
    #[prop(optional, into)]
    lit: Signal<bool>,
    /// It cannot be pressed.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Called when it is pressed.
    on_press: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <button
            class=format!("button-icon {class}")
            class:lit=move || lit.get()
            type="button"
            aria-label=move || label.get()
            disabled=move || disabled.get()
            on:click=move |_| on_press()
        >
            <Icon name=icon />
        </button>
    }
}
