//! What cross-crate tests and the probe share.

pub mod collection;

use c64::{Config, Player};
use sid::Grade;
use sidfile::{Md5, Tune};

/// Digest of the first `seconds` of the default song of a tune in one of the chip's grades, over
/// the bits of every sample.
///
/// # Errors
/// The file is no tune, or cannot be played; why.
pub fn sound_digest(file: &[u8], seconds: u32, rate: u32, grade: Grade) -> Result<String, String> {
    let tune = Tune::parse(file).map_err(|error| error.to_string())?;
    let config = Config {
        sample_rate: rate,
        grade,
        ..Config::default()
    };
    let mut player =
        Player::new(&tune, tune.start_song, &config).map_err(|error| error.to_string())?;
    let mut chunk = vec![0.0; 2 * 1024];
    let mut bits = Vec::with_capacity(8 * (seconds * rate) as usize);
    let mut left = seconds * rate;
    while left > 0 {
        let count = left.min(1024);
        let part = &mut chunk[..2 * count as usize];
        player.render(part, None);
        bits.extend(
            part.iter()
                .flat_map(|sample| sample.to_bits().to_le_bytes()),
        );
        left -= count;
    }
    Ok(Md5::of(&bits).to_string())
}

/// The grade of that name: `accurate` or `light`.
#[must_use]
pub fn grade_named(name: &str) -> Option<Grade> {
    match name {
        "accurate" => Some(Grade::Accurate),
        "light" => Some(Grade::Light),
        _ => None,
    }
}

/// Makes a player for a tune's default song and renders the first 128 frames.
///
/// # Errors
/// The file is no tune, or cannot be played; why.
pub fn first_frames(file: &[u8], rate: u32) -> Result<[f32; 256], String> {
    let tune = Tune::parse(file).map_err(|error| error.to_string())?;
    let config = Config {
        sample_rate: rate,
        ..Config::default()
    };
    let mut player =
        Player::new(&tune, tune.start_song, &config).map_err(|error| error.to_string())?;
    let mut frames = [0.0; 256];
    player.render(&mut frames, None);
    Ok(frames)
}
