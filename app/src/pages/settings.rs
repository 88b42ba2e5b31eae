//! The page `/settings`.

use leptos::prelude::*;
use leptos_router::components::A;
use listening::language::{t, tf, tn};
use listening::preferences::{Language, Repeat, Songs, Theme};
use listening::{Intent, LibraryState, SoundMode};
use protocol::engine::Grade;
use protocol::library::Storage;

use super::parts::{
    ChipChoice, FilterChoice, GradeChoice, KeepSettings, OnwardSettings, Roms, SiteFact,
    SpreadChoice, SwarmSettings, TelemetrySetting, VideoChoice,
};
use crate::components::{Icon, Name, Segmented, Setting};
use crate::core::use_core;
use crate::shell::document;

/// How sound is made on this page, and why.
fn mode_words(mode: Option<SoundMode>) -> (&'static str, String) {
    match mode {
        None => (t("Not set up yet"), t("Sound is set up when the page is ready.").into()),
        Some(SoundMode::Ring) => (
            t("Shared memory"),
            t("The emulator writes straight into the sound buffer: the best this browser can do.").into(),
        ),
        Some(SoundMode::Port) => (
            t("Messages"),
            t("This page was served without cross-origin isolation, so memory cannot be shared. Sound comes in blocks; it is the same sound, and a busy device may break it up sooner.").into(),
        ),
        Some(SoundMode::File) => {
            let why = if document::is_insecure() {
                t("This page was opened over plain http from another machine, where browsers give no direct sound output. Open it over https, or on the machine itself, for sound at once.")
            } else {
                t("This browser has no audio worklet.")
            };
            (t("Rendered first"), tf("{0} Each tune is rendered before it plays; oscilloscopes are off.", &[&why]))
        }
    }
}

