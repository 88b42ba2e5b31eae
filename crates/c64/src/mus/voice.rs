//! One voice: the note that it plays, and what is done to it from jiffy to jiffy.

use serde::{Deserialize, Serialize};

/// Largest frequency and pulse width.
const MOST_FREQUENCY: i32 = 0xffff;
const PULSE_MASK: i32 = 0x0fff;

/// A place in the voices of a part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub voice: u8,
    pub command: u16,
}

/// Goes up and down by a step: vibrato.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vibrato {
    pub depth: u8,
    pub rate: u16,
    phase: u16,
}

impl Vibrato {
    /// From where it starts, at the start of a note.
    fn begin(&mut self) {
        self.phase = 0;
    }

    /// How far it is off now; up for `rate` jiffies, and down again.
    fn offset(&self) -> i32 {
        let rate = self.rate.max(1);
        let up = if self.phase <= rate {
            self.phase
        } else {
            2 * rate - self.phase
        };
        i32::from(up) * i32::from(self.depth)
    }

    fn advance(&mut self) {
        if self.depth > 0 {
            self.phase = (self.phase + 1) % (2 * self.rate.max(1));
        }
    }
}

/// State of a voice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    pub at: Place,
    /// Where to go on behind a phrase; `None` for one that is being defined.
    pub stack: Vec<Option<Place>>,
    /// Start of what is repeated, and how often it still is; 0 for ever.
    pub head: (Place, u8),
    pub is_halted: bool,
    /// Jiffies of the note that are left, and that have gone.
    pub left: u16,
    gone: u16,
    pub is_tied: bool,
    pub gate: bool,
    pub attack_decay: u8,
    pub sustain_release: u8,
    /// Bits 4 to 7 of the control register.
    pub wave: u8,
    pub is_ring: bool,
    pub is_sync: bool,
    pub is_filtered: bool,
    pub release_point: u8,
    pub hold: u8,
    pub utility: u16,
    pub transpose: i16,
    pub detune: i16,
    target: i32,
    frequency: i32,
    pub portamento: u16,
    pub vibrato: Vibrato,
    pub pulse: u16,
    swept: i32,
    pub pulse_sweep: i8,
    pub pulse_vibrato: Vibrato,
    pub cutoff_sweep: i8,
    pub auto_filter: i8,
    pub source: u8,
    pub destination: u8,
    pub scale: i8,
}

impl Voice {
    /// Voice `number` (from 0) as a song finds it.
    pub fn new(number: u8) -> Self {
        let start = Place {
            voice: number,
            command: 0,
        };
        Self {
            at: start,
            stack: Vec::new(),
            head: (start, 1),
            is_halted: false,
            left: 0,
            gone: 0,
            is_tied: false,
            gate: false,
            attack_decay: 0x20,
            sustain_release: 0xf5,
            wave: 0x40,
            is_ring: false,
            is_sync: false,
            is_filtered: false,
            release_point: 4,
            hold: 0,
            utility: 12,
            transpose: 0,
            detune: 0,
            target: 0,
            frequency: 0,
            portamento: 0,
            vibrato: Vibrato::default(),
            pulse: 2048,
            swept: 2048,
            pulse_sweep: 0,
            pulse_vibrato: Vibrato::default(),
            cutoff_sweep: 0,
            auto_filter: 0,
            source: 0,
            destination: 0,
            scale: 0,
        }
    }

    fn pitch(&self, note: i16, notes: &[u16; 96]) -> i32 {
        let index = note.saturating_add(self.transpose).clamp(0, 95);
        i32::from(notes[index.unsigned_abs() as usize])
    }

    /// Sets where a portamento begins.
    pub fn begin_from(&mut self, note: i16, notes: &[u16; 96]) {
        self.frequency = self.pitch(note, notes);
    }

    /// Begins a note of `jiffies`, or a rest. True where the envelope starts anew.
    pub fn begin(&mut self, note: Option<i16>, jiffies: u16, notes: &[u16; 96]) -> bool {
        (self.left, self.gone) = (jiffies.max(1), 0);
        let Some(note) = note else {
            self.gate = false;
            return false;
        };
        self.target = self.pitch(note, notes) + i32::from(self.detune);
        if self.portamento == 0 || self.frequency == 0 {
            self.frequency = self.target;
        }
        let is_new = !std::mem::take(&mut self.is_tied) || !self.gate;
        if is_new {
            self.vibrato.begin();
            self.pulse_vibrato.begin();
            self.swept = i32::from(self.pulse);
        }
        self.gate = true;
        is_new
    }

    /// A jiffy of the note goes by; false where it is over.
    pub fn go_on(&mut self) -> bool {
        self.left -= 1;
        self.gone += 1;
        if self.left == 0 {
            return false;
        }
        // A note that is shorter than its release is released in its middle.
        let point = u16::from(self.release_point).min((self.left + self.gone) / 2);
        let is_held_out = self.hold > 0 && self.gone >= u16::from(self.hold);
        if !self.is_tied && (self.left <= point || is_held_out) {
            self.gate = false;
        }
        true
    }

    /// Portamento, vibrato and sweeps.
    pub fn slide(&mut self, slides_and_vibrates: bool) {
        let step = i32::from(self.portamento);
        let distance = self.target - self.frequency;
        if distance != 0 && step > 0 {
            self.frequency += distance.clamp(-step, step);
        }
        if self.frequency == self.target || slides_and_vibrates {
            self.vibrato.advance();
        }
        self.swept = (self.swept + i32::from(self.pulse_sweep)) & PULSE_MASK;
        self.pulse_vibrato.advance();
    }

    /// Where the pitch is now, without modulation.
    pub fn base_frequency(&self) -> i32 {
        self.frequency
    }

    /// Pulse width as it was set, also of the note that plays.
    pub fn set_pulse(&mut self, width: u16) {
        self.pulse = width;
        self.swept = i32::from(width);
    }

    /// What its seven registers hold; `modulation` is what the modulator adds, by destination.
    pub fn registers(&self, modulation: [i32; 4]) -> [u8; 7] {
        let frequency = self.frequency + self.vibrato.offset() + modulation[1];
        let [frequency_low, frequency_high, ..] = frequency.clamp(0, MOST_FREQUENCY).to_le_bytes();
        let pulse = self.swept + self.pulse_vibrato.offset() + modulation[2];
        let [pulse_low, pulse_high, ..] = (pulse & PULSE_MASK).to_le_bytes();
        let control = self.wave
            | u8::from(self.is_ring) << 2
            | u8::from(self.is_sync) << 1
            | u8::from(self.gate);
        [
            frequency_low,
            frequency_high,
            pulse_low,
            pulse_high,
            control,
            self.attack_decay,
            self.sustain_release,
        ]
    }
}
