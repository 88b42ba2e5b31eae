//! The three voices of a chip, and what they share.

use serde::{Deserialize, Serialize};
use sidfile::mus::Score;

use super::Write;
use super::command::{Command, Length, Switch, Time};
use super::voice::{Place, Voice};

/// Commands that a voice may take in a jiffy: no song has as many, and one that goes round without
/// a note is ended.
const MOST_COMMANDS: usize = 2_000;
/// Phrases inside one another.
const MOST_NESTED: usize = 16;
/// Phrases that can be defined.
const PHRASES: usize = 24;
/// Largest cutoff.
const MOST_CUTOFF: i32 = 0x7ff;
const CONTROL: usize = 4;
/// Registers that hold what is heard.
const REGISTERS: usize = 25;

/// The modulator that is made by program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Lfo {
    is_pulse: bool,
    up: u8,
    down: u8,
    max: u8,
    value: i16,
    is_rising: bool,
}

impl Lfo {
    fn advance(&mut self) {
        let max = i16::from(self.max);
        let step = if self.is_rising { self.up } else { self.down };
        if self.is_rising {
            self.value += i16::from(step);
        } else {
            self.value -= i16::from(step);
        }
        if self.value >= max {
            self.is_rising = false;
        } else if self.value <= 0 {
            self.is_rising = true;
        }
        self.value = self.value.clamp(0, max);
    }

    fn output(&self) -> i32 {
        if !self.is_pulse {
            return i32::from(self.value);
        }
        if self.is_rising {
            0
        } else {
            i32::from(self.max)
        }
    }
}

/// State of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    voices: [Voice; 3],
    phrases: [Option<Place>; PHRASES],
    /// Jiffies of a whole note.
    tempo: u16,
    utility: u16,
    volume: u8,
    mode: u8,
    resonance: u8,
    is_external_filtered: bool,
    is_voice_three_off: bool,
    slides_and_vibrates: bool,
    cutoff: i32,
    swept_cutoff: i32,
    lfo: Lfo,
    /// What the chip holds, as far as it was written.
    written: [Option<u8>; REGISTERS],
}

impl Default for Part {
    fn default() -> Self {
        Self {
            voices: [0, 1, 2].map(Voice::new),
            phrases: [None; PHRASES],
            tempo: 0x90,
            utility: 12,
            volume: 8,
            mode: 0,
            resonance: 0,
            is_external_filtered: false,
            is_voice_three_off: false,
            slides_and_vibrates: false,
            cutoff: 0,
            swept_cutoff: 0,
            lfo: Lfo::default(),
            written: [None; REGISTERS],
        }
    }
}

impl Part {
    /// Does what is due in a jiffy. `read` are OSC3 and ENV3. Returns how much longer a jiffy is
    /// from now on, where that is set.
    pub fn jiffy(
        &mut self,
        score: &Score,
        notes: &[u16; 96],
        read: [u8; 2],
        writes: &mut Vec<Write>,
    ) -> Option<u16> {
        let mut period = None;
        let mut starts = [false; 3];
        self.lfo.advance();
        for (number, starts) in starts.iter_mut().enumerate() {
            let voice = &mut self.voices[number];
            if voice.is_halted {
                continue;
            }
            if voice.left > 0 && voice.go_on() {
                voice.slide(self.slides_and_vibrates);
                let sweep = i32::from(voice.cutoff_sweep);
                self.swept_cutoff = (self.swept_cutoff + sweep).clamp(0, MOST_CUTOFF);
            } else {
                *starts = self.take_commands(number, score, notes, &mut period);
            }
        }
        self.write(starts, read, writes);
        period
    }

    /// Takes commands up to the next note; true where that starts the envelope.
    fn take_commands(
        &mut self,
        number: usize,
        score: &Score,
        notes: &[u16; 96],
        period: &mut Option<u16>,
    ) -> bool {
        for _ in 0..MOST_COMMANDS {
            let voice = &mut self.voices[number];
            let place = voice.at;
            let commands = &score.voices[usize::from(place.voice)];
            let Some(&word) = commands.get(usize::from(place.command)) else {
                break;
            };
            voice.at.command += 1;
            match Command::of(word) {
                Command::Note {
                    length,
                    is_tied,
                    note,
                } => {
                    let jiffies = self.jiffies(number, length);
                    let voice = &mut self.voices[number];
                    let starts = voice.begin(note, jiffies, notes);
                    voice.is_tied = is_tied;
                    if starts {
                        self.begin_filter(number);
                    }
                    return starts;
                }
                Command::Halt => break,
                Command::Jiffy(longer) => *period = Some(longer),
                command => {
                    if !self.obey(number, command, notes) {
                        break;
                    }
                }
            }
        }
        let voice = &mut self.voices[number];
        voice.is_halted = true;
        voice.gate = false;
        false
    }

