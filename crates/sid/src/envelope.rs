//! Envelope generator: a 15-bit rate counter, an exponential divider and an 8-bit up/down counter.
//!
//! Sources: Bob Yannes' description of the circuit (interview by Andreas Varga, 1996), the rate
//! counter read from the die by Kevin Horton (Kevtris, "SID ADSR"), the sampling of ENV3 by
//! Dag Lem (reSID), and the pipeline delays found by the VICE and libsidplayfp projects with
//! transistor level simulation.

/// Clock cycles between two steps of the envelope counter, per nibble of attack, decay and
/// release (Dag Lem's measurement of ENV3; Kevtris' die analysis gives the same numbers).
pub const RATE_PERIODS: [u16; 16] = [
    9, 32, 63, 95, 149, 220, 267, 313, 392, 977, 1954, 3126, 3907, 11720, 19532, 31251,
];

/// States of the 15-bit shift register that divides the clock; it never reaches zero.
const RATE_STATES: u16 = 0x7fff;

/// Which way, and at which rate, the envelope counter is being driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Phase {
    Attack,
    DecaySustain,
    Release,
}

/// One voice's envelope generator.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Envelope {
    /// Steps that the rate register has made since its reset (its state, counted instead of shifted).
    rate_count: u16,
    /// Count at which the rate comparator fires.
    rate_target: u16,
    /// The comparator fired in the last cycle: the rate register restarts now.
    rate_matched: bool,
    exponential_count: u8,
    exponential_period: u8,
    /// Divider that takes over in the next cycle, 0 for none.
    next_exponential_period: u8,
    /// Cycles until the divider's overflow is acted on.
    exponential_delay: u8,
    /// Cycles until the envelope counter steps.
    step_delay: u8,
    /// Cycles until `next_phase` is complete.
    phase_delay: u8,
    phase: Phase,
    next_phase: Phase,
    /// Cleared when the counter reaches zero; only an attack sets it again.
    counting: bool,
    gate: bool,
    counter: u8,
    /// What ENV3 shows: the counter as it was at the start of the cycle.
    env3: u8,
    attack: u8,
    decay: u8,
    sustain: u8,
    release: u8,
}

impl Envelope {
    /// The generator as it is at power-on.
    pub fn new() -> Self {
        let mut envelope = Envelope {
            rate_count: 0,
            rate_target: 0,
            rate_matched: true,
            exponential_count: 0,
            exponential_period: 1,
            next_exponential_period: 0,
            exponential_delay: 0,
            step_delay: 0,
            phase_delay: 0,
            phase: Phase::Release,
            next_phase: Phase::Release,
            counting: true,
            gate: false,
            counter: 0xaa,
            env3: 0,
            attack: 0,
            decay: 0,
            sustain: 0,
            release: 0,
        };
        envelope.reset();
        envelope
    }

    /// The RES line: registers and pipelines are cleared, the counter keeps its value.
    pub fn reset(&mut self) {
        self.step_delay = 0;
        self.phase_delay = 0;
        self.attack = 0;
        self.decay = 0;
        self.sustain = 0;
        self.release = 0;
        self.gate = false;
        self.rate_matched = true;
        self.exponential_count = 0;
        self.exponential_period = 1;
        self.next_exponential_period = 0;
        self.phase = Phase::Release;
        self.counting = true;
        self.select_rate(0);
    }

    /// The value that a read of ENV3 gives.
    pub fn env3(&self) -> u8 {
        self.env3
    }

    /// Bit 0 of the control register, as it was last taken.
    pub fn gate(&self) -> bool {
        self.gate
    }

    /// Takes bit 0 (gate) of a voice's control register.
    pub fn write_control(&mut self, value: u8) {
        let gate = value & 1 != 0;
        if gate == self.gate {
            return;
        }
        self.gate = gate;
        // The rate register is not restarted by the gate, so the first step may be late by up
        // to a whole turn of it: the ADSR delay bug.
        if gate {
            self.next_phase = Phase::Attack;
            self.phase_delay = 2;
            if self.rate_matched || self.exponential_delay == 2 {
                self.step_delay = if self.exponential_period == 1 || self.exponential_delay == 2 {
                    2
                } else {
                    4
                };
            } else if self.exponential_delay == 1 {
                self.phase_delay = 3;
            }
        } else {
            self.next_phase = Phase::Release;
            self.phase_delay = if self.step_delay > 0 { 3 } else { 2 };
        }
    }

    /// Takes the attack/decay register.
    pub fn write_attack_decay(&mut self, value: u8) {
        self.attack = value >> 4;
        self.decay = value & 15;
        match self.phase {
            Phase::Attack => self.select_rate(self.attack),
            Phase::DecaySustain => self.select_rate(self.decay),
            Phase::Release => {}
        }
    }

