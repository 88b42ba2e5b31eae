//! Round trips, damage, migrations, and two tabs.

use catalog::Column;
use protocol::engine::{Filter, Grade, Model, Spread, Video};
use protocol::visuals::View;
use sidfile::Md5;

use super::migrate::{Pairs, STEPS, Step, migrate};
use super::*;
use crate::swarm::Reach;

fn full() -> Preferences {
    Preferences {
        volume: 55,
        muted: true,
        theme: Theme::Light,
        repeat: Repeat::All,
        songs: Songs::All,
        sort: Sort {
            column: Column::Year,
            descending: true,
        },
        overrides: Overrides {
            model: Some(Model::Mos8580),
            video: Some(Video::Ntsc),
            grade: Some(Grade::Light),
            filter: Filter::Darkest,
            spread: Spread::Mono,
        },
        levelling: true,
        tempo: Some(Tempo {
            speed_percent: 150,
            semitones: -2,
            pitch_follows: true,
        }),
        swarm: SwarmChoices {
            reach: Reach::Local,
            seed: false,
            download_kilobytes: 500,
            upload_kilobytes: 20,
            disk_megabytes: 100,
        },
        narrow_navigation: true,
        picture: View::Spectrum,
        density: Density::Compact,
        language: Language::German,
        engine_order: [SoundMode::Port, SoundMode::File, SoundMode::Ring],
        rom_set: RomSet::Empty,
        crossfade_seconds: 7,
        countdown_seconds: 10,
        data_saver: DataSaver::On,
        telemetry: false,
        last: Some(Place {
            tune: TuneId {
                md5: Md5::of(b"abc"),
                song: 3,
            },
            position_millis: 61_500,
        }),
    }
}

#[test]
fn version_1_is_read_as_it_was_written() {
    let fixture = include_str!("../../fixtures/preferences-1.txt");
    // What later releases added is as on a first visit.
    let full = full();
    let written = Preferences {
        volume: full.volume,
        muted: full.muted,
        theme: full.theme,
        repeat: full.repeat,
        songs: full.songs,
        sort: full.sort,
        overrides: Overrides {
            model: full.overrides.model,
            video: full.overrides.video,
            ..Overrides::default()
        },
        narrow_navigation: full.narrow_navigation,
        last: full.last,
        ..Preferences::default()
    };
    assert_eq!(Preferences::load(fixture), (written, Vec::new()));
}

#[test]
fn version_2_is_read_as_it_was_written() {
    let fixture = include_str!("../../fixtures/preferences-2.txt");
    assert_eq!(
        fixture,
        full().save(),
        "the newest version is what is written"
    );
    assert_eq!(Preferences::load(fixture), (full(), Vec::new()));
}

#[test]
fn what_version_1_called_otherwise_is_found() {
    let old = "sidereal-preferences 1\nspread=mono\nmodel=6581\nvideo=pal\nseed=no\ndisk=64\n";
    let (found, repairs) = Preferences::load(old);
    assert_eq!(repairs, Vec::new());
    assert_eq!(found.overrides.spread, Spread::Mono);
    assert_eq!(found.overrides.model, Some(Model::Mos6581));
    assert_eq!(found.overrides.video, Some(Video::Pal));
    assert_eq!((found.swarm.seed, found.swarm.disk_megabytes), (false, 64));
}

#[test]
fn a_copy_helps_where_the_text_is_damaged() {
    let copy = full().save();
    let whole = Preferences::load_with_copy("", &copy);
    assert_eq!(whole, (full(), Vec::new()), "the text is lost");
    let damaged = copy
        .replace("volume=55", "volume=lots")
        .replace("theme=light", "theme=dark");
    let (found, repairs) = Preferences::load_with_copy(&damaged, &copy);
    let expected = Preferences {
        theme: Theme::Dark,
        ..full()
    };
    assert_eq!(found, expected);
    assert_eq!(repairs.len(), 2, "{repairs:?}");
    let half = &copy[..copy.len() / 2];
    let (found, repairs) = Preferences::load_with_copy(half, &copy);
    assert_eq!(found, full());
    assert!(repairs.contains(&Repair::Sum), "{repairs:?}");
}

#[test]
fn two_tabs_lose_nothing_of_each_other() {
    let base = full();
    let ours = Preferences {
        volume: 10,
        tempo: None,
        last: None,
        ..full()
    };
    let theirs = Preferences {
        theme: Theme::Dark,
        crossfade_seconds: 3,
        volume: 90,
        ..full()
    };
    let merged = merge(&base.save(), &ours.save(), &theirs.save());
    let expected = Preferences {
        theme: Theme::Dark,
        crossfade_seconds: 3,
        ..ours.clone()
    };
    assert_eq!(Preferences::load(&merged), (expected, Vec::new()));
    let gone = merge(
        &base.save(),
        &base.save(),
        &Preferences {
            tempo: None,
            ..full()
        }
        .save(),
    );
    assert_eq!(Preferences::load(&gone).0.tempo, None);
    let added = merge(&ours.save(), &ours.save(), &theirs.save());
    assert_eq!(Preferences::load(&added).0.tempo, theirs.tempo);
    assert_eq!(merge(&base.save(), &ours.save(), &base.save()), ours.save());
}

