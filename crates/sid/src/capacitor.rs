//! The capacitor between output and input of an amplifier: the memory of an integrator.
//!
//! Source: Dag Lem's one-step solution (reSID 1.0): the charge of a cycle follows from the input
//! node's voltage of the cycle before, the node's new voltage from the charge by a table.

use crate::curve::LEVEL_BITS;
use crate::opamp::rounded;

/// Half voltages of a capacitor that the table covers, more than there are: what goes beyond the
/// largest charge is limited beside the lookup, not before it.
const HALVES: usize = 1 << 17;

/// Input level of the amplifier over the voltage of its capacitor.
#[derive(Debug)]
pub struct Nodes {
    /// Over half the capacitor's voltage (a signed level difference, which wraps around).
    levels: Box<[u16; HALVES]>,
    /// Largest voltage; beyond it the amplifier has no output voltage.
    limit: i64,
}

impl Nodes {
    /// `node` tells the input level for a capacitor voltage (a level difference) from
    /// `-highest` to `highest`.
    pub fn new(highest: f64, node: impl Fn(f64) -> f64) -> Self {
        let limit = highest as i32 - 2;
        let [least, most] = [-limit, limit].map(|volts| volts >> 1);
        let level = |half: i32| {
            let volts = 2.0 * f64::from(half);
            // Both voltages of this half level leave an output of at least 0.
            rounded(node(volts.clamp(-highest, highest)).max(volts + 2.0))
        };
        let mut levels = Box::new([0; HALVES]);
        let (lowest, highest) = (level(least), level(most));
        for half in -65_536..65_536_i32 {
            levels[half as usize & (HALVES - 1)] = if half <= least {
                lowest
            } else if half >= most {
                highest
            } else {
                level(half)
            };
        }
        Nodes {
            levels,
            limit: i64::from(limit),
        }
    }
}

/// A capacitor and the node at the amplifier's input. `BITS` are the fraction bits of its charge:
/// as many as a current has, so that nothing is shifted on the way.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Capacitor<const BITS: u32> {
    /// Voltage at the amplifier's input, as a level.
    node: i32,
    /// Voltage of the capacitor in levels, with `BITS` fraction bits.
    charge: i64,
}

impl<const BITS: u32> Capacitor<BITS> {
    /// Without a charge.
    pub fn new() -> Self {
        Capacitor { node: 0, charge: 0 }
    }

    /// Level at the amplifier's input.
    #[inline(always)]
    pub fn node(&self) -> i32 {
        self.node
    }

    /// `2^SHIFT` cycles with `current` in levels a cycle with `BITS` fraction bits (at most 2^59,
    /// so that the sum cannot overflow); gives the amplifier's output level with [`LEVEL_BITS`]
    /// fraction bits.
    #[inline(always)]
    pub fn charge<const SHIFT: u32>(&mut self, nodes: &Nodes, current: i64) -> i32 {
        let limit = nodes.limit << BITS;
        let mut charge = self.charge.wrapping_add(current << SHIFT);
        if SHIFT > 0 {
            // Several cycles at once can lead beyond the table, where it would wrap around.
            charge = charge.clamp(-limit, limit);
        }
        let half = (charge >> (BITS + 1)) as usize & (HALVES - 1);
        self.node = i32::from(nodes.levels[half]);
        self.charge = charge.clamp(-limit, limit);
        (self.node << LEVEL_BITS) - (self.charge >> (BITS - LEVEL_BITS)) as i32
    }
}