    /// Takes the sustain/release register. The sustain nibble is compared with both nibbles of
    /// the counter.
    pub fn write_sustain_release(&mut self, value: u8) {
        self.sustain = (value & 0xf0) | (value >> 4);
        self.release = value & 15;
        if self.phase == Phase::Release {
            self.select_rate(self.release);
        }
    }

    /// One clock cycle.
    #[inline]
    pub fn clock(&mut self) {
        self.env3 = self.counter;
        if self.is_idle() {
            self.rate_count += 1;
            if self.rate_count == RATE_STATES {
                self.rate_count = 0;
            }
        } else {
            self.clock_busy();
        }
    }

    /// Nothing but the rate register moves in this cycle.
    #[inline]
    fn is_idle(&self) -> bool {
        !self.rate_matched && self.rate_count != self.rate_target && !self.is_busy()
    }

    /// Something is on its way through the pipelines.
    #[inline]
    fn is_busy(&self) -> bool {
        let delays = self.phase_delay | self.step_delay | self.exponential_delay;
        self.next_exponential_period | delays != 0
    }

    /// Runs one cycle per element and stores the level in each.
    pub fn run(&mut self, levels: &mut [u8]) {
        let mut done = 0;
        while done < levels.len() {
            // What is on its way comes cycle by cycle.
            if self.is_busy() {
                self.env3 = self.counter;
                self.clock_busy();
                levels[done] = self.counter;
                done += 1;
                continue;
            }
            if self.is_stopped() {
                let idle = levels.len() - done;
                levels[done..].fill(self.counter);
                self.pass_turns(idle);
                return;
            }
            let rounds = self.sustained_rounds(levels.len() - done);
            if rounds > 0 {
                levels[done..done + rounds].fill(self.counter);
                done += rounds;
                self.env3 = self.counter;
                continue;
            }
            if let Some(cycles) = self.cycles_to_step()
                && cycles <= levels.len() - done
            {
                levels[done..done + cycles - 1].fill(self.counter);
                done += cycles;
                self.take_step();
                levels[done - 1] = self.counter;
                continue;
            }
            if self.is_idle() {
                let distance = i32::from(self.rate_target) - i32::from(self.rate_count);
                let turn = if distance < 0 {
                    i32::from(RATE_STATES)
                } else {
                    0
                };
                let idle = ((distance + turn) as usize).min(levels.len() - done);
                levels[done..done + idle].fill(self.counter);
                done += idle;
                self.env3 = self.counter;
                let count = u32::from(self.rate_count) + idle as u32;
                self.rate_count = (count % u32::from(RATE_STATES)) as u16;
            } else {
                self.clock();
                levels[done] = self.counter;
                done += 1;
            }
        }
    }

    /// The counter stands at zero until the next attack: the rate register turns, and nothing
    /// comes of it.
    #[inline]
    fn is_stopped(&self) -> bool {
        !self.counting
            && self.phase != Phase::Attack
            && (self.rate_matched || self.rate_count <= self.rate_target)
            && !self.is_busy()
    }

    /// At the sustain level rate register and divider turn without effect: the most cycles, up to
    /// `limit`, after which they are where they were.
    #[inline]
    fn sustained_rounds(&self, limit: usize) -> usize {
        let is_sustained = self.phase == Phase::DecaySustain
            && self.counter == self.sustain
            && self.counting
            && self.exponential_count < self.exponential_period
            && self.rate_count <= self.rate_target
            && !self.is_busy();
        if !is_sustained {
            return 0;
        }
        let round = (usize::from(self.rate_target) + 1) * usize::from(self.exponential_period);
        limit - limit % round
    }

    /// Cycles up to and with that in which the counter steps, where nothing else happens on the
    /// way: the rate register reaches its target, the comparator fires, and two cycles after the
    /// restart the counter steps, up as well as down.
    #[inline]
    fn cycles_to_step(&self) -> Option<usize> {
        let steps = match self.phase {
            Phase::Attack => true,
            Phase::DecaySustain | Phase::Release => {
                let is_sustained =
                    self.phase == Phase::DecaySustain && self.counter == self.sustain;
                self.exponential_period == 1 && self.exponential_count == 0 && !is_sustained
            }
        };
        let is_ready = steps && self.counting && !self.rate_matched && !self.is_busy();
        let left = self.rate_target.checked_sub(self.rate_count)?;
        is_ready.then_some(usize::from(left) + 4)
    }

    /// Passes [`Self::cycles_to_step`].
    fn take_step(&mut self) {
        self.env3 = self.counter;
        self.exponential_count = 0;
        // It has counted since its restart.
        self.rate_count = 3;
        self.step();
    }

