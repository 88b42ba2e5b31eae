//! Where the lines of a chart go: values over time become paths, ticks and places to read them off.
//!
//! Places are in the units of an SVG `viewBox`, rounded to a hundredth. Where nothing was measured a
//! line has a gap.

/// The drawing's size, and where in it the plot lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Left edge of the plot.
    pub left: f64,
    /// Upper edge of the plot.
    pub top: f64,
    /// Right edge of the plot.
    pub right: f64,
    /// Lower edge of the plot.
    pub bottom: f64,
}

/// In which steps an axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// 1, 2, 5, 10.
    Decimal,
    /// Whole numbers alone: 1, 2, 5, 10.
    Whole,
}

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Data<'a> {
    /// Time of the first value.
    pub start_millis: u64,
    /// Time between two values.
    pub step_millis: u64,
    /// The values; none where nothing was measured.
    pub values: &'a [Option<f64>],
    /// How far the chart goes back from the last value.
    pub span_millis: u64,
}

/// A value that can be read off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Place.
    pub x: f64,
    /// Place.
    pub y: f64,
    /// When.
    pub at_millis: u64,
    /// What.
    pub value: f64,
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// Path of the line.
    pub line: String,
    /// Path of what lies under it.
    pub under: String,
    /// Values between two gaps.
    pub lonely: Vec<Point>,
    /// What can be read off, from left to right.
    pub points: Vec<Point>,
    /// Height and value of the ticks of the values, from below.
    pub value_ticks: Vec<(f64, f64)>,
    /// Place and time of the ticks of time, from the left.
    pub time_ticks: Vec<(f64, u64)>,
}

/// Most points of a line: more are not told apart.
const MOST_POINTS: usize = 240;

/// Lays a chart out. Of values that lie too close together the largest is shown: a peak is what an
/// operator looks for.
#[must_use]
pub fn lay_out(data: Data<'_>, steps: Steps, area: Area, offset_minutes: i32) -> Chart {
    let step = data.step_millis.max(1);
    let all = data.values.len() as u64;
    let end = data
        .start_millis
        .saturating_add(step.saturating_mul(all.saturating_sub(1)));
    let begin = end.saturating_sub(data.span_millis.max(step));
    let wanted = usize::try_from((end - begin) / step + 1).unwrap_or(usize::MAX);
    let skipped = data.values.len().saturating_sub(wanted);
    let values = &data.values[skipped..];
    let group = wanted.div_ceil(MOST_POINTS).max(1);
    let start = data.start_millis + step * skipped as u64;

    let place_x = |millis: u64| {
        let share = millis.saturating_sub(begin) as f64 / (end - begin).max(1) as f64;
        rounded(area.left + share * (area.right - area.left))
    };
    // Groups end with the last value, so that the newest is never alone in one.
    let lead = values.len() % group;
    let mut groups: Vec<(u64, Option<f64>)> = Vec::new();
    let mut at = 0;
    while at < values.len() {
        let until = if at == 0 && lead > 0 {
            lead
        } else {
            at + group
        };
        let largest = values[at..until].iter().flatten().copied();
        let largest = largest.filter(|value| value.is_finite()).reduce(f64::max);
        groups.push((start + step * (until as u64 - 1), largest));
        at = until;
    }
    let top = groups
        .iter()
        .filter_map(|(_, value)| *value)
        .reduce(f64::max);
    let value_ticks = ticks(top.unwrap_or(0.0), steps);
    let highest = value_ticks.last().copied().unwrap_or(1.0);
    let place_y = |value: f64| {
        let share = (value / highest).clamp(0.0, 1.0);
        rounded(area.bottom - share * (area.bottom - area.top))
    };

    let mut chart = Chart {
        value_ticks: value_ticks
            .iter()
            .map(|tick| (place_y(*tick), *tick))
            .collect(),
        time_ticks: time_ticks(begin, end, offset_minutes)
            .into_iter()
            .map(|millis| (place_x(millis), millis))
            .collect(),
        ..Chart::default()
    };
    let mut run: Vec<Point> = Vec::new();
    for (at_millis, value) in groups {
        match value {
            Some(value) => run.push(Point {
                x: place_x(at_millis),
                y: place_y(value),
                at_millis,
                value,
            }),
            None => chart.close(&mut run, area.bottom),
        }
    }
    chart.close(&mut run, area.bottom);
    chart
}

