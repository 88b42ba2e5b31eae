//! A picture for every tune, drawn from its digest: C64 motifs in one of twelve ramps, and the
//! accent colours that go with it.

use core::fmt::Write;

use sidfile::Md5;

/// Side of the picture in its own units.
pub const SIDE: u32 = 64;

/// A ramp and the accents that go with it. Every accent has 4.5:1 against the surfaces of its
/// theme, and the ink of its theme has 4.5:1 on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Darkest to brightest.
    pub ramp: [&'static str; 4],
    /// Accent on dark surfaces.
    pub on_dark: &'static str,
    /// Accent on light surfaces.
    pub on_light: &'static str,
}

const fn palette(
    ramp: [&'static str; 4],
    on_dark: &'static str,
    on_light: &'static str,
) -> Palette {
    Palette {
        ramp,
        on_dark,
        on_light,
    }
}

/// All palettes; the first is the product's own, used where no tune is chosen.
pub const PALETTES: [Palette; 12] = [
    palette(
        ["#1b1a4b", "#352879", "#6c5eb5", "#b3abff"],
        "#a59cff",
        "#4f3fd0",
    ),
    palette(
        ["#0b2b33", "#17545c", "#3fa6ae", "#9ff0ee"],
        "#5fd7dd",
        "#0a666f",
    ),
    palette(
        ["#0f2a1a", "#1f5a33", "#58a548", "#b6f09a"],
        "#86e07a",
        "#226926",
    ),
    palette(
        ["#332a0c", "#6f5a14", "#c9b64a", "#f7ee8c"],
        "#eada66",
        "#705700",
    ),
    palette(
        ["#35200c", "#7a4315", "#cf7d35", "#ffc98a"],
        "#ffac66",
        "#8f4405",
    ),
    palette(
        ["#34121a", "#7a2534", "#c8505a", "#ff9f97"],
        "#ff8f86",
        "#b3262f",
    ),
    palette(
        ["#2c1238", "#5f2a77", "#b05fc6", "#f0aeff"],
        "#e59cf8",
        "#8a2ca6",
    ),
    palette(
        ["#10233f", "#24508a", "#5c96dc", "#b4d9ff"],
        "#86bfff",
        "#1c58a3",
    ),
    palette(
        ["#0c2c28", "#175f52", "#3fb598", "#a6f5da"],
        "#62dcbb",
        "#0a6652",
    ),
    palette(
        ["#38122c", "#7d2560", "#d6559f", "#ffaed8"],
        "#ff96cb",
        "#a61d6e",
    ),
    palette(
        ["#22300c", "#4c6b14", "#94bf35", "#dcf78c"],
        "#bde65c",
        "#4a6709",
    ),
    palette(
        ["#2b2622", "#5d5148", "#a8937f", "#eeddc9"],
        "#e3c9ab",
        "#735434",
    ),
];

/// One colour of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Fill.
    pub fill: &'static str,
    /// SVG path data in units of [`SIDE`].
    pub path: String,
}

/// The picture of a tune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Art {
    /// Fill of the whole square.
    pub ground: &'static str,
    /// Painted in order.
    pub layers: Vec<Layer>,
}

/// Palette of a tune.
#[must_use]
pub fn palette_of(md5: &Md5) -> Palette {
    PALETTES[usize::from(md5.0[15]) % PALETTES.len()]
}

/// Picture of a tune.
#[must_use]
pub fn draw(md5: &Md5) -> Art {
    let [ground, low, mid, high] = palette_of(md5).ramp;
    let mut dice = Dice::of(md5);
    let shapes = match dice.below(6) {
        0 => maze(&mut dice),
        1 => raster(&mut dice),
        2 => sprite(&mut dice),
        3 => waves(&mut dice),
        4 => tiles(&mut dice),
        _ => sun(&mut dice),
    };
    let layers = [low, mid, high]
        .into_iter()
        .zip(shapes)
        .filter(|(_, path)| !path.is_empty())
        .map(|(fill, path)| Layer { fill, path })
        .collect();
    Art { ground, layers }
}

