//! The picture of a tune.

use leptos::prelude::*;
use listening::art;
use sidfile::Md5;

/// The picture of a tune, as large as its box. It is decoration: the words are beside it.
#[component]
pub fn TuneArt(
    /// Which tune.
    md5: Md5,
) -> impl IntoView {
    let picture = art::draw(&md5);
    let side = art::SIDE;
    view! {
        <svg
            class="art"
            viewBox=format!("0 0 {side} {side}")
            preserveAspectRatio="xMidYMid slice"
            aria-hidden="true"
        >
            <rect width=side.to_string() height=side.to_string() fill=picture.ground></rect>
            {picture
                .layers
                .into_iter()
                .map(|layer| view! { <path d=layer.path fill=layer.fill></path> })
                .collect_view()}
        </svg>
    }
}
