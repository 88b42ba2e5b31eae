//! Compares where songs repeat with the collection's list of lengths: every n-th tune of the
//! shared collection. `cargo run --release -p c64 --example lengths -- EVERY MOST EVIDENCE`

use c64::{Config, Player, Repeats};
use sidfile::{Md5, Songlengths, Tune};

/// Seconds that are run at most.
const MOST_SECONDS: u64 = 480;

fn main() {
    let argument = |at: usize, default: usize| {
        let text = std::env::args().nth(at);
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (every, most, evidence) = (argument(1, 60), argument(2, 40), argument(3, 30));
    let Some(root) = testkit::fixture::shared("hvsc/C64Music") else {
        return;
    };
    let list = std::fs::read(root.join("DOCUMENTS/Songlengths.md5")).expect("the list is there");
    let list = Songlengths::parse(&list);
    let files = walkdir(&root);
    let (mut near, mut early, mut late, mut none) = (0, 0, 0, 0);
    for path in files.iter().step_by(every).take(most) {
        let Ok(bytes) = std::fs::read(path) else {
            continue;
        };
        let Ok(tune) = Tune::parse(&bytes) else {
            continue;
        };
        let song = tune.start_song;
        let Some(&known) = list
            .get(&Md5::of(&bytes))
            .and_then(|lengths| lengths.get(usize::from(song) - 1))
        else {
            continue;
        };
        let Ok(mut player) = Player::new(&tune, song, &Config::default()) else {
            continue;
        };
        let hz = player.clock_hz();
        let mut repeats = Repeats::new(player.chips().len(), player.frame_cycles());
        player.set_trace(true);
        let start = player.cycles();
        let mut found = None;
        for _ in 0..MOST_SECONDS / 10 {
            player.run_cycles((10.0 * hz) as u64);
            repeats.push(&player.take_trace());
            found = repeats.find((evidence as f64 * hz) as u64);
            if found.is_some() {
                break;
            }
        }
        let known = f64::from(known) / 1000.0;
        let name = path.strip_prefix(&root).unwrap_or(path).display();
        match found {
            None => {
                none += 1;
                println!("none           known {known:6.1}  {name}");
            }
            Some(repeat) => {
                let end = (repeat.end - start) as f64 / hz;
                let period = repeat.period as f64 / hz;
                let kind = if (end - known).abs() < 2.5 {
                    near += 1;
                    "near"
                } else if end < known {
                    early += 1;
                    "early"
                } else {
                    late += 1;
                    "late"
                };
                println!("{kind:5} {end:6.1}   known {known:6.1}  period {period:6.1}  {name}");
            }
        }
    }
    println!("near {near}, early {early}, late {late}, none {none}");
}

fn walkdir(root: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "sid") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
