//! The reference player's traces: their format, and how two are compared.
//!
//! Source: `golden/README.md`.

use testkit::trace::Write as Record;

/// Leading records that either player may write before the tune starts.
const LEADING: usize = 8;

fn is_same_write(a: &Record, b: &Record) -> bool {
    (a.chip, a.register, a.value) == (b.chip, b.register, b.value)
}

/// Writes as records: the first one's distance is that from power-on.
pub(super) fn records(writes: &[c64::Write]) -> Vec<Record> {
    let mut before = 0;
    writes
        .iter()
        .map(|write| {
            let cycles = u32::try_from(write.cycle - before).unwrap_or(u32::MAX);
            before = write.cycle;
            Record {
                cycles,
                chip: write.chip,
                register: write.register,
                value: write.value,
            }
        })
        .collect()
}

/// How equal two traces are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Comparison {
    /// Records compared.
    pub(super) records: usize,
    /// Records equal in chip, register and value.
    pub(super) equal: usize,
    /// Records that also keep their distance.
    pub(super) in_time: usize,
    /// The first record that differs.
    pub(super) first_difference: Option<usize>,
    /// The first record that keeps its write but not its distance.
    pub(super) first_late: Option<usize>,
}

/// Compares with the alignment that makes the longest equal beginning.
pub(super) fn compare(reference: &[Record], ours: &[Record]) -> Comparison {
    let equal_beginning = |skip: usize, skip_ours: usize| {
        let pairs = reference.iter().skip(skip).zip(ours.iter().skip(skip_ours));
        pairs.take_while(|(a, b)| is_same_write(a, b)).count()
    };
    let mut best = (equal_beginning(0, 0), 0, 0);
    for skip in 0..=LEADING {
        for skip_ours in 0..=LEADING {
            let length = equal_beginning(skip, skip_ours);
            if length > best.0 {
                best = (length, skip, skip_ours);
            }
        }
    }
    let (_, skip, skip_ours) = best;
    let reference = &reference[skip.min(reference.len())..];
    let ours = &ours[skip_ours.min(ours.len())..];
    let mut result = Comparison {
        records: reference.len(),
        equal: 0,
        in_time: 0,
        first_difference: None,
        first_late: None,
    };
    for (index, record) in reference.iter().enumerate() {
        let Some(other) = ours.get(index).filter(|other| is_same_write(record, other)) else {
            result.first_difference.get_or_insert(index);
            continue;
        };
        result.equal += 1;
        // The first record's distance is the time since power-on, which may differ.
        if index == 0 || record.cycles == other.cycles {
            result.in_time += 1;
        } else {
            result.first_late.get_or_insert(index);
        }
    }
    result
}
