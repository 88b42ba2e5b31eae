//! Residuals as FLAC keeps them: Rice codes, with a parameter for each part of the block.
//!
//! Source: RFC 9639, section 9.2.7.

use crate::bits::Bits;

/// Highest parameter of the short form; 15 would announce plain numbers.
const MOST_PARAMETER: u32 = 14;
/// Most that a block is halved.
const MOST_ORDER: u32 = 6;

/// How a residual is best written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    order: u32,
    parameters: Vec<u32>,
    /// Bits that it takes, the head included.
    pub(crate) bits: u64,
}

/// Positive numbers are even, negative ones odd, so that small ones stay small.
fn fold(value: i32) -> u32 {
    (value << 1 ^ value >> 31).cast_unsigned()
}

/// Bits of `count` folded numbers of sum `sum` in codes of a parameter; at most a bit a number
/// too many, as the numbers are not cut one by one.
fn estimate(sum: u64, count: u64, parameter: u32) -> u64 {
    count * u64::from(1 + parameter) + (sum >> parameter)
}

fn best(sum: u64, count: u64) -> (u32, u64) {
    // The best is close to the binary logarithm of the mean.
    let mean = sum / count.max(1);
    let near = mean.max(1).ilog2().min(MOST_PARAMETER);
    let candidates = near.saturating_sub(1)..=(near + 1).min(MOST_PARAMETER);
    let costs = candidates.map(|parameter| (parameter, estimate(sum, count, parameter)));
    costs
        .min_by_key(|&(_, bits)| bits)
        .expect("there is at least one candidate")
}

/// Finds the division of a block of `block` samples, of which the first `warm_up` have no
/// residual, that takes the fewest bits.
pub(crate) fn plan(residual: &[i32], block: usize, warm_up: usize) -> Plan {
    let order = (0..=MOST_ORDER)
        .rev()
        .find(|order| block.is_multiple_of(1 << order) && block >> order > warm_up)
        .unwrap_or(0);
    let size = block >> order;
    let mut sums = Vec::with_capacity(1 << order);
    let mut rest = residual;
    for part in 0..1 << order {
        let count = if part == 0 { size - warm_up } else { size };
        let (now, later) = rest.split_at(count);
        let sum: u64 = now.iter().map(|&value| u64::from(fold(value))).sum();
        sums.push((sum, count as u64));
        rest = later;
    }
    let mut plan: Option<Plan> = None;
    for order in (0..=order).rev() {
        let parts: Vec<(u32, u64)> = sums.iter().map(|&(sum, count)| best(sum, count)).collect();
        let bits = 6 + parts.iter().map(|(_, bits)| bits + 4).sum::<u64>();
        if plan.as_ref().is_none_or(|plan| bits < plan.bits) {
            plan = Some(Plan {
                order,
                parameters: parts.iter().map(|(parameter, _)| *parameter).collect(),
                bits,
            });
        }
        sums = sums
            .chunks(2)
            .map(|pair| pair.iter().fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)))
            .collect();
    }
    plan.expect("a block has at least one division")
}

/// Writes the residual as planned.
pub(crate) fn write(bits: &mut Bits, plan: &Plan, residual: &[i32], block: usize, warm_up: usize) {
    bits.put(0, 2);
    bits.put(plan.order, 4);
    let size = block >> plan.order;
    let mut rest = residual;
    for (part, &parameter) in plan.parameters.iter().enumerate() {
        bits.put(parameter, 4);
        let count = if part == 0 { size - warm_up } else { size };
        let (now, later) = rest.split_at(count);
        for &value in now {
            let folded = fold(value);
            bits.put_unary(folded >> parameter);
            bits.put(folded, parameter);
        }
        rest = later;
    }
}
