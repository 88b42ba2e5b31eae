//! The page `/admin/access`: sessions, keys for programs, the password.

use leptos::prelude::*;
use listening::language::{t, tf, tn};
use operating::{Act, Form, Intent};
use protocol::admin::{NewPassword, NewToken, Scope, Session, Token};

use super::parts::{
    Confirm, CopyButton, Field, FormTrouble, Head, Known, Mood, Nothing, StateMark, Username,
    keys_of, one_of, when_done,
};
use super::words::{ago_text, date_text, scope_words, scopes_text};
use crate::components::Segmented;
use crate::desk::use_desk;
use crate::shell::document;

/// Fewest characters of a password.
const FEWEST: usize = 12;

/// The page `/admin/access`.
#[component]
pub fn AccessPage() -> impl IntoView {
    let desk = use_desk();
    document::set_title(t("Access"));
    let may_manage = move || desk.may(Scope::Manage);
    let line = Signal::derive(move || t("Who may operate this relay, and by what.").to_owned());
    view! {
        <section class="page desk-page">
            <Head title=t("Access") line=line />
            <Show
                when=may_manage
                fallback=|| {
                    view! {
                        <div class="card">
                            <Nothing title=t("Not for this session") line=t("It may not manage passwords, sessions and tokens.") />
                        </div>
                    }
                }
            >
                <Sessions />
                <Tokens />
                <PasswordForm />
            </Show>
        </section>
    }
}

#[component]
fn Sessions() -> impl IntoView {
    let desk = use_desk();
    let ids = keys_of(desk.sessions, |session: &Session| session.id);
    let others = Memo::new(move |_| {
        desk.sessions.with(|slot| {
            let sessions = slot.value.iter().flat_map(|sessions| sessions.iter());
            sessions
                .filter(|session| !session.is_own)
                .map(|session| session.id)
                .collect::<Vec<_>>()
        })
    });
    let end_others = move |_| {
        for id in others.get_untracked() {
            desk.act(Act::EndSession(id));
        }
    };
    view! {
        <section class="card" aria-labelledby="sessions-title">
            <div class="part-head">
                <h2 id="sessions-title">{t("Sessions")}</h2>
                <Show when=move || !others.with(Vec::is_empty)>
                    <button class="button button-small" type="button" on:click=end_others>
                        {t("Log out all others")}
                    </button>
                </Show>
            </div>
            <Known what=desk.sessions bones=2>
                <ul class="entries">
                    <For each=move || ids.get() key=|id| *id let:id>
                        <SessionRow id=id />
                    </For>
                </ul>
            </Known>
        </section>
    }
}

#[component]
fn SessionRow(id: i64) -> impl IntoView {
    let desk = use_desk();
    let session = one_of(desk.sessions, id, |session: &Session| session.id);
    let is_own = Memo::new(move |_| session.with(|one| one.as_ref().is_some_and(|one| one.is_own)));
    let times = move || {
        let now = desk.wall_millis();
        session.with(|one| {
            one.as_ref().map(|one| {
                tf(
                    "begun {0}, used {1}, ends {2}",
                    &[
                        &date_text(one.made_millis),
                        &ago_text(now, one.used_millis),
                        &date_text(one.expires_millis),
                    ],
                )
            })
        })
    };
    view! {
        <li class="entry">
            <div>
                {move || {
                    if is_own.get() {
                        view! { <StateMark mood=Mood::Good words=t("This browser").to_owned() /> }.into_any()
                    } else {
                        view! { <strong>{t("Another browser")}</strong> }.into_any()
                    }
                }}
                <p class="quiet figures">{times}</p>
                <FormTrouble form=Form::Session(id) />
            </div>
            <Show when=move || !is_own.get()>
                <button class="button button-small" type="button" on:click=move |_| desk.act(Act::EndSession(id))>
                    {t("Log out")}
                </button>
            </Show>
        </li>
    }
}

