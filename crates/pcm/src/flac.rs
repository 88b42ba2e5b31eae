//! FLAC files of 16-bit stereo.
//!
//! Source: RFC 9639, "Free Lossless Audio Codec" (metadata blocks, section 8; frames, section 9).
//! Vorbis comments by the names of the Xiph.org specification.

use md5::{Digest, Md5};

use crate::bits::{Bits, crc_8, crc_16};
use crate::predict::{self, LPC_ORDER, Linear, PRECISION};
use crate::rice::{self, Plan};
use crate::{Tags, to_16_bits};

/// Samples of a block; only the last one is shorter.
const BLOCK: usize = 4096;
/// Bits of a sample.
const DEPTH: u32 = 16;
/// Bytes of STREAMINFO.
const INFO_BYTES: usize = 34;

/// A FLAC file that grows.
#[derive(Clone)]
pub struct Flac {
    rate: u32,
    bytes: Vec<u8>,
    /// Samples that do not make a block yet, side by side.
    waiting: [Vec<i32>; 2],
    digest: Md5,
    samples: u64,
    blocks: u32,
    /// Bytes of the smallest and of the largest frame.
    sizes: [usize; 2],
}

/// How a channel of a block is best written.
enum Method {
    Constant,
    Fixed(usize),
    Linear(Linear),
    Verbatim,
}

struct Subframe {
    method: Method,
    residual: Vec<i32>,
    plan: Option<Plan>,
    bits: u64,
}

impl Flac {
    /// An empty file at `rate` frames a second, 1 to 655,350.
    #[must_use]
    pub fn new(rate: u32, tags: &Tags) -> Self {
        let comments = comments(tags);
        let mut bytes = b"fLaC\0".to_vec();
        bytes.extend(&(INFO_BYTES as u32).to_be_bytes()[1..]);
        bytes.extend([0; INFO_BYTES]);
        // The last block of metadata.
        bytes.push(0x84);
        bytes.extend(&(comments.len() as u32).to_be_bytes()[1..]);
        bytes.extend(comments);
        Self {
            rate,
            bytes,
            waiting: [Vec::new(), Vec::new()],
            digest: Md5::new(),
            samples: 0,
            blocks: 0,
            sizes: [usize::MAX, 0],
        }
    }

    /// Appends interleaved samples.
    pub fn push(&mut self, samples: &[f32]) {
        for frame in samples.as_chunks::<2>().0 {
            for (sample, side) in frame.iter().zip(&mut self.waiting) {
                side.push(i32::from(to_16_bits(*sample)));
            }
            if self.waiting[0].len() == BLOCK {
                self.end_block();
            }
        }
    }

    /// The whole file.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        if !self.waiting[0].is_empty() {
            self.end_block();
        }
        let mut info = Bits::default();
        for _ in 0..2 {
            info.put(BLOCK as u32, 16);
        }
        for size in self.sizes {
            // Unknown, where there is no frame.
            let size = if self.blocks == 0 { 0 } else { size };
            info.put(size as u32, 24);
        }
        info.put(self.rate, 20);
        info.put(2 - 1, 3);
        info.put(DEPTH - 1, 5);
        info.put((self.samples >> 32) as u32, 4);
        info.put(self.samples as u32, 32);
        let start = 8 + info.bytes().len();
        self.bytes[8..start].copy_from_slice(info.bytes());
        self.bytes[start..start + 16].copy_from_slice(&self.digest.finalize());
        self.bytes
    }

    fn end_block(&mut self) {
        let [left, right] = core::mem::take(&mut self.waiting);
        let mut plain = Vec::with_capacity(4 * left.len());
        for (left, right) in left.iter().zip(&right) {
            plain.extend((*left as i16).to_le_bytes());
            plain.extend((*right as i16).to_le_bytes());
        }
        self.digest.update(&plain);
        let frame = frame(self.blocks, &left, &right);
        self.sizes[0] = self.sizes[0].min(frame.len());
        self.sizes[1] = self.sizes[1].max(frame.len());
        self.bytes.extend(frame);
        self.samples += left.len() as u64;
        self.blocks += 1;
    }
}

/// One frame: a block of both channels, as it takes the fewest bits.
fn frame(number: u32, left: &[i32], right: &[i32]) -> Vec<u8> {
    let pairs = || left.iter().zip(right);
    let side: Vec<i32> = pairs().map(|(left, right)| left - right).collect();
    let middle: Vec<i32> = pairs().map(|(left, right)| (left + right) >> 1).collect();
    let plans = [
        subframe(left, DEPTH),
        subframe(right, DEPTH),
        subframe(&middle, DEPTH),
        subframe(&side, DEPTH + 1),
    ];
    // Both by themselves, left and side, side and right, middle and side.
    let (assignment, channels) = [(1, [0, 1]), (8, [0, 3]), (9, [3, 1]), (10, [2, 3])]
        .into_iter()
        .min_by_key(|(_, channels)| plans[channels[0]].bits + plans[channels[1]].bits)
        .expect("there are four ways");

    let mut bits = Bits::default();
    // Sync code, and blocks of one size.
    bits.put(0xfff8, 16);
    // Size of the block in 16 bits at the end of the header; rate as in STREAMINFO.
    bits.put(0x70, 8);
    bits.put(assignment, 4);
    // 16 bits a sample.
    bits.put(0b1000, 4);
    put_number(&mut bits, number);
    bits.put(left.len() as u32 - 1, 16);
    let check = crc_8(bits.bytes());
    bits.put(u32::from(check), 8);
    for channel in channels {
        let samples: &[i32] = match channel {
            0 => left,
            1 => right,
            2 => &middle,
            _ => &side,
        };
        let depth = if channel == 3 { DEPTH + 1 } else { DEPTH };
        plans[channel].write(&mut bits, samples, depth);
    }
    bits.align();
    let mut bytes = bits.bytes().to_vec();
    bytes.extend(crc_16(&bytes).to_be_bytes());
    bytes
}

