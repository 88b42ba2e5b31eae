//! What the worker of the visuals is told: it runs once a picture is first shown.

use leptos::prelude::*;
use listening::language::{t, tf};
use listening::{SoundMode, State};
use protocol::engine::Event as EngineEvent;
use protocol::visuals::{Chip, Event, Place, Request, View};

use super::Core;
use crate::shell::audio::Audio;
use crate::shell::visuals::{self, Apart, Host, Surface};
use crate::shell::workers::Which;
use crate::shell::{document, language};

/// How the visuals stand.
#[derive(Clone, Copy)]
pub struct Visuals {
    /// Times that the worker was started: with each, canvases are made anew. 0 before the first
    /// picture.
    pub starts: RwSignal<u32>,
    /// Why there are none.
    pub failed: RwSignal<Option<String>>,
    /// What is seen, in words.
    pub words: RwSignal<String>,
    /// Pictures so far, pictures in the last second, and microseconds for one.
    pub meter: RwSignal<(u32, u16, u32)>,
    /// A picture stands apart from the page.
    pub is_apart: RwSignal<bool>,
    surface: StoredValue<Option<Surface>, LocalStorage>,
    apart: StoredValue<Apart, LocalStorage>,
    registers: StoredValue<Vec<EngineEvent>, LocalStorage>,
}

impl Default for Visuals {
    fn default() -> Self {
        Self {
            starts: RwSignal::new(0),
            failed: RwSignal::new(None),
            words: RwSignal::new(String::new()),
            meter: RwSignal::new((0, 0, 0)),
            is_apart: RwSignal::new(false),
            surface: StoredValue::new_local(None),
            apart: StoredValue::new_local(Apart::default()),
            registers: StoredValue::new_local(Vec::new()),
        }
    }
}

impl Core {
    /// Puts the picture into an element of the page; false where this browser cannot. There is one
    /// canvas, which moves from page to page: Chromium shows no second one that takes the place of
    /// the first.
    pub fn place_picture(self, host: &Host, view: View) -> bool {
        let workers = self.inner().workers.borrow().clone();
        let Some(workers) = workers else {
            return false;
        };
        let is_there = self.visuals.surface.with_value(Option::is_some);
        if !is_there {
            let surface = Surface::open(&workers, view, move || self.visuals_began());
            self.visuals.surface.set_value(surface);
        }
        self.show_view(view);
        self.visuals.surface.with_value(|surface| {
            if let Some(surface) = surface {
                surface.place(host);
            }
            surface.is_some()
        })
    }

    /// The picture on the page shows something else.
    pub fn show_view(self, view: View) {
        self.visuals.surface.with_value(|surface| {
            if let Some(surface) = surface {
                surface.set_view(view);
            }
        });
    }

    /// Starts the worker again that was given up.
    pub fn retry_visuals(self) {
        if let Some(workers) = &*self.inner().workers.borrow() {
            workers.start_again(Which::Visuals);
        }
        self.visuals.failed.set(None);
        self.visuals.starts.update(|starts| *starts += 1);
    }

    /// Shows the picture in a window of its own, or no more.
    pub fn toggle_apart(self) {
        let view = self.settings.with_untracked(|settings| settings.picture);
        let workers = self.inner().workers.borrow().clone();
        if let Some(workers) = workers {
            let is_apart = self.visuals.is_apart;
            let apart = self.visuals.apart.get_value();
            apart.toggle(&workers, view, move |is| is_apart.set(is));
            self.visuals_began();
        }
    }

    fn visuals_began(self) {
        if self.visuals.starts.get_untracked() == 0 {
            self.visuals.starts.set(1);
        }
    }

    /// How drawing goes, for the diagnostics.
    pub(super) fn visuals_fact(self) -> (String, String) {
        let (frames, per_second, took_micros) = self.visuals.meter.get_untracked();
        let parts: [&dyn std::fmt::Display; 3] = [&frames, &per_second, &took_micros];
        let value = tf("{0}, {1} a second, {2} \u{b5}s each", &parts);
        (t("Pictures drawn").to_owned(), value)
    }

    fn tell(self, request: &Request) {
        if self.visuals.starts.get_untracked() > 0
            && let Some(workers) = &*self.inner().workers.borrow()
        {
            workers.visuals(request, &[]);
        }
    }

