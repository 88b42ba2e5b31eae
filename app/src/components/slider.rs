//! A slider: the browser's own range input, dressed.

use leptos::prelude::*;

/// A slider. While the listener drags, its own value is shown; `on_commit` gets what was chosen.
#[component]
pub fn Slider(
    /// What it sets, in words.
    #[prop(into)]
    label: Signal<String>,
    /// Value.
    #[prop(into)]
    value: Signal<u32>,
    /// Largest value.
    #[prop(into)]
    max: Signal<u32>,
    /// Step of the arrow keys.
    step: u32,
    /// Values up to here are marked as there.
    #[prop(optional, into)]
    buffered: Signal<u32>,
    /// Value in words.
    spoken: fn(u32) -> String,
    /// Called all the while that the listener drags.
    #[prop(optional, into)]
    on_input: Option<Callback<u32>>,
    /// Called when the listener lets go.
    #[prop(optional, into)]
    on_commit: Option<Callback<u32>>,
    /// Nothing can be set.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    let dragged = RwSignal::new(None::<u32>);
    let shown = move || dragged.get().unwrap_or_else(|| value.get());
    let part = move |value: u32| {
        let share = f64::from(value) / f64::from(max.get().max(1));
        format!("{:.2}%", share.min(1.0) * 100.0)
    };
    view! {
        <input
            class="slider"
            type="range"
            min="0"
            aria-label=move || label.get()
            aria-valuetext=move || spoken(shown())
            max=move || max.get().to_string()
            step=step.to_string()
            disabled=move || disabled.get()
            prop:value=move || shown().to_string()
            style=("--fill", move || part(shown()))
            style=("--buffered", move || part(buffered.get().max(shown())))
            on:input=move |event| {
                if let Ok(value) = event_target_value(&event).parse() {
                    dragged.set(on_commit.map(|_| value));
                    if let Some(callback) = on_input {
                        callback.run(value);
                    }
                }
            }
            on:change=move |event| {
                dragged.set(None);
                if let (Ok(value), Some(callback)) = (event_target_value(&event).parse(), on_commit)
                {
                    callback.run(value);
                }
            }
        />
    }
}
