//! What the listener does with the queue, and with what plays after the tune.

use std::sync::Arc;

use protocol::library::Request as LibraryRequest;

use crate::course::{Anchor, By, Context};
use crate::event::Effect;
use crate::language::{t, tf, tn};
use crate::model::{Asked, Model};
use crate::preferences::{MAX_COUNTDOWN_SECONDS, MAX_CROSSFADE_SECONDS};
use crate::queue::{QueueIntent, Tune};
use crate::view::State;
use crate::words;

impl Model {
    pub(crate) fn queue_wish(&mut self, intent: QueueIntent) {
        self.course_changed = true;
        match intent {
            QueueIntent::PlayNext(tunes) => self.enqueue(0, tunes),
            QueueIntent::Add(tunes) => self.enqueue(usize::MAX, tunes),
            QueueIntent::Find { tune, plays_next } => {
                let asked = Asked::EntryToQueue(tune, plays_next);
                self.ask(asked, LibraryRequest::Entry { md5: tune.md5 });
            }
            QueueIntent::Remove(key) => {
                if let Some(item) = self.course.queue.remove(key) {
                    let title = words::title_text(&item.tune.row.title);
                    self.announce(tf("{0} taken out of the queue", &[&title]));
                }
            }
            QueueIntent::Move { key, to } => {
                self.move_queued(key, to);
            }
            QueueIntent::Step(key, step) => {
                if let Some(from) = self.course.queue.place(key) {
                    let step = isize::try_from(step).unwrap_or(0);
                    self.move_queued(key, from.saturating_add_signed(step));
                }
            }
            QueueIntent::Play(key) => {
                let items = self.course.queue.items();
                let item = items.iter().find(|item| item.key == key);
                if let Some(tune) = item.map(|item| item.tune.clone()) {
                    self.player.automatic = false;
                    self.player.failures = 0;
                    self.go_to(tune, By::Queue(key));
                }
            }
            QueueIntent::Clear => {
                self.course.queue.clear();
                self.announce(t("The queue is empty").into());
            }
            QueueIntent::PlayList { name, tunes, at } => self.play_list(name, tunes, at),
            QueueIntent::Shuffle(on) => {
                let current = self.current_tune();
                self.course.shuffle(on, current.as_ref());
                self.announce(
                    if on {
                        t("Shuffle on")
                    } else {
                        t("Shuffle off")
                    }
                    .into(),
                );
            }
            QueueIntent::Sleep(wish) => self.set_sleep(wish),
            QueueIntent::SkipCountdown => self.skip_countdown(),
            QueueIntent::CancelCountdown => self.countdown = None,
            QueueIntent::Continue(tune) => self.continue_left(tune),
            QueueIntent::Dismiss(tune) => self.dismiss_left(tune),
            QueueIntent::SetCrossfade(seconds) => {
                self.preferences.crossfade_seconds = seconds.min(MAX_CROSSFADE_SECONDS);
                self.keep();
            }
            QueueIntent::SetCountdown(seconds) => {
                self.preferences.countdown_seconds = seconds.min(MAX_COUNTDOWN_SECONDS);
                self.keep();
            }
        }
    }

    fn announce(&mut self, text: String) {
        self.effects.push(Effect::Announce(text));
    }

    pub(crate) fn enqueue(&mut self, at: usize, tunes: Vec<Tune>) {
        let wanted = tunes.len();
        let title = tunes.first().map(|tune| tune.row.title.clone());
        let count = self.course.queue.insert(at, tunes);
        let text = match (title, count) {
            (Some(title), 1) if at == 0 => tf("{0} plays next", &[&words::title_text(&title)]),
            (Some(title), 1) => tf("{0} added to the queue", &[&words::title_text(&title)]),
            _ => tn(
                count as u64,
                "{0} tune added to the queue",
                "{0} tunes added to the queue",
            ),
        };
        self.announce(text);
        if count < wanted {
            self.notify(
                crate::view::NoticeKind::Note,
                t("The queue is full: not everything found room."),
            );
        }
        // Nothing is chosen: what was queued is what the listener wants to hear next.
        if self.player.state == State::Ended {
            self.countdown = None;
        }
    }

    fn move_queued(&mut self, key: u32, to: usize) {
        let Some(place) = self.course.queue.move_to(key, to) else {
            return;
        };
        let items = self.course.queue.items();
        let title = items[place].tune.row.title.clone();
        let (place, count) = (place + 1, items.len());
        self.announce(tf(
            "{0}, place {1} of {2}",
            &[&words::title_text(&title), &place, &count],
        ));
    }

    fn play_list(&mut self, name: String, tunes: Arc<Vec<Tune>>, at: usize) {
        let Some(tune) = tunes.get(at).cloned() else {
            return;
        };
        self.leave_current();
        let anchor = Some(Anchor::Place(at));
        self.course
            .set_context(Context::List { name, tunes }, anchor);
        self.player.automatic = false;
        self.player.failures = 0;
        self.play(tune.row, None, tune.song, 0);
    }
}
