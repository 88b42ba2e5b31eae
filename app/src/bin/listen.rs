//! The public page.

use app::shell::{document, language};

fn main() {
    console_error_panic_hook::set_once();
    leptos::task::spawn_local(async {
        language::begin().await;
        document::remove_boot();
        leptos::mount::mount_to_body(app::pages::App);
    });
}
