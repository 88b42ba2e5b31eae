//! The VIC-II as far as it can be heard: raster counter and interrupt, and the cycles that bad
//! lines and sprites take from the CPU.
//!
//! Nothing is drawn. The chip runs at the few cycles of a line at which something can change.
//! Sources: "The MOS 6567/6569 video controller (VIC-II)" (Christian Bauer); the behaviour of
//! libsidplayfp 3.0.2 (`c64/VIC_II/mos656x.cpp`).

mod sprites;
mod timing;

use sprites::Sprites;
use timing::SpriteCycle;
pub use timing::{Timing, VicModel};

const FIRST_BAD_LINE: u16 = 0x30;
const LAST_BAD_LINE: u16 = 0xf7;
/// BA falls here in a bad line.
const BAD_LINE_FROM: u64 = 11;
/// A bad line that begins later than this has no effect any more.
const BAD_LINE_LATEST: u64 = BAD_LINE_FROM + 40 + 6;

const IRQ_RASTER: u8 = 0x01;
const IRQ_SUMMARY: u8 = 0x80;

/// An event that never comes.
const NEVER: u64 = u64::MAX;

/// One VIC-II.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Vic {
    timing: Timing,
    #[serde(with = "crate::array")]
    sprite_cycles: [SpriteCycle; 65],
    #[serde(with = "crate::array")]
    registers: [u8; 64],
    sprites: Sprites,
    /// The cycle in which the current line began.
    line_start: u64,
    line: u16,
    /// The last line is over, but the counter returns to zero a cycle late.
    wraps: bool,
    bad_lines_enabled: bool,
    is_bad_line: bool,
    /// The raster counter equals the compare register: the interrupt is its rising edge.
    line_matches: bool,
    flags: u8,
    mask: u8,
    bus_available: bool,
    next: u64,
    /// A write takes effect on the compare and on the bus in the next cycle.
    deferred: u64,
    bad_line_changed: bool,
}

impl Vic {
    /// A VIC-II at power-on.
    pub fn new(model: VicModel) -> Self {
        let timing = model.timing();
        Self {
            timing,
            sprite_cycles: timing.sprite_cycles(),
            registers: [0; 64],
            sprites: Sprites::new(),
            line_start: 0,
            line: timing.lines - 1,
            wraps: false,
            bad_lines_enabled: false,
            is_bad_line: false,
            line_matches: false,
            flags: 0,
            mask: 0,
            bus_available: true,
            next: 1,
            deferred: NEVER,
            bad_line_changed: false,
        }
    }

    /// Whether the CPU may use the bus.
    #[inline]
    pub fn bus_available(&self) -> bool {
        self.bus_available
    }

    /// Whether the chip pulls the IRQ line.
    #[inline]
    pub fn is_interrupting(&self) -> bool {
        self.flags & IRQ_SUMMARY != 0
    }

    /// The cycle at which the chip must run next.
    #[inline]
    pub fn next_event(&self) -> u64 {
        self.next.min(self.deferred)
    }

    /// Line and cycle at which the raster stands.
    pub fn raster(&self, cycle: u64) -> (u16, u64) {
        (self.line, cycle - self.line_start)
    }

    /// Brings the chip to the first half of `cycle`.
    pub fn run(&mut self, cycle: u64) {
        loop {
            let now = self.next_event();
            if now > cycle {
                return;
            }
            if self.next == now {
                self.clock(now);
            }
            if self.deferred == now {
                self.deferred = NEVER;
                if core::mem::take(&mut self.bad_line_changed) {
                    self.bus_available = !self.is_bad_line;
                }
                self.compare_line();
            }
        }
    }

    /// Reads a register.
    pub fn read(&self, register: u8) -> u8 {
        let register = register & 0x3f;
        let value = self.registers[usize::from(register)];
        match register {
            0x11 => value & 0x7f | self.line.to_le_bytes()[1] << 7,
            0x12 => self.line.to_le_bytes()[0],
            // No light pen.
            0x13 | 0x14 => 0,
            0x19 => self.flags | 0x70,
            0x1a => self.mask | 0xf0,
            // Unused bits read as written here, as in the reference player; nobody draws sprites,
            // so none collide.
            0x00..=0x1f => value,
            0x20..=0x2e => value | 0xf0,
            _ => 0xff,
        }
    }

