//! Text in which what was looked for is marked.

use catalog::{Place, parts_of};
use leptos::prelude::*;

/// A text, and the places in it that are marked.
#[component]
pub fn Marked(
    /// Text.
    text: String,
    /// Places, in bytes.
    #[prop(into)]
    places: Signal<Vec<Place>>,
) -> impl IntoView {
    move || {
        let places = places.get();
        let parts = parts_of(&text, &places).into_iter();
        parts
            .map(|(is_marked, part)| {
                let part = part.to_owned();
                if is_marked {
                    view! { <mark>{part}</mark> }.into_any()
                } else {
                    part.into_any()
                }
            })
            .collect_view()
    }
}
