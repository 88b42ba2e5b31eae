//! The volume nibble, and telling music's volume from samples played through it.

/// Cycles that a volume must last to count as music: slower than any sample playback (a
/// 4-kHz digi writes every 250 cycles), faster than one frame of a player.
const SETTLED: u32 = 4_000;

/// The volume register as set, and the volume it rests at between bursts of samples.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Volume {
    set: u8,
    resting: u8,
    /// Cycles until `set` becomes the resting volume.
    settling: u32,
}

impl Volume {
    pub fn write(&mut self, value: u8) {
        let value = value & 15;
        if value != self.set {
            self.set = value;
            self.settling = if value == self.resting { 0 } else { SETTLED };
        }
    }

    /// The register.
    pub fn set(&self) -> u8 {
        self.set
    }

    /// The volume without samples.
    pub fn resting(&self) -> u8 {
        self.resting
    }

    /// How far the samples lift the volume above its rest, as a signed 16-bit level.
    pub fn sample_level(&self) -> i16 {
        (i16::from(self.set) - i16::from(self.resting)) * 2184
    }

    /// Cycles before the resting volume changes.
    pub fn quiet_cycles(&self) -> u32 {
        if self.settling == 0 {
            u32::MAX
        } else {
            self.settling
        }
    }

    pub fn advance(&mut self, cycles: u32) {
        if self.settling != 0 {
            self.settling = self.settling.saturating_sub(cycles);
            if self.settling == 0 {
                self.resting = self.set;
            }
        }
    }
}
