//! How bright a 6581's filter is: chips of the same batch differed by octaves.
//!
//! Source: libresidfp's filter curve, which moves the voltage that the cutoff DAC gives at 0 by a
//! volt between its ends (0, bright, to 1, dark; 0.5 is the chip that Dag Lem measured, marked
//! MOS 6581R4AR 0687 14); the named positions are those of JSIDPlay2's filter presets.

/// A 6581's place between the brightest and the darkest filter. The 8580's filter hardly varies
/// and takes no notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct FilterCurve {
    percent: u8,
}

impl FilterCurve {
    /// The chip that was measured for the model.
    pub const AVERAGE: Self = Self { percent: 50 };
    /// The brightest of the named positions.
    pub const LIGHTEST: Self = Self { percent: 10 };
    /// Between that and the average.
    pub const LIGHTER: Self = Self { percent: 30 };
    /// Between the average and the darkest.
    pub const DARKER: Self = Self { percent: 70 };
    /// The darkest of the named positions.
    pub const DARKEST: Self = Self { percent: 90 };

    /// Named positions, from bright to dark.
    pub const PRESETS: [(&'static str, Self); 7] = [
        ("lightest", Self::LIGHTEST),
        ("lighter", Self::LIGHTER),
        ("light", Self { percent: 40 }),
        ("average", Self::AVERAGE),
        ("dark", Self { percent: 60 }),
        ("darker", Self::DARKER),
        ("darkest", Self::DARKEST),
    ];

    /// A place from 0 (bright) to 100 (dark); what lies beyond counts as the end.
    pub fn new(percent: u8) -> Self {
        Self {
            percent: percent.min(100),
        }
    }

    /// The place, 0 (bright) to 100 (dark).
    pub fn percent(self) -> u8 {
        self.percent
    }

    /// Volts by which the cutoff DAC's zero differs from the average chip's.
    pub(crate) fn volts(self) -> f64 {
        0.5 - f64::from(self.percent) / 100.0
    }
}

impl Default for FilterCurve {
    fn default() -> Self {
        Self::AVERAGE
    }
}