#[component]
fn Tokens() -> impl IntoView {
    let desk = use_desk();
    let ids = keys_of(desk.tokens, |token: &Token| token.id);
    let act = RwSignal::new(None::<Act>);
    view! {
        <section class="card" aria-labelledby="tokens-title">
            <h2 id="tokens-title">{t("Tokens for programs")}</h2>
            <p class="quiet">
                {t("A program says one as \u{201c}Authorization: Bearer\u{201d}. No token can manage passwords, sessions or tokens.")}
            </p>
            <Known what=desk.tokens bones=2>
                <ul class="entries">
                    <For each=move || ids.get() key=|id| *id let:id>
                        <TokenRow id=id act=act />
                    </For>
                </ul>
                <Show when=move || ids.with(Vec::is_empty)>
                    <Nothing title=t("No tokens") line=t("Make one for each program, so that each can be revoked by itself.") />
                </Show>
            </Known>
            <MadeToken />
            <TokenForm />
            <Confirm
                id="revoke-title"
                title=t("Revoke the token?")
                words=t("Programs that use it are refused from now on.").to_owned()
                button=t("Revoke")
                act=act
            />
        </section>
    }
}

#[component]
fn TokenRow(id: i64, act: RwSignal<Option<Act>>) -> impl IntoView {
    let desk = use_desk();
    let token = one_of(desk.tokens, id, |token: &Token| token.id);
    let read = move |read: fn(&Token) -> String| {
        token.with(|token| token.as_ref().map_or_else(String::new, read))
    };
    let times = move || {
        let now = desk.wall_millis();
        token.with(|token| {
            token.as_ref().map(|token| {
                let used = match token.used_millis {
                    None => t("never used").to_owned(),
                    Some(used) => tf("used {0}", &[&ago_text(now, used)]),
                };
                let ends = match token.expires_millis {
                    None => t("never ends").to_owned(),
                    Some(ends) if ends <= now => t("has ended").to_owned(),
                    Some(ends) => tf("ends {0}", &[&date_text(ends)]),
                };
                tf(
                    "made {0}, {1}, {2}",
                    &[&date_text(token.made_millis), &used, &ends],
                )
            })
        })
    };
    view! {
        <li class="entry">
            <div>
                <strong>{move || read(|token| token.name.clone())}</strong>
                " "
                <span class="badge">{move || read(|token| scopes_text(&token.scopes))}</span>
                <p class="quiet figures">{times}</p>
                <FormTrouble form=Form::Revoke(id) />
            </div>
            <button class="button button-small" type="button" on:click=move |_| act.set(Some(Act::Revoke(id)))>
                {t("Revoke")}
            </button>
        </li>
    }
}

/// The token that was just made: it is told once.
#[component]
fn MadeToken() -> impl IntoView {
    let desk = use_desk();
    move || {
        let made = desk.made_token.get()?;
        let secret = made.secret.clone();
        Some(view! {
            <div class="made-token" role="status">
                <p>
                    <strong>{tf("The token of \u{201c}{0}\u{201d}", &[&made.token.name])}</strong>
                    " "
                    {t("It is shown this once: the relay keeps only its hash.")}
                </p>
                <div class="hash-line">
                    <code id="made-secret">{made.secret}</code>
                    <CopyButton label=t("Copy") text=move |()| secret.clone() />
                    <button
                        class="button button-small"
                        type="button"
                        on:click=move |_| desk.wish(Intent::Forget(Form::Token))
                    >
                        {t("I have it")}
                    </button>
                </div>
            </div>
        })
    }
}

