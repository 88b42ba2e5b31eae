//! Icons of the operator's page: strokes on a 24-unit grid. Those that the listener has too are in
//! `components`.

use leptos::prelude::*;

/// Which icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    Gauge,
    Stack,
    Chart,
    Lines,
    Pulse,
    Ledger,
    Key,
    Copy,
    Leave,
}

impl Glyph {
    fn path(self) -> &'static str {
        match self {
            Self::Gauge => {
                "M4.5 18a9 9 0 1 1 15 0M12 14.5l4-5M12 13a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3z"
            }
            Self::Stack => {
                "M12 3.5l8.5 4.2L12 12L3.5 7.7zM3.5 12l8.5 4.3l8.5-4.3M3.5 16.3l8.5 4.2l8.5-4.2"
            }
            Self::Chart => "M4 4v16h16M8.5 16v-4M12.5 16V8M16.5 16v-6",
            Self::Lines => "M4 6h16M4 10h10M4 14h13M4 18h8",
            Self::Pulse => "M3 12.5h4l2.5-7l4.5 13l2.5-6H21",
            Self::Ledger => "M6.5 3.5h11v17h-11zM9.5 8h5M9.5 12h5M9.5 16h3",
            Self::Key => {
                "M8 11.5a4 4 0 1 0 0 8a4 4 0 1 0 0-8zM11 12.7L19.5 4.5M16 8l3 3M13.5 10.5l2 2"
            }
            Self::Copy => "M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4",
            Self::Leave => "M10 4H5v16h5M15 8l4 4l-4 4M9.5 12H19",
        }
    }
}

/// An icon; the words belong to what it stands in.
#[component]
pub fn Sign(
    /// Which.
    glyph: Glyph,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=glyph.path()></path>
        </svg>
    }
}
