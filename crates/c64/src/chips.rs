//! The sound chips of the machine: brought up to date when someone looks, mixed, and traced.
//!
//! Each part of a chip is clocked in one go from the last access that concerned it to the next, or
//! to the end of a batch; then the analogue parts of all chips follow side by side. While nobody
//! listens, writes are only noted, and replayed when a register is read or sound is asked for
//! again: a trace of a song costs the computer, not the chips.

use sid::{FilterCurve, Grade, Model, Part, Sid, Tape, play_together};

use crate::scope::ScopeBuffer;
use crate::trace::Write;

/// Writes noted for a silent chip before they are replayed anyway: a bound on memory.
const NOTED_WRITES: usize = 1 << 21;
/// Cycles that a chip may lag behind while nobody listens: they are counted in 32 bits.
const SILENT_CYCLES: u64 = 1 << 31;

/// How long a chip's data bus keeps a value, in cycles; the same as the chip itself has.
const fn bus_lifetime(model: Model) -> u64 {
    match model {
        Model::Mos6581 => 0x1d00,
        Model::Mos8580 => 0xa_2000,
    }
}

/// An access that a silent chip has yet to see.
#[derive(Debug, Clone, Copy)]
enum Access {
    Write(u8, u8),
    /// Of a write-only register: it discharges the bus.
    Read(u8),
}

/// What a silent chip's bus holds, and until when.
#[derive(Debug, Clone, Copy)]
struct Charge {
    value: u8,
    /// None: for good, as in the chip itself.
    gone_at: Option<u64>,
}

impl Charge {
    /// A read that drives nothing halves the time that is left; what has none left to halve stays.
    fn sense(&mut self, cycle: u64) -> u8 {
        let Some(gone_at) = self.gone_at else {
            return self.value;
        };
        let left = gone_at.saturating_sub(cycle);
        if left == 0 {
            self.value = 0;
        }
        self.gone_at = (left > 1).then_some(cycle + left / 2);
        self.value
    }
}

/// One sound chip in its place.
#[derive(Clone)]
struct Chip {
    address: u16,
    /// Model in the socket; a chip restored from a snapshot may be another.
    model: Model,
    sid: Sid,
    /// The chip has been clocked up to, not including, this cycle.
    clocked_to: u64,
    /// What its digital part has done since the start of the batch.
    tape: Tape,
    /// Samples since the start of the batch.
    samples: Vec<f32>,
    /// Levels since the start of the batch.
    levels: Vec<[i16; 4]>,
    /// Accesses that a silent chip has yet to see.
    noted: Vec<(u64, Access)>,
    /// What its bus holds, once that is known without asking it.
    charge: Option<Charge>,
    audible: u8,
}

impl Chip {
    fn replay(&mut self, cycle: u64) {
        for (at, access) in core::mem::take(&mut self.noted) {
            self.skip_to(at);
            match access {
                Access::Write(register, value) => self.sid.write(register, value),
                Access::Read(register) => {
                    self.sid.read(register);
                }
            }
        }
        self.skip_to(cycle);
    }

    fn read_silently(&mut self, register: u8, cycle: u64) -> u8 {
        // STA with an index reads before it writes, so reads of write-only registers are common.
        if let (0..=24 | 29..=31, Some(charge)) = (register, &mut self.charge) {
            self.noted.push((cycle, Access::Read(register)));
            return charge.sense(cycle);
        }
        self.replay(cycle);
        let value = self.sid.read(register);
        self.charge = None;
        value
    }

    fn write_silently(&mut self, register: u8, value: u8, cycle: u64) {
        self.noted.push((cycle, Access::Write(register, value)));
        let gone_at = Some(cycle + bus_lifetime(self.sid.model()));
        self.charge = Some(Charge { value, gone_at });
        if self.noted.len() >= NOTED_WRITES || cycle - self.clocked_to > SILENT_CYCLES {
            self.replay(cycle);
        }
    }

    fn skip_to(&mut self, cycle: u64) {
        while self.clocked_to < cycle {
            let cycles = u32::try_from(cycle - self.clocked_to).unwrap_or(u32::MAX);
            self.sid.skip(cycles);
            self.clocked_to += u64::from(cycles);
        }
    }

    fn clock_to(&mut self, cycle: u64, is_tapped: bool) {
        let Ok(cycles @ 1..) = usize::try_from(cycle.saturating_sub(self.clocked_to)) else {
            return;
        };
        self.sid.wait(cycles, &mut self.tape, is_tapped);
        self.clocked_to = cycle;
    }
}

