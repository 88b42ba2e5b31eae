//! The public page.

use app::shell::document;

fn main() {
    console_error_panic_hook::set_once();
    document::remove_boot();
    leptos::mount::mount_to_body(app::pages::App);
}