#[test]
fn round_trip() {
    for preferences in [Preferences::default(), full()] {
        let text = preferences.save();
        assert_eq!(Preferences::load(&text), (preferences, Vec::new()));
    }
    assert_eq!(
        Preferences::load(""),
        (Preferences::default(), Vec::new()),
        "a first visit is no damage"
    );
}

fn check(line: &str, repairs: usize, change: impl FnOnce(&mut Preferences)) {
    let key = line.split('=').next().unwrap();
    let text: String = full()
        .save()
        .lines()
        .map(|old| {
            if old.split('=').next() == Some(key) {
                format!("{line}\n")
            } else {
                format!("{old}\n")
            }
        })
        .collect();
    let mut expected = full();
    change(&mut expected);
    let (found, mut reported) = Preferences::load(&text);
    assert_eq!(found, expected, "{line}");
    reported.retain(|repair| *repair != Repair::Sum);
    assert_eq!(reported.len(), repairs, "{line}: {reported:?}");
}

#[test]
fn damage_costs_one_field() {
    check("volume=101", 1, |p| p.volume = 80);
    check("volume=", 1, |p| p.volume = 80);
    check("muted=perhaps", 1, |p| p.muted = false);
    check("theme=\u{1f408}", 1, |p| p.theme = Theme::System);
    check("repeat", 1, |p| p.repeat = Repeat::Off);
    check("songs=2", 1, |p| p.songs = Songs::Chosen);
    check("sort=year", 1, |p| p.sort = Sort::default());
    check("sort=\u{e9}year", 1, |p| p.sort = Sort::default());
    check("chip=6582", 1, |p| p.overrides.model = None);
    check("clock=secam", 1, |p| p.overrides.video = None);
    check("grade=heavy", 1, |p| p.overrides.grade = None);
    check("filter=pink", 1, |p| p.overrides.filter = Filter::Average);
    check("stereo-width=butter", 1, |p| {
        p.overrides.spread = Spread::Stereo
    });
    check("levelling=loud", 1, |_| ());
    check("levelling=no", 0, |p| p.levelling = false);
    for damaged in ["fast", "150 -2", "20 0 no", "100 13 no", "100 0 no 1", ""] {
        check(&format!("tempo={damaged}"), 1, |p| p.tempo = None);
    }
    check("reach=moon", 1, |p| p.swarm.reach = Reach::Direct);
    check("seeding=", 1, |p| p.swarm.seed = true);
    check("download=-1", 1, |p| p.swarm.download_kilobytes = 0);
    check("upload=x", 1, |p| p.swarm.upload_kilobytes = 0);
    check("cache=1.5", 1, |p| p.swarm.disk_megabytes = 0);
    check("narrow-navigation=", 1, |p| p.narrow_navigation = false);
    check("picture=mona-lisa", 1, |p| p.picture = View::Scopes);
    check("density=tight", 1, |p| p.density = Density::Comfortable);
    check("language=tlh", 1, |p| p.language = Language::Auto);
    for damaged in [
        "ring port",
        "ring ring port",
        "ring port file ring",
        "",
        "ring, port",
    ] {
        check(&format!("engine-order={damaged}"), 1, |p| {
            p.engine_order = Preferences::default().engine_order;
        });
    }
    check("roms=new", 1, |p| p.rom_set = RomSet::Own);
    check("crossfade=13", 1, |p| p.crossfade_seconds = 0);
    check("countdown=31", 1, |p| p.countdown_seconds = 0);
    check("data-saver=x", 1, |p| p.data_saver = DataSaver::Auto);
    check("telemetry=", 1, |p| p.telemetry = true);
    // Without a tune the position means nothing either.
    check("last=xyz/1", 2, |p| p.last = None);
    check("position=-1", 1, |p| {
        p.last.as_mut().unwrap().position_millis = 0;
    });
}

#[test]
fn a_lost_heading_and_a_later_version_keep_the_lines() {
    let body: String = full()
        .save()
        .lines()
        .skip(1)
        .filter(|line| !line.starts_with("sum="))
        .fold(String::new(), |text, line| text + line + "\n");
    assert_eq!(Preferences::load(&body), (full(), vec![Repair::Heading]));
    let later = format!("sidereal-preferences 9\n{body}colour-of-dreams=blue\n");
    assert_eq!(
        Preferences::load(&later),
        (full(), vec![Repair::Newer { found: 9 }])
    );
}

#[test]
fn any_cut_of_the_text_can_be_read() {
    let text = full().save();
    for end in 0..text.len() {
        let (found, _) = Preferences::load(&text[..end]);
        assert!(found.volume <= 100);
    }
}

#[test]
fn steps_run_in_order_from_the_version_found() {
    let steps: &[Step] = &[
        |pairs| pairs.push(("1 to 2".into(), String::new())),
        |pairs| pairs.push(("2 to 3".into(), String::new())),
    ];
    for (from, expected) in [
        (1, vec!["1 to 2", "2 to 3"]),
        (2, vec!["2 to 3"]),
        (3, vec![]),
        (0, vec!["1 to 2", "2 to 3"]),
    ] {
        let mut pairs = Pairs::new();
        migrate(&mut pairs, from, steps);
        let names: Vec<&str> = pairs.iter().map(|(key, _)| &**key).collect();
        assert_eq!(names, expected, "from {from}");
    }
    assert_eq!(STEPS.len() + 1, SCHEMA_VERSION as usize);
}
