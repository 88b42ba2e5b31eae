//! The capacitor between output and input of an amplifier: the memory of an integrator.
//!
//! Source: Dag Lem's one-step solution (reSID 1.0): the charge of a cycle follows from the input
//! node's voltage of the cycle before, the node's new voltage from the charge by a table.

use crate::opamp::{Lookup, lookup};

/// Fraction bits of a charge.
const CHARGE_BITS: u32 = 14;

/// Input level of the amplifier over the voltage of its capacitor.
#[derive(Debug)]
pub struct Nodes {
    /// Over half the capacitor's voltage (a signed level difference, as 16 bits).
    levels: Lookup,
    /// Largest charge; beyond it the amplifier has no output voltage.
    limit: i32,
}

impl Nodes {
    /// `node` tells the input level for a capacitor voltage (a level difference) from
    /// `-highest` to `highest`.
    pub fn new(highest: f64, node: impl Fn(f64) -> f64) -> Self {
        let levels = lookup(|half| {
            let volts = 2.0 * f64::from(half as i16);
            // Both voltages of this half level leave an output of at least 0.
            node(volts.clamp(-highest, highest)).max(volts + 1.0)
        });
        Nodes {
            levels,
            limit: (highest as i32 - 2) << CHARGE_BITS,
        }
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
        self.charge = self
            .charge
            .saturating_add(current)
            .clamp(-nodes.limit, nodes.limit);
        let half = (self.charge >> (CHARGE_BITS + 1)) as u16;
        self.node = i32::from(nodes.levels[usize::from(half)]);
        self.node - (self.charge >> CHARGE_BITS)
    }
}
