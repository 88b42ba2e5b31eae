//! Work that takes a while: how far it is, and a button that stops it.

use leptos::prelude::*;
use listening::language::{t, tf};
use listening::words::grouped;
use operating::{Act, Form};
use protocol::admin::{Job, JobKind, JobState, Scope};

use super::parts::{FormTrouble, Mood, StateMark, TroubleLine, keys_of, one_of};
use super::words::ago_text;
use crate::desk::use_desk;

/// Jobs that are shown.
const MOST: usize = 5;

fn kind_words(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Publish => t("Publish"),
        JobKind::Verify => t("Verify"),
        JobKind::Compare => t("Compare"),
    }
}

fn state_mark(job: &Job) -> (Mood, &'static str) {
    match job.state {
        JobState::Waiting => (Mood::Plain, t("Waits")),
        JobState::Running => (Mood::Plain, t("Is being done")),
        JobState::Done => (Mood::Good, t("Done")),
        JobState::Failed => (Mood::Bad, t("Failed")),
        JobState::Stopped => (Mood::Plain, t("Stopped")),
    }
}

fn is_open(job: &Job) -> bool {
    matches!(job.state, JobState::Waiting | JobState::Running)
}

/// The newest jobs; nothing where there are none.
#[component]
pub fn Jobs() -> impl IntoView {
    let desk = use_desk();
    let ids = keys_of(desk.jobs, |job: &Job| job.id);
    let shown =
        Memo::new(move |_| ids.with(|ids| ids.iter().take(MOST).copied().collect::<Vec<_>>()));
    let trouble = Memo::new(move |_| desk.jobs.with(|slot| slot.trouble.clone()));
    view! {
        {move || trouble.get().map(|trouble| view! { <TroubleLine trouble=trouble /> })}
        <Show when=move || !shown.with(Vec::is_empty)>
            <section class="card" aria-labelledby="jobs-title">
                <h2 id="jobs-title">{t("Work")}</h2>
                <ul class="jobs">
                    <For each=move || shown.get() key=|id| *id let:id>
                        <JobRow id=id />
                    </For>
                </ul>
            </section>
        </Show>
    }
}

#[component]
fn JobRow(id: i64) -> impl IntoView {
    let desk = use_desk();
    let job = one_of(desk.jobs, id, |job: &Job| job.id);
    let read =
        move |read: fn(&Job) -> String| job.with(|job| job.as_ref().map_or_else(String::new, read));
    let mark = Memo::new(move |_| job.with(|job| job.as_ref().map(state_mark)));
    let is_open = Memo::new(move |_| job.with(|job| job.as_ref().is_some_and(is_open)));
    let share = Memo::new(move |_| {
        job.with(|job| {
            let job = job.as_ref().filter(|job| job.all > 0)?;
            Some(job.done.min(job.all) as f64 / job.all as f64)
        })
    });
    let times = move || {
        let now = desk.wall_millis();
        job.with(|job| {
            let job = job.as_ref()?;
            Some(match job.ended_millis {
                Some(ended) => ago_text(now, ended),
                None if job.all > 0 => tf("{0} of {1}", &[&grouped(job.done), &grouped(job.all)]),
                None => ago_text(now, job.made_millis),
            })
        })
    };
    let may_stop = move || is_open.get() && desk.may(Scope::Publish);
    view! {
        <li class="job">
            <strong>
                {move || read(|job| format!("{} {}", kind_words(job.kind), job.collection))}
            </strong>
            <StateMark
                mood=Signal::derive(move || mark.get().map_or(Mood::Plain, |(mood, _)| mood))
                words=Signal::derive(move || mark.get().map_or("", |(_, words)| words).to_owned())
            />
            <span class="quiet job-words">{move || read(|job| job.words.clone())}</span>
            <span class="quiet figures job-times">{times}</span>
            <Show when=may_stop>
                <button class="button button-small" type="button" on:click=move |_| desk.act(Act::StopJob(id))>
                    {t("Stop")}
                </button>
            </Show>
            <Show when=move || is_open.get()>
                <div
                    class="job-bar"
                    class:unknown=move || share.get().is_none()
                    role="progressbar"
                    aria-label=move || read(|job| format!("{} {}", kind_words(job.kind), job.collection))
                    aria-valuemin="0"
                    aria-valuemax="100"
                    aria-valuenow=move || share.get().map(|share| format!("{:.0}", share * 100.0))
                >
                    <i style:transform=move || format!("scaleX({})", share.get().unwrap_or(0.3))></i>
                </div>
            </Show>
            <FormTrouble form=Form::Job(id) />
        </li>
    }
}
