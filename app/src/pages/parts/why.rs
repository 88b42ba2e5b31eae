//! Why a tune comes the way it does, and another way for it; which engines there are.

use leptos::prelude::*;
use listening::language::{t, tf, tn};
use listening::pick::{Group, PickedBy};
use listening::score::{Candidate, Source};
use listening::sources::WayIntent;
use listening::{Intent, SoundMode, words};

use crate::components::{Dialog, Icon, Name};
use crate::core::{Core, use_core};

/// Sources that a group can prefer.
const SOURCES: [Source; 2] = [Source::Peers, Source::WebSeed];

fn wish(core: Core, intent: WayIntent) {
    core.wish(Intent::Way(intent));
}

/// The dialog "Why this source".
#[component]
pub fn WhySource(open: RwSignal<bool>) -> impl IntoView {
    let core = use_core();
    let way = Memo::new(move |_| core.way.get());
    view! {
        <Dialog id="why-source" title=t("Why this source") open=open>
            {move || match way.get().pick {
                None => view! { <p class="quiet">{t("Nothing plays.")}</p> }.into_any(),
                Some(pick) => {
                    let chosen = match pick.by {
                        PickedBy::Score => t("It has the best score."),
                        PickedBy::Listener => t("You chose it for this tune."),
                        PickedBy::Fallback => t("The way before was too slow."),
                    };
                    view! {
                        <p class="why-lead">
                            <strong>{pick.way.source.words()}</strong>
                            ", "
                            {pick.way.engine.words()}
                            ". "
                            {chosen}
                        </p>
                    }
                        .into_any()
                }
            }}
            <ul class="why-ways">
                {move || {
                    let way = way.get();
                    let taken = way.pick.as_ref().map(|pick| pick.way);
                    way.candidates
                        .into_iter()
                        .map(|candidate| {
                            let is_taken = taken == Some(candidate.way);
                            view! { <Way candidate=candidate is_taken=is_taken /> }
                        })
                        .collect_view()
                }}
            </ul>
            {move || {
                let by_hand = way.get().pick.is_some_and(|pick| pick.by == PickedBy::Listener);
                by_hand
                    .then(|| {
                        view! {
                            <button
                                class="button"
                                type="button"
                                on:click=move |_| wish(core, WayIntent::Automatic)
                            >
                                {t("Let the score decide again")}
                            </button>
                        }
                    })
            }}
            {move || {
                let way = way.get();
                // What is on this device needs no source.
                let is_remote = way.candidates.iter().any(|other| other.way.source.is_remote());
                let groups = if is_remote { way.groups } else { Vec::new() };
                groups
                    .into_iter()
                    .map(|(group, preferred)| view! { <Preference group=group preferred=preferred /> })
                    .collect_view()
            }}
            {move || {
                let count = way.get().fallbacks;
                (count > 0)
                    .then(|| {
                        view! {
                            <p class="quiet">
                                {tn(
                                    count.into(),
                                    "A second way took over once on this device.",
                                    "A second way took over {0} times on this device.",
                                )}
                            </p>
                        }
                    })
            }}
        </Dialog>
    }
}

#[component]
fn Way(candidate: Candidate, is_taken: bool) -> impl IntoView {
    let core = use_core();
    let score = candidate.score;
    let way = candidate.way;
    let is_possible = candidate.reject.is_none();
    let parts = [
        (t("Health"), score.health, 45),
        (t("Fit"), score.fit, 35),
        (t("Cost"), score.cost, 15),
        (t("Like the last"), score.consistency, 5),
    ];
    view! {
        <li class="why-way" class:taken=is_taken class:rejected=!is_possible>
            <div class="why-head">
                <strong>{way.source.words()} ", " {way.engine.words()}</strong>
                {if is_taken {
                    view! {
                        <span class="badge">
                            <Icon name=Name::Check />
                            {t("In use")}
                        </span>
                    }
                        .into_any()
                } else if is_possible {
                    view! {
                        <button
                            class="button button-small"
                            type="button"
                            on:click=move |_| wish(core, WayIntent::Use(way))
                        >
                            {t("Use this")}
                        </button>
                    }
                        .into_any()
                } else {
                    view! { <span class="badge">{t("Not possible")}</span> }.into_any()
                }}
            </div>
            <p class="quiet">{words::sentence(&candidate.reasons.join(" "))}</p>
            {is_possible
                .then(|| {
                    view! {
                        <p class="why-parts figures">
                            <strong>{score.total}</strong>
                            {parts
                                .into_iter()
                                .map(|(name, value, weight)| {
                                    view! {
                                        <span title=tf("{0} % of the score", &[&weight])>
                                            {name} " " {value}
                                        </span>
                                    }
                                })
                                .collect_view()}
                        </p>
                    }
                })}
        </li>
    }
}

#[component]
fn Preference(group: Group, preferred: Option<Source>) -> impl IntoView {
    let core = use_core();
    let label = match &group {
        Group::Composer(name) => tf("Prefer for {0}", &[name]),
        Group::Collection(_) => t("Prefer for this collection").to_owned(),
    };
    let choose = move |event| {
        let place: Option<usize> = event_target_value(&event).parse().ok();
        let source = place.and_then(|place| SOURCES.get(place).copied());
        wish(core, WayIntent::Prefer(group.clone(), source));
    };
    view! {
        <label class="why-prefer">
            <span>{label}</span>
            <select class="select" on:change=choose>
                <option value="">{t("What scores best")}</option>
                {SOURCES
                    .into_iter()
                    .enumerate()
                    .map(|(at, source)| {
                        view! {
                            <option value=at.to_string() selected=preferred == Some(source)>
                                {source.words()}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </label>
    }
}

/// Which engines there are, which comes first, and why one is not available.
#[component]
pub fn EngineChoice() -> impl IntoView {
    let core = use_core();
    let engines = Memo::new(move |_| core.way.with(|way| way.engines.clone()));
    let hint = |mode: SoundMode| match mode {
        SoundMode::Ring => t("The emulator writes straight into the sound buffer."),
        SoundMode::Port => t("Blocks of sound are sent; a busy device may break it up sooner."),
        SoundMode::File => {
            t("Each tune is rendered before it plays; there is a gap between tunes.")
        }
    };
    view! {
        <fieldset class="engines">
            <legend class="hidden-words">{t("Engine")}</legend>
            {move || {
                let engines = engines.get();
                let first = engines.iter().find(|(_, reject)| reject.is_none()).map(|(engine, _)| *engine);
                engines
                    .into_iter()
                    .map(|(engine, reject)| {
                        let mode = SoundMode::from(engine);
                        let state = match reject {
                            Some(reject) => words::sentence(reject.words()),
                            None => hint(mode).to_owned(),
                        };
                        view! {
                            <label class:rejected=reject.is_some()>
                                <input
                                    type="radio"
                                    name="engine"
                                    prop:checked=first == Some(engine)
                                    disabled=reject.is_some()
                                    on:change=move |_| wish(core, WayIntent::PreferEngine(mode))
                                />
                                <span>
                                    <strong>{engine.words()}</strong>
                                    <span class="quiet">{state}</span>
                                </span>
                            </label>
                        }
                    })
                    .collect_view()
            }}
        </fieldset>
    }
}
