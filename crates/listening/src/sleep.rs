//! Stopping by itself, and waiting before going on: the sleep timer and the countdown.

use crate::course::{By, Following};
use crate::event::Effect;
use crate::language::{t, tf, tn};
use crate::model::{Model, Walk};
use crate::queue::Tune;
use crate::view::{NoticeKind, State};
use crate::words;

/// Sound fades for so long before the sleep timer stops it.
const FADE_MILLIS: u64 = 20_000;

/// When playing is to stop by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SleepWish {
    /// Not at all.
    #[default]
    Off,
    /// After so many minutes.
    Minutes(u16),
    /// With the tune that plays.
    EndOfTune,
}

/// How the sleep timer stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SleepView {
    /// It is off.
    #[default]
    Off,
    /// So many minutes are left, begun ones counted.
    Minutes(u64),
    /// It stops with the tune.
    EndOfTune,
}

/// The next tune starts soon.
#[derive(Debug, Clone, PartialEq)]
pub struct CountdownView {
    /// In so many seconds, begun ones counted.
    pub seconds: u64,
    /// What starts, where that is known.
    pub tune: Option<Tune>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Sleep {
    #[default]
    Off,
    At(u64),
    EndOfTune,
}

impl Model {
    pub(crate) fn set_sleep(&mut self, wish: SleepWish) {
        self.sleep = match wish {
            SleepWish::Off => Sleep::Off,
            SleepWish::Minutes(minutes) => Sleep::At(self.now + u64::from(minutes) * 60_000),
            SleepWish::EndOfTune => Sleep::EndOfTune,
        };
        self.send_volume();
        let text = match wish {
            SleepWish::Off => t("Sleep timer off").to_owned(),
            SleepWish::Minutes(minutes) => tn(
                minutes.into(),
                "Stops in {0} minute",
                "Stops in {0} minutes",
            ),
            SleepWish::EndOfTune => t("Stops at the end of this tune").to_owned(),
        };
        self.effects.push(Effect::Announce(text));
    }

    pub(crate) fn sleep_view(&self) -> SleepView {
        match self.sleep {
            Sleep::Off => SleepView::Off,
            Sleep::At(until) => SleepView::Minutes(until.saturating_sub(self.now).div_ceil(60_000)),
            Sleep::EndOfTune => SleepView::EndOfTune,
        }
    }

    /// Share of the volume that is left before the timer stops the sound.
    pub(crate) fn sleep_fade(&self) -> f32 {
        match self.sleep {
            Sleep::At(until) => {
                let left = until.saturating_sub(self.now).min(FADE_MILLIS);
                #[expect(clippy::cast_precision_loss, reason = "at most twenty thousand")]
                let share = left as f32 / FADE_MILLIS as f32;
                share
            }
            Sleep::Off | Sleep::EndOfTune => 1.0,
        }
    }

    /// Whether the tune that plays is the last; asked when it is over.
    pub(crate) fn sleeps_at_end(&mut self) -> bool {
        let sleeps = matches!(self.sleep, Sleep::EndOfTune);
        if sleeps {
            self.sleep = Sleep::Off;
            self.notify(NoticeKind::Note, t("The sleep timer stopped the music."));
        }
        sleeps
    }

    pub(crate) fn is_last_before_sleep(&self) -> bool {
        matches!(self.sleep, Sleep::EndOfTune)
    }

    /// Time goes by for sleep timer and countdown.
    pub(crate) fn time_goes_by(&mut self) {
        if let Sleep::At(until) = self.sleep {
            if self.now >= until {
                self.player.pause(&mut self.effects);
                self.countdown = None;
                self.sleep = Sleep::Off;
                self.send_volume();
                self.notify(NoticeKind::Note, t("The sleep timer stopped the music."));
            } else if until - self.now < FADE_MILLIS {
                self.send_volume();
            }
        }
        if self.countdown.is_some_and(|until| self.now >= until) {
            self.skip_countdown();
        }
    }

    /// Starts counting down to the next tune, where the listener wants that and there is one.
    pub(crate) fn count_down(&mut self) -> bool {
        let seconds = u64::from(self.preferences.countdown_seconds);
        let following = self.after_end();
        let goes_on = matches!(
            following,
            Following::End | Following::Tune(_, By::Again | By::Song)
        );
        if seconds == 0 || goes_on {
            return false;
        }
        self.end();
        self.countdown = Some(self.now + seconds * 1_000);
        if let Following::Tune(tune, _) = following {
            let text = tf(
                "Next in {0} seconds: {1}",
                &[&seconds, &words::title_text(&tune.row.title)],
            );
            self.effects.push(Effect::Announce(text));
        }
        true
    }

    pub(crate) fn skip_countdown(&mut self) {
        if self.countdown.take().is_some() && self.player.state == State::Ended {
            self.walk(Walk::Onward);
        }
    }

    pub(crate) fn countdown_view(&self) -> Option<CountdownView> {
        let until = self.countdown?;
        Some(CountdownView {
            seconds: until.saturating_sub(self.now).div_ceil(1_000),
            tune: self.hint.tune().cloned(),
        })
    }
}
