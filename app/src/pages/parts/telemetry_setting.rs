//! The switch for what the site is told of how listening went.

use leptos::prelude::*;
use listening::Intent;
use listening::language::t;

use crate::components::{Segmented, Setting};
use crate::core::use_core;
use crate::shell::beacon;

/// A line of the settings with the switch.
#[component]
pub fn TelemetrySetting() -> impl IntoView {
    let core = use_core();
    let wanted = Memo::new(move |_| core.settings.with(|settings| settings.telemetry));
    let refused = beacon::is_refused_by_browser();
    let hint = if refused {
        t(
            "Your browser asks sites not to follow you (Do Not Track or Global Privacy Control), so nothing is sent, whatever is chosen here.",
        )
    } else {
        t(
            "Counts and times, once a minute: how long a tune took to sound, what failed. Nothing of what you play.",
        )
    };
    view! {
        <Setting title=t("Tell the site how listening went") hint=hint>
            <Segmented
                name="telemetry"
                label=t("Tell the site how listening went")
                options=vec![(true, t("On")), (false, t("Off"))]
                value=wanted
                on_choose=move |on| core.wish(Intent::SetTelemetry(on))
            />
        </Setting>
    }
}
