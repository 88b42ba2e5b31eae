//! Runs ahead of the play head, to the song's end, in a machine of its own: leaves moments to
//! return to, and tells what the song is like.

use c64::{FrameRegisters, Player, Registers, Repeat, Repeats, Status, Timeline};
use pcm::loudness::{self, Loudness};
use pcm::overview::Overview;
use pcm::silence::Silence;
use protocol::engine::{Event, Failure, FoundLength, LengthBy, Overrides, Scouted};
use sidfile::TuneId;

use super::Program;
use super::session::{frames_of, machine, millis_of, play_rate_millihertz};

/// Frames run at once: a few milliseconds of work.
const CHUNK: u32 = 512;
/// A song whose length is looked for is given up after this long.
const LONGEST_MILLIS: u32 = 15 * 60_000;
/// Silence that ends a song.
const SILENCE_MILLIS: u32 = 3_000;
/// What is left of the silence behind the last sound.
const TAIL_MILLIS: u32 = 500;
/// A song has to repeat this much before it is believed: verses that are played twice do not make
/// a loop.
const EVIDENCE_SECONDS: f64 = 30.0;
/// How often it is looked for a repeat, in song time.
const LOOK_MILLIS: u32 = 5_000;
/// Time between reports.
const REPORT_MILLIS: f64 = 250.0;

/// What runs ahead.
pub struct Scout {
    player: Player,
    rate: u32,
    /// Frame after the last that is to be run.
    end: u32,
    finds_length: bool,
    /// Cycle at which the song began.
    first_cycle: u64,
    loudness: Loudness,
    overview: Overview,
    silence: Silence,
    repeats: Repeats,
    /// Frame at which it is next looked for a repeat.
    look_at: u32,
    registers: Registers,
    /// Frames of registers that were told already, and those that wait.
    told_rows: u32,
    rows: Vec<u8>,
    found: Option<FoundLength>,
    told_millis: f64,
}

impl Scout {
    /// At the start of a song; without an end it looks for one.
    ///
    /// # Errors
    /// The machine cannot play it; why.
    pub fn new(
        program: &Program,
        song: u16,
        rate: u32,
        end_millis: Option<u32>,
        overrides: Overrides,
    ) -> Result<Self, Failure> {
        let mut player = machine(program, song, rate, overrides)?;
        player.set_trace(true);
        let (chips, frame_cycles) = (player.chips().len(), player.frame_cycles());
        let first_cycle = player.cycles();
        Ok(Self {
            rate,
            end: frames_of(end_millis.unwrap_or(LONGEST_MILLIS), rate),
            finds_length: end_millis.is_none(),
            first_cycle,
            loudness: Loudness::new(rate),
            overview: Overview::new(rate),
            silence: Silence::new(rate),
            repeats: Repeats::new(chips, frame_cycles),
            look_at: frames_of(LOOK_MILLIS, rate),
            registers: Registers::new(chips, frame_cycles, first_cycle),
            told_rows: 0,
            rows: Vec::new(),
            found: None,
            told_millis: f64::NEG_INFINITY,
            player,
        })
    }

    /// Another end, which need not be looked for.
    pub fn set_end(&mut self, end_millis: u32) {
        self.end = frames_of(end_millis, self.rate);
        self.finds_length = false;
    }

    fn at(&self) -> u32 {
        u32::try_from(self.player.frames()).unwrap_or(u32::MAX)
    }

    /// Whether there is nothing left to run.
    pub fn is_done(&self) -> bool {
        self.at() >= self.end || self.player.status() != Status::Running
    }

    /// Whether it is time for a report.
    pub fn is_due(&self, now_millis: f64) -> bool {
        now_millis - self.told_millis >= REPORT_MILLIS
    }

