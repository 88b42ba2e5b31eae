//! Finds the shared test data, which lies beside the repository and may be absent.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use walkdir::WalkDir;

/// A folder of the shared data, e.g. `golden`, or `None` with a printed note.
pub fn shared(name: &str) -> Option<PathBuf> {
    let start = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = start
        .ancestors()
        .map(|folder| folder.join("shared").join(name))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: no shared/{name} beside the repository");
    }
    found
}

/// What the reference player said about a tune; other fields of the file are not needed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// Path of the tune inside the collection.
    pub tune: String,
    /// The song played, 1-based.
    pub song: u32,
    /// `PAL`, `NTSC`, or what the tune says instead.
    pub clock: String,
    /// Address of each chip.
    pub sid_bases: Vec<u16>,
    /// `MOS6581` or `MOS8580` per chip, or what the tune says instead.
    pub sid_models: Vec<String>,
    /// Length of the sound, s.
    pub pcm_seconds: f64,
    /// Cycle of the last write in the trace, since power-on.
    pub last_cycle: u64,
    /// The trace stops early.
    pub truncated: bool,
}

/// One golden tune: its description and where its files are.
#[derive(Clone, Debug)]
pub struct Golden {
    /// Description.
    pub case: Case,
    /// Path of the three files, without their endings.
    pub stem: PathBuf,
}

impl Golden {
    /// The register writes of the reference player.
    pub fn trace_path(&self) -> PathBuf {
        self.with_ending("trace.zst")
    }

    /// The sound of the reference player.
    pub fn sound_path(&self) -> PathBuf {
        self.with_ending("flac")
    }

    /// Clock frequency of the machine, Hz.
    pub fn clock_hz(&self) -> f64 {
        if self.case.clock == "NTSC" {
            1_022_727.14
        } else {
            985_248.44
        }
    }

    /// Model of each chip; the 8580 where the tune names none.
    pub fn models(&self) -> Vec<sid::Model> {
        let models = self.case.sid_bases.iter().enumerate().map(|(chip, _)| {
            let name = self
                .case
                .sid_models
                .get(chip)
                .or(self.case.sid_models.first());
            if name.is_some_and(|name| name == "MOS6581") {
                sid::Model::Mos6581
            } else {
                sid::Model::Mos8580
            }
        });
        models.collect()
    }

    fn with_ending(&self, ending: &str) -> PathBuf {
        let mut path = self.stem.clone().into_os_string();
        path.push(".");
        path.push(ending);
        path.into()
    }
}

/// All golden tunes, sorted by path; empty with a printed note where the data is absent.
pub fn golden() -> anyhow::Result<Vec<Golden>> {
    let Some(root) = shared("golden") else {
        return Ok(Vec::new());
    };
    golden_in(&root)
}

/// All golden tunes of a folder, sorted by path.
pub fn golden_in(root: &Path) -> anyhow::Result<Vec<Golden>> {
    let mut found = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name() {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let case = serde_json::from_slice(&std::fs::read(path)?)?;
            found.push(Golden {
                case,
                stem: path.with_extension(""),
            });
        }
    }
    Ok(found)
}