    /// A sweep of the filter begins with each note.
    fn begin_filter(&mut self, number: usize) {
        let voice = &self.voices[number];
        if voice.auto_filter != 0 {
            // It goes with the pitch, so much above it or below.
            let cutoff = (voice.base_frequency() >> 8) + i32::from(voice.auto_filter);
            self.swept_cutoff = (cutoff * 8).clamp(0, MOST_CUTOFF);
        } else if voice.cutoff_sweep != 0 {
            self.swept_cutoff = self.cutoff;
        }
    }

    fn jiffies(&self, number: usize, length: Length) -> u16 {
        match length {
            Length::Utility => self.utility,
            Length::UtilityOfVoice => self.voices[number].utility,
            Length::Part { halvings, time } => {
                let plain = self.tempo >> halvings;
                match time {
                    Time::Plain => plain,
                    Time::Dotted => plain + plain / 2,
                    Time::DoubleDotted => plain + plain / 2 + plain / 4,
                    Time::Triplet => (self.tempo * 2 / 3) >> halvings,
                }
            }
        }
    }

    /// Does what a command says that is no note; false where the voice cannot go on.
    fn obey(&mut self, number: usize, command: Command, notes: &[u16; 96]) -> bool {
        let voice = &mut self.voices[number];
        let set_low = |byte: &mut u8, value: u8| *byte = *byte & 0xf0 | value;
        let set_high = |byte: &mut u8, value: u8| *byte = *byte & 0x0f | value << 4;
        match command {
            Command::Absolute(Some(note)) => voice.begin_from(note, notes),
            Command::Tempo(tempo) => self.tempo = tempo,
            Command::Utility(jiffies) => self.utility = jiffies,
            Command::UtilityOfVoice(jiffies) => voice.utility = jiffies,
            Command::Volume(volume) => self.volume = volume,
            Command::Bump(step) => {
                self.volume = self.volume.saturating_add_signed(step).min(15);
            }
            Command::Head(count) => voice.head = (voice.at, count),
            Command::Tail => match &mut voice.head {
                (place, 0) => voice.at = *place,
                (_, 1) => {}
                (place, count) => {
                    *count -= 1;
                    voice.at = *place;
                }
            },
            Command::Define(phrase) => {
                let Some(place) = self.phrases.get_mut(usize::from(phrase)) else {
                    return false;
                };
                *place = Some(voice.at);
                voice.stack.push(None);
                return voice.stack.len() <= MOST_NESTED;
            }
            Command::Call(phrase) => {
                let place = self.phrases.get(usize::from(phrase)).copied().flatten();
                let Some(place) = place.filter(|_| voice.stack.len() < MOST_NESTED) else {
                    return false;
                };
                voice.stack.push(Some(voice.at));
                voice.at = place;
            }
            Command::EndDefinition => match voice.stack.pop() {
                None => return false,
                Some(None) => {}
                Some(Some(back)) => voice.at = back,
            },
            Command::Attack(value) => set_high(&mut voice.attack_decay, value),
            Command::Decay(value) => set_low(&mut voice.attack_decay, value),
            Command::Sustain(value) => set_high(&mut voice.sustain_release, value),
            Command::Release(value) => set_low(&mut voice.sustain_release, value),
            Command::ReleasePoint(jiffies) => voice.release_point = jiffies,
            Command::Hold(jiffies) => voice.hold = jiffies,
            Command::Wave(0) => voice.wave = 0x80,
            Command::Wave(wave) => voice.wave = wave << 4,
            Command::PulseWidth(width) => voice.set_pulse(width),
            Command::PulseSweep(step) => voice.pulse_sweep = step,
            Command::PulseVibratoDepth(depth) => voice.pulse_vibrato.depth = depth,
            Command::PulseVibratoRate(rate) => voice.pulse_vibrato.rate = rate,
            Command::Portamento(step) => voice.portamento = step,
            Command::VibratoDepth(depth) => voice.vibrato.depth = depth,
            Command::VibratoRate(rate) => voice.vibrato.rate = rate,
            Command::Detune(detune) => voice.detune = detune,
            Command::Transpose(steps) => voice.transpose = steps,
            Command::TransposeFurther(steps) => {
                voice.transpose = (voice.transpose + steps).clamp(-95, 95);
            }
            Command::FilterMode(mode) => self.mode = mode,
            Command::Resonance(resonance) => self.resonance = resonance,
            Command::Cutoff(cutoff) => {
                self.cutoff = i32::from(cutoff) * 8;
                self.swept_cutoff = self.cutoff;
            }
            Command::CutoffSweep(step) => voice.cutoff_sweep = step,
            Command::AutoFilter(offset) => voice.auto_filter = offset,
            Command::Switch(switch, is_on) => match switch {
                Switch::Filter => voice.is_filtered = is_on,
                Switch::Ring => voice.is_ring = is_on,
                Switch::Sync => voice.is_sync = is_on,
                Switch::ExternalFilter => self.is_external_filtered = is_on,
                Switch::VoiceThreeOff => self.is_voice_three_off = is_on,
                Switch::LfoPulse => self.lfo.is_pulse = is_on,
                Switch::SlideAndVibrate => self.slides_and_vibrates = is_on,
            },
            Command::LfoUp(step) => self.lfo.up = step,
            Command::LfoDown(step) => self.lfo.down = step,
            Command::LfoMax(max) => self.lfo.max = max,
            Command::Source(source) => voice.source = source,
            Command::Destination(destination) => voice.destination = destination,
            Command::Scale(scale) => voice.scale = scale,
            Command::Note { .. }
            | Command::Absolute(None)
            | Command::Halt
            | Command::Jiffy(_)
            | Command::Other => {}
        }
        true
    }

