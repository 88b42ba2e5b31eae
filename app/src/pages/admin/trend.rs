//! Values over time: a line with axes, read off by pointer or keys, and the same as a table.

use leptos::ev;
use leptos::prelude::*;
use listening::language::{t, tf};
use operating::chart::{Area, Chart, Data, Point, Steps, lay_out};
use protocol::admin::Series;

use super::words::{date_text, moment, value_text};
use crate::desk::{Desk, use_desk};
use crate::shell::document;

/// The plot fills its box; the labels stand beside it.
const AREA: Area = Area {
    left: 0.0,
    top: 0.0,
    right: 100.0,
    bottom: 100.0,
};
/// Most rows of the table.
const MOST_ROWS: usize = 24;

/// What a series is called, and what its values are; none for those that this page does not know.
fn known(name: &str) -> Option<&'static str> {
    Some(match name {
        "sockets" => t("Open sockets"),
        "swarms" => t("Swarms"),
        "peers" => t("Peers"),
        "plays" => t("Plays"),
        "play_failures" => t("Plays that failed"),
        "play_success" => t("Plays that sound"),
        "underruns" => t("Underruns"),
        "request_errors" => t("Requests that failed"),
        "beacons_refused" => t("Beacons that were refused"),
        "first_audio_p95" => t("First audio, 95 of 100 within"),
        "seek_p95" => t("Seeks, 95 of 100 within"),
        "announces" => t("Announces"),
        "seed_bytes" => t("Given by the web seed"),
        "requests" => t("Requests"),
        "beacons" => t("Beacons"),
        "cpu" => t("Processor"),
        "memory" => t("Memory"),
        _ => return None,
    })
}

/// Title of a series.
pub fn title_of(series: &Series) -> String {
    known(&series.name).map_or_else(|| series.name.replace('_', " "), Into::into)
}

fn unit_text(unit: &str) -> &str {
    match unit {
        "per minute" => t("per minute"),
        "ratio" | "bytes" | "bytes/s" | "seconds" | "" => "",
        other => other,
    }
}

fn counts_whole(series: &Series) -> bool {
    series.unit.is_empty()
}

/// A value with its unit.
fn with_unit(value: f64, unit: &str) -> String {
    let words = unit_text(unit);
    let value = value_text(value, unit);
    if words.is_empty() {
        value
    } else {
        format!("{value} {words}")
    }
}

/// The chart of a series of the history, by its name, over the hours that are shown.
pub fn chart_of(desk: Desk, name: &str) -> Option<(Series, Chart)> {
    let hours = desk.hours.get();
    desk.history.with(|slot| {
        let history = slot.value.as_ref()?;
        let series = history.series.iter().find(|series| series.name == name)?;
        let data = Data {
            start_millis: history.start_millis,
            step_millis: history.step_millis,
            values: &series.values,
            span_millis: u64::from(hours) * 3_600_000,
        };
        let steps = if counts_whole(series) {
            Steps::Whole
        } else {
            Steps::Decimal
        };
        let offset = document::utc_offset_minutes(history.start_millis);
        Some((series.clone(), lay_out(data, steps, AREA, offset)))
    })
}