#[component]
fn TokenForm() -> impl IntoView {
    let desk = use_desk();
    let name = RwSignal::new(String::new());
    let days = RwSignal::new(Some(90_u32));
    let scopes = RwSignal::new(vec![Scope::Read]);
    let state = desk.form(Form::Token);
    when_done(Form::Token, move || name.set(String::new()));
    let is_whole = move || name.with(|name| !name.trim().is_empty()) && !scopes.with(Vec::is_empty);
    let make = move || {
        if is_whole() {
            desk.act(Act::MakeToken(NewToken {
                name: name.get_untracked().trim().into(),
                scopes: scopes.get_untracked(),
                days: days.get_untracked(),
            }));
        }
    };
    let choose = move |scope: Scope, is_chosen: bool| {
        scopes.update(|scopes| {
            scopes.retain(|known| *known != scope);
            if is_chosen {
                scopes.push(scope);
                scopes.sort();
            }
        });
    };
    view! {
        <form
            class="desk-form"
            on:submit=move |event| {
                event.prevent_default();
                make();
            }
        >
            <Field label=t("For which program") value=name />
            <fieldset class="form-field checks">
                <legend>{t("It may")}</legend>
                {[Scope::Read, Scope::Publish, Scope::Moderate]
                    .into_iter()
                    .map(|scope| {
                        let (words, hint) = scope_words(scope);
                        view! {
                            <label class="check" title=hint>
                                <input
                                    type="checkbox"
                                    prop:checked=move || scopes.with(|scopes| scopes.contains(&scope))
                                    on:change=move |event| choose(scope, event_target_checked(&event))
                                />
                                {words}
                            </label>
                        }
                    })
                    .collect_view()}
            </fieldset>
            <Segmented
                name="token-days"
                label=t("It ends after")
                options=vec![
                    (Some(30), t("30 days")),
                    (Some(90), t("90 days")),
                    (Some(365), t("A year")),
                    (None, t("Never")),
                ]
                value=days
                on_choose=move |chosen| days.set(chosen)
            />
            <button
                class="button primary"
                type="submit"
                disabled=move || !is_whole() || state.with(|state| state.is_busy)
            >
                {t("Make a token")}
            </button>
        </form>
        <FormTrouble form=Form::Token />
    }
}

#[component]
fn PasswordForm() -> impl IntoView {
    let desk = use_desk();
    let old = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    let again = RwSignal::new(String::new());
    let state = desk.form(Form::Password);
    when_done(Form::Password, move || {
        for field in [old, new, again] {
            field.set(String::new());
        }
    });
    let hint = move || {
        let length = new.with(|new| new.chars().count());
        if length == 0 {
            return Some(tn(
                FEWEST as u64,
                "At least {0} character.",
                "At least {0} characters.",
            ));
        }
        if length < FEWEST {
            let left = FEWEST - length;
            return Some(tn(
                left as u64,
                "{0} character more.",
                "{0} characters more.",
            ));
        }
        let is_same = new.with(|new| again.with(|again| new == again));
        (!is_same).then(|| t("The two are not the same yet.").to_owned())
    };
    let is_whole = move || !old.with(String::is_empty) && hint().is_none();
    let change = move || {
        if is_whole() {
            desk.act(Act::ChangePassword(NewPassword {
                old: old.get_untracked(),
                new: new.get_untracked(),
            }));
        }
    };
    view! {
        <section class="card" aria-labelledby="password-title">
            <h2 id="password-title">{t("Password")}</h2>
            <form
                class="desk-form"
                on:submit=move |event| {
                    event.prevent_default();
                    change();
                }
            >
                <Username />
                <Field label=t("The one so far") id="old-password" kind="password" complete="current-password" value=old />
                <Field label=t("The new one") id="new-password" kind="password" complete="new-password" value=new />
                <Field label=t("The new one again") id="again-password" kind="password" complete="new-password" value=again />
                <button
                    class="button primary"
                    type="submit"
                    disabled=move || !is_whole() || state.with(|state| state.is_busy)
                >
                    {t("Change it")}
                </button>
            </form>
            <p class="quiet" aria-live="polite">
                {move || {
                    if state.with(|state| state.done > 0) && new.with(String::is_empty) {
                        Some(t("The password is changed.").to_owned())
                    } else {
                        hint()
                    }
                }}
            </p>
            <FormTrouble form=Form::Password />
        </section>
    }
}
