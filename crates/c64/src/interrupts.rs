//! The interrupt inputs of the 6510 and the moment at which it notices them.
//!
//! The CPU samples its inputs in the last cycle but one of an instruction: a line that is
//! asserted later waits for the next instruction. Time is counted in *ticks*, cycles in which
//! the CPU was not held by RDY. Source: the timing notes in VICE's `64doc` and the behaviour of
//! libsidplayfp 3.0.2 (`c64/CPU/mos6510.cpp`).

/// A tick that never comes.
const NEVER: u64 = u64::MAX;

/// A chip that can pull the IRQ line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum IrqSource {
    /// VIC-II.
    Vic = 1,
    /// CIA 1.
    Cia1 = 2,
}

/// The CPU's interrupt inputs, its mask, and since when it has had a reason to interrupt.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Interrupts {
    irq_sources: u8,
    nmi: bool,
    masked: bool,
    since: u64,
}

impl Default for Interrupts {
    fn default() -> Self {
        Self {
            irq_sources: 0,
            nmi: false,
            masked: true,
            since: NEVER,
        }
    }
}

impl Interrupts {
    /// Pulls or releases the IRQ line for one chip. `tick` is the next cycle that the CPU runs.
    pub fn set_irq(&mut self, source: IrqSource, asserted: bool, tick: u64) {
        if asserted {
            self.irq_sources |= source as u8;
            self.note(tick);
        } else {
            self.irq_sources &= !(source as u8);
        }
    }

    /// An edge on the NMI line. It cannot be taken back.
    pub fn trigger_nmi(&mut self, tick: u64) {
        self.nmi = true;
        self.note(tick);
    }

    /// The interrupt flag of the processor status.
    #[inline]
    pub fn is_masked(&self) -> bool {
        self.masked
    }

    /// Changes the interrupt flag.
    #[inline]
    pub fn set_masked(&mut self, masked: bool, tick: u64) {
        self.masked = masked;
        if !masked {
            self.note(tick);
        }
    }

    #[inline]
    fn is_pending(&self) -> bool {
        self.nmi || (!self.masked && self.irq_sources != 0)
    }

    /// There is a reason to interrupt, or there was one that the CPU has not yet forgotten.
    #[inline]
    pub fn is_waiting(&self) -> bool {
        self.since != NEVER
    }

    #[inline]
    fn note(&mut self, tick: u64) {
        if self.since == NEVER && self.is_pending() {
            self.since = tick;
        }
    }

    /// Whether the opcode fetch at `tick` is replaced by an interrupt.
    #[inline]
    pub fn is_due(&self, tick: u64) -> bool {
        self.since.saturating_add(2) <= tick
    }

    /// The interrupt sequence has begun.
    pub fn accept(&mut self) {
        self.since = NEVER;
    }

    /// An opcode was fetched: what is pending now is due at the next one, what was withdrawn
    /// is forgotten.
    #[inline]
    pub fn fetched(&mut self) {
        if self.since != NEVER {
            self.since = if self.is_pending() { 0 } else { NEVER };
        }
    }

    /// A taken branch within a page does not sample its inputs in its last cycles: a reason that
    /// arose since `start`, the second cycle of the branch, waits for the next instruction.
    #[inline]
    pub fn postpone_since(&mut self, start: u64, tick: u64) {
        if self.since >= start && self.since != NEVER {
            self.since = tick;
        }
    }

    /// RDY holds the CPU at `tick`: the first of the two cycles of delay passes nevertheless.
    #[inline]
    pub fn held(&mut self, tick: u64) {
        if self.since == tick {
            self.since = tick.saturating_sub(1);
        }
    }

    /// The vector of a sequence that has pushed the program counter: an NMI takes over whatever
    /// began it.
    pub fn vector(&mut self) -> u16 {
        if core::mem::take(&mut self.nmi) {
            0xfffa
        } else {
            0xfffe
        }
    }
}