/// Paths of the low, middle and high colour.
type Shapes = [String; 3];

/// Numbers drawn from the digest (xorshift).
struct Dice(u64);

impl Dice {
    fn of(md5: &Md5) -> Self {
        let seed = md5
            .0
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, &byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        Self(seed | 1)
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 >> 33).map_or(0, |drawn| drawn % limit)
    }
}

fn rect(path: &mut String, x: u32, y: u32, width: u32, height: u32) {
    let _ = write!(path, "M{x} {y}h{width}v{height}h-{width}z");
}

fn disc(path: &mut String, x: u32, y: u32, radius: u32) {
    let left = x - radius;
    let across = 2 * radius;
    let _ = write!(
        path,
        "M{left} {y}a{radius} {radius} 0 1 0 {across} 0a{radius} {radius} 0 1 0 -{across} 0z"
    );
}

/// `10 PRINT CHR$(205.5+RND(1)); : GOTO 10`
fn maze(dice: &mut Dice) -> Shapes {
    let mut shapes = Shapes::default();
    let lit = dice.below(8);
    for cell in 0..64u32 {
        let (x, y) = (cell % 8 * 8, cell / 8 * 8);
        let shade = match (cell % 8).abs_diff(lit) + dice.below(3) {
            0..=1 => 2,
            2..=4 => 1,
            _ => 0,
        };
        let path = &mut shapes[shade];
        let _ = if dice.below(2) == 0 {
            write!(path, "M{x} {y}h2l6 6v2h-2l-6-6z")
        } else {
            let right = x + 8;
            write!(path, "M{right} {y}h-2l-6 6v2h2l6-6z")
        };
    }
    shapes
}

/// Raster bars.
fn raster(dice: &mut Dice) -> Shapes {
    let mut shapes = Shapes::default();
    let mut y = 4 + dice.below(6);
    while y + 11 < SIDE {
        let thick = 1 + dice.below(2);
        let mut at = y;
        for (shade, height) in [(0, 2), (1, thick + 1), (2, thick), (1, thick + 1), (0, 2)] {
            rect(&mut shapes[shade], 0, at, SIDE, height);
            at += height;
        }
        y = at + 2 + dice.below(8);
    }
    let radius = 10 + dice.below(6);
    disc(&mut shapes[2], 32, 20 + dice.below(24), radius);
    shapes
}

/// A mirrored sprite.
fn sprite(dice: &mut Dice) -> Shapes {
    let mut shapes = Shapes::default();
    for line in 0..4 {
        rect(
            &mut shapes[0],
            0,
            6 + line * 14 + dice.below(6),
            SIDE,
            2 + dice.below(3),
        );
    }
    for y in 0..12 {
        for x in 0..6u32 {
            let near = 6 - x.abs_diff(5) + 6 - 6u32.abs_diff(y);
            if dice.below(13) < near {
                let shade = if dice.below(3) == 0 { 1 } else { 2 };
                rect(&mut shapes[shade], 8 + x * 4, 8 + y * 4, 4, 4);
                rect(&mut shapes[shade], 52 - x * 4, 8 + y * 4, 4, 4);
            }
        }
    }
    shapes
}

/// Stacked waveforms: pulse, sawtooth and triangle, each filled to the next.
fn waves(dice: &mut Dice) -> Shapes {
    let mut shapes = Shapes::default();
    for (path, base) in shapes.iter_mut().zip([22, 37, 52]) {
        let height = 8 + dice.below(7);
        let period = [8, 16, 32][dice.below(3) as usize];
        let top = base - height;
        let _ = write!(path, "M0 64V{base}");
        let kind = dice.below(3);
        let mut x = 0;
        while x < SIDE {
            let (half, end) = (x + period / 2, x + period);
            let _ = match kind {
                0 => write!(path, "V{top}H{half}V{base}H{end}"),
                1 => write!(path, "L{end} {top}V{base}"),
                _ => write!(path, "L{half} {top}L{end} {base}"),
            };
            x = end;
        }
        path.push_str("V64z");
    }
    shapes
}

