//! Messages that come and go.

use leptos::prelude::*;
use listening::language::t;
use listening::{Intent, NoticeKind};

use crate::components::{Icon, Name};
use crate::core::use_core;

/// The messages. A screen reader hears them as announcements.
#[component]
pub fn Notices() -> impl IntoView {
    let core = use_core();
    view! {
        <ul class="notices">
            <For each=move || core.notices.get() key=|notice| notice.id let:notice>
                {
                    let (class, icon) = match notice.kind {
                        NoticeKind::Note => ("notice", Name::Info),
                        NoticeKind::Good => ("notice notice-good", Name::Check),
                        NoticeKind::Bad => ("notice notice-bad", Name::Warning),
                    };
                    view! {
                        <li class=class>
                            <Icon name=icon />
                            <span>{notice.text}</span>
                            <button
                                class="button-icon"
                                type="button"
                                aria-label=t("Dismiss")
                                on:click=move |_| core.wish(Intent::Dismiss(notice.id))
                            >
                                <Icon name=Name::Close />
                            </button>
                        </li>
                    }
                }
            </For>
        </ul>
    }
}