/// The number of a frame, coded like a character of UTF-8 with up to 31 bits.
fn put_number(bits: &mut Bits, number: u32) {
    if number < 0x80 {
        return bits.put(number, 8);
    }
    // Bytes that follow the first: each has six bits, the first what is left of seven.
    let more = (1..=5)
        .find(|more| number < 1 << (5 * more + 6))
        .unwrap_or(5);
    let mark = 0xff00_u32 >> (more + 1) & 0xff;
    bits.put(mark | number >> (6 * more), 8);
    for at in (0..more).rev() {
        bits.put(0x80 | number >> (6 * at) & 0x3f, 8);
    }
}

/// Finds the best way to write a channel.
fn subframe(samples: &[i32], depth: u32) -> Subframe {
    let plain = |method, bits| Subframe {
        method,
        residual: Vec::new(),
        plan: None,
        bits,
    };
    if samples.iter().all(|sample| *sample == samples[0]) {
        return plain(Method::Constant, u64::from(depth));
    }
    let mut best = plain(Method::Verbatim, samples.len() as u64 * u64::from(depth));
    let mut consider = |method, residual: Vec<i32>, warm_up: usize, head: u64| {
        let plan = rice::plan(&residual, samples.len(), warm_up);
        let bits = plan.bits + head + warm_up as u64 * u64::from(depth);
        if bits < best.bits {
            best = Subframe {
                method,
                residual,
                plan: Some(plan),
                bits,
            };
        }
    };
    // Of the fixed ones only that with the smallest residual: the rest cannot win by much.
    let orders = (0..=4).filter(|&order| order < samples.len());
    let strength =
        |residual: &[i32]| -> u64 { residual.iter().map(|v| u64::from(v.unsigned_abs())).sum() };
    let fixed = orders
        .map(|order| (order, predict::fixed(samples, order)))
        .min_by_key(|(_, residual)| strength(residual));
    if let Some((order, residual)) = fixed {
        consider(Method::Fixed(order), residual, order, 0);
    }
    if let Some(linear) = predict::linear(samples)
        && let Some(residual) = linear.residual(samples)
    {
        let head = 9 + LPC_ORDER as u64 * u64::from(PRECISION);
        consider(Method::Linear(linear), residual, LPC_ORDER, head);
    }
    best
}

impl Subframe {
    fn write(&self, bits: &mut Bits, samples: &[i32], depth: u32) {
        let kind = match &self.method {
            Method::Constant => 0,
            Method::Verbatim => 1,
            Method::Fixed(order) => 0b00_1000 | *order as u32,
            Method::Linear(_) => 0b10_0000 | (LPC_ORDER as u32 - 1),
        };
        // No bits of a sample are wasted.
        bits.put(kind << 1, 8);
        let warm_up = match &self.method {
            Method::Constant => 1,
            Method::Verbatim => samples.len(),
            Method::Fixed(order) => *order,
            Method::Linear(_) => LPC_ORDER,
        };
        for &sample in &samples[..warm_up] {
            bits.put_signed(sample, depth);
        }
        if let Method::Linear(linear) = &self.method {
            bits.put(PRECISION - 1, 4);
            bits.put(linear.shift, 5);
            for coefficient in linear.coefficients {
                bits.put_signed(coefficient, PRECISION);
            }
        }
        if let Some(plan) = &self.plan {
            rice::write(bits, plan, &self.residual, samples.len(), warm_up);
        }
    }
}

fn comments(tags: &Tags) -> Vec<u8> {
    let track = if tags.track == 0 {
        String::new()
    } else {
        tags.track.to_string()
    };
    let fields = [
        ("TITLE", tags.title.as_str()),
        ("ARTIST", tags.artist.as_str()),
        ("ALBUM", tags.album.as_str()),
        ("TRACKNUMBER", track.as_str()),
        ("COPYRIGHT", tags.copyright.as_str()),
    ];
    let lines: Vec<String> = fields
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("{name}={text}"))
        .collect();
    let mut out = Vec::new();
    let mut put = |text: &str| {
        out.extend((text.len() as u32).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    };
    put("Sidereal");
    let mut rest = Vec::new();
    for line in &lines {
        rest.extend((line.len() as u32).to_le_bytes());
        rest.extend_from_slice(line.as_bytes());
    }
    out.extend((lines.len() as u32).to_le_bytes());
    out.extend(rest);
    out
}
