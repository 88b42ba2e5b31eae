//! The page `/admin/telemetry`: what listeners' pages tell, in counts.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos_router::components::A;
use listening::language::{t, tf, tn};
use listening::words::grouped;
use operating::histogram::{Quantile, count, interesting, quantile};
use protocol::admin::{Figure, FigureValue};

use super::parts::{Head, Known, Nothing};
use super::words::{number_text, share_text, value_text};
use crate::components::SearchField;
use crate::desk::use_desk;
use crate::shell::document;

/// Figures of one family, by its name.
type Families = BTreeMap<String, Vec<Figure>>;

/// The page `/admin/telemetry`.
#[component]
pub fn TelemetryPage() -> impl IntoView {
    let desk = use_desk();
    document::set_title(t("Telemetry"));
    let words = RwSignal::new(String::new());
    let shows_empty = RwSignal::new(false);
    let line = Signal::derive(move || {
        desk.telemetry.with(|slot| {
            slot.value.as_ref().map_or_else(String::new, |told| {
                let refused: u64 = told.refused.iter().map(|(_, count)| count).sum();
                tf(
                    "{0} taken since the relay was started, {1} refused, {2} came twice",
                    &[
                        &tn(told.accepted, "{0} beacon", "{0} beacons"),
                        &grouped(refused),
                        &grouped(told.duplicate),
                    ],
                )
            })
        })
    });
    let families = Memo::new(move |_| {
        let words = words.get().to_lowercase();
        let shows_empty = shows_empty.get();
        desk.telemetry.with(|slot| {
            let mut families = Families::new();
            for figure in slot.value.iter().flat_map(|told| &told.figures) {
                let text = format!("{} {}", figure.name, figure.help).to_lowercase();
                let fits = words.split_whitespace().all(|word| text.contains(word));
                if fits && (shows_empty || has_anything(figure)) {
                    families
                        .entry(figure.name.clone())
                        .or_default()
                        .push(figure.clone());
                }
            }
            families
        })
    });
    let names =
        Memo::new(move |_| families.with(|families| families.keys().cloned().collect::<Vec<_>>()));
    view! {
        <section class="page desk-page">
            <Head title=t("Telemetry") line=line>
                <SearchField label=t("Filter the figures") value=words on_input=move |text| words.set(text) />
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || shows_empty.get()
                        on:change=move |event| shows_empty.set(event_target_checked(&event))
                    />
                    {t("Empty ones too")}
                </label>
            </Head>
            <p class="quiet">
                {t("Pages send counts and times, never what is played or by whom.")}
                " "
                <A href="/admin/privacy">{t("What listeners see of it")}</A>
            </p>
            <Known what=desk.telemetry bones=8>
                <Refused />
                <div class="figures-grid">
                    <For each=move || names.get() key=Clone::clone let:name>
                        <Family name=name families=families />
                    </For>
                </div>
                <Show when=move || names.with(Vec::is_empty)>
                    <div class="card">
                        <Nothing
                            title=t("Nothing was told yet")
                            line=t("Pages tell when they are hidden, and every minute while something plays.")
                        />
                    </div>
                </Show>
            </Known>
        </section>
    }
}

fn has_anything(figure: &Figure) -> bool {
    match &figure.value {
        FigureValue::Count(value) => *value != 0.0,
        FigureValue::Histogram { counts, .. } => count(counts) > 0,
    }
}

/// Beacons that were refused, by reason.
#[component]
fn Refused() -> impl IntoView {
    let desk = use_desk();
    let refused = Memo::new(move |_| {
        desk.telemetry.with(|slot| {
            slot.value
                .as_ref()
                .map_or_else(Vec::new, |told| told.refused.clone())
        })
    });
    view! {
        <section class="card" aria-labelledby="refused-title">
            <h2 id="refused-title">{t("Refused beacons")}</h2>
            <dl class="desk-facts figures">
                {move || {
                    refused
                        .get()
                        .into_iter()
                        .map(|(reason, count)| {
                            view! {
                                <div>
                                    <dt>{reason.replace('_', " ")}</dt>
                                    <dd>{grouped(count)}</dd>
                                </div>
                            }
                        })
                        .collect_view()
                }}
            </dl>
        </section>
    }
}

fn labels_text(figure: &Figure) -> String {
    let labels: Vec<&str> = figure.labels.iter().map(|(_, value)| &**value).collect();
    labels.join(", ")
}

#[component]
fn Family(name: String, families: Memo<Families>) -> impl IntoView {
    let figures = Memo::new({
        let name = name.clone();
        move |_| families.with(|families| families.get(&name).cloned().unwrap_or_default())
    });
    let help = Memo::new(move |_| {
        figures.with(|figures| {
            figures
                .first()
                .map_or_else(String::new, |figure| figure.help.clone())
        })
    });
    view! {
        <section class="card figure-card">
            <div>
                <h3>{move || help.get()}</h3>
                <p class="faint"><code>{name}</code></p>
            </div>
            {move || {
                let figures = figures.get();
                let is_counts = figures
                    .iter()
                    .all(|figure| matches!(figure.value, FigureValue::Count(_)));
                if is_counts {
                    view! { <Counts figures=figures /> }.into_any()
                } else {
                    figures
                        .into_iter()
                        .map(|figure| view! { <Histogram figure=figure /> })
                        .collect_view()
                        .into_any()
                }
            }}
        </section>
    }
}

