//! The song from afar, behind the seek bar.

use std::fmt::Write;

use leptos::prelude::*;

use crate::core::use_core;

/// Columns of the picture.
const COLUMNS: usize = 240;

/// The song's waveform as far as the engine has run, stretched over the whole length.
#[component]
pub fn Overview() -> impl IntoView {
    let core = use_core();
    let length = Memo::new(move |_| core.clock.with(|clock| clock.length_millis));
    let paths = Memo::new(move |_| {
        core.overview.with(|overview| {
            (
                path(&overview.bins, length.get(), 0),
                path(&overview.bins, length.get(), 1),
            )
        })
    });
    view! {
        <svg
            class="overview"
            viewBox=format!("0 0 {COLUMNS} 100")
            preserveAspectRatio="none"
            aria-hidden="true"
        >
            <path class="overview-peak" d=move || paths.get().0></path>
            <path class="overview-rms" d=move || paths.get().1></path>
        </svg>
    }
}

/// An outline, mirrored at the middle: of the peaks (0) or of the strength (1).
fn path(bins: &[[u8; 2]], length_millis: u32, which: usize) -> String {
    let all = usize::try_from(length_millis / 100).unwrap_or(0).max(1);
    let mut columns = Vec::new();
    for column in 0..COLUMNS {
        let (from, to) = (column * all / COLUMNS, (column + 1) * all / COLUMNS);
        let Some(part) = bins.get(from..to.max(from + 1).min(bins.len())) else {
            break;
        };
        let Some(highest) = part.iter().map(|bin| bin[which]).max() else {
            break;
        };
        // The root makes what is quiet visible.
        columns.push((f32::from(highest) / 255.0).sqrt() * 50.0);
    }
    let mut path = String::new();
    if columns.is_empty() {
        return path;
    }
    path.push_str("M0 50");
    for (column, height) in columns.iter().enumerate() {
        let _ = write!(path, "L{column} {:.1}", 50.0 - height);
    }
    for (column, height) in columns.iter().enumerate().rev() {
        let _ = write!(path, "L{column} {:.1}", 50.0 + height);
    }
    path.push('Z');
    path
}
