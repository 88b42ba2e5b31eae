//! What this is, what it keeps, which keys it knows.

use leptos::prelude::*;

const SHORTCUTS: [(&str, &str); 16] = [
    ("Space", "Play or pause"),
    ("\u{2190} \u{2192}", "Seek 5 seconds back or forth"),
    ("\u{2191} \u{2193}", "Volume up or down"),
    ("M", "Mute"),
    ("N", "Next tune"),
    ("P", "Start of the tune, or the one before"),
    ("F", "Favourite, or no more"),
    ("< >", "Slower or faster"),
    ("Q", "Show the queue; in the list: add the tune to it"),
    ("Shift Q", "In the list: play the tune next"),
    ("D", "Show diagnostics"),
    ("/", "Search the library"),
    ("Ctrl K", "Find a tune, composer, page or action"),
    ("?", "Show these shortcuts"),
    (
        "Enter  \u{2192}",
        "In the list: play the tune, open its page",
    ),
    (
        "Alt+\u{2191} Alt+\u{2193}",
        "In a playlist: move the tune up or down; Delete takes it out",
    ),
];

/// The shortcuts.
#[component]
pub fn ShortcutTable() -> impl IntoView {
    view! {
        <dl class="shortcuts">
            {SHORTCUTS
                .into_iter()
                .map(|(keys, words)| {
                    view! {
                        <div>
                            <dt>
                                {keys.split(' ').filter(|key| !key.is_empty()).map(|key| view! { <kbd>{key}</kbd> }).collect_view()}
                            </dt>
                            <dd>{words}</dd>
                        </div>
                    }
                })
                .collect_view()}
        </dl>
    }
}

/// The page `/about`.
#[component]
pub fn About() -> impl IntoView {
    view! {
        <section class="page text-page">
            <h1>"About Sidereal"</h1>
            <p class="lead">
                "A jukebox for Commodore 64 music. Every tune is a small program; a C64 and its SID chip, emulated on this device, run it while you listen."
            </p>
            <section class="card">
                <h2>"Privacy"</h2>
                <ul class="ticks">
                    <li>"Tunes you add stay in this browser. They are read here and sent nowhere."</li>
                    <li>"What you play, search and set is kept in this browser only."</li>
                    <li>"There is no account, no cookie, no advertising and no third party."</li>
                    <li>"Sound is made on this device. No server renders it or learns what you hear."</li>
                </ul>
                <p class="quiet">
                    "To remove everything, clear the data of this site in your browser's settings."
                </p>
            </section>
            <section class="card">
                <h2>"Keyboard"</h2>
                <ShortcutTable />
            </section>
            <section class="card">
                <h2>"Music"</h2>
                <p>
                    "Add tunes by dropping .sid files, folders or zip archives on this page. The largest archive is the High Voltage SID Collection; its Songlengths.md5 and STIL.txt bring song lengths and notes along. Songs of Compute!'s Sidplayer (.mus) play too; voices for a second chip (.str) and words (.wds) of the same name go with them."
                </p>
            </section>
            <section class="card">
                <h2>"Licence"</h2>
                <p>
                    "Sidereal is free software under the GNU General Public License, version 3 or later. The typeface is Inter, under the SIL Open Font License."
                </p>
            </section>
        </section>
    }
}