    /// Runs a little, with room for the samples in `buffer`.
    pub fn run(&mut self, timeline: &mut Timeline, buffer: &mut [f32]) {
        let at = self.player.frames();
        let is_due = timeline.due(at) <= at;
        if is_due && self.player.buffered() == 0 {
            timeline.insert(&self.player.snapshot());
        }
        let frames = match self.player.buffered() {
            buffered @ 1.. if is_due => buffered.min(CHUNK),
            _ => CHUNK,
        };
        let frames = frames.min(self.end.saturating_sub(self.at()));
        let buffer = &mut buffer[..2 * frames as usize];
        self.player.render(buffer, None);
        self.loudness.push(buffer);
        self.overview.push(buffer);
        self.silence.push(buffer);
        let writes = self.player.take_trace();
        let rows = &mut self.rows;
        self.registers.push(&writes, self.player.cycles(), |frame| {
            push_row(rows, &frame);
        });
        if self.finds_length {
            self.repeats.push(&writes);
            self.look();
        }
    }

    /// Looks whether the song is over. What is found is its length, and there is nothing to run
    /// behind it.
    fn look(&mut self) {
        let silent = self.silence.silent_frames();
        if let Some(last) = self.silence.last_sound()
            && silent >= u64::from(frames_of(SILENCE_MILLIS, self.rate))
        {
            let last = u32::try_from(last).unwrap_or(u32::MAX);
            let millis = millis_of(last, self.rate) + TAIL_MILLIS;
            return self.settle(millis, LengthBy::Silence);
        }
        if self.at() < self.look_at {
            return;
        }
        self.look_at = self.at() + frames_of(LOOK_MILLIS, self.rate);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "some thirty million cycles"
        )]
        let evidence = (EVIDENCE_SECONDS * self.player.clock_hz()) as u64;
        if let Some(Repeat { end, .. }) = self.repeats.find(evidence) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a quarter of an hour at most"
            )]
            let millis = ((end - self.first_cycle) as f64 * 1000.0 / self.player.clock_hz()) as u32;
            self.settle(millis, LengthBy::Repeat);
        }
    }

    fn settle(&mut self, millis: u32, by: LengthBy) {
        self.found = Some(FoundLength { millis, by });
        self.set_end(millis);
    }

    /// What happened since the last report.
    pub fn report(&mut self, tune: TuneId, now_millis: f64) -> Vec<Event> {
        self.told_millis = now_millis;
        let (first, bins) = self.overview.take();
        let bins = bins.iter().map(|bin| [bin.peak, bin.rms]).collect();
        let loudness_lufs = self.loudness.integrated();
        let peak = self.loudness.peak();
        let chips = u8::try_from(self.player.chips().len()).unwrap_or(u8::MAX);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "some twenty million nanoseconds"
        )]
        let frame_nanos = (self.player.frame_cycles() as f64 * 1e9 / self.player.clock_hz()) as u32;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "about a million"
        )]
        let clock_hertz = self.player.clock_hz() as u32;
        let rows = std::mem::take(&mut self.rows);
        let first_row = self.told_rows;
        let row_bytes = usize::from(chips) * (c64::REGISTERS + 1);
        self.told_rows += u32::try_from(rows.len() / row_bytes.max(1)).unwrap_or(0);
        let scouted = Event::Scouted(Scouted {
            tune,
            to_millis: millis_of(self.at().min(self.end), self.rate),
            is_done: self.is_done(),
            first_bin: u32::try_from(first).unwrap_or(u32::MAX),
            bins,
            loudness_lufs,
            gain: loudness_lufs.map_or(1.0, |lufs| loudness::gain(lufs, peak)),
            length: self.found,
            play_rate_millihertz: play_rate_millihertz(&self.player),
        });
        let registers = Event::Registers {
            tune,
            first: first_row,
            frame_nanos,
            clock_hertz,
            chips,
            rows,
        };
        vec![scouted, registers]
    }
}

fn push_row(rows: &mut Vec<u8>, frame: &FrameRegisters) {
    for (registers, opened) in frame.chips.iter().zip(&frame.opened) {
        rows.extend_from_slice(registers);
        rows.push(*opened);
    }
}