    /// Writes a register in the second half of `cycle`.
    pub fn write(&mut self, register: u8, value: u8, cycle: u64) {
        let register = register & 0x3f;
        let was = core::mem::replace(&mut self.registers[usize::from(register)], value);
        match register {
            0x11 => {
                self.write_control(was, cycle - self.line_start);
                self.deferred = cycle + 1;
                self.plan_again(cycle);
            }
            0x12 => self.deferred = cycle + 1,
            0x15 => self.plan_again(cycle),
            0x17 => self.sprites.set_stretched(value, cycle - self.line_start),
            0x19 => {
                self.flags &= !value & 0x0f | IRQ_SUMMARY;
                self.update_irq();
            }
            0x1a => {
                self.mask = value & 0x0f;
                self.update_irq();
            }
            _ => (),
        }
    }

    fn is_display_enabled(&self) -> bool {
        self.registers[0x11] & 0x10 != 0
    }

    fn scroll_matches(&self, control: u8) -> bool {
        u16::from(control & 7) == self.line & 7
    }

    /// A write to `$D011` can make or unmake a bad line.
    fn write_control(&mut self, was: u8, line_cycle: u64) {
        let were_enabled = self.bad_lines_enabled;
        if self.line == FIRST_BAD_LINE && line_cycle == 0 {
            self.bad_lines_enabled = self.is_display_enabled();
        }
        if self.line == FIRST_BAD_LINE + 1 && self.is_display_enabled() {
            self.bad_lines_enabled = true;
        }
        if !(FIRST_BAD_LINE..=LAST_BAD_LINE).contains(&self.line) {
            return;
        }
        let was_bad = were_enabled && self.scroll_matches(was);
        let is_bad = self.bad_lines_enabled && self.scroll_matches(self.registers[0x11]);
        if was_bad == is_bad {
            return;
        }
        let before = self.is_bad_line;
        if was_bad {
            if line_cycle < BAD_LINE_FROM {
                self.is_bad_line = false;
            }
        } else if line_cycle <= BAD_LINE_LATEST {
            self.is_bad_line = true;
        }
        self.bad_line_changed |= self.is_bad_line != before;
    }

    fn update_irq(&mut self) {
        if self.flags & self.mask & 0x0f != 0 {
            self.flags |= IRQ_SUMMARY;
        } else {
            self.flags &= !IRQ_SUMMARY;
        }
    }

    /// The raster interrupt is the moment at which the counter begins to equal the register.
    fn compare_line(&mut self) {
        let compare = u16::from(self.registers[0x11] & 0x80) << 1 | u16::from(self.registers[0x12]);
        let matches = self.line == compare;
        if matches && !self.line_matches {
            self.flags |= IRQ_RASTER;
            self.update_irq();
        }
        self.line_matches = matches;
    }

    /// One of the cycles at which something happens; sets the next one.
    fn clock(&mut self, now: u64) {
        if now == self.line_start + u64::from(self.timing.cycles) {
            self.line_start = now;
        }
        let cycle = now - self.line_start;
        match cycle {
            0 => self.begin_line(),
            1 => self.return_to_first_line(),
            BAD_LINE_FROM if self.is_bad_line => self.bus_available = false,
            14 => self.sprites.count(),
            15 => self.sprites.finish_row(),
            _ => (),
        }
        let at = |place: u16| cycle == u64::from(place);
        if at(self.timing.release_at) {
            self.bus_available = true;
        }
        if at(self.timing.sprites_from) || at(self.timing.sprites_from + 1) {
            // PAL turns the flip-flops behind the second check, NTSC behind the first.
            self.sprites.check_dma(self.line, &self.registers);
            if at(self.timing.expand_at) {
                self.sprites.turn_expansion(self.registers[0x17]);
            }
            self.bus_available = self.sprites.dma & 1 == 0;
        } else if at(self.timing.display_at) {
            self.sprites.reload();
        }
        // A line has at most 65 cycles.
        let sprite = self.sprite_cycles[cycle as usize];
        if self.sprites.dma & sprite.begins != 0 {
            self.bus_available = false;
        }
        if sprite
            .ends
            .is_some_and(|behind| self.sprites.dma & behind == 0)
        {
            self.bus_available = true;
        }
        self.next = self.line_start + self.next_cycle(cycle);
    }

