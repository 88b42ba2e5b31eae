//! What the sound chips are told, picture by picture: for views of notes and registers.

use crate::trace::Write;

/// Registers of a chip that can be written.
pub const REGISTERS: usize = 25;

/// The registers of all chips at the end of a video frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameRegisters {
    /// Machine cycle at which the frame ended.
    pub cycle: u64,
    /// Registers of each chip.
    pub chips: Vec<[u8; REGISTERS]>,
    /// Bits 0 to 2: the gate of that voice of that chip was opened in the frame, even if it was
    /// closed again.
    pub opened: Vec<u8>,
}

/// Collects writes into frames.
#[derive(Debug, Clone)]
pub struct Registers {
    frame_cycles: u64,
    next: u64,
    chips: Vec<[u8; REGISTERS]>,
    opened: Vec<u8>,
}

impl Registers {
    /// For a machine with `chips` chips, whose frames last `frame_cycles`, from `cycle` on.
    pub fn new(chips: usize, frame_cycles: u64, cycle: u64) -> Self {
        Self {
            frame_cycles: frame_cycles.max(1),
            next: cycle + frame_cycles.max(1),
            chips: vec![[0; REGISTERS]; chips],
            opened: vec![0; chips],
        }
    }

    /// Takes the writes up to `cycle`, in order, and calls `done` with each frame that ended.
    pub fn push(&mut self, writes: &[Write], cycle: u64, mut done: impl FnMut(FrameRegisters)) {
        for write in writes {
            self.end_frames(write.cycle, &mut done);
            let (chip, register) = (usize::from(write.chip), usize::from(write.register));
            if let Some(place) = self
                .chips
                .get_mut(chip)
                .and_then(|chip| chip.get_mut(register))
            {
                let is_control = register % 7 == 4 && register < 21;
                if is_control && write.value & !*place & 1 != 0 {
                    self.opened[chip] |= 1 << (register / 7);
                }
                *place = write.value;
            }
        }
        self.end_frames(cycle, &mut done);
    }

    fn end_frames(&mut self, cycle: u64, done: &mut impl FnMut(FrameRegisters)) {
        while self.next <= cycle {
            let opened = vec![0; self.opened.len()];
            done(FrameRegisters {
                cycle: self.next,
                chips: self.chips.clone(),
                opened: core::mem::replace(&mut self.opened, opened),
            });
            self.next += self.frame_cycles;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(cycle: u64, register: u8, value: u8) -> Write {
        Write {
            cycle,
            chip: 0,
            register,
            value,
        }
    }

    #[test]
    fn frames_tell_registers_and_gates() {
        let mut registers = Registers::new(2, 100, 1_000);
        let mut frames = Vec::new();
        let writes = [
            write(1_010, 4, 0x41),
            write(1_020, 4, 0x40),
            write(1_150, 0, 7),
            write(1_150, 31, 9),
            write(1_210, 18, 0x11),
        ];
        registers.push(&writes[..2], 1_050, |frame| frames.push(frame));
        assert!(frames.is_empty());
        registers.push(&writes[2..], 1_399, |frame| frames.push(frame));
        let cycles: Vec<_> = frames.iter().map(|frame| frame.cycle).collect();
        assert_eq!(cycles, [1_100, 1_200, 1_300]);
        let opened: Vec<_> = frames.iter().map(|frame| frame.opened[0]).collect();
        assert_eq!(opened, [0b001, 0, 0b100]);
        assert_eq!(frames[0].chips[0][4], 0x40);
        assert_eq!((frames[0].chips[0][0], frames[1].chips[0][0]), (0, 7));
        assert_eq!(frames[2].chips.len(), 2);
    }
}
