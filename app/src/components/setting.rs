//! A line of the settings.

use leptos::prelude::*;

/// A line of the settings: words on the left, a control on the right.
#[component]
pub fn Setting(
    /// What is set.
    title: &'static str,
    /// What that does.
    hint: &'static str,
    /// The control.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="setting">
            <div>
                <h3>{title}</h3>
                <p class="quiet">{hint}</p>
            </div>
            {children()}
        </div>
    }
}
