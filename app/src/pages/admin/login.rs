//! The form of the password: as a page, and over a page whose session is over.

use leptos::html;
use leptos::prelude::*;
use listening::language::{t, tf};
use operating::clock::Span;
use operating::{Access, Act, Intent, Reach, Trouble};
use protocol::admin;

use super::parts::Username;
use super::words::{span_text, trouble_text};
use crate::components::{Icon, Name};
use crate::desk::use_desk;
use crate::shell::document;

/// The page of who is not in.
#[component]
pub fn Login() -> impl IntoView {
    let desk = use_desk();
    let has_left = move || desk.access.get() == Access::Out { has_left: true };
    document::set_title(t("Log in"));
    view! {
        <main class="login-page" id="main">
            <section class="login-box" aria-labelledby="login-title">
                <svg class="login-mark" viewBox="0 0 32 32" aria-hidden="true">
                    <path class="brand-low" d="M4 22h24v3H4z"></path>
                    <path class="brand-mid" d="M4 17h24v3H4z"></path>
                    <path d="M4 12h4v-5h5v5h6v-5h5v5h4v3h-7v-5h-1v5h-8v-5h-1v5H4z"></path>
                </svg>
                <h1 id="login-title">{t("Operate this relay")}</h1>
                <p class="quiet">
                    {move || {
                        if has_left() {
                            t("You are logged out.")
                        } else {
                            t("Sidereal, for who runs it. Listeners need no password.")
                        }
                    }}
                </p>
                <LoginForm />
                <a class="login-listen quiet" href="/" rel="external">
                    {t("To the listener's page")}
                </a>
            </section>
        </main>
    }
}

/// The same over a page whose session is over: what was typed there stays.
#[component]
pub fn LoginAgain() -> impl IntoView {
    let desk = use_desk();
    let dialog = NodeRef::<html::Dialog>::new();
    let is_over = Memo::new(move |_| desk.access.with(|access| matches!(access, Access::Over(_))));
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (is_over.get(), dialog.open()) {
            // It is in the document and closed, so it can be shown.
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    view! {
        <dialog
            node_ref=dialog
            class="dialog login-again"
            aria-labelledby="again-title"
            on:cancel=|event: leptos::ev::Event| event.prevent_default()
        >
            <Show when=move || is_over.get()>
                <div class="login-box">
                    <h2 id="again-title">{t("Your session is over")}</h2>
                    <p class="quiet">
                        {t("Log in to go on where you were. What you typed is still there.")}
                    </p>
                    <LoginForm />
                </div>
            </Show>
        </dialog>
    }
}

#[component]
fn LoginForm() -> impl IntoView {
    let desk = use_desk();
    let password = RwSignal::new(String::new());
    let login = desk.login;
    let is_busy = Memo::new(move |_| login.with(|login| login.is_busy));
    let locked = Memo::new(move |_| login.with(|login| login.locked_seconds));
    let trouble = Memo::new(move |_| login.with(|login| login.trouble.clone()));
    let is_locked = move || locked.get() > 0;
    let submit = move || {
        let password = password.get_untracked();
        if !password.is_empty() {
            desk.act(Act::Login(admin::Login { password }));
        }
    };
    // Who was refused types anew.
    Effect::new(move |was_busy: Option<bool>| {
        let busy = is_busy.get();
        if was_busy == Some(true) && !busy {
            document::focus("password");
        }
        busy
    });
    request_animation_frame(|| {
        document::focus("password");
    });
    let words = move || {
        let trouble = trouble.get()?;
        Some(match trouble {
            Trouble::Out { .. } => t("That is not the password.").into(),
            Trouble::Away => t("The relay cannot be reached. Nothing was tried.").into(),
            Trouble::Refused { .. } if is_locked() => t("Too many wrong passwords.").into(),
            Trouble::Refused {
                retry_seconds: Some(_),
                ..
            } => t("You can try again now.").into(),
            other => trouble_text(&other),
        })
    };
    view! {
        <form
            class="login-form"
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
        >
            <Username />
            <label for="password">{t("Password")}</label>
            <input
                id="password"
                class="field"
                type="password"
                name="password"
                autocomplete="current-password"
                required
                aria-describedby="login-words"
                aria-invalid=move || matches!(trouble.get(), Some(Trouble::Out { .. })).to_string()
                prop:value=move || password.get()
                on:input=move |event| password.set(event_target_value(&event))
            />
            <button
                class="button primary"
                type="submit"
                disabled=move || is_busy.get() || is_locked()
            >
                {move || if is_busy.get() { t("Looking") } else { t("Log in") }}
            </button>
            <div id="login-words" class="login-words" role="alert">
                {move || {
                    words()
                        .map(|words| {
                            view! {
                                <p class="bad">
                                    <Icon name=Name::Warning />
                                    <span>{words}</span>
                                </p>
                            }
                        })
                }}
            </div>
            // The seconds are not read out one by one.
            <Show when=is_locked>
                <p class="login-wait figures">
                    {move || {
                        let left = u64::from(locked.get()) * 1_000;
                        let seconds = match Span::of(left) {
                            Span::Seconds(_) => String::new(),
                            _ => format!(" ({}\u{a0}s)", locked.get()),
                        };
                        tf("You can try again in {0}{1}.", &[&span_text(left), &seconds])
                    }}
                </p>
            </Show>
            <Away />
        </form>
    }
}

/// Says that the relay cannot be reached, and when it is asked again.
#[component]
fn Away() -> impl IntoView {
    let desk = use_desk();
    let reach = desk.reach;
    let is_away = move || matches!(reach.get(), Reach::Away { .. });
    view! {
        <Show when=is_away>
            <div class="trouble">
                <Icon name=Name::Warning />
                <span>{t("The relay does not answer. It is asked again and again.")}</span>
                <button
                    class="button button-small"
                    type="button"
                    on:click=move |_| desk.wish(Intent::Retry)
                >
                    {t("Try now")}
                </button>
            </div>
        </Show>
    }
}