    /// Passes cycles of a generator that [`Self::is_stopped`], at least one.
    fn pass_turns(&mut self, cycles: usize) {
        // The register counts up to the target, stands there for the cycle in which the
        // comparator fires, and goes on with 1.
        let turn = usize::from(self.rate_target) + 1;
        let place = if self.rate_matched {
            turn
        } else {
            usize::from(self.rate_count)
        };
        let place = if place + cycles <= turn {
            place + cycles
        } else {
            (place + cycles - 1) % turn + 1
        };
        self.rate_matched = place == turn;
        self.rate_count = place.min(usize::from(self.rate_target)) as u16;
        self.env3 = self.counter;
    }

    fn clock_busy(&mut self) {
        if self.next_exponential_period != 0 {
            self.exponential_period = self.next_exponential_period;
            self.next_exponential_period = 0;
        }
        if self.phase_delay != 0 {
            self.phase_delay -= 1;
            self.advance_phase();
        }

        let stepping = self.step_delay != 0 && {
            self.step_delay -= 1;
            self.step_delay == 0
        };
        let dividing = !stepping && self.exponential_delay != 0 && {
            self.exponential_delay -= 1;
            self.exponential_delay == 0
        };
        if stepping {
            self.step();
        } else if dividing {
            self.exponential_count = 0;
            let falls = match self.phase {
                Phase::Attack => false,
                Phase::DecaySustain => self.counter != self.sustain,
                Phase::Release => true,
            };
            if falls {
                self.step_delay = 1;
            }
        } else if self.rate_matched {
            self.rate_matched = false;
            self.rate_count = 0;
            if self.phase == Phase::Attack {
                // Every step up restarts the exponential divider.
                self.exponential_count = 0;
                self.step_delay = 2;
            } else if self.counting {
                self.exponential_count += 1;
                if self.exponential_count == self.exponential_period {
                    self.exponential_delay = if self.exponential_period == 1 { 1 } else { 2 };
                }
            }
        }

        if self.rate_count == self.rate_target {
            self.rate_matched = true;
        } else {
            self.rate_count += 1;
            if self.rate_count == RATE_STATES {
                self.rate_count = 0;
            }
        }
    }

    /// Moves the envelope counter by one. It wraps at both ends: 0xff to 0 in an attack, 0 to
    /// 0xff in a release that follows an attack at once.
    fn step(&mut self) {
        if !self.counting {
            return;
        }
        if self.phase == Phase::Attack {
            self.counter = self.counter.wrapping_add(1);
            if self.counter == 0xff {
                self.next_phase = Phase::DecaySustain;
                self.phase_delay = 3;
            }
        } else {
            self.counter = self.counter.wrapping_sub(1);
            if self.counter == 0 {
                self.counting = false;
            }
        }
        // Levels at which the divider of the decay changes.
        self.next_exponential_period = match self.counter {
            0xff | 0x00 => 1,
            0x5d => 2,
            0x36 => 4,
            0x1a => 8,
            0x0e => 16,
            0x06 => 30,
            _ => self.next_exponential_period,
        };
    }

    /// A change of phase takes up to three cycles; the rates switch on the way.
    fn advance_phase(&mut self) {
        match (self.next_phase, self.phase_delay) {
            // For one cycle of a new attack the decay rate is selected.
            (Phase::Attack, 1) => self.select_rate(self.decay),
            (Phase::Attack, 0) => {
                self.phase = Phase::Attack;
                self.select_rate(self.attack);
                self.counting = true;
            }
            (Phase::DecaySustain, 0) => {
                self.phase = Phase::DecaySustain;
                self.select_rate(self.decay);
            }
            (Phase::Release, delay)
                if (self.phase == Phase::Attack && delay == 0)
                    || (self.phase == Phase::DecaySustain && delay == 1) =>
            {
                self.phase = Phase::Release;
                self.select_rate(self.release);
            }
            _ => {}
        }
    }

    fn select_rate(&mut self, nibble: u8) {
        // The comparator fires one cycle before the restart.
        self.rate_target = RATE_PERIODS[usize::from(nibble & 15)] - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The comparator values that Kevtris read from the die, per nibble.
    const COMPARATORS: [u16; 16] = [
        0x007f, 0x3000, 0x1e00, 0x0660, 0x0182, 0x5573, 0x000e, 0x3805, 0x2424, 0x2220, 0x090c,
        0x0ecd, 0x010e, 0x23f7, 0x5237, 0x64a8,
    ];

    #[test]
    fn counting_steps_equals_shifting_the_register() {
        let mut register = 0x7fff_u16;
        let mut steps = [None; 16];
        for step in 0..RATE_STATES {
            for (nibble, &value) in COMPARATORS.iter().enumerate() {
                if register == value {
                    steps[nibble] = Some(step);
                }
            }
            let feedback = ((register << 14) ^ (register << 13)) & 0x4000;
            register = (register >> 1) | feedback;
        }
        assert_eq!(register, 0x7fff, "the register has 32,767 states");
        let expected = RATE_PERIODS.map(|period| Some(period - 1));
        assert_eq!(steps, expected);
    }
}