    /// A write may give the rest of the line something to do.
    fn plan_again(&mut self, cycle: u64) {
        let line_cycle = cycle - self.line_start;
        self.next = self.next.min(self.line_start + self.busy_cycle(line_cycle));
    }

    /// The next cycle of the line, or of the next one, at which something can happen.
    fn next_cycle(&self, cycle: u64) -> u64 {
        if self.sprites.dma != 0 || self.registers[0x15] != 0 {
            return self.busy_cycle(cycle);
        }
        // Without sprites a line only begins, unless it is bad.
        match cycle {
            0 if self.wraps => 1,
            0..=10 if self.is_bad_line => BAD_LINE_FROM,
            _ if self.is_bad_line || !self.bus_available => self.busy_cycle(cycle),
            _ => u64::from(self.timing.cycles),
        }
    }

    /// As [`Self::next_cycle`], with sprites.
    fn busy_cycle(&self, cycle: u64) -> u64 {
        let last = u64::from(self.timing.cycles);
        let sprites_from = u64::from(self.timing.sprites_from);
        match cycle {
            0 => 1,
            1..=10 if self.sprites.dma & 0xf8 != 0 => cycle + 1,
            1..=10 => BAD_LINE_FROM,
            11..=13 => 14,
            14 => 15,
            15..=53 => 54,
            _ if cycle < sprites_from + 3 => cycle + 1,
            _ if self.sprites.dma != 0 => (cycle + 1).min(last),
            _ => last,
        }
    }

    fn begin_line(&mut self) {
        if self.line == self.timing.lines - 1 {
            self.wraps = true;
        }
        if self.line == FIRST_BAD_LINE && self.is_display_enabled() {
            self.bad_lines_enabled = true;
        }
        if self.line == LAST_BAD_LINE {
            self.bad_lines_enabled = false;
        }
        if !self.wraps {
            self.line += 1;
            self.compare_line();
            if self.line == FIRST_BAD_LINE && !self.bad_lines_enabled {
                self.bad_lines_enabled = self.is_display_enabled();
            }
        }
        self.is_bad_line = self.bad_lines_enabled
            && (FIRST_BAD_LINE..=LAST_BAD_LINE).contains(&self.line)
            && self.scroll_matches(self.registers[0x11]);
    }

    fn return_to_first_line(&mut self) {
        if core::mem::take(&mut self.wraps) {
            self.line = 0;
            self.compare_line();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn model() -> impl Strategy<Value = VicModel> {
        prop_oneof![
            Just(VicModel::Mos6569),
            Just(VicModel::Mos6567R8),
            Just(VicModel::Mos6567R56A)
        ]
    }

    /// A cycle within a few lines, and a write.
    fn write() -> impl Strategy<Value = (u64, u8, u8)> {
        let register = prop_oneof![
            4 => Just(0x11_u8),
            3 => Just(0x12_u8),
            4 => Just(0x15_u8),
            1 => Just(0x17_u8),
            1 => Just(0x19_u8),
            1 => Just(0x1a_u8),
            2 => 0..16_u8,
        ];
        let value = prop_oneof![any::<u8>(), Just(0), Just(0x1b), Just(0x30)];
        let gap = prop_oneof![6 => 1..200_u64, 1 => 1..9_000_u64];
        (gap, register, value)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn cycles_that_are_passed_over_have_nothing_to_do(
            model in model(),
            writes in prop::collection::vec(write(), 1..80),
        ) {
            let mut quick = Vic::new(model);
            let mut thorough = quick.clone();
            let mut cycle = 0;
            for (gap, register, value) in writes {
                for _ in 0..gap {
                    cycle += 1;
                    if quick.next_event() <= cycle {
                        quick.run(cycle);
                    }
                    if thorough.next_event() <= cycle {
                        thorough.run(cycle);
                        thorough.plan_again(cycle);
                    }
                    let seen = |vic: &Vic| {
                        let bus = vic.bus_available();
                        (bus, vic.is_interrupting(), vic.raster(cycle), vic.sprites.dma)
                    };
                    prop_assert_eq!(seen(&quick), seen(&thorough), "cycle {}", cycle);
                }
                quick.write(register, value, cycle);
                thorough.write(register, value, cycle);
            }
        }
    }
}
