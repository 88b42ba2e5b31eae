use testkit::{fixture, sound, synth, trace};
fn main() -> anyhow::Result<()> {
    let part = std::env::args().nth(1).unwrap();
    let lag: usize = std::env::args().nth(2).map_or(7508, |t| t.parse().unwrap());
    let step: usize = std::env::args().nth(3).map_or(441, |t| t.parse().unwrap());
    let from: usize = std::env::args().nth(4).map_or(0, |t| t.parse().unwrap());
    let golden = fixture::golden()?.into_iter().find(|g| g.stem.to_string_lossy().contains(&part)).unwrap();
    let reference = sound::read_flac(&golden.sound_path())?;
    let trace = trace::read(&golden.trace_path())?;
    let ours = synth::synth(&trace, &golden.models(), golden.clock_hz(), 44100, 3.0);
    for i in 0..40 {
        let a = &reference.samples[from + i * step..from + (i + 1) * step];
        let b = &ours[from + lag + i * step..from + lag + (i + 1) * step];
        let stats = |s: &[f32]| { let m = s.iter().sum::<f32>() / s.len() as f32; let v = s.iter().map(|x| (x - m) * (x - m)).sum::<f32>() / s.len() as f32; (m * 32768.0, v.sqrt() * 32768.0) };
        let (ma, va) = stats(a); let (mb, vb) = stats(b);
        println!("{:6} ref {:8.0} ± {:7.0}   ours {:8.0} ± {:7.0}", from + i * step, ma, va, mb, vb);
    }
    Ok(())
}