/// Counts of a family, one beside the other.
#[component]
fn Counts(figures: Vec<Figure>) -> impl IntoView {
    let value = |figure: &Figure| match figure.value {
        FigureValue::Count(value) => value,
        FigureValue::Histogram { .. } => 0.0,
    };
    let all: f64 = figures.iter().map(value).sum();
    view! {
        <ul class="count-bars figures">
            {figures
                .into_iter()
                .map(|figure| {
                    let own = value(&figure);
                    let share = if all > 0.0 { own / all } else { 0.0 };
                    let words = match &*labels_text(&figure) {
                        "" => t("all").to_owned(),
                        labels => labels.to_owned(),
                    };
                    view! {
                        <li>
                            <span>{words}</span>
                            <i class="count-bar" aria-hidden="true">
                                <i style:transform=format!("scaleX({share})")></i>
                            </i>
                            <span class="number">{value_text(own, &figure.unit)}</span>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

fn quantile_text(found: Option<Quantile>, unit: &str) -> String {
    match found {
        None => "\u{2013}".into(),
        Some(Quantile::About(value)) => value_text(value, unit),
        Some(Quantile::MoreThan(value)) => format!("> {}", value_text(value, unit)),
    }
}

/// A histogram: a bar for each bucket, with its bound and count.
#[component]
fn Histogram(figure: Figure) -> impl IntoView {
    let labels = labels_text(&figure);
    let unit = figure.unit.clone();
    let FigureValue::Histogram {
        bounds,
        counts,
        sum,
    } = figure.value
    else {
        return ().into_any();
    };
    let all = count(&counts);
    let largest = counts.iter().copied().max().unwrap_or(0).max(1);
    let mean = if all == 0 {
        None
    } else {
        Some(sum / all as f64)
    };
    let bars = interesting(&counts);
    let (half, most) = (
        quantile(&bounds, &counts, 0.5),
        quantile(&bounds, &counts, 0.95),
    );
    let bound = |at: usize| match bounds.get(at) {
        Some(bound) => format!("\u{2264} {}", value_text(*bound, &unit)),
        None => format!(
            "> {}",
            bounds
                .last()
                .map_or_else(String::new, |bound| value_text(*bound, &unit))
        ),
    };
    let words = |at: usize| {
        let share = if all == 0 {
            0.0
        } else {
            counts[at] as f64 / all as f64
        };
        tf(
            "{0}: {1}, {2}",
            &[&bound(at), &grouped(counts[at]), &share_text(share)],
        )
    };
    let rows = bars.clone().map(|at| {
        let height = counts[at] as f64 / largest as f64;
        view! {
            <li title=words(at)>
                <i aria-hidden="true"><i style:transform=format!("scaleY({height})")></i></i>
                <span class="hidden-words">{words(at)}</span>
            </li>
        }
    });
    let rows = rows.collect_view();
    let told = bars.clone().map(|at| {
        view! {
            <tr>
                <th scope="row">{bound(at)}</th>
                <td class="number">{grouped(counts[at])}</td>
            </tr>
        }
    });
    let told = told.collect_view();
    let ends = (!bars.is_empty()).then(|| {
        view! {
            <p class="histogram-ends figures faint" aria-hidden="true">
                <span>{bound(bars.start)}</span>
                <span>{bound(bars.end - 1)}</span>
            </p>
        }
    });
    view! {
        <div class="histogram">
            <p class="histogram-head figures">
                {(!labels.is_empty()).then_some(labels)}
                <span class="quiet">{tn(all, "{0} time", "{0} times")}</span>
            </p>
            <ol class="histogram-bars">{rows}</ol>
            {ends}
            <dl class="desk-facts figures">
                <div>
                    <dt>{t("Half within")}</dt>
                    <dd>{quantile_text(half, &unit)}</dd>
                </div>
                <div>
                    <dt>{t("95 of 100 within")}</dt>
                    <dd>{quantile_text(most, &unit)}</dd>
                </div>
                <div>
                    <dt>{t("Mean")}</dt>
                    <dd>{mean.map_or_else(|| "\u{2013}".into(), |mean| match &*unit {
                        "" => number_text(mean),
                        unit => value_text(mean, unit),
                    })}</dd>
                </div>
            </dl>
            <details class="trend-table">
                <summary>{t("Bounds and counts")}</summary>
                <table class="table figures">
                    <thead>
                        <tr>
                            <th scope="col">{t("Bound")}</th>
                            <th scope="col" class="number">{t("Count")}</th>
                        </tr>
                    </thead>
                    <tbody>{told}</tbody>
                </table>
            </details>
        </div>
    }
    .into_any()
}