impl Chart {
    fn close(&mut self, run: &mut Vec<Point>, bottom: f64) {
        match &**run {
            [] => return,
            [point] => self.lonely.push(*point),
            [first, .., last] => {
                let mut path = String::new();
                for (at, point) in run.iter().enumerate() {
                    let letter = if at == 0 { 'M' } else { 'L' };
                    path.push_str(&format!("{letter}{} {}", point.x, point.y));
                }
                self.under
                    .push_str(&format!("{path}L{} {bottom}L{} {bottom}Z", last.x, first.x));
                self.line.push_str(&path);
            }
        }
        self.points.append(run);
    }

    /// The point nearest to a place.
    #[must_use]
    pub fn nearest(&self, x: f64) -> Option<usize> {
        let distance = |point: &Point| (point.x - x).abs();
        let nearest = self.points.iter().enumerate();
        nearest
            .min_by(|(_, one), (_, other)| distance(one).total_cmp(&distance(other)))
            .map(|(at, _)| at)
    }
}

/// Mean of what was measured in the last while; none where nothing was.
#[must_use]
pub fn mean_of_last(values: &[Option<f64>], step_millis: u64, while_millis: u64) -> Option<f64> {
    let count = usize::try_from(while_millis.div_ceil(step_millis.max(1))).unwrap_or(usize::MAX);
    let last = &values[values.len().saturating_sub(count)..];
    let measured: Vec<f64> = last.iter().flatten().copied().collect();
    (!measured.is_empty()).then(|| measured.iter().sum::<f64>() / measured.len() as f64)
}

fn rounded(place: f64) -> f64 {
    (place * 100.0).round() / 100.0
}

/// Two to five round values from 0 on, the last no less than `top`.
fn ticks(top: f64, steps: Steps) -> Vec<f64> {
    let least = match steps {
        Steps::Whole => 1.0,
        Steps::Decimal => 1e-6,
    };
    let mut unit: f64 = least;
    let step = 'found: loop {
        for part in [1.0, 2.0, 5.0] {
            if unit * part * 4.0 >= top {
                break 'found unit * part;
            }
        }
        unit *= 10.0;
    };
    // Nothing but zeros, or next to nothing: an axis up to 1 says more than one up to a millionth.
    let step = if top <= 0.0 { 0.5_f64.max(least) } else { step };
    let count = if top <= 0.0 {
        2.0
    } else {
        (top / step).ceil().max(1.0)
    };
    let mut values = Vec::new();
    let mut at = 0.0;
    while at <= count {
        values.push(at * step);
        at += 1.0;
    }
    values
}

const MINUTE: u64 = 60_000;

