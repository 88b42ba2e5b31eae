//! What the page's middle watches by itself: when the swarm may start, the network, the colours.

use leptos::prelude::*;
use listening::preferences::Theme;
use listening::{Event, LibraryState, Network, Reach, art};
use protocol::telemetry::Fact;

use super::{Core, publish};
use crate::shell::{beacon, document, language, network, site};

impl Core {
    /// The swarm starts when the library is there and the page at rest, and hears of the network.
    pub(super) fn watch_swarm(self) {
        let is_open = Memo::new(move |_| {
            let state = self.list.with(|list| list.library.clone());
            !matches!(state, LibraryState::Opening)
        });
        Effect::new(move |started: Option<bool>| {
            let starts = is_open.get() && started != Some(true);
            if starts {
                self.start_swarm();
            }
            starts || started == Some(true)
        });
        let reach = Memo::new(move |_| self.settings.with(|settings| settings.swarm.reach));
        Effect::new(move |_| {
            let reach = reach.get();
            if let Some(rtc) = &*self.inner().rtc.borrow() {
                rtc.set_ice(|ice| {
                    ice.relay_only = reach == Reach::Relayed;
                    ice.local_only = reach == Reach::Local;
                });
            }
        });
    }

    fn start_swarm(self) {
        let workers = self.inner().workers.borrow().clone();
        let Some(workers) = workers else { return };
        site::keep(move |how| publish(self.site, how));
        network::watch_network(move |online, metered| {
            self.send(Event::Connection { online, metered });
        });
        leptos::task::spawn_local(async move {
            let (servers, has_turn) = network::site_ice().await;
            let rtc = self.inner().rtc.borrow().clone();
            if let Some(rtc) = rtc {
                rtc.begin(servers).await;
            }
            self.send(Event::Network(Network { has_turn }));
        });
        workers.start_swarm();
        self.send(Event::SwarmMayStart {
            origin: document::origin(),
        });
    }

    /// The language follows the settings.
    pub(super) fn watch_language(self) {
        let choice = Memo::new(move |_| self.settings.with(|settings| settings.language));
        Effect::new(move |_| {
            let choice = choice.get();
            leptos::task::spawn_local(async move {
                if language::speak(choice).await {
                    self.language.update(|changes| *changes += 1);
                    // The new views scroll to their top in the next frame.
                    request_animation_frame(|| {
                        request_animation_frame(|| document::focus_choice("language"));
                    });
                }
            });
        });
    }

    /// Beacons go out as the settings say.
    pub(super) fn watch_telemetry(self) {
        let wanted = Memo::new(move |_| self.settings.with(|settings| settings.telemetry));
        Effect::new(move |_| self.inner().beacons.set_wanted(wanted.get()));
        beacon::watch(move || {
            let inner = self.inner();
            if inner.beacons.send() {
                publish(self.told, inner.beacons.sent());
            }
        });
        beacon::watch_long_frames(move |count| {
            self.inner().beacons.record(Fact::LongFrames(count));
        });
    }

    /// Theme and accent follow the settings and the tune.
    pub(super) fn watch_colours(self) {
        let theme = Memo::new(move |_| self.settings.with(|settings| settings.theme));
        Effect::new(move |_| {
            document::set_theme(match theme.get() {
                Theme::System => None,
                Theme::Dark => Some("dark"),
                Theme::Light => Some("light"),
            });
        });
        let md5 = Memo::new(move |_| {
            self.player
                .with(|player| player.tune.as_ref().map(|tune| tune.id.md5))
        });
        Effect::new(move |_| {
            let palette = md5
                .get()
                .map_or(art::PALETTES[0], |md5| art::palette_of(&md5));
            document::set_accent(palette.on_dark, palette.on_light);
        });
    }
}
