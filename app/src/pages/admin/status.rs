//! The page `/admin`: how it goes.

use leptos::prelude::*;
use leptos_router::components::A;
use listening::language::{t, tf, tn};
use listening::words::grouped;
use operating::Intent;
use operating::chart::mean_of_last;
use protocol::admin::{Alert, Objective, PartState, Status};

use super::parts::{Bones, Head, Known, Mood, Nothing, StateMark, TroubleLine};
use super::trend::{Spark, Trend};
use super::words::{ago_text, share_text, span_text, value_text};
use crate::components::{Icon, Name, Segmented};
use crate::desk::{Desk, use_desk};
use crate::shell::document;

/// Charts that come first.
const FIRST: [&str; 4] = ["plays", "first_audio_p95", "play_failures", "seek_p95"];

/// The page `/admin`.
#[component]
pub fn StatusPage() -> impl IntoView {
    let desk = use_desk();
    document::set_title(t("Status"));
    let line = Signal::derive(move || {
        desk.status.with(|slot| match &slot.value {
            None => String::new(),
            Some(status) => {
                let up = status.now_millis.saturating_sub(status.started_millis);
                tf(
                    "Sidereal {0}, up for {1}",
                    &[&status.version, &span_text(up)],
                )
            }
        })
    });
    view! {
        <section class="page desk-page">
            <Head title=t("Status") line=line>
                <Segmented
                    name="hours"
                    label=t("Hours that are shown")
                    options=vec![(1, t("1 h")), (6, t("6 h")), (24, t("24 h"))]
                    value=desk.hours
                    on_choose=move |hours| desk.wish(Intent::Hours(hours))
                />
            </Head>
            <Alerts />
            <Tiles />
            <section class="desk-part" aria-labelledby="objectives-title">
                <h2 id="objectives-title">{t("What is promised to listeners")}</h2>
                <Known what=desk.status bones=3>
                    <Objectives />
                </Known>
            </section>
            <section class="desk-part" aria-labelledby="charts-title">
                <h2 id="charts-title">{t("The last hours")}</h2>
                <Trends />
            </section>
        </section>
    }
}

/// What fires, and what is about to.
#[component]
fn Alerts() -> impl IntoView {
    let desk = use_desk();
    let alerts = Memo::new(move |_| {
        desk.status
            .with(|slot| slot.value.as_ref().map(|status| status.alerts.clone()))
    });
    let bad_parts = Memo::new(move |_| {
        desk.status.with(|slot| {
            let parts = slot.value.iter().flat_map(|status| &status.parts);
            let down = parts.filter(|part| part.state == PartState::Down);
            down.map(|part| part.name.clone()).collect::<Vec<_>>()
        })
    });
    move || {
        let alerts = alerts.get()?;
        if alerts.is_empty() && bad_parts.with(Vec::is_empty) {
            return Some(
                view! {
                    <p class="all-well">
                        <StateMark mood=Mood::Good words=t("No alert fires, and every part works.").to_owned() />
                    </p>
                }
                .into_any(),
            );
        }
        let down = bad_parts.get();
        Some(
            view! {
                <ul class="alerts" aria-label=t("Alerts")>
                    {alerts.into_iter().map(|alert| view! { <AlertCard alert=alert /> }).collect_view()}
                    {(!down.is_empty())
                        .then(|| {
                            view! {
                                <li class="alert alert-firing">
                                    <Icon name=Name::Warning />
                                    <div>
                                        <strong>{tf("Does not work: {0}", &[&down.join(", ")])}</strong>
                                        <p>
                                            <A href="/admin/health">{t("Health of every part")}</A>
                                        </p>
                                    </div>
                                </li>
                            }
                        })}
                </ul>
            }
            .into_any(),
        )
    }
}

#[component]
fn AlertCard(alert: Alert) -> impl IntoView {
    let desk = use_desk();
    let since = alert.since_millis;
    let state = if alert.is_firing {
        t("Fires")
    } else {
        t("About to fire")
    };
    let severity = match &*alert.severity {
        "page" => t("at once"),
        "ticket" => t("within days"),
        _ => "",
    };
    view! {
        <li class="alert" class:alert-firing=alert.is_firing>
            <Icon name=if alert.is_firing { Name::Warning } else { Name::Clock } />
            <div>
                <strong>{alert.summary}</strong>
                <p class="quiet">
                    <span class="alert-state">{state}</span>
                    " \u{b7} "
                    {alert.name}
                    " \u{b7} "
                    {severity}
                    " \u{b7} "
                    {move || tf("for {0}", &[&span_text(desk.wall_millis().saturating_sub(since))])}
                </p>
            </div>
        </li>
    }
}

/// How much of the past is summed up in a tile, in milliseconds.
const LATELY: u64 = 300_000;

/// What was measured of a series lately, in the mean; where it is measured only now and then, last.
fn lately(desk: Desk, name: &str) -> Option<String> {
    desk.history.with(|slot| {
        let history = slot.value.as_ref()?;
        let series = history.series.iter().find(|series| series.name == name)?;
        let last = || series.values.iter().rev().flatten().next().copied();
        let value = mean_of_last(&series.values, history.step_millis, LATELY).or_else(last)?;
        Some(value_text(value, &series.unit))
    })
}

