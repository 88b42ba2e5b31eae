//! A song that plays: the machine, where it stands, and snapshots to return to.

use c64::{Config, Placement, Player, ScopeBuffer, Status, Timeline, VideoStandard};
use protocol::engine::{
    Audible, Failure, Filter, Grade, Model, Overrides, Playing, PlayingChip, Spread, Video,
};

use super::Program;

/// Time between snapshots, at most, until the limit is reached.
const SNAPSHOT_MILLIS: u32 = 200;
/// Memory that the snapshots of a song may take.
const SNAPSHOT_BYTES: usize = 32 << 20;
/// Time that filters and capacitors are given to settle where other voices are heard than when
/// the snapshot was taken.
const SETTLE_MILLIS: u32 = 100;
/// Milliseconds of fading at the end of a song, so that it does not click.
const FADE_MILLIS: u32 = 60;
/// Most that two neighbouring samples of silence differ by. The board's output capacitor settles
/// over a tenth of a second after every change of level, so the level itself says nothing.
const SILENCE: f32 = 0.000_2;

/// The song that plays.
pub struct Session {
    player: Player,
    rate: u32,
    /// Frame after the song's last; `None` plays on for ever.
    end: Option<u32>,
    audible: Audible,
    grade: Grade,
    /// Moments to return to; none where nobody will.
    timeline: Option<Timeline>,
    /// Frame from which on the machine is to be remembered.
    due: u32,
    /// Frame up to which the song was heard to be silent from its start; `None` once it sounded.
    silent_until: Option<u32>,
}

impl Session {
    /// Sets `song` of `program` up, at its start.
    ///
    /// # Errors
    /// The machine cannot play it; why.
    pub fn new(
        program: &Program,
        song: u16,
        rate: u32,
        end_millis: Option<u32>,
        overrides: Overrides,
        audible: Audible,
    ) -> Result<Self, Failure> {
        let mut session = Self {
            player: machine(program, song, rate, overrides)?,
            rate,
            end: end_millis.map(|millis| frames_of(millis, rate)),
            audible,
            grade: grade_of(overrides),
            timeline: None,
            due: u32::MAX,
            silent_until: Some(0),
        };
        session.apply_audible();
        Ok(session)
    }

    /// Takes snapshots from here on, so that it can be [rewound](Self::rewind).
    pub fn keep_moments(&mut self) {
        let spacing = frames_of(SNAPSHOT_MILLIS, self.rate);
        self.timeline = Some(Timeline::new(SNAPSHOT_BYTES, u64::from(spacing)));
        self.plan();
        self.remember();
    }

    /// Moments to return to.
    pub fn timeline(&mut self) -> Option<&mut Timeline> {
        self.timeline.as_mut()
    }

    /// Another end.
    pub fn set_end(&mut self, end_millis: u32) {
        self.end = Some(frames_of(end_millis, self.rate));
    }

    /// The machine, as the page shows it.
    pub fn playing(&self) -> Playing {
        let play_rate_millihertz = match self.player.frames() {
            0 => 0,
            _ => play_rate_millihertz(&self.player),
        };
        let model = |model| match model {
            sid::Model::Mos6581 => Model::Mos6581,
            sid::Model::Mos8580 => Model::Mos8580,
        };
        let chips = self.player.chips().iter();
        Playing {
            chips: chips
                .map(|chip| PlayingChip {
                    address: chip.address,
                    model: model(chip.model),
                })
                .collect(),
            video: match self.player.video() {
                VideoStandard::Pal => Video::Pal,
                VideoStandard::Ntsc => Video::Ntsc,
            },
            grade: self.grade,
            play_rate_millihertz,
        }
    }

    /// The next frame that would be rendered.
    pub fn at(&self) -> u32 {
        u32::try_from(self.player.frames()).unwrap_or(u32::MAX)
    }

    /// Frame after the song's last.
    pub fn end(&self) -> Option<u32> {
        self.end
    }

    /// Whether the song has been rendered to its end.
    pub fn is_over(&self) -> bool {
        self.end.is_some_and(|end| self.at() >= end)
    }

