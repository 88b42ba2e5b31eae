//! Steps from older versions of the text.

/// Keys and values on their way to the newest version.
pub(super) type Pairs = Vec<(String, String)>;
/// What turns the lines of one version into those of the next.
pub(super) type Step = fn(&mut Pairs);

/// Step `n` turns version `n + 1` into version `n + 2`.
pub(super) const STEPS: &[Step] = &[from_1];

/// Version 2 names chip, cache and seeding after what they are, and placement is a width in percent.
fn from_1(pairs: &mut Pairs) {
    for (key, value) in pairs {
        let (new_key, new_value) = match (key.as_str(), value.as_str()) {
            ("spread", "mono") => ("stereo-width", "0"),
            ("spread", "stereo") => ("stereo-width", "40"),
            ("spread", other) => ("stereo-width", other),
            ("model", other) => ("chip", other),
            ("video", other) => ("clock", other),
            ("seed", other) => ("seeding", other),
            ("disk", other) => ("cache", other),
            _ => continue,
        };
        (*key, *value) = (new_key.to_owned(), new_value.to_owned());
    }
}

/// Takes `pairs` of version `from` through every later step.
pub(super) fn migrate(pairs: &mut Pairs, from: u32, steps: &[Step]) {
    let done = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
    for step in steps.iter().skip(done) {
        step(pairs);
    }
}