/// A chart.
#[component]
pub fn Trend(
    /// Name of the series.
    name: String,
) -> impl IntoView {
    let desk = use_desk();
    let chart = Memo::new(move |_| chart_of(desk, &name));
    let unit = Memo::new(move |_| {
        chart.with(|chart| {
            chart
                .as_ref()
                .map_or_else(String::new, |(series, _)| series.unit.clone())
        })
    });
    let title = Memo::new(move |_| {
        chart.with(|chart| {
            chart
                .as_ref()
                .map_or_else(String::new, |(series, _)| title_of(series))
        })
    });
    // The point that is read off; the last where none is.
    let marked = RwSignal::new(None::<usize>);
    let point = move |at: Option<usize>| {
        chart.with(|chart| {
            let (_, chart) = chart.as_ref()?;
            let last = chart.points.len().checked_sub(1)?;
            Some(chart.points[at.unwrap_or(last).min(last)])
        })
    };
    let read = Memo::new(move |_| point(marked.get()));
    let count =
        move || chart.with(|chart| chart.as_ref().map_or(0, |(_, chart)| chart.points.len()));
    let has_points = Memo::new(move |_| count() > 0);
    let words_of = move |point: Point| {
        let at = moment(point.at_millis).minutes();
        let value = unit.with(|unit| with_unit(point.value, unit));
        (at, value)
    };
    let key = move |event: ev::KeyboardEvent| {
        let last = count().saturating_sub(1);
        let at = marked.get_untracked().unwrap_or(last);
        let target = match &*event.key() {
            "ArrowLeft" | "ArrowDown" => at.saturating_sub(1),
            "ArrowRight" | "ArrowUp" => at + 1,
            "PageDown" => at.saturating_sub(10),
            "PageUp" => at + 10,
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        marked.set(Some(target.min(last)));
    };
    let follow = move |event: ev::PointerEvent| {
        if let Some(share) = document::share_across(&event) {
            let nearest = chart.with_untracked(|chart| chart.as_ref()?.1.nearest(share * 100.0));
            marked.set(nearest);
        }
    };
    view! {
        <figure class="trend">
            <figcaption>
                <strong>{move || title.get()}</strong>
                <span class="trend-value figures">
                    {move || {
                        read.get()
                            .map(|point| {
                                let (at, value) = words_of(point);
                                view! {
                                    <span class="quiet">{at}</span>
                                    " "
                                    {value}
                                }
                            })
                    }}
                </span>
            </figcaption>
            <div class="trend-body">
                <Scale chart=chart unit=unit />
                <Show
                    when=move || has_points.get()
                    fallback=|| view! { <p class="trend-plot trend-empty">{t("Nothing was measured in this time")}</p> }
                >
                    <div
                        class="trend-plot"
                        role="slider"
                        tabindex="0"
                        aria-label=move || title.get()
                        aria-valuemin="0"
                        aria-valuemax=move || count().saturating_sub(1).to_string()
                        aria-valuenow=move || {
                            marked.get().unwrap_or(usize::MAX).min(count().saturating_sub(1)).to_string()
                        }
                        aria-valuetext=move || {
                            read.get()
                                .map(|point| {
                                    let (at, value) = words_of(point);
                                    format!("{at}: {value}")
                                })
                        }
                        on:keydown=key
                        on:pointermove=follow
                        on:pointerleave=move |_| marked.set(None)
                        on:blur=move |_| marked.set(None)
                    >
                        <Drawing chart=chart />
                        {move || {
                            read.get()
                                .map(|point| {
                                    view! {
                                        <i
                                            class="trend-dot"
                                            class:trend-last=move || marked.get().is_none()
                                            style:left=format!("{}%", point.x)
                                            style:top=format!("{}%", point.y)
                                        ></i>
                                    }
                                })
                        }}
                    </div>
                </Show>
                <div class="trend-times figures" aria-hidden="true">
                    {move || {
                        chart
                            .with(|chart| chart.as_ref().map(|(_, chart)| chart.time_ticks.clone()))
                            .unwrap_or_default()
                            .into_iter()
                            .map(|(x, at)| {
                                view! {
                                    <span style:left=format!("{x}%")>{moment(at).minutes()}</span>
                                }
                            })
                            .collect_view()
                    }}
                </div>
            </div>
            <Table chart=chart title=title unit=unit />
        </figure>
    }
}

type Shown = Memo<Option<(Series, Chart)>>;

#[component]
fn Scale(chart: Shown, unit: Memo<String>) -> impl IntoView {
    view! {
        <div class="trend-scale figures" aria-hidden="true">
            {move || {
                chart
                    .with(|chart| chart.as_ref().map(|(_, chart)| chart.value_ticks.clone()))
                    .unwrap_or_default()
                    .into_iter()
                    .map(|(y, value)| {
                        let words = unit.with(|unit| value_text(value, unit));
                        view! { <span style:top=format!("{y}%")>{words}</span> }
                    })
                    .collect_view()
            }}
        </div>
    }
}

/// Lines keep their width however the drawing is stretched.
#[component]
fn Drawing(chart: Shown) -> impl IntoView {
    move || {
        chart.with(|chart| {
            chart.as_ref().map(|(_, chart)| {
                view! {
                    <svg class="trend-lines" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
                        {chart
                            .value_ticks
                            .iter()
                            .map(|(y, _)| view! { <path class="trend-grid" d=format!("M0 {y}H100")></path> })
                            .collect_view()}
                        <path class="trend-under" d=chart.under.clone()></path>
                        <path class="trend-line" d=chart.line.clone()></path>
                        {chart
                            .lonely
                            .iter()
                            .map(|point| {
                                view! { <path class="trend-line" d=format!("M{} {}h0.01", point.x, point.y)></path> }
                            })
                            .collect_view()}
                    </svg>
                }
            })
        })
    }
}

/// The same values in words, for those who do not see the line; made when it is opened.
#[component]
fn Table(chart: Shown, title: Memo<String>, unit: Memo<String>) -> impl IntoView {
    let open = RwSignal::new(false);
    let rows = move || {
        chart.with(|chart| {
            let points = chart
                .as_ref()
                .map(|(_, chart)| &*chart.points)
                .unwrap_or_default();
            let every = points.len().div_ceil(MOST_ROWS).max(1);
            let rows = points.iter().rev().step_by(every);
            rows.map(|point| {
                let value = unit.with(|unit| with_unit(point.value, unit));
                view! {
                    <tr>
                        <th scope="row">{date_text(point.at_millis)}</th>
                        <td>{value}</td>
                    </tr>
                }
            })
            .collect_view()
        })
    };
    view! {
        <details class="trend-table" on:toggle=move |_| open.update(|open| *open = !*open)>
            <summary>
                <span class="hidden-words">{move || title.get()}": "</span>
                {t("As a table")}
            </summary>
            <Show when=move || open.get()>
                <div class="table-box" tabindex="0" role="region" aria-label=move || tf("{0}, as a table", &[&title.get()])>
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">{t("Time")}</th>
                                <th scope="col">{move || title.get()}</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </Show>
        </details>
    }
}

/// A line without axes beside a number.
#[component]
pub fn Spark(
    /// Name of the series.
    name: &'static str,
) -> impl IntoView {
    let desk = use_desk();
    move || {
        let (_, chart) = chart_of(desk, name)?;
        Some(view! {
            <svg class="spark" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
                <path class="trend-under" d=chart.under></path>
                <path class="trend-line" d=chart.line></path>
            </svg>
        })
    }
}
