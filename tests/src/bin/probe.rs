//! Renders tunes and prints digests and seconds, natively or in WebAssembly (where Node calls
//! `render`): the same line must come from both.

#[cfg(target_arch = "wasm32")]
mod exports {
    use wasm_bindgen::prelude::wasm_bindgen;

    /// See [`tests::sound_digest`]; a failure is the text after `failed: `.
    #[wasm_bindgen]
    #[must_use]
    pub fn render(file: &[u8], seconds: u32, rate: u32, grade: &str) -> String {
        tests::grade_named(grade)
            .ok_or_else(|| format!("no grade {grade}"))
            .and_then(|grade| tests::sound_digest(file, seconds, rate, grade))
            .unwrap_or_else(|error| format!("failed: {error}"))
    }

    /// Renders a few frames of a tune: what stands between a click and the first sample.
    #[wasm_bindgen]
    #[must_use]
    pub fn first_frames(file: &[u8], rate: u32) -> bool {
        tests::first_frames(file, rate).is_ok()
    }
}

#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    use std::time::{Duration, Instant};

    let began = Instant::now();
    // Processor time of this thread where the system tells: a busy machine counts less.
    let now = || {
        let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let nanos = spent.and_then(|text| text.split(' ').next()?.parse().ok());
        nanos.map_or_else(|| began.elapsed(), Duration::from_nanos)
    };
    let mut arguments = std::env::args().skip(1);
    let seconds: u32 = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(3);
    let grade = arguments.next().unwrap_or_default();
    let Some(grade) = tests::grade_named(&grade) else {
        eprintln!("no grade {grade:?}: accurate or light");
        std::process::exit(2);
    };
    for path in arguments {
        let start = now();
        let digest = std::fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|file| tests::sound_digest(&file, seconds, 48_000, grade))
            .unwrap_or_else(|error| format!("failed: {error}"));
        println!("{digest}\t{:.4}\t{path}", (now() - start).as_secs_f64());
    }
}