    /// Output frames between two scope entries, in 1/65536.
    pub fn scope_step(&self) -> u32 {
        let frames =
            f64::from(c64::CYCLES_PER_ENTRY) * f64::from(self.rate) / self.player.clock_hz();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "about 1.5 frames"
        )]
        let step = (frames * 65_536.0) as u32;
        step
    }

    /// Renders up to `out.len() / 2` frames and returns how many; 0 at the end of the song.
    pub fn render(&mut self, out: &mut [f32], scope: Option<&mut ScopeBuffer>) -> u32 {
        let wanted = u32::try_from(out.len() / 2).unwrap_or(u32::MAX);
        let count = self.stretch(wanted);
        let out = &mut out[..2 * count as usize];
        let first = self.at();
        self.player.render(out, scope);
        self.fade(first, out);
        self.listen(first, out);
        self.remember();
        count
    }

    /// Advances towards `target` by up to `frames` without sound; true once there.
    pub fn advance(&mut self, target: u32, frames: u32) -> bool {
        let count = self.stretch(frames.min(target.saturating_sub(self.at())));
        if count > 0 {
            self.player.skip(u64::from(count));
            // What was not heard may have sounded.
            self.silent_until = None;
        }
        self.remember();
        self.at() >= target || count == 0
    }

    /// Frames of `wanted` up to the next snapshot or the end.
    fn stretch(&self, wanted: u32) -> u32 {
        let at = self.at();
        let to_snapshot = match self.due.saturating_sub(at) {
            // It is smallest where the machine is between two batches.
            0 => self.player.buffered().max(1),
            frames => frames,
        };
        let to_end = self.end.map_or(u32::MAX, |end| end.saturating_sub(at));
        wanted.min(to_snapshot).min(to_end)
    }

    /// Goes to the last snapshot at or before `target`, unless the machine stands between it and
    /// the target already. With `is_other` something else is heard than when it was taken, which
    /// takes a while to settle.
    pub fn rewind(&mut self, target: u32, is_other: bool) {
        let Some(timeline) = &self.timeline else {
            return;
        };
        let settle = if is_other {
            frames_of(SETTLE_MILLIS, self.rate)
        } else {
            0
        };
        let Some(frame) = timeline.frame_before(u64::from(target.saturating_sub(settle))) else {
            return;
        };
        let is_between = !is_other && (frame..=u64::from(target)).contains(&self.player.frames());
        if !is_between && let Some(snapshot) = timeline.before(frame) {
            self.player.restore(&snapshot);
            self.apply_audible();
            self.plan();
        }
    }

    /// Changes what is heard from `frame` on; the machine has to be rewound and advanced there.
    pub fn set_audible(&mut self, audible: Audible) {
        self.audible = audible;
        self.apply_audible();
    }

    /// Puts chips of another model in; the machine has to be rewound and advanced to where that is
    /// to be heard.
    pub fn set_overrides(&mut self, overrides: Overrides) {
        self.player.set_model(overrides.model.map(chip_model));
        self.grade = grade_of(overrides);
        self.player.set_grade(grade(overrides));
        self.player.set_filter(filter_curve(overrides.filter));
        self.player.set_placement(placement(overrides.spread));
    }

    fn apply_audible(&mut self) {
        for (chip, &mask) in self
            .audible
            .iter()
            .enumerate()
            .take(self.player.chips().len())
        {
            self.player.set_audible(chip, mask);
        }
    }

    fn remember(&mut self) {
        if self.at() < self.due || self.player.buffered() > 0 {
            return;
        }
        if let Some(timeline) = &mut self.timeline {
            let at = self.player.frames();
            if timeline.due(at) <= at {
                timeline.insert(&self.player.snapshot());
            }
        }
        self.plan();
    }

    /// Looks where the next snapshot is due. That is remembered, as what lies ahead may be a long
    /// row of snapshots that need not be taken again.
    fn plan(&mut self) {
        let due = self
            .timeline
            .as_ref()
            .map(|timeline| timeline.due(self.player.frames()));
        self.due = due
            .and_then(|due| u32::try_from(due).ok())
            .unwrap_or(u32::MAX);
    }

    fn fade(&self, first: u32, out: &mut [f32]) {
        let Some(end) = self.end else { return };
        let length = frames_of(FADE_MILLIS, self.rate).max(1);
        for (frame, pair) in (first..).zip(out.as_chunks_mut::<2>().0) {
            let left = end.saturating_sub(frame);
            if left < length {
                #[expect(clippy::cast_precision_loss, reason = "a few thousand frames")]
                let gain = left as f32 / length as f32;
                pair[0] *= gain;
                pair[1] *= gain;
            }
        }
    }

    fn listen(&mut self, first: u32, out: &[f32]) {
        // What the listener muted says nothing about the tune.
        if self.silent_until != Some(first)
            || self
                .audible
                .iter()
                .any(|&mask| mask != protocol::engine::ALL_AUDIBLE)
        {
            return;
        }
        let (pairs, _) = out.as_chunks::<2>();
        let step = |pair: &[[f32; 2]; 2]| {
            (pair[1][0] - pair[0][0])
                .abs()
                .max((pair[1][1] - pair[0][1]).abs())
        };
        let largest = pairs.array_windows::<2>().map(step).fold(0.0, f32::max);
        // Power-on and the driver's own write to the volume are not the tune's sound.
        let is_start = first < self.rate / 20;
        let is_silent = is_start || largest < SILENCE;
        self.silent_until = is_silent.then(|| self.at());
    }

    /// How long the song has been silent from its start.
    pub fn silent_frames(&self) -> u32 {
        self.silent_until.unwrap_or(0)
    }

    /// Why the machine stands still, if it does.
    pub fn failure(&self) -> Option<Failure> {
        match self.player.status() {
            Status::Running => None,
            Status::Jammed { pc, opcode } => Some(Failure::Jammed {
                opcode,
                address: pc,
            }),
        }
    }
}

