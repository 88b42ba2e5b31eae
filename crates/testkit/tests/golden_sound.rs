//! The chips against the reference player's sound, for tunes that use every part of them.

use sid::Model;
use testkit::{fixture, measure};

/// Seconds compared; a debug build of the comparison is slow.
const SECONDS: f64 = 2.0;

#[test]
fn sounds_like_the_reference() {
    let golden = fixture::golden().expect("golden data");
    for (name, model, median_db, p95_db) in [
        ("Hubbard_Rob/Commando", Model::Mos6581, 0.02, 0.1),
        ("Galway_Martin/Wizball", Model::Mos6581, 0.15, 0.5),
        ("Moppe/Flonkk09", Model::Mos6581, 0.15, 0.5),
        ("Derrett_Jay/Trigger_Happy", Model::Mos6581, 0.05, 0.2),
        ("Jammer/90s_Still_Within", Model::Mos8580, 0.05, 0.2),
        ("Lft/A_Mind_is_Born", Model::Mos8580, 0.15, 0.4),
        ("SounDemoN/Spiral", Model::Mos8580, 0.05, 0.3),
        ("Hermit/Earmind_3SID", Model::Mos8580, 0.05, 0.2),
    ] {
        let Some(golden) = golden.iter().find(|golden| golden.case.tune.contains(name)) else {
            println!("skipped: {name}");
            continue;
        };
        assert_eq!(golden.models()[0], model, "{name}");
        let found = measure::chips_alone(golden, sid::Grade::Accurate, SECONDS)
            .expect("golden trace and sound");
        println!(
            "{name}: median {:.3}, p95 {:.3}, level {:+.3} dB",
            found.median_db, found.p95_db, found.level_db
        );
        assert!(
            found.median_db < median_db && found.p95_db < p95_db,
            "{name}: {found:?}"
        );
        // The reference's level, absolutely: there is one gain for all tunes.
        assert!(found.level_db.abs() < 0.1, "{name}: {found:?}");
    }
}
