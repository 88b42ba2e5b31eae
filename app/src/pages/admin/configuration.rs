//! The page `/admin/configuration`: options in force.

use leptos::prelude::*;
use listening::language::{t, tf};
use protocol::admin::Setting;

use super::parts::{Head, Known, Nothing};
use crate::components::SearchField;
use crate::desk::use_desk;
use crate::shell::document;

fn source_words(source: &str) -> &str {
    match source {
        "command line" => t("command line"),
        "environment" => t("environment"),
        "file" => t("file"),
        "default" => t("default"),
        other => other,
    }
}

/// The page `/admin/configuration`.
#[component]
pub fn ConfigurationPage() -> impl IntoView {
    let desk = use_desk();
    document::set_title(t("Configuration"));
    let words = RwSignal::new(String::new());
    let found = Memo::new(move |_| {
        let words = words.get().to_lowercase();
        let fits = |setting: &&Setting| {
            let text = format!("{} {} {}", setting.name, setting.value, setting.source);
            words
                .split_whitespace()
                .all(|word| text.to_lowercase().contains(word))
        };
        desk.configuration.with(|slot| {
            let settings = slot.value.iter().flat_map(|settings| settings.iter());
            settings.filter(fits).cloned().collect::<Vec<_>>()
        })
    });
    let line = Signal::derive(move || {
        desk.configuration.with(|slot| {
            slot.value.as_ref().map_or_else(String::new, |all| {
                let set = all
                    .iter()
                    .filter(|setting| setting.source != "default")
                    .count();
                tf("{0} options in force, {1} of them set", &[&all.len(), &set])
            })
        })
    });
    view! {
        <section class="page desk-page">
            <Head title=t("Configuration") line=line>
                <SearchField
                    label=t("Filter the options")
                    value=words
                    on_input=move |text| words.set(text)
                />
            </Head>
            <Known what=desk.configuration bones=10>
                <div class="table-box card" tabindex="0" role="region" aria-label=t("Configuration")>
                    <table class="table stacked">
                        <thead>
                            <tr>
                                <th scope="col">{t("Option")}</th>
                                <th scope="col">{t("Value")}</th>
                                <th scope="col">{t("From")}</th>
                            </tr>
                        </thead>
                        <tbody>
                            {move || {
                                found
                                    .get()
                                    .into_iter()
                                    .map(|setting| {
                                        let is_set = setting.source != "default";
                                        view! {
                                            <tr class:is-set=is_set>
                                                <th scope="row"><code>{setting.name}</code></th>
                                                <td class="wide-cell"><code>{setting.value}</code></td>
                                                <td class="quiet">{source_words(&setting.source).to_owned()}</td>
                                            </tr>
                                        }
                                    })
                                    .collect_view()
                            }}
                        </tbody>
                    </table>
                    <Show when=move || found.with(Vec::is_empty)>
                        <Nothing title=t("No option fits") line=t("Other words may find it.") />
                    </Show>
                </div>
            </Known>
        </section>
    }
}