    /// The worker was started again, or given up.
    pub(super) fn visuals_died(self, gone: Option<String>) {
        self.visuals.surface.set_value(None);
        self.visuals.failed.set(gone);
        self.visuals.starts.update(|starts| *starts += 1);
    }

    pub(super) fn visuals_say(self, event: Event) {
        match event {
            Event::Ready => {}
            Event::Meter {
                frames,
                per_second,
                took_micros,
            } => self.visuals.meter.set((frames, per_second, took_micros)),
            Event::Described(words) => self.visuals.words.set(words),
        }
    }

    /// Passes on what the engine tells of the chips; registers are kept for a worker that starts
    /// later.
    pub(super) fn visuals_hear(self, event: EngineEvent) {
        if let EngineEvent::Registers { first, .. } = &event {
            let is_new = *first == 0;
            self.visuals.registers.update_value(|kept| {
                if is_new {
                    kept.clear();
                }
                kept.push(event.clone());
            });
        }
        self.tell(&Request::Heard(event));
    }

    /// The rings are others.
    pub(super) fn tell_rings(self) {
        if self.visuals.starts.get_untracked() > 0 {
            self.with_audio(Audio::show_rings);
        }
    }

    fn tell_colours(self) {
        // The page has them with the next frame.
        request_animation_frame(move || {
            if let Some(colours) = visuals::colours() {
                self.tell(&Request::Colours(colours));
            }
        });
    }

    pub(super) fn watch_visuals(self) {
        let starts = self.visuals.starts;
        let runs = move || starts.get() > 0;
        Effect::new(move |_| {
            if runs() {
                self.tell_rings();
                self.tell(&Request::Calm(visuals::is_calm()));
                self.tell(&Request::Hidden(visuals::is_hidden()));
                let registers = self.visuals.registers;
                registers.with_value(|kept| {
                    for event in kept {
                        self.tell(&Request::Heard(event.clone()));
                    }
                });
            }
        });
        Effect::new(move |_| {
            if runs() {
                self.language.track();
                self.tell(&Request::Speak(language::address()));
            }
        });
        let tune = Memo::new(move |_| {
            self.player
                .with(|player| player.tune.as_ref().map(|tune| tune.id))
        });
        Effect::new(move |_| {
            self.settings.with(|settings| settings.theme);
            tune.track();
            if runs() {
                self.tell_colours();
            }
        });
        let machine = Memo::new(move |_| {
            self.player.with(|player| {
                let chips = player.machine.as_ref().map(|machine| &machine.chips);
                let chip = |chip: &protocol::engine::PlayingChip| Chip {
                    model: chip.model,
                    address: chip.address,
                };
                let chips: Vec<Chip> = chips.into_iter().flatten().map(chip).collect();
                (chips, player.audible)
            })
        });
        Effect::new(move |_| {
            let (tune, (chips, audible)) = (tune.get(), machine.get());
            if runs() {
                self.tell(&Request::Tune {
                    tune,
                    chips,
                    audible,
                });
            }
        });
        let place = Memo::new(move |_| {
            let (mode, is_playing, speed_percent) = self.player.with(|player| {
                let is_playing = player.state == State::Playing;
                (player.mode, is_playing, player.tempo.speed_percent)
            });
            let (position_millis, seeking) = self
                .clock
                .with(|clock| (clock.position_millis, clock.seeking));
            let is_moving = is_playing && !seeking && mode != Some(SoundMode::File);
            // Where memory is shared the worker sees for itself.
            let sees = is_moving && mode == Some(SoundMode::Ring);
            Place {
                position_millis: if sees { 0 } else { position_millis },
                is_moving,
                speed_percent,
            }
        });
        Effect::new(move |_| {
            let place = place.get();
            if runs() {
                self.tell(&Request::Place(place));
            }
        });
        let picture = Memo::new(move |_| self.settings.with(|settings| settings.picture));
        Effect::new(move |_| {
            let view = picture.get();
            self.visuals.apart.with_value(|apart| apart.set_view(view));
        });
        visuals::watch_media("(prefers-color-scheme: light)", move || self.tell_colours());
        visuals::watch_media("(prefers-reduced-motion: reduce)", move || {
            self.tell(&Request::Calm(visuals::is_calm()));
        });
        document::on_leave(move || self.tell(&Request::Hidden(visuals::is_hidden())));
    }
}
