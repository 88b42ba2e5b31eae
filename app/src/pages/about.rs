//! What this is, what it keeps, which keys it knows.

use leptos::prelude::*;
use leptos_router::components::A;
use listening::language::t;

fn shortcuts() -> [(&'static str, &'static str); 17] {
    [
        ("Space", t("Play or pause")),
        ("\u{2190} \u{2192}", t("Seek 5 seconds back or forth")),
        ("\u{2191} \u{2193}", t("Volume up or down")),
        ("M", t("Mute")),
        ("N", t("Next tune")),
        ("P", t("Start of the tune, or the one before")),
        ("F", t("Favourite, or no more")),
        ("< >", t("Slower or faster")),
        ("Q", t("Show the queue; in the list: add the tune to it")),
        ("Shift Q", t("In the list: play the tune next")),
        (
            "V",
            t("Picture of what plays on the full screen, or no more"),
        ),
        ("D", t("Show diagnostics")),
        ("/", t("Search the library")),
        ("Ctrl K", t("Find a tune, composer, page or action")),
        ("?", t("Show these shortcuts")),
        (
            "Enter  \u{2192}",
            t("In the list: play the tune, open its page"),
        ),
        (
            "Alt+\u{2191} Alt+\u{2193}",
            t("In a playlist: move the tune up or down; Delete takes it out"),
        ),
    ]
}

/// The shortcuts.
#[component]
pub fn ShortcutTable() -> impl IntoView {
    view! {
        <dl class="shortcuts">
            {shortcuts()
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
            <h1>{t("About Sidereal")}</h1>
            <p class="lead">
                {t("A jukebox for Commodore 64 music. Every tune is a small program; a C64 and its SID chip, emulated on this device, run it while you listen.")}
            </p>
            <section class="card">
                <h2>{t("Privacy")}</h2>
                <ul class="ticks">
                    <li>{t("Tunes you add stay in this browser. They are read here and sent nowhere.")}</li>
                    <li>{t("What you play, search and set is kept in this browser only.")}</li>
                    <li>{t("There is no account, no cookie, no advertising and no third party.")}</li>
                    <li>
                        {t("The site is told in counts how well tunes started and sounded, unless you switch it off.")}
                        " "
                        <A href="/privacy">{t("Every byte that is sent")}</A>
                    </li>
                    <li>{t("Sound is made on this device. No server renders it or learns what you hear.")}</li>
                </ul>
                <p class="quiet">
                    {t("To remove everything, clear the data of this site in your browser's settings.")}
                </p>
            </section>
            <section class="card">
                <h2>{t("Keyboard")}</h2>
                <ShortcutTable />
            </section>
            <section class="card">
                <h2>{t("Music")}</h2>
                <p>
                    {t("Add tunes by dropping .sid files, folders or zip archives on this page. The largest archive is the High Voltage SID Collection; its Songlengths.md5 and STIL.txt bring song lengths and notes along. Songs of Compute!'s Sidplayer (.mus) play too; voices for a second chip (.str) and words (.wds) of the same name go with them.")}
                </p>
            </section>
            <section class="card">
                <h2>{t("Licence")}</h2>
                <p>
                    {t("Sidereal is free software under the GNU General Public License, version 3 or later. The typeface is Inter, under the SIL Open Font License.")}
                </p>
            </section>
        </section>
    }
}
