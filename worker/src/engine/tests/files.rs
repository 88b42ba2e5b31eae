//! Files: what comes from the library, and what goes to the disk.

use sidfile::rom::RomKind;

use super::*;

#[test]
fn what_cannot_be_played_is_answered() {
    let mut rig = Rig::new();
    rig.engine.request(1, Request::Seek { millis: 0 });
    assert!(matches!(
        rig.told(1)[..],
        [Event::Failed {
            failure: Failure::State(_),
            ..
        }]
    ));
    rig.load(9, 0, None);
    assert!(matches!(
        rig.told(5)[..],
        [Event::Failed {
            failure: Failure::Tune(_),
            ..
        }]
    ));
    let tune_id = TuneId {
        md5: Md5::of(b"?"),
        song: 1,
    };
    let load = |start_millis| Request::Load {
        tune: tune_id,
        start_millis,
        end_millis: None,
        finds_length: false,
        overrides: Overrides::default(),
        audible: [ALL_AUDIBLE; 3],
        tempo: Tempo::default(),
    };
    rig.engine.request(2, load(0));
    rig.engine.file(tune_id.md5, Err(Failure::Missing), &[]);
    assert!(matches!(
        rig.told(2)[..],
        [Event::Failed {
            failure: Failure::Missing,
            ..
        }]
    ));
    rig.engine.request(3, load(0));
    rig.engine.file(tune_id.md5, Ok(b"JFIF".to_vec()), &[]);
    assert!(matches!(
        rig.told(3)[..],
        [Event::Failed {
            failure: Failure::Tune(_),
            ..
        }]
    ));
}

#[test]
fn a_file_holds_the_song() {
    let mut rig = Rig::new();
    let tune_id = TuneId {
        md5: rig.md5,
        song: 1,
    };
    let (overrides, audible) = (Overrides::default(), [ALL_AUDIBLE; 3]);
    rig.engine.request(
        4,
        Request::RenderFile {
            tune: tune_id,
            length_millis: 700,
            overrides,
            audible,
            semitones: 0,
        },
    );
    rig.engine.file(rig.md5, Ok(tune()), &[]);
    rig.settle();
    assert!(matches!(
        rig.told(4).last(),
        Some(Event::FileRendered { .. })
    ));
    let wav = rig.world.file.borrow().clone().unwrap();
    assert_eq!(wav.len(), 44 + 4 * frames_of(700, RATE) as usize);
}

#[test]
fn an_export_of_two_songs_is_an_archive_and_can_be_cancelled() {
    use protocol::engine::{ExportNames, ExportSong, FileFormat};
    let mut rig = Rig::new();
    let song = |song: u16| ExportSong {
        song,
        length_millis: 300,
        title: format!("Song {song}"),
        file_name: format!("0{song}"),
    };
    let export = |songs: Vec<ExportSong>, stems| Request::Export {
        md5: Md5::of(&tune()),
        songs,
        names: ExportNames {
            artist: "Nobody".into(),
            album: "Nothing".into(),
            copyright: String::new(),
            file_name: "nothing".into(),
        },
        format: FileFormat::Flac,
        stems,
        overrides: Overrides::default(),
    };
    rig.engine.request(4, export(vec![song(1), song(2)], false));
    rig.engine.file(rig.md5, Ok(tune()), &[]);
    rig.settle();
    let name = |id: u32| match rig.told(id).last() {
        Some(Event::Exported { file_name }) => file_name.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(name(4), "nothing.zip");
    let zip = rig.world.file.take().unwrap();
    let flacs = zip.windows(4).filter(|window| window == b"fLaC").count();
    assert_eq!(flacs, 2);

    // Of the voices only the first is ever heard.
    rig.engine.request(5, export(vec![song(1)], true));
    rig.settle();
    let name = match rig.told(5).last() {
        Some(Event::Exported { file_name }) => file_name.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(name, "01 - voice 1.flac");
    assert!(rig.world.file.take().unwrap().starts_with(b"fLaC"));

    rig.engine.request(6, export(vec![song(1)], false));
    rig.engine.request(7, Request::Unload);
    rig.settle();
    assert_eq!(rig.told(6), []);
}

/// An RSID that is a BASIC program of one line.
fn basic_tune() -> Vec<u8> {
    let mut file = b"RSID\0\x02\0\x7c\0\0\0\0\0\0\0\x01\0\x01\0\0\0\0".to_vec();
    file.resize(0x76, 0);
    file.extend_from_slice(&[0, 0x02, 0, 0, 0, 0]);
    file.extend_from_slice(&[0x01, 0x08, 0x07, 0x08, 0x0a, 0x00, 0x80, 0x00, 0x00, 0x00]);
    file
}

#[test]
fn a_program_without_its_roms_is_asked_for_again() {
    let mut rig = Rig::new();
    let md5 = Md5::of(&basic_tune());
    let load = Request::Load {
        tune: TuneId { md5, song: 1 },
        start_millis: 0,
        end_millis: None,
        finds_length: false,
        overrides: Overrides::default(),
        audible: [ALL_AUDIBLE; 3],
        tempo: Tempo::default(),
    };
    rig.engine.request(2, load.clone());
    assert_eq!(rig.world.asked.take(), Some(md5));
    rig.engine.file(md5, Ok(basic_tune()), &[]);
    let failed = rig.told(2);
    assert!(
        matches!(
            failed[..],
            [Event::Failed {
                failure: Failure::NeedsRoms,
                ..
            }]
        ),
        "{failed:?}"
    );
    rig.engine.request(3, load);
    assert_eq!(rig.world.asked.take(), Some(md5));
    let roms = RomKind::ALL.map(|kind| Rom {
        kind,
        bytes: vec![0x60; kind.size()],
    });
    rig.engine.file(md5, Ok(basic_tune()), &roms);
    assert!(matches!(rig.told(3)[0], Event::Loaded { .. }));
}