#[component]
fn Tiles() -> impl IntoView {
    let desk = use_desk();
    let of_status = move |read: fn(&Status) -> String| {
        Signal::derive(move || {
            desk.status
                .with(|slot| slot.value.as_ref().map(|status| read(status)))
        })
    };
    let note = move |read: fn(&Status) -> String| {
        Signal::derive(move || {
            desk.status
                .with(|slot| slot.value.as_ref().map(|status| read(status)))
                .unwrap_or_default()
        })
    };
    let of_history = move |name: &'static str| {
        Signal::derive(move || {
            let is_there = desk.history.with(|slot| slot.value.is_some());
            is_there.then(|| lately(desk, name).unwrap_or_else(|| "\u{2013}".into()))
        })
    };
    let measured = |words: &'static str| Signal::derive(move || words.to_owned());
    view! {
        <dl class="tiles">
            <Tile
                label=t("Listeners")
                value=of_status(|status| grouped(status.sockets))
                note=measured(t("open sockets of the tracker"))
                spark="sockets"
            />
            <Tile
                label=t("Swarms")
                value=of_status(|status| grouped(status.swarms))
                note=measured(t("torrents that have peers"))
                spark="swarms"
            />
            <Tile
                label=t("Peers")
                value=of_status(|status| grouped(status.peers))
                note=note(|status| tn(status.seeders, "{0} has everything", "{0} have everything"))
                spark="peers"
            />
            <Tile label=t("Plays") value=of_history("plays") note=measured(t("per minute")) spark="plays" />
            <Tile
                label=t("First audio")
                value=of_history("first_audio_p95")
                note=measured(t("95 of 100 within"))
                spark="first_audio_p95"
            />
        </dl>
    }
}

#[component]
fn Tile(
    label: &'static str,
    value: Signal<Option<String>>,
    note: Signal<String>,
    spark: &'static str,
) -> impl IntoView {
    view! {
        <div class="tile">
            <dt>{label}</dt>
            <dd class="tile-value figures">
                {move || match value.get() {
                    Some(value) => value.into_any(),
                    None => view! { <i class="bone" aria-hidden="true"></i> }.into_any(),
                }}
            </dd>
            <dd class="quiet tile-note">{move || note.get()}</dd>
            <dd class="tile-spark" aria-hidden="true">
                <Spark name=spark />
            </dd>
        </div>
    }
}

#[component]
fn Objectives() -> impl IntoView {
    let desk = use_desk();
    let objectives = Memo::new(move |_| {
        desk.status.with(|slot| {
            let status = slot.value.as_ref();
            status.map_or_else(Vec::new, |status| status.objectives.clone())
        })
    });
    move || {
        let objectives = objectives.get();
        if objectives.is_empty() {
            return view! { <Nothing title=t("No objectives") line=t("The relay names none.") /> }
                .into_any();
        }
        view! {
            <ul class="objectives">
                {objectives
                    .into_iter()
                    .map(|objective| view! { <ObjectiveRow objective=objective /> })
                    .collect_view()}
            </ul>
        }
        .into_any()
    }
}

#[component]
fn ObjectiveRow(objective: Objective) -> impl IntoView {
    let left = objective.budget_left;
    let is_overdrawn = left.is_some_and(|left| left < 0.0);
    let share = left.unwrap_or(0.0).clamp(0.0, 1.0);
    let words = match left {
        None => t("Nothing happened yet").to_owned(),
        Some(left) if left < 0.0 => t("Error budget overdrawn").to_owned(),
        Some(left) => tf("{0} of the error budget left", &[&share_text(left)]),
    };
    let kept = objective.ratio.map(share_text);
    view! {
        <li class="objective" class:overdrawn=is_overdrawn>
            <div class="objective-words">
                <strong>{objective.words}</strong>
                <span class="quiet figures">
                    {match kept {
                        None => tf("promised {0}", &[&share_text(objective.target)]),
                        Some(kept) => {
                            let events = tn(objective.events, "{0} event", "{0} events");
                            tf("{0} of {1}, promised {2}", &[&kept, &events, &share_text(objective.target)])
                        }
                    }}
                </span>
            </div>
            <div class="budget">
                <div class="budget-bar" aria-hidden="true">
                    <i style:transform=format!("scaleX({share})")></i>
                </div>
                <span class="figures" class:bad=is_overdrawn class:quiet=!is_overdrawn>
                    {is_overdrawn.then(|| view! { <Icon name=Name::Warning /> })}
                    {words}
                </span>
            </div>
        </li>
    }
}

#[component]
fn Trends() -> impl IntoView {
    let desk = use_desk();
    let names = Memo::new(move |_| {
        desk.history.with(|slot| {
            let history = slot.value.as_ref()?;
            let mut names: Vec<String> =
                history.series.iter().map(|one| one.name.clone()).collect();
            // What listeners feel comes first; the rest stays as the relay tells it.
            names.sort_by_key(|name| {
                FIRST
                    .iter()
                    .position(|first| first == name)
                    .unwrap_or(FIRST.len())
            });
            Some(names)
        })
    });
    let trouble = Memo::new(move |_| desk.history.with(|slot| slot.trouble.clone()));
    let looked = move || {
        desk.history.with(|slot| {
            slot.value.is_some().then(|| {
                tf(
                    "Looked at {0}. The relay remembers a day, and begins anew when it is started.",
                    &[&ago_text(desk.wall_millis(), slot.at_millis)],
                )
            })
        })
    };
    view! {
        {move || trouble.get().map(|trouble| view! { <TroubleLine trouble=trouble /> })}
        <p class="quiet">{looked}</p>
        <div class="trends">
            {move || match names.get() {
                Some(names) => {
                    names.into_iter().map(|name| view! { <Trend name=name /> }).collect_view().into_any()
                }
                None if trouble.with(Option::is_some) => ().into_any(),
                None => {
                    (0..4)
                        .map(|_| view! { <div class="trend"><Bones rows=4 /></div> })
                        .collect_view()
                        .into_any()
                }
            }}
        </div>
    }
}
