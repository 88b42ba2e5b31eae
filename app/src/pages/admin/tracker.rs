//! The page `/admin/tracker`: torrents that have peers, and what is turned away.

use leptos::prelude::*;
use listening::language::{t, tf, tn};
use listening::words::grouped;
use operating::{Act, Form};
use protocol::admin::{Block, BlockKind, NewBlock, Scope, Swarm};

use super::parts::{
    Confirm, CopyButton, Field, FormTrouble, Head, Known, Nothing, keys_of, one_of, when_done,
};
use super::words::ago_text;
use crate::components::{SearchField, Segmented};
use crate::desk::use_desk;
use crate::shell::document;

/// Swarms that are drawn at once.
const PORTION: usize = 50;
/// Id of the field for the reason.
const REASON: &str = "block-reason";

/// What is typed into the form of blocks.
#[derive(Clone, Copy)]
struct Draft {
    kind: RwSignal<BlockKind>,
    value: RwSignal<String>,
    reason: RwSignal<String>,
}

/// The page `/admin/tracker`.
#[component]
pub fn TrackerPage() -> impl IntoView {
    let desk = use_desk();
    document::set_title(t("Tracker"));
    let draft = Draft {
        kind: RwSignal::new(BlockKind::Torrent),
        value: RwSignal::default(),
        reason: RwSignal::default(),
    };
    let line = Signal::derive(move || {
        desk.status.with(|slot| {
            slot.value.as_ref().map_or_else(String::new, |status| {
                format!(
                    "{}, {}, {}",
                    tn(status.swarms, "{0} swarm", "{0} swarms"),
                    tn(status.peers, "{0} peer", "{0} peers"),
                    tn(status.sockets, "{0} open socket", "{0} open sockets")
                )
            })
        })
    });
    let may_moderate = move || desk.may(Scope::Moderate);
    view! {
        <section class="page desk-page">
            <Head title=t("Tracker") line=line />
            <Show when=may_moderate>
                <BlockForm draft=draft />
            </Show>
            <Blocks />
            <Swarms draft=draft />
        </section>
    }
}

#[component]
fn BlockForm(draft: Draft) -> impl IntoView {
    let desk = use_desk();
    let Draft {
        kind,
        value,
        reason,
    } = draft;
    let state = desk.form(Form::Block);
    when_done(Form::Block, move || {
        value.set(String::new());
        reason.set(String::new());
    });
    let is_whole = move || {
        value.with(|text| !text.trim().is_empty()) && reason.with(|text| !text.trim().is_empty())
    };
    let block = move || {
        if is_whole() {
            desk.act(Act::Block(NewBlock {
                kind: kind.get_untracked(),
                value: value.get_untracked().trim().into(),
                reason: reason.get_untracked().trim().into(),
            }));
        }
    };
    let label = Signal::derive(move || match kind.get() {
        BlockKind::Torrent => t("Info hash, 40 hexadecimal digits"),
        BlockKind::Address => t("Address or network, such as 203.0.113.0/24"),
    });
    view! {
        <section class="card" aria-labelledby="block-title">
            <h2 id="block-title">{t("Block")}</h2>
            <form
                class="desk-form"
                on:submit=move |event| {
                    event.prevent_default();
                    block();
                }
            >
                <Segmented
                    name="block-kind"
                    label=t("What is blocked")
                    options=vec![(BlockKind::Torrent, t("Torrent")), (BlockKind::Address, t("Address"))]
                    value=kind
                    on_choose=move |chosen| kind.set(chosen)
                />
                <Field label=label value=value wide=true mono=true />
                <Field label=t("Reason, for the record") id=REASON value=reason wide=true />
                <button
                    class="button primary"
                    type="submit"
                    disabled=move || !is_whole() || state.with(|state| state.is_busy)
                >
                    {t("Block")}
                </button>
            </form>
            <p class="quiet">
                {t("The tracker refuses whoever announces a blocked torrent, and closes the sockets of blocked addresses. Peers that know each other already are not parted.")}
            </p>
            <FormTrouble form=Form::Block />
        </section>
    }
}

#[component]
fn Blocks() -> impl IntoView {
    let desk = use_desk();
    let ids = keys_of(desk.blocks, |block: &Block| block.id);
    let act = RwSignal::new(None::<Act>);
    view! {
        <section class="desk-part">
            <h2>{t("Blocked")}</h2>
            <Known what=desk.blocks bones=2>
                <Show
                    when=move || !ids.with(Vec::is_empty)
                    fallback=|| {
                        view! {
                            <div class="card">
                                <Nothing title=t("Nothing is blocked") line=t("Every torrent and address is served.") />
                            </div>
                        }
                    }
                >
                    <div class="table-box card" tabindex="0" role="region" aria-label=t("Blocked")>
                        <table class="table stacked">
                            <thead>
                                <tr>
                                    <th scope="col">{t("What")}</th>
                                    <th scope="col">{t("Reason")}</th>
                                    <th scope="col">{t("By")}</th>
                                    <th scope="col">{t("When")}</th>
                                    <th scope="col">
                                        <span class="hidden-words">{t("Take back")}</span>
                                    </th>
                                </tr>
                            </thead>
                            <tbody>
                                <For each=move || ids.get() key=|id| *id let:id>
                                    <BlockRow id=id act=act />
                                </For>
                            </tbody>
                        </table>
                    </div>
                </Show>
            </Known>
            <Confirm
                id="take-back-title"
                title=t("Take the block back?")
                words=t("It is served again at once.").to_owned()
                button=t("Take it back")
                act=act
            />
        </section>
    }
}

