//! The page `/admin/health`: every part of the relay.

use leptos::prelude::*;
use listening::language::{t, tf, tn};
use protocol::admin::{Part, PartState};

use super::parts::{Head, Known, Mood, StateMark};
use crate::desk::use_desk;
use crate::shell::document;

/// The page `/admin/health`.
#[component]
pub fn HealthPage() -> impl IntoView {
    let desk = use_desk();
    document::set_title(t("Health"));
    let parts = Memo::new(move |_| {
        desk.status.with(|slot| {
            let status = slot.value.as_ref();
            status.map_or_else(Vec::new, |status| status.parts.clone())
        })
    });
    let line = Signal::derive(move || {
        parts.with(|parts| {
            let count = |state| parts.iter().filter(|part| part.state == state).count();
            if parts.is_empty() {
                return String::new();
            }
            match count(PartState::Down) {
                0 => tf(
                    "Every part that is wanted works; {0} are off.",
                    &[&count(PartState::Off)],
                ),
                down => tn(
                    down as u64,
                    "{0} part does not work",
                    "{0} parts do not work",
                ),
            }
        })
    });
    view! {
        <section class="page desk-page">
            <Head title=t("Health") line=line />
            <Known what=desk.status bones=6>
                <ul class="parts card">
                    {move || {
                        parts.get().into_iter().map(|part| view! { <PartRow part=part /> }).collect_view()
                    }}
                </ul>
            </Known>
        </section>
    }
}

#[component]
fn PartRow(part: Part) -> impl IntoView {
    let (mood, state) = match part.state {
        PartState::Up => (Mood::Good, t("Works")),
        PartState::Down => (Mood::Bad, t("Does not work")),
        PartState::Off => (Mood::Plain, t("Off")),
    };
    view! {
        <li class="part">
            <strong>{part.name}</strong>
            <StateMark mood=mood words=state.to_owned() />
            <span class="quiet">{part.words}</span>
        </li>
    }
}