/// PETSCII-like tiles: quarter discs, triangles, squares.
fn tiles(dice: &mut Dice) -> Shapes {
    let mut shapes = Shapes::default();
    for cell in 0..16u32 {
        let (x, y) = (cell % 4 * 16, cell / 4 * 16);
        let (right, bottom) = (x + 16, y + 16);
        let path = &mut shapes[dice.below(3) as usize];
        let _ = match dice.below(8) {
            0 => write!(path, "M{x} {y}h16a16 16 0 0 1 -16 16z"),
            1 => write!(path, "M{right} {y}v16a16 16 0 0 1 -16 -16z"),
            2 => write!(path, "M{right} {bottom}h-16a16 16 0 0 1 16 -16z"),
            3 => write!(path, "M{x} {bottom}v-16a16 16 0 0 1 16 16z"),
            4 => write!(path, "M{x} {y}h16l-16 16z"),
            5 => write!(path, "M{right} {bottom}h-16l16-16z"),
            6 => {
                disc(path, x + 8, y + 8, 5);
                Ok(())
            }
            _ => Ok(()),
        };
    }
    shapes
}

/// A sun behind bars over a raster sea.
fn sun(dice: &mut Dice) -> Shapes {
    let mut shapes = Shapes::default();
    let horizon = 40 + dice.below(8);
    let radius = 15 + dice.below(5);
    // Bars are cut out by drawing the disc as stripes: half a chord at each line.
    let top = horizon - radius - 4;
    let mut y = 0;
    while y < 2 * radius && top + y < horizon {
        let gap = y > radius && (y - radius) % 5 < 2;
        if !gap {
            let off = y.abs_diff(radius);
            let half = (radius * radius).saturating_sub(off * off).isqrt();
            let shade = if y < radius { 2 } else { 1 };
            if half > 0 {
                rect(&mut shapes[shade], 32 - half, top + y, 2 * half, 1);
            }
        }
        y += 1;
    }
    let mut line = horizon;
    let mut step = 1;
    while line + step < SIDE {
        rect(&mut shapes[0], 0, line, SIDE, step);
        line += 2 * step + 1;
        step += 1;
    }
    for _ in 0..8 {
        rect(&mut shapes[1], dice.below(63), dice.below(18), 1, 1);
    }
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                libm::pow((value + 0.055) / 1.055, 2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The lightest dark surface and the darkest light one of the style sheet, and the inks that
    /// stand on an accent.
    const DARK_SURFACE: &str = "#242c3a";
    const LIGHT_SURFACE: &str = "#e4e8ef";
    const DARK_INK: &str = "#0b0e14";
    const LIGHT_INK: &str = "#ffffff";

    #[test]
    fn accents_can_be_read_on_every_surface() {
        for palette in PALETTES {
            for (a, b) in [
                (palette.on_dark, DARK_SURFACE),
                (palette.on_light, LIGHT_SURFACE),
                (DARK_INK, palette.on_dark),
                (LIGHT_INK, palette.on_light),
            ] {
                assert!(contrast(a, b) >= 4.5, "{a} on {b}: {}", contrast(a, b));
            }
        }
    }

    #[test]
    fn a_picture_is_the_same_every_time_and_differs_between_tunes() {
        let art: Vec<Art> = (0..200u32)
            .map(|n| draw(&Md5::of(&n.to_le_bytes())))
            .collect();
        assert_eq!(art[7], draw(&Md5::of(&7u32.to_le_bytes())));
        for (at, one) in art.iter().enumerate() {
            assert!(!one.layers.is_empty());
            assert!(one.layers.iter().all(|layer| layer.path.starts_with('M')));
            assert!(art[..at].iter().all(|other| other != one), "{at}");
        }
    }
}