/// Round times between two others, by the clock of a zone.
fn time_ticks(begin: u64, end: u64, offset_minutes: i32) -> Vec<u64> {
    let span = end - begin;
    let distances =
        [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440].map(|minutes| minutes * MINUTE);
    let distance = distances
        .into_iter()
        .find(|distance| span / distance <= 6)
        .unwrap_or(distances[distances.len() - 1]);
    let shift = i64::from(offset_minutes) * 60_000;
    let local = begin.cast_signed() + shift;
    let first = local + (-local).rem_euclid(distance.cast_signed());
    let mut ticks = Vec::new();
    let mut at = (first - shift).cast_unsigned();
    while at <= end && ticks.len() < 12 {
        ticks.push(at);
        at += distance;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Area = Area {
        left: 0.0,
        top: 0.0,
        right: 100.0,
        bottom: 50.0,
    };

    fn chart(values: &[Option<f64>], span_millis: u64) -> Chart {
        let data = Data {
            start_millis: 600_000,
            step_millis: 60_000,
            values,
            span_millis,
        };
        lay_out(data, Steps::Decimal, AREA, 0)
    }

    #[test]
    fn a_line_has_gaps_where_nothing_was_measured() {
        let values = [Some(0.0), Some(4.0), None, Some(2.0), None];
        let chart = chart(&values, 240_000);
        assert_eq!(chart.line, "M0 50L25 0");
        assert_eq!(chart.under, "M0 50L25 0L25 50L0 50Z");
        assert_eq!(chart.lonely.len(), 1);
        assert_eq!((chart.lonely[0].x, chart.lonely[0].y), (75.0, 25.0));
        assert_eq!(chart.points.len(), 3);
        assert_eq!(chart.points[1].at_millis, 660_000);
        assert_eq!(chart.nearest(60.0), Some(2));
        assert_eq!(chart.nearest(-5.0), Some(0));
    }

    #[test]
    fn nothing_measured_is_an_empty_chart_with_axes() {
        for values in [&[][..], &[None, None][..]] {
            let chart = chart(values, 3_600_000);
            assert!(chart.points.is_empty() && chart.line.is_empty());
            assert_eq!(chart.nearest(1.0), None);
            assert_eq!(chart.value_ticks.len(), 3);
        }
    }

    #[test]
    fn what_is_older_than_the_span_is_left_out() {
        let values = [Some(1.0); 10];
        let chart = chart(&values, 180_000);
        assert_eq!(chart.points.len(), 4);
        assert_eq!(chart.points[0].x, 0.0);
        assert_eq!(chart.points[3].x, 100.0);
    }

    #[test]
    fn a_peak_among_many_values_is_seen() {
        let mut values = vec![Some(1.0); 1_000];
        values[499] = Some(9.0);
        let chart = chart(&values, 999 * 60_000);
        assert!(chart.points.len() <= MOST_POINTS);
        assert!(chart.points.iter().any(|point| point.value == 9.0));
        assert_eq!(chart.points.last().unwrap().x, 100.0);
    }

    #[test]
    fn the_mean_is_of_what_was_measured() {
        let values = [Some(9.0), Some(1.0), None, Some(3.0)];
        assert_eq!(mean_of_last(&values, 60_000, 180_000), Some(2.0));
        assert_eq!(mean_of_last(&values, 60_000, 150_001), Some(2.0));
        assert_eq!(mean_of_last(&values, 300_000, 60_000), Some(3.0));
        assert_eq!(mean_of_last(&[None], 60_000, 60_000), None);
        assert_eq!(mean_of_last(&[], 0, 60_000), None);
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(0.0, Steps::Decimal), [0.0, 0.5, 1.0]);
        assert_eq!(ticks(7.0, Steps::Decimal), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(ticks(1.0, Steps::Whole), [0.0, 1.0]);
        assert_eq!(ticks(0.0, Steps::Whole), [0.0, 1.0, 2.0]);
        assert_eq!(ticks(0.9, Steps::Decimal), [0.0, 0.5, 1.0]);
        assert_eq!(ticks(130.0, Steps::Whole), [0.0, 50.0, 100.0, 150.0]);
    }

    #[test]
    fn times_are_round_in_their_zone() {
        let day = 24 * 3_600_000;
        let ticks = time_ticks(day + 1, 2 * day, 0);
        assert_eq!(ticks.first(), Some(&(day + 6 * 3_600_000)));
        assert_eq!(ticks.len(), 4);
        let half = time_ticks(day, day + 3_600_000, 30);
        assert!(
            half.iter()
                .all(|at| (at + 30 * MINUTE).is_multiple_of(10 * MINUTE)),
            "{half:?}"
        );
        assert_eq!(time_ticks(5, 5, 0), [] as [u64; 0]);
    }

    proptest::proptest! {
        #[test]
        fn any_values_stay_within_the_plot(
            values in proptest::collection::vec(proptest::option::of(proptest::num::f64::ANY), 0..600),
            start in 0_u64..1 << 50, step in 0_u64..1 << 40, span in 0_u64..1 << 40, offset in -900_i32..900,
        ) {
            let data = Data { start_millis: start, step_millis: step, values: &values, span_millis: span };
            let chart = lay_out(data, Steps::Decimal, AREA, offset);
            for point in &chart.points {
                proptest::prop_assert!((0.0..=100.0).contains(&point.x) && (0.0..=50.0).contains(&point.y));
            }
            for (x, _) in &chart.time_ticks {
                proptest::prop_assert!((0.0..=100.0).contains(x));
            }
        }
    }
}
