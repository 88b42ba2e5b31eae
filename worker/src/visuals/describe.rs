//! What is seen, for those who do not see it.

use listening::language::{t, tf};
use listening::notes::filter_text;

use super::{Scene, chip_name};

/// The voices and the filter of every chip at the play head, in sentences.
pub fn words(scene: &Scene) -> String {
    let frame = scene.frame();
    let mut sentences = Vec::new();
    for chip in 0..scene.chips.len() {
        if scene.chips.len() > 1 {
            let name = chip_name(scene, chip);
            sentences.push(format!("SID {} \u{b7} {name}:", chip + 1));
        }
        for voice in 0..3 {
            let name = [t("Voice 1"), t("Voice 2"), t("Voice 3")][voice];
            let words = if scene.audible[chip] >> voice & 1 == 0 {
                t("Muted").to_owned()
            } else {
                scene.note_words(chip, voice, false)
            };
            let words = if words.is_empty() {
                t("rests").to_owned()
            } else {
                words
            };
            sentences.push(format!("{name}: {words}."));
        }
        if let Some(filter) = scene.notes.filter(chip, frame) {
            let mode = filter_text(filter.mode);
            let text = tf(
                "Filter: {0}, cutoff {1}, resonance {2}. Volume {3}.",
                &[&mode, &filter.cutoff, &filter.resonance, &filter.volume],
            );
            sentences.push(text);
        }
    }
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{A4, scene_of};
    use super::*;

    #[test]
    fn voices_and_filter_are_told() {
        let mut scene = scene_of(10, |_| (A4, 0x41));
        assert_eq!(
            words(&scene),
            "Voice 1: A-4 \u{b7} Pulse. Voice 2: rests. Voice 3: rests. \
             Filter: Low, cutoff 1029, resonance 15. Volume 15."
        );
        scene.audible[0] = 0b1110;
        assert!(words(&scene).starts_with("Voice 1: Muted. "));
        scene.position_millis = 60_000;
        scene.audible[0] = 0b1111;
        assert!(words(&scene).starts_with("Voice 1: rests. "));
    }
}