/// All sound chips.
#[derive(Clone)]
pub struct Chips {
    chips: Vec<Chip>,
    grade: Grade,
    curve: FilterCurve,
    placement: Placement,
    /// Sound is wanted; otherwise writes are noted.
    is_sounding: bool,
    is_tapped: bool,
    trace: Option<Vec<Write>>,
}

impl Chips {
    /// The chips at their addresses, at power-on, with the volume up. A reset chip has none, but
    /// the reference player turns it up at once: while the machine comes up the output's offset
    /// then fades away, which otherwise thumps when the driver turns the volume up.
    pub fn new(chips: &[(u16, Model)], grade: Grade) -> Self {
        let chips = chips.iter().map(|&(address, model)| {
            let mut sid = Sid::new(model);
            sid.set_grade(grade);
            sid.write(24, 15);
            Chip {
                address,
                model,
                sid,
                clocked_to: 0,
                tape: Tape::new(),
                samples: Vec::new(),
                levels: Vec::new(),
                noted: Vec::new(),
                charge: None,
                audible: 15,
            }
        });
        Self {
            chips: chips.collect(),
            grade,
            curve: FilterCurve::default(),
            placement: Placement::default(),
            is_sounding: false,
            is_tapped: false,
            trace: None,
        }
    }

    /// The chip that answers at an address in I/O space, if any: the first one wherever the
    /// SID's own pages hold no other.
    #[inline]
    pub fn at(&self, address: u16) -> Option<usize> {
        let extra = self
            .chips
            .iter()
            .skip(1)
            .position(|chip| chip.address == address & 0xffe0);
        match extra {
            Some(index) => Some(index + 1),
            None => (address & 0xfc00 == 0xd400).then_some(0),
        }
    }

    /// Reads a register in `cycle`, which the chip has then seen.
    pub fn read(&mut self, index: usize, register: u8, cycle: u64) -> u8 {
        let cycle = cycle + 1;
        let chip = &mut self.chips[index];
        if !self.is_sounding {
            return chip.read_silently(register, cycle);
        }
        chip.clock_to(cycle, self.is_tapped);
        chip.sid.read_in_step(register, &mut chip.tape)
    }

    /// Writes a register in `cycle`, which the chip has then seen.
    pub fn write(&mut self, index: usize, register: u8, value: u8, cycle: u64) {
        let cycle = cycle + 1;
        if let (Some(trace), Ok(chip)) = (&mut self.trace, u8::try_from(index)) {
            trace.push(Write {
                cycle,
                chip,
                register,
                value,
            });
        }
        let chip = &mut self.chips[index];
        if self.is_sounding {
            chip.clock_to(cycle, self.is_tapped);
            chip.sid.write_in_step(register, value, &mut chip.tape);
            return;
        }
        chip.write_silently(register, value, cycle);
    }

    /// Starts or stops making sound at `cycle`.
    pub fn set_sounding(&mut self, is_sounding: bool, is_tapped: bool, cycle: u64) {
        if is_sounding && !self.is_sounding {
            for chip in &mut self.chips {
                chip.replay(cycle);
                chip.charge = None;
            }
        }
        self.is_sounding = is_sounding;
        self.is_tapped = is_tapped;
    }

    /// Ends a batch at `cycle`: mixes the chips' samples (one per cycle, or as [`Grade::Light`]
    /// gives them) into `left` and `right` (the latter
    /// only for more than one chip), and hands over their levels.
    pub fn finish_batch(
        &mut self,
        cycle: u64,
        left: &mut Vec<f32>,
        right: &mut Vec<f32>,
        scope: Option<&mut ScopeBuffer>,
    ) {
        for chip in &mut self.chips {
            chip.clock_to(cycle, self.is_tapped);
            chip.sid.catch_up(&mut chip.tape, &mut chip.levels);
        }
        let parts = self.chips.iter_mut().map(|chip| Part {
            sid: &mut chip.sid,
            tape: &mut chip.tape,
            out: &mut chip.samples,
        });
        play_together(&mut parts.collect::<Vec<_>>());
        if let Some(scope) = scope {
            for (index, chip) in self.chips.iter().enumerate() {
                scope.append(index, &chip.levels);
            }
        }
        left.clear();
        right.clear();
        match self.chips.as_mut_slice() {
            [only] => core::mem::swap(left, &mut only.samples),
            chips => {
                let gains = self.placement.gains(chips.len());
                let length = chips.first().map_or(0, |chip| chip.samples.len());
                left.resize(length, 0.0);
                right.resize(length, 0.0);
                for (chip, gain) in chips.iter().zip(gains) {
                    let sides = left.iter_mut().zip(right.iter_mut());
                    for ((left, right), sample) in sides.zip(&chip.samples) {
                        *left += sample * gain[0];
                        *right += sample * gain[1];
                    }
                }
            }
        }
        for chip in &mut self.chips {
            chip.samples.clear();
            chip.levels.clear();
        }
    }

