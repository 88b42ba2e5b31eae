//! Names of values in the text.

use catalog::Column;
use protocol::engine::{Filter, Grade, Model, Spread, Video};
use protocol::visuals::View;

use super::{DataSaver, Density, Language, Repeat, RomSet, Songs, Theme};
use crate::event::SoundMode;
use crate::swarm::Reach;

/// Names of the values of an enum, in one place for both directions.
pub(super) trait Named: Copy + PartialEq + 'static {
    const NAMES: &'static [(&'static str, Self)];

    fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, value)| *value == self)
            .map_or("", |(name, _)| name)
    }

    fn named(text: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value)
    }
}

impl Named for bool {
    const NAMES: &'static [(&'static str, Self)] = &[("no", false), ("yes", true)];
}
impl Named for Theme {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("system", Self::System),
        ("dark", Self::Dark),
        ("light", Self::Light),
    ];
}
impl Named for Repeat {
    const NAMES: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("one", Self::One), ("all", Self::All)];
}
impl Named for Songs {
    const NAMES: &'static [(&'static str, Self)] = &[("chosen", Self::Chosen), ("all", Self::All)];
}
impl Named for Option<Grade> {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("auto", None),
        ("accurate", Some(Grade::Accurate)),
        ("light", Some(Grade::Light)),
    ];
}
impl Named for Filter {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("brightest", Self::Brightest),
        ("bright", Self::Bright),
        ("average", Self::Average),
        ("dark", Self::Dark),
        ("darkest", Self::Darkest),
    ];
}
// Percent of the way from the middle to the sides.
impl Named for Spread {
    const NAMES: &'static [(&'static str, Self)] =
        &[("0", Self::Mono), ("40", Self::Stereo), ("100", Self::Wide)];
}
impl Named for Option<Model> {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("auto", None),
        ("6581", Some(Model::Mos6581)),
        ("8580", Some(Model::Mos8580)),
    ];
}
impl Named for Option<Video> {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("auto", None),
        ("pal", Some(Video::Pal)),
        ("ntsc", Some(Video::Ntsc)),
    ];
}
impl Named for Reach {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("direct", Self::Direct),
        ("local", Self::Local),
        ("relayed", Self::Relayed),
        ("nobody", Self::Nobody),
    ];
}
impl Named for Column {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("title", Self::Title),
        ("composer", Self::Author),
        ("year", Self::Year),
        ("length", Self::Length),
        ("songs", Self::Songs),
        ("path", Self::Path),
        ("added", Self::Added),
    ];
}
impl Named for Density {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("comfortable", Self::Comfortable),
        ("compact", Self::Compact),
    ];
}
impl Named for Language {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("en", Self::English),
        ("de", Self::German),
    ];
}
impl Named for DataSaver {
    const NAMES: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("on", Self::On), ("off", Self::Off)];
}
impl Named for RomSet {
    const NAMES: &'static [(&'static str, Self)] = &[("own", Self::Own), ("empty", Self::Empty)];
}
impl Named for View {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("scopes", Self::Scopes),
        ("spectrum", Self::Spectrum),
        ("roll", Self::Roll),
        ("registers", Self::Registers),
    ];
}
impl Named for SoundMode {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("ring", Self::Ring),
        ("port", Self::Port),
        ("file", Self::File),
    ];
}
