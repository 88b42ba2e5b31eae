//! A choice of a few, side by side.

use leptos::prelude::*;

/// One of a few values, as radio buttons that look like one control.
#[component]
pub fn Segmented<T>(
    /// Name of the group; unique on the page.
    name: &'static str,
    /// What is chosen, in words.
    label: &'static str,
    /// Values and their words.
    options: Vec<(T, &'static str)>,
    /// Value.
    #[prop(into)]
    value: Signal<T>,
    /// Called with what was chosen.
    #[prop(into)]
    on_choose: Callback<T>,
) -> impl IntoView
where
    T: Copy + PartialEq + Send + Sync + 'static,
{
    view! {
        <fieldset class="segmented">
            <legend class="hidden-words">{label}</legend>
            {options
                .into_iter()
                .map(|(option, words)| {
                    view! {
                        <label>
                            <input
                                type="radio"
                                name=name
                                prop:checked=move || value.get() == option
                                on:change=move |_| on_choose.run(option)
                            />
                            <span>{words}</span>
                        </label>
                    }
                })
                .collect_view()}
        </fieldset>
    }
}
