//! What is shared and fetched, and how.

use leptos::prelude::*;
use listening::language::t;
use listening::preferences::DataSaver;
use listening::{Intent, Reach, SwarmChoices, SwarmIntent};

use crate::components::{Segmented, Setting};
use crate::core::use_core;

type Choices = [(u32, &'static str); 6];

/// Bounds on rates, in kilobytes a second; 0 for none.
fn rates() -> Choices {
    [
        (0, t("No limit")),
        (50, "50 kB/s"),
        (200, "200 kB/s"),
        (500, "500 kB/s"),
        (2_000, "2 MB/s"),
        (10_000, "10 MB/s"),
    ]
}

/// Bounds on disk, in megabytes; 0 for what the browser gives.
fn disks() -> Choices {
    [
        (0, t("Automatic")),
        (100, "100 MB"),
        (500, "500 MB"),
        (1_000, "1 GB"),
        (5_000, "5 GB"),
        (20_000, "20 GB"),
    ]
}

/// A card with the swarm's settings.
#[component]
pub fn SwarmSettings() -> impl IntoView {
    let core = use_core();
    let choices = Memo::new(move |_| core.settings.with(|settings| settings.swarm));
    let has_turn = Memo::new(move |_| core.swarm.with(|swarm| swarm.network.has_turn));
    let choose = move |change: fn(&mut SwarmChoices, u32), value: u32| {
        let mut choices = choices.get_untracked();
        change(&mut choices, value);
        core.wish(Intent::Swarm(SwarmIntent::Choose(choices)));
    };
    let reach = move || {
        let mut options = vec![
            (Reach::Direct, t("Everyone")),
            (Reach::Local, t("My network")),
            (Reach::Nobody, t("Nobody")),
        ];
        if has_turn.get() {
            options.insert(2, (Reach::Relayed, t("Through a relay")));
        }
        options
    };
    view! {
        <section class="card" id="swarm">
            <h2>{t("Swarm")}</h2>
            <Setting title=t("Other listeners") hint=t("Whoever connects directly can see your internet address. With nobody, tunes come from web seeds alone.")>
                {move || {
                    view! {
                        <Segmented
                            name="reach"
                            label=t("Other listeners")
                            options=reach()
                            value=Signal::derive(move || choices.get().reach)
                            on_choose=move |reach| {
                                let choices = SwarmChoices {
                                    reach,
                                    ..choices.get_untracked()
                                };
                                core.wish(Intent::Swarm(SwarmIntent::Choose(choices)));
                            }
                        />
                    }
                }}
            </Setting>
            <Setting title=t("Give to others") hint=t("Never on mobile data or with data saver on, where the browser tells.")>
                <Segmented
                    name="seed"
                    label=t("Give to others")
                    options=vec![(true, t("On")), (false, t("Off"))]
                    value=Signal::derive(move || choices.get().seed)
                    on_choose=move |seed: bool| {
                        choose(|choices, on| choices.seed = on == 1, u32::from(seed));
                    }
                />
            </Setting>
            <Setting title=t("Data saver") hint=t("Gives nothing to others, and plays what takes the fewest bytes. Automatic does as the connection says.")>
                <Segmented
                    name="saver"
                    label=t("Data saver")
                    options=vec![
                        (DataSaver::Auto, t("Automatic")),
                        (DataSaver::On, t("On")),
                        (DataSaver::Off, t("Off")),
                    ]
                    value=Signal::derive(move || core.settings.with(|settings| settings.data_saver))
                    on_choose=move |saver| core.wish(Intent::Swarm(SwarmIntent::Spare(saver)))
                />
            </Setting>
            <Setting title=t("Speed") hint=t("At most so much is fetched and given each second.")>
                <div class="setting-value">
                    <Choice
                        label=t("Fetch at most")
                        options=rates()
                        value=Signal::derive(move || choices.get().download_kilobytes)
                        on_choose=move |rate| {
                            choose(|choices, rate| choices.download_kilobytes = rate, rate);
                        }
                    />
                    <Choice
                        label=t("Give at most")
                        options=rates()
                        value=Signal::derive(move || choices.get().upload_kilobytes)
                        on_choose=move |rate| {
                            choose(|choices, rate| choices.upload_kilobytes = rate, rate);
                        }
                    />
                </div>
            </Setting>
            <Setting title=t("Disk") hint=t("What was played longest ago goes first. What plays, is next, or was asked for by priority stays.")>
                <Choice
                    label=t("Disk for tunes of the swarm")
                    options=disks()
                    value=Signal::derive(move || choices.get().disk_megabytes)
                    on_choose=move |disk| choose(|choices, disk| choices.disk_megabytes = disk, disk)
                />
            </Setting>
        </section>
    }
}

#[component]
fn Choice(
    label: &'static str,
    options: Choices,
    value: Signal<u32>,
    #[prop(into)] on_choose: Callback<u32>,
) -> impl IntoView {
    view! {
        <label class="select">
            <span>{label}</span>
            <select
                prop:value=move || value.get().to_string()
                on:change=move |event| {
                    if let Ok(value) = event_target_value(&event).parse() {
                        on_choose.run(value);
                    }
                }
            >
                {options
                    .into_iter()
                    .map(|(option, words)| {
                        view! {
                            <option
                                value=option.to_string()
                                selected=move || value.get() == option
                            >
                                {words}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </label>
    }
}