#[component]
fn BlockRow(id: i64, act: RwSignal<Option<Act>>) -> impl IntoView {
    let desk = use_desk();
    let block = one_of(desk.blocks, id, |block: &Block| block.id);
    let read = move |read: fn(&Block) -> String| {
        block.with(|block| block.as_ref().map_or_else(String::new, read))
    };
    let made =
        Memo::new(move |_| block.with(|block| block.as_ref().map_or(0, |block| block.made_millis)));
    let may_moderate = move || desk.may(Scope::Moderate);
    view! {
        <tr>
            <td class="wide-cell">
                <span class="badge">
                    {move || {
                        block
                            .with(|block| {
                                match block.as_ref().map(|block| block.kind) {
                                    Some(BlockKind::Address) => t("Address"),
                                    _ => t("Torrent"),
                                }
                            })
                    }}
                </span>
                " "
                <code>{move || read(|block| block.value.clone())}</code>
            </td>
            <td class="wide-cell">{move || read(|block| block.reason.clone())}</td>
            <td>{move || read(|block| block.by.clone())}</td>
            <td class="figures nowrap">{move || ago_text(desk.wall_millis(), made.get())}</td>
            <td class="acts">
                <Show when=may_moderate>
                    <button
                        class="button button-small"
                        type="button"
                        on:click=move |_| act.set(Some(Act::TakeBack(id)))
                    >
                        {t("Take back")}
                    </button>
                </Show>
                <FormTrouble form=Form::TakeBack(id) />
            </td>
        </tr>
    }
}

#[component]
fn Swarms(draft: Draft) -> impl IntoView {
    let desk = use_desk();
    let words = RwSignal::new(String::new());
    let most = RwSignal::new(PORTION);
    let found = Memo::new(move |_| {
        let words = words.get().to_lowercase();
        let fits = |swarm: &&Swarm| {
            swarm.info_hash.contains(words.trim())
                || swarm
                    .collection
                    .as_ref()
                    .is_some_and(|name| name.to_lowercase().contains(words.trim()))
        };
        desk.swarms.with(|slot| {
            let swarms = slot.value.iter().flat_map(|swarms| swarms.iter());
            swarms
                .filter(fits)
                .map(|swarm| swarm.info_hash.clone())
                .collect::<Vec<_>>()
        })
    });
    let shown =
        move || found.with(|found| found.iter().take(most.get()).cloned().collect::<Vec<_>>());
    let hidden = move || found.with(Vec::len).saturating_sub(most.get());
    view! {
        <section class="desk-part">
            <div class="part-head">
                <h2>{t("Swarms")}</h2>
                <SearchField
                    label=t("Filter by info hash or collection")
                    value=words
                    on_input=move |text| words.set(text)
                />
            </div>
            <Known what=desk.swarms bones=6>
                <div class="table-box card" tabindex="0" role="region" aria-label=t("Swarms")>
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">{t("Torrent")}</th>
                                <th scope="col">{t("Collection")}</th>
                                <th scope="col" class="number">{t("Seeders")}</th>
                                <th scope="col" class="number">{t("Leechers")}</th>
                                <th scope="col"><span class="hidden-words">{t("Block")}</span></th>
                            </tr>
                        </thead>
                        <tbody>
                            <For each=shown key=Clone::clone let:hash>
                                <SwarmRow hash=hash draft=draft />
                            </For>
                        </tbody>
                    </table>
                    <Show when=move || found.with(Vec::is_empty)>
                        <Nothing
                            title=t("No swarm")
                            line=t("A torrent is listed here as long as somebody announces it.")
                        />
                    </Show>
                </div>
                <Show when=move || { hidden() > 0 }>
                    <button
                        class="button more-button"
                        type="button"
                        on:click=move |_| most.update(|most| *most += PORTION)
                    >
                        {move || tf("{0} more", &[&grouped(hidden() as u64)])}
                    </button>
                </Show>
            </Known>
        </section>
    }
}

#[component]
fn SwarmRow(hash: String, draft: Draft) -> impl IntoView {
    let desk = use_desk();
    let swarm = one_of(desk.swarms, hash.clone(), |swarm: &Swarm| {
        swarm.info_hash.clone()
    });
    let read = move |read: fn(&Swarm) -> String| {
        swarm.with(|swarm| swarm.as_ref().map_or_else(String::new, read))
    };
    let may_moderate = move || desk.may(Scope::Moderate);
    let short: String = hash.chars().take(12).collect();
    let (copied, full) = (hash.clone(), hash.clone());
    let hash = StoredValue::new(hash);
    let block = move |_| {
        draft.kind.set(BlockKind::Torrent);
        draft.value.set(hash.get_value());
        document::reveal("block-title");
        document::focus(REASON);
    };
    view! {
        <tr>
            <th scope="row" class="nowrap">
                <code title=full>{short}</code>
                " "
                <CopyButton label=t("Copy") text=move |()| copied.clone() />
            </th>
            <td>
                {move || {
                    let name = read(|swarm| swarm.collection.clone().unwrap_or_default());
                    if name.is_empty() {
                        view! { <span class="faint">{t("of others")}</span> }.into_any()
                    } else {
                        name.into_any()
                    }
                }}
            </td>
            <td class="number figures">{move || read(|swarm| grouped(swarm.seeders))}</td>
            <td class="number figures">{move || read(|swarm| grouped(swarm.leechers))}</td>
            <td class="acts">
                <Show when=may_moderate>
                    <button class="button button-small" type="button" on:click=block>
                        {t("Block")}
                    </button>
                </Show>
            </td>
        </tr>
    }
}
