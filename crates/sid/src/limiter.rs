//! The soft limit of the reference player: what goes beyond 16 bits is bent, not cut.
//!
//! Source: libresidfp applies it to each chip's resampled sound, from 28,000 of 32,768 on.

/// Bends `sample` (±1.0 is full scale) so that it never leaves ±1.0. The engine applies it to
/// the resampled sound of each chip.
pub fn soft_clip(sample: f32) -> f32 {
    const KNEE: f32 = 28_000.0 / 32_768.0;
    let size = sample.abs();
    if size < KNEE {
        return sample;
    }
    let bent = KNEE + (1.0 - KNEE) * libm::tanhf((size - KNEE) / (1.0 - KNEE));
    if sample < 0.0 { -bent } else { bent }
}

#[cfg(test)]
mod tests {
    use super::soft_clip;

    #[test]
    fn bends_only_the_top() {
        assert_eq!(soft_clip(0.5), 0.5);
        assert_eq!(soft_clip(-0.85), -0.85);
        assert!(soft_clip(3.0) <= 1.0 && soft_clip(3.0) > 0.99);
        assert_eq!(soft_clip(-1.2), -soft_clip(1.2));
    }
}
