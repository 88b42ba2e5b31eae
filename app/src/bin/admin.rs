//! The operator's page.

use app::shell::{document, language};

fn main() {
    console_error_panic_hook::set_once();
    // The page is not mounted yet, so there is no executor of its own.
    wasm_bindgen_futures::spawn_local(async {
        language::begin().await;
        document::breathe().await;
        leptos::mount::mount_to_body(app::pages::Admin);
    });
}
