//! The page `/admin/audit`: what was done, by whom, and whether the record is whole.

use leptos::prelude::*;
use listening::language::{t, tf, tn};
use operating::Intent;
use protocol::admin::AuditEntry;

use super::parts::{Head, Known, Mood, Nothing, StateMark};
use super::words::moment;
use crate::desk::use_desk;
use crate::shell::document;

/// The page `/admin/audit`.
#[component]
pub fn AuditPage() -> impl IntoView {
    let desk = use_desk();
    document::set_title(t("Audit"));
    let line = Signal::derive(move || {
        desk.audit.with(|slot| {
            slot.value.as_ref().map_or_else(String::new, |trail| {
                tn(
                    trail.count,
                    "{0} entry: what was done or tried, each with the hash of the one before",
                    "{0} entries: what was done or tried, each with the hash of the one before",
                )
            })
        })
    });
    let broken_at = Memo::new(move |_| {
        desk.audit
            .with(|slot| slot.value.as_ref().map(|trail| trail.broken_at))
    });
    let entries = Memo::new(move |_| {
        desk.audit.with(|slot| {
            let trail = slot.value.as_ref();
            trail.map_or_else(Vec::new, |trail| trail.entries.clone())
        })
    });
    let has_older = Memo::new(move |_| {
        desk.audit
            .with(|slot| slot.value.as_ref().is_some_and(|trail| trail.has_older()))
    });
    view! {
        <section class="page desk-page">
            <Head title=t("Audit") line=line>
                {move || {
                    broken_at
                        .get()
                        .map(|broken| {
                            let (mood, words) = match broken {
                                None => (Mood::Good, t("The chain is whole").to_owned()),
                                Some(at) => (Mood::Bad, tf("The chain is broken at entry {0}", &[&at])),
                            };
                            view! { <StateMark mood=mood words=words /> }
                        })
                }}
            </Head>
            <Known what=desk.audit bones=10>
                <div class="table-box card" tabindex="0" role="region" aria-label=t("Audit")>
                    <table class="table stacked">
                        <thead>
                            <tr>
                                <th scope="col" class="number">"#"</th>
                                <th scope="col">{t("When")}</th>
                                <th scope="col">{t("Who")}</th>
                                <th scope="col">{t("Did")}</th>
                                <th scope="col">{t("To what")}</th>
                                <th scope="col">{t("Outcome")}</th>
                                <th scope="col">{t("Hash")}</th>
                            </tr>
                        </thead>
                        <tbody>
                            <For each=move || entries.get() key=|entry| entry.number let:entry>
                                <Entry entry=entry broken_at=broken_at />
                            </For>
                        </tbody>
                    </table>
                    <Show when=move || entries.with(Vec::is_empty)>
                        <Nothing title=t("Nothing was done yet") line=t("Every login, and all that changes something, is written here.") />
                    </Show>
                </div>
                <Show when=move || has_older.get()>
                    <button class="button more-button" type="button" on:click=move |_| desk.wish(Intent::Older)>
                        {t("Older entries")}
                    </button>
                </Show>
            </Known>
        </section>
    }
}

#[component]
fn Entry(entry: AuditEntry, broken_at: Memo<Option<Option<i64>>>) -> impl IntoView {
    let at = moment(entry.at_millis);
    let is_done = entry.outcome == "done";
    let number = entry.number;
    let is_broken = move || broken_at.get().flatten() == Some(number);
    let hash: String = entry.hash.chars().take(12).collect();
    view! {
        <tr class:broken=is_broken>
            <td class="number figures">{number}</td>
            <td class="figures nowrap">{at.date()}" "{at.seconds()}</td>
            <td class="nowrap">
                {entry.who}
                {entry.address.map(|address| view! { <span class="faint">" "{address}</span> })}
            </td>
            <td class="nowrap"><code>{entry.action}</code></td>
            <td class="wide-cell">{entry.subject}</td>
            <td>
                {if is_done {
                    view! { <span class="quiet">{t("done")}</span> }.into_any()
                } else {
                    view! { <span class="bad">{entry.outcome}</span> }.into_any()
                }}
            </td>
            <td class="nowrap"><code class="faint" title=entry.hash.clone()>{hash}</code></td>
        </tr>
    }
}