    /// What the modulators add to a voice, by destination: none, frequency, pulse, cutoff.
    fn modulation(&self, voice: &Voice, [osc3, env3]: [u8; 2]) -> [i32; 4] {
        let value = match voice.source {
            0 => self.lfo.output(),
            1 => i32::from(osc3),
            2 => i32::from(env3),
            _ => 0,
        };
        let value = if voice.scale >= 0 {
            value << voice.scale
        } else {
            value >> -voice.scale
        };
        let mut all = [0; 4];
        all[usize::from(voice.destination & 3)] = value;
        all
    }

    /// Writes what differs from what the chip holds.
    fn write(&mut self, starts: [bool; 3], read: [u8; 2], writes: &mut Vec<Write>) {
        let mut image = [0; REGISTERS];
        let mut cutoff = self.swept_cutoff;
        for (voice, registers) in self.voices.iter().zip(image.chunks_exact_mut(7)) {
            let modulation = self.modulation(voice, read);
            cutoff += modulation[3];
            registers.copy_from_slice(&voice.registers(modulation));
        }
        let [cutoff_low, cutoff_high, ..] = (cutoff.clamp(0, MOST_CUTOFF) << 5).to_le_bytes();
        let routed = self.voices.iter().enumerate();
        let routed = routed.map(|(number, voice)| u8::from(voice.is_filtered) << number);
        image[21] = cutoff_low >> 5;
        image[22] = cutoff_high;
        image[23] =
            self.resonance << 4 | u8::from(self.is_external_filtered) << 3 | routed.sum::<u8>();
        image[24] = u8::from(self.is_voice_three_off) << 7 | self.mode << 4 | self.volume;

        let mut set = |register: usize, value: u8| {
            if self.written[register].replace(value) != Some(value) {
                writes.push(Write {
                    register: register as u8,
                    value,
                });
            }
        };
        for (number, starts) in starts.into_iter().enumerate() {
            let first = 7 * number;
            if starts {
                // An envelope starts where the gate opens.
                set(first + CONTROL, image[first + CONTROL] & 0xfe);
            }
            for register in [0, 1, 2, 3, 5, 6, CONTROL] {
                set(first + register, image[first + register]);
            }
        }
        for (register, value) in image.into_iter().enumerate().skip(21) {
            set(register, value);
        }
    }
}
