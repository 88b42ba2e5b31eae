//! `tune render`: a song as WAV.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;

use super::SongArgs;

/// Frames rendered at once.
const BLOCK: usize = 4096;

/// Renders `seconds` of a song.
pub(super) fn run(args: &SongArgs, seconds: f64, rate: u32, out: &Path) -> anyhow::Result<()> {
    let (_, mut player) = super::open::player(args, rate)?;
    let frames = (seconds * f64::from(rate)) as usize;
    let started = std::time::Instant::now();
    let file = std::fs::File::create(out).with_context(|| format!("creating {}", out.display()))?;
    let mut file = BufWriter::new(file);
    write_header(&mut file, rate, frames)?;
    let mut block = [0.0; 2 * BLOCK];
    let mut left = frames;
    while left > 0 {
        let count = left.min(BLOCK);
        let block = &mut block[..2 * count];
        player.render(block, None);
        for sample in block {
            let sample = (*sample * 32_767.0).clamp(-32_768.0, 32_767.0) as i16;
            file.write_all(&sample.to_le_bytes())?;
        }
        left -= count;
    }
    file.flush()
        .with_context(|| format!("writing {}", out.display()))?;
    let speed = seconds / started.elapsed().as_secs_f64();
    println!(
        "{}: {seconds} s at {speed:.1} times real time",
        out.display()
    );
    Ok(())
}

/// The header of a stereo file of 16 bits.
fn write_header(out: &mut impl Write, rate: u32, frames: usize) -> anyhow::Result<()> {
    let bytes = u32::try_from(frames * 4).context("a WAV file holds less than 4 GiB")?;
    out.write_all(b"RIFF")?;
    out.write_all(&(bytes.saturating_add(36)).to_le_bytes())?;
    out.write_all(b"WAVEfmt ")?;
    out.write_all(&16u32.to_le_bytes())?;
    out.write_all(&1u16.to_le_bytes())?;
    out.write_all(&2u16.to_le_bytes())?;
    out.write_all(&rate.to_le_bytes())?;
    out.write_all(&(rate * 4).to_le_bytes())?;
    out.write_all(&4u16.to_le_bytes())?;
    out.write_all(&16u16.to_le_bytes())?;
    out.write_all(b"data")?;
    out.write_all(&bytes.to_le_bytes())?;
    Ok(())
}
