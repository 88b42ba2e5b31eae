//! A modal dialog: the browser's own.

use leptos::html;
use leptos::prelude::*;
use listening::language::t;

use super::{IconButton, Name};

/// A modal dialog with a title and a button that closes it.
#[component]
pub fn Dialog(
    /// Id of the title; unique on the page.
    id: &'static str,
    /// Title.
    #[prop(into)]
    title: Signal<String>,
    /// It is open.
    open: RwSignal<bool>,
    /// What is in it.
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (open.get(), dialog.open()) {
            // It is in the document and closed, so it can be shown.
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            aria-labelledby=id
            on:close=move |_| open.set(false)
            on:click=move |event| {
                // The box itself has no padding, so a click on the element is one beside the box.
                let target = event.target();
                let this = event.current_target();
                if target.is_some() && target == this {
                    open.set(false);
                }
            }
        >
            <div class="dialog-box">
                <header class="dialog-head">
                    <h2 id=id>{move || title.get()}</h2>
                    <IconButton label=t("Close") icon=Name::Close on_press=move || open.set(false) />
                </header>
                <Show when=move || open.get()>{children()}</Show>
            </div>
        </dialog>
    }
}