    /// What the mixed chips give at `cycle`, left and right, without advancing them.
    pub fn levels(&self, cycle: u64) -> [f32; 2] {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        // Enough for a sample in either grade.
        self.clone()
            .finish_batch(cycle + 8, &mut left, &mut right, None);
        [&left, &right].map(|side| side.first().copied().unwrap_or(0.0))
    }

    /// Chooses what is heard of a chip: bits 0 to 2 the voices, bit 3 samples played through the
    /// volume register.
    pub fn set_audible(&mut self, index: usize, mask: u8) {
        if let Some(chip) = self.chips.get_mut(index) {
            chip.audible = mask;
            chip.sid.set_audible(mask);
        }
    }

    /// Puts a chip of another model into a socket.
    pub fn set_model(&mut self, index: usize, model: Model) {
        if let Some(chip) = self.chips.get_mut(index) {
            chip.model = model;
            chip.sid.set_model(model);
        }
    }

    /// How much work the chips' analogue parts are.
    pub fn grade(&self) -> Grade {
        self.grade
    }

    /// Chooses how much work they are, between two batches.
    pub fn set_grade(&mut self, grade: Grade) {
        self.grade = grade;
        for chip in &mut self.chips {
            chip.sid.set_grade(grade);
        }
    }

    /// Chooses how bright the filters of 6581s are.
    pub fn set_filter_curve(&mut self, curve: FilterCurve) {
        self.curve = curve;
        for chip in &mut self.chips {
            chip.sid.set_filter_curve(curve);
        }
    }

    /// Chooses where the chips stand, from the next batch on.
    pub fn set_placement(&mut self, placement: Placement) {
        self.placement = placement;
    }

    /// The chips alone, up to date, for a snapshot.
    pub fn sids(&mut self, cycle: u64) -> Vec<Sid> {
        self.chips
            .iter_mut()
            .map(|chip| {
                chip.replay(cycle);
                chip.sid.clone()
            })
            .collect()
    }

    /// Puts the chips of a snapshot in place, at `cycle`.
    pub fn restore(&mut self, sids: &[Sid], cycle: u64) {
        for (chip, sid) in self.chips.iter_mut().zip(sids) {
            chip.sid = sid.clone();
            chip.sid.set_audible(chip.audible);
            chip.sid.set_model(chip.model);
            chip.sid.set_grade(self.grade);
            chip.sid.set_filter_curve(self.curve);
            chip.clocked_to = cycle;
            chip.tape.clear();
            chip.samples.clear();
            chip.levels.clear();
            chip.noted.clear();
            chip.charge = None;
        }
    }

    /// Starts or stops recording writes.
    pub fn set_trace(&mut self, on: bool) {
        self.trace = on.then(Vec::new);
    }

    /// The writes since the last call.
    pub fn take_trace(&mut self) -> Vec<Write> {
        self.trace.as_mut().map(core::mem::take).unwrap_or_default()
    }
}

/// Where the chips of a tune with several stand between left and right. A single chip is mono.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Placement {
    /// The first a little to the left, the second to the right, a third in the middle.
    #[default]
    Usual,
    /// All in the middle.
    Mono,
    /// One by one: -1 is left, 0 the middle, 1 right.
    Pans([f32; 3]),
}

impl Placement {
    /// Left and right share of each of `count` chips. Chips are independent sources, so their
    /// mono sum (the mean of both sides) is scaled by the root of their number, as in the
    /// reference player; moving a chip does not change it.
    fn gains(self, count: usize) -> [[f32; 2]; 3] {
        // The reciprocal roots of 2 and 3; std's root is exact, but tables need none.
        let scale = match count {
            0 | 1 => 1.0,
            2 => core::f32::consts::FRAC_1_SQRT_2,
            _ => 0.577_350_26,
        };
        let pans = match self {
            Placement::Usual => [-0.4, 0.4, 0.0],
            Placement::Mono => [0.0; 3],
            Placement::Pans(pans) => pans,
        };
        pans.map(|pan| {
            let pan = pan.clamp(-1.0, 1.0);
            [scale * (1.0 - pan), scale * (1.0 + pan)]
        })
    }
}