/// The page `/settings`.
#[component]
pub fn Settings() -> impl IntoView {
    let core = use_core();
    let theme = Memo::new(move |_| core.settings.with(|settings| settings.theme));
    let language = Memo::new(move |_| core.settings.with(|settings| settings.language));
    let repeat = Memo::new(move |_| core.settings.with(|settings| settings.repeat));
    let songs = Memo::new(move |_| core.settings.with(|settings| settings.songs));
    let levelling = Memo::new(move |_| core.settings.with(|settings| settings.levelling));
    let mode = Memo::new(move |_| core.player.with(|player| player.mode));
    let grade = Memo::new(move |_| {
        core.player.with(|player| {
            let machine = player.machine.as_ref()?;
            Some(match machine.grade {
                Grade::Accurate => t("Now accurate"),
                Grade::Light => t("Now light"),
            })
        })
    });
    let library = Memo::new(move |_| core.list.with(|list| list.library.clone()));
    view! {
        <section class="page text-page">
            <h1>{t("Settings")}</h1>
            <section class="card">
                <h2>{t("Playback")}</h2>
                <Setting title=t("Repeat") hint=t("What follows the end of a tune.")>
                    <Segmented
                        name="repeat"
                        label=t("Repeat")
                        options=vec![
                            (Repeat::Off, t("Off")),
                            (Repeat::All, t("List")),
                            (Repeat::One, t("Tune")),
                        ]
                        value=repeat
                        on_choose=move |repeat| core.wish(Intent::SetRepeat(repeat))
                    />
                </Setting>
                <Setting
                    title=t("Subtunes")
                    hint=t("Many files hold several songs: title tune, levels, jingles.")
                >
                    <Segmented
                        name="songs"
                        label=t("Subtunes")
                        options=vec![(Songs::Chosen, t("Default only")), (Songs::All, t("Play all"))]
                        value=songs
                        on_choose=move |songs| core.wish(Intent::SetSongs(songs))
                    />
                </Setting>
                <Setting
                    title=t("Equal loudness")
                    hint=t("Brings every tune to the same loudness (-18 LUFS), without clipping.")
                >
                    <Segmented
                        name="levelling"
                        label=t("Equal loudness")
                        options=vec![(true, t("On")), (false, t("Off"))]
                        value=levelling
                        on_choose=move |on| core.wish(Intent::SetLevelling(on))
                    />
                </Setting>
            </section>
            <section class="card">
                <h2>{t("Machine")}</h2>
                <Setting
                    title=t("Sound chip")
                    hint=t("Auto takes the chip that the tune was written for.")
                >
                    <ChipChoice name="chip" />
                </Setting>
                <Setting
                    title=t("Video standard")
                    hint=t("It sets the clock: NTSC plays a PAL tune faster and higher.")
                >
                    <VideoChoice name="video" />
                </Setting>
                <Setting
                    title=t("Filter of the 6581")
                    hint=t("No two chips were alike. A composer's own may have been brighter or darker than the average.")
                >
                    <FilterChoice />
                </Setting>
                <Setting title=t("Several chips") hint=t("Tunes for two and three chips, apart or together.")>
                    <SpreadChoice />
                </Setting>
                <Setting title=t("Emulation") hint=t("Auto measures this device: light sounds nearly the same for a fraction of the work.")>
                    <div class="setting-value">
                        {move || grade.get().map(|grade| view! { <span class="quiet">{grade}</span> })}
                        <GradeChoice />
                    </div>
                </Setting>
            </section>
            <OnwardSettings />
            <SwarmSettings />
            <Roms />
            <KeepSettings />
            <section class="card">
                <h2>{t("Appearance")}</h2>
                <Setting title=t("Theme") hint=t("The accent colour comes from the tune's picture.")>
                    <Segmented
                        name="theme"
                        label=t("Theme")
                        options=vec![
                            (Theme::System, t("System")),
                            (Theme::Dark, t("Dark")),
                            (Theme::Light, t("Light")),
                        ]
                        value=theme
                        on_choose=move |theme| core.wish(Intent::SetTheme(theme))
                    />
                </Setting>
                <Setting title=t("Language") hint=t("Automatic takes the browser's.")>
                    <Segmented
                        name="language"
                        label=t("Language")
                        options=vec![
                            (Language::Auto, t("Automatic")),
                            (Language::English, "English"),
                            (Language::German, "Deutsch"),
                        ]
                        value=language
                        on_choose=move |language| core.wish(Intent::SetLanguage(language))
                    />
                </Setting>
            </section>
            <section class="card">
                <h2>{t("Privacy")}</h2>
                <TelemetrySetting />
                <p>
                    <A href="/privacy">{t("Every byte that is sent")}</A>
                </p>
            </section>
            <section class="card">
                <h2>{t("This device")}</h2>
                <p>
                    <A href="/about">{t("About Sidereal")}</A>
                </p>
                <dl class="facts">
                    <div>
                        <dt>{t("Sound output")}</dt>
                        <dd>
                            <strong>{move || mode_words(mode.get()).0}</strong>
                            <p class="quiet">{move || mode_words(mode.get()).1}</p>
                        </dd>
                    </div>
                    <div>
                        <dt>{t("Library")}</dt>
                        <dd>
                            {move || match library.get() {
                                LibraryState::Opening => view! { <p class="quiet">{t("Opening")}</p> }.into_any(),
                                LibraryState::Failed(reason) => {
                                    view! {
                                        <p class="bad">
                                            <Icon name=Name::Warning />
                                            {reason}
                                        </p>
                                    }
                                        .into_any()
                                }
                                LibraryState::Open { count, storage } => {
                                    view! {
                                        <strong>{tn(count.into(), "{0} tune", "{0} tunes")}</strong>
                                        <p class="quiet">
                                            {match storage {
                                                Storage::Kept => t("Kept in this browser until you clear the data of this site."),
                                                Storage::MemoryOnly => t("This browser gives the page no database (a private window?): added tunes are gone when the page is closed."),
                                            }}
                                        </p>
                                    }
                                        .into_any()
                                }
                            }}
                        </dd>
                    </div>
                    <SiteFact />
                </dl>
            </section>
        </section>
    }
}
