//! Plays the golden traces on the chips alone and prints how far the sound is from the golden
//! sound: `cargo run --release -p testkit --example compare [seconds] [part of a path]`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use testkit::fixture::{self, Golden};
use testkit::measure;
use testkit::sound::{Comparison, percentile};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let seconds: f64 = arguments.next().map_or(Ok(5.0), |text| text.parse())?;
    let part = arguments.next().unwrap_or_default();
    let verbose = arguments.next().is_some();
    let cases: Vec<Golden> = fixture::golden()?
        .into_iter()
        .filter(|golden| golden.stem.to_string_lossy().contains(&part))
        .collect();
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let work = || {
        while let Some(golden) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            match measure::chips_alone(golden, sid::Grade::Accurate, seconds) {
                Ok(found) => results.lock().expect("no panics").push((golden, found)),
                Err(error) => eprintln!("{}: {error}", golden.case.tune),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let mut results = results.into_inner().expect("no panics");
    results.sort_by(|a, b| a.1.median_db.total_cmp(&b.1.median_db));
    for model in [sid::Model::Mos6581, sid::Model::Mos8580] {
        let of_model: Vec<_> = results
            .iter()
            .filter(|r| r.0.models()[0] == model)
            .collect();
        println!("{model:?}: {} tunes", of_model.len());
        for (golden, found) in &of_model {
            println!(
                "  median {:6.3}  p95 {:6.3}  level {:+6.2}  r {:.4}  lag {:6}  x{} {} {}",
                found.median_db,
                found.p95_db,
                found.level_db,
                found.correlation,
                found.lag,
                golden.models().len(),
                golden.case.clock,
                golden.case.tune
            );
            if verbose {
                let bands: Vec<String> = found
                    .bands_db
                    .iter()
                    .map(|band| format!("{band:+.2}"))
                    .collect();
                println!("    {}", bands.join(" "));
            }
        }
        let sorted = |value: &dyn Fn(&Comparison) -> f64| {
            let mut values: Vec<f64> = of_model.iter().map(|result| value(&result.1)).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        for (name, values) in [
            ("median", sorted(&|found| found.median_db)),
            ("p95", sorted(&|found| found.p95_db)),
            ("level", sorted(&|found| found.level_db)),
        ] {
            println!(
                "{model:?} {name:>6}: median {:.3}, 5th {:.3}, 95th {:.3} dB",
                percentile(&values, 0.5),
                percentile(&values, 0.05),
                percentile(&values, 0.95)
            );
        }
    }
    Ok(())
}
