//! Shortcuts of the whole page.

use wasm_bindgen::prelude::*;
use web_sys::{Element, KeyboardEvent};

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcut {
    /// Space.
    PlayPause,
    /// Right arrow.
    Forth,
    /// Left arrow.
    Back,
    /// Up arrow.
    Louder,
    /// Down arrow.
    Softer,
    /// M.
    Mute,
    /// N.
    Next,
    /// P.
    Previous,
    /// Less than.
    Slower,
    /// Greater than.
    Faster,
    /// D.
    Diagnostics,
    /// Q, outside of the list.
    Queue,
    /// Slash.
    Search,
    /// F.
    Favourite,
    /// V.
    FullScreen,
    /// Question mark.
    Help,
    /// K with Control or Command.
    Palette,
}

/// Calls `callback` for every shortcut that is pressed where no widget wants the key itself.
pub fn listen(callback: impl Fn(Shortcut) + 'static) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else {
        return;
    };
    let listener = Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| {
        let with_command = event.ctrl_key() != event.meta_key() && !event.alt_key();
        if with_command && !event.default_prevented() && matches!(&*event.key(), "k" | "K") {
            event.prevent_default();
            callback(Shortcut::Palette);
            return;
        }
        if event.default_prevented() || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let within = |selector: &str| {
            let closest = target.as_ref().map(|target| target.closest(selector));
            matches!(closest, Some(Ok(Some(_))))
        };
        let shortcut = match &*event.key() {
            _ if within("dialog, textarea, select, input:not([type=range], [type=radio])") => {
                return;
            }
            " " if within("button, a, summary, [type=radio], [role=grid], [role=radio]") => return,
            "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown"
                if within("input, [role=grid], [role=radiogroup]") =>
            {
                return;
            }
            " " => Shortcut::PlayPause,
            "ArrowRight" => Shortcut::Forth,
            "ArrowLeft" => Shortcut::Back,
            "ArrowUp" => Shortcut::Louder,
            "ArrowDown" => Shortcut::Softer,
            "m" | "M" => Shortcut::Mute,
            "n" | "N" => Shortcut::Next,
            "p" | "P" => Shortcut::Previous,
            "<" => Shortcut::Slower,
            ">" => Shortcut::Faster,
            "d" | "D" => Shortcut::Diagnostics,
            "q" | "Q" => Shortcut::Queue,
            "/" => Shortcut::Search,
            "f" | "F" => Shortcut::Favourite,
            "v" | "V" => Shortcut::FullScreen,
            "?" => Shortcut::Help,
            _ => return,
        };
        event.prevent_default();
        callback(shortcut);
    });
    let function = listener.as_ref().unchecked_ref();
    let _ = document.add_event_listener_with_callback("keydown", function);
    // The page listens as long as it lives.
    listener.forget();
}
