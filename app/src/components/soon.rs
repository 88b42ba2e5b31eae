//! What need not stand at once.

use leptos::prelude::*;

use crate::shell::document;

/// Makes its children in a task of their own, so that the browser draws and answers before them.
#[component]
pub fn Soon(
    /// What is made.
    children: ChildrenFn,
) -> impl IntoView {
    let is_time = RwSignal::new(false);
    leptos::task::spawn_local(async move {
        document::breathe().await;
        // The view may be gone by now.
        is_time.try_set(true);
    });
    move || is_time.get().then(|| children())
}