/// Calls of the play routine per second, in thousandths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most a few thousand calls a second"
)]
pub(super) fn play_rate_millihertz(player: &Player) -> u32 {
    (player.play_rate() * 1000.0) as u32
}

/// A machine with a song in it, as the listener wants it.
///
/// # Errors
/// It cannot play the song; why.
pub(super) fn machine(
    program: &Program,
    song: u16,
    rate: u32,
    overrides: Overrides,
) -> Result<Player, Failure> {
    let config = Config {
        sample_rate: rate,
        clock: overrides.video.map(|video| match video {
            Video::Pal => VideoStandard::Pal,
            Video::Ntsc => VideoStandard::Ntsc,
        }),
        model: overrides.model.map(chip_model),
        grade: grade(overrides),
        filter: filter_curve(overrides.filter),
        placement: placement(overrides.spread),
        roms: program.roms.clone(),
        ..Config::default()
    };
    Player::new(&program.tune, song, &config).map_err(|error| match error {
        c64::Error::NeedsRoms => Failure::NeedsRoms,
        other => Failure::Tune(other.to_string()),
    })
}

fn chip_model(model: Model) -> sid::Model {
    match model {
        Model::Mos6581 => sid::Model::Mos6581,
        Model::Mos8580 => sid::Model::Mos8580,
    }
}

/// The grade; what nobody chose is the accurate one.
fn grade_of(overrides: Overrides) -> Grade {
    overrides.grade.unwrap_or(Grade::Accurate)
}

fn grade(overrides: Overrides) -> sid::Grade {
    match grade_of(overrides) {
        Grade::Light => sid::Grade::Light,
        Grade::Accurate => sid::Grade::Accurate,
    }
}

fn filter_curve(filter: Filter) -> sid::FilterCurve {
    match filter {
        Filter::Brightest => sid::FilterCurve::LIGHTEST,
        Filter::Bright => sid::FilterCurve::LIGHTER,
        Filter::Average => sid::FilterCurve::AVERAGE,
        Filter::Dark => sid::FilterCurve::DARKER,
        Filter::Darkest => sid::FilterCurve::DARKEST,
    }
}

fn placement(spread: Spread) -> Placement {
    match spread {
        Spread::Stereo => Placement::Usual,
        Spread::Mono => Placement::Mono,
        Spread::Wide => Placement::Pans([-1.0, 1.0, 0.0]),
    }
}

/// Frames of a time.
pub fn frames_of(millis: u32, rate: u32) -> u32 {
    u32::try_from(u64::from(millis) * u64::from(rate) / 1000).unwrap_or(u32::MAX)
}

/// Time of frames.
pub fn millis_of(frames: u32, rate: u32) -> u32 {
    u32::try_from(u64::from(frames) * 1000 / u64::from(rate.max(1))).unwrap_or(u32::MAX)
}
