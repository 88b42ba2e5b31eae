//! The capacitor between output and input of an amplifier: the memory of an integrator.
//!
//! Source: Dag Lem's one-step solution (reSID 1.0): the charge of a cycle follows from the input
//! node's voltage of the cycle before, the node's new voltage from the charge by a table.

use crate::opamp::rounded;

/// Fraction bits of a charge.
const CHARGE_BITS: u32 = 14;

/// Half voltages of a capacitor that the table covers, more than there are: what goes beyond the
/// largest charge is limited beside the lookup, not before it.
const HALVES: usize = 1 << 17;

/// Input level of the amplifier over the voltage of its capacitor.
#[derive(Debug)]
pub struct Nodes {
    /// Over half the capacitor's voltage (a signed level difference, which wraps around).
    levels: Box<[u16; HALVES]>,
    /// Largest charge; beyond it the amplifier has no output voltage.
    limit: i32,
}

impl Nodes {
    /// `node` tells the input level for a capacitor voltage (a level difference) from
    /// `-highest` to `highest`.
    pub fn new(highest: f64, node: impl Fn(f64) -> f64) -> Self {
        let limit = (highest as i32 - 2) << CHARGE_BITS;
        let [least, most] = [-limit, limit].map(|charge| charge >> (CHARGE_BITS + 1));
        let level = |half: i32| {
            let volts = 2.0 * f64::from(half);
            // Both voltages of this half level leave an output of at least 0.
            rounded(node(volts.clamp(-highest, highest)).max(volts + 1.0))
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
        Nodes { levels, limit }
    }
}

/// A capacitor and the node at the amplifier's input.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Capacitor {
    /// Voltage at the amplifier's input, as a level.
    node: i32,
    /// Voltage of the capacitor, in 16,384ths of a level.
    charge: i32,
}

impl Capacitor {
    /// Without a charge.
    pub fn new() -> Self {
        Capacitor { node: 0, charge: 0 }
    }

    /// Level at the amplifier's input.
    #[inline(always)]
    pub fn node(&self) -> i32 {
        self.node
    }

    /// One cycle with `current` in 16,384ths of a level (within ±2^30, so that the sum cannot
    /// overflow); gives the amplifier's output level, 0 to 65,535.
    #[inline(always)]
    pub fn charge(&mut self, nodes: &Nodes, current: i32) -> i32 {
        let charge = self.charge.wrapping_add(current);
        let half = (charge >> (CHARGE_BITS + 1)) as usize & (HALVES - 1);
        self.node = i32::from(nodes.levels[half]);
        self.charge = charge.clamp(-nodes.limit, nodes.limit);
        self.node - (self.charge >> CHARGE_BITS)
    }
}
