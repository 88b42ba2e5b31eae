// A tune of ten minutes that never sounds the same twice: its notes are the states of a shift
// register. Made here, byte by byte, so that every place of it can be told by ear.

const header = Buffer.alloc(0x7c)
header.write('PSID', 0, 'latin1')
header.writeUInt16BE(2, 4)
header.writeUInt16BE(0x7c, 6)
header.writeUInt16BE(0x1000, 8)
header.writeUInt16BE(0x1000, 0x0a)
header.writeUInt16BE(0x1040, 0x0c)
header.writeUInt16BE(1, 0x0e)
header.writeUInt16BE(1, 0x10)
header.write('Wander', 0x16, 'latin1')
header.write('Nobody', 0x36, 'latin1')
header.write('2026 Nobody', 0x56, 'latin1')
// PAL, 8580.
header.writeUInt16BE(0x24, 0x76)

const program = Buffer.alloc(0x100, 0xea)
// Init: volume, envelope, sawtooth with gate, seed 1.
program.set([
  0xa9, 0x0f, 0x8d, 0x18, 0xd4, 0xa9, 0x00, 0x8d, 0x05, 0xd4, 0x8d, 0xf1, 0x10, 0x8d, 0xf2, 0x10,
  0xa9, 0xf0, 0x8d, 0x06, 0xd4, 0xa9, 0x21, 0x8d, 0x04, 0xd4, 0xa9, 0x01, 0x8d, 0xf0, 0x10, 0x60,
])
// Play: every eighth call shifts the register (taps B400) and sets the pitch from it.
program.set([
  0xce, 0xf2, 0x10, 0xad, 0xf2, 0x10, 0x29, 0x07, 0xd0, 0x21, // DEC count; count & 7; BNE end
  0x4e, 0xf1, 0x10, 0x6e, 0xf0, 0x10, 0x90, 0x08, // LSR high; ROR low; BCC
  0xad, 0xf1, 0x10, 0x49, 0xb4, 0x8d, 0xf1, 0x10, // high ^= B4
  0xad, 0xf0, 0x10, 0x29, 0x3f, 0x18, 0x69, 0x08, 0x8d, 0x01, 0xd4, // pitch, high
  0xad, 0xf1, 0x10, // pitch, low
  0x8d, 0x00, 0xd4, 0x60,
], 0x40)

/** The file. */
export const wander = Buffer.concat([header, Buffer.from([0x00, 0x10]), program])

/** Pitch in Hz of each note, which lasts eight frames. */
export function pitches(count: number) {
  let register = 1
  return Array.from({ length: count }, () => {
    register = register & 1 ? (register >> 1) ^ 0xb400 : register >> 1
    const frequency = (((register & 0x3f) + 8) << 8) | (register >> 8)
    return (frequency * 985_248) / 2 ** 24
  })
}

/** Seconds of a note: eight frames of a PAL machine. */
export const noteSeconds = (8 * 312 * 63) / 985_248

/** Pitch of a stretch of a sawtooth in Hz, by its rises through the middle. */
function pitchOf(samples: Float32Array, rate: number) {
  let low = Infinity, high = -Infinity
  for (const sample of samples) { low = Math.min(low, sample); high = Math.max(high, sample) }
  const middle = (low + high) / 2, margin = (high - low) / 8
  let armed = false, first = -1, last = -1, count = 0
  samples.forEach((sample, at) => {
    if (sample < middle - margin) armed = true
    if (armed && sample > middle + margin) {
      armed = false
      if (first < 0) first = at
      else count++
      last = at
    }
  })
  return count ? (count * rate) / (last - first) : 0
}

/** Where in the song this was recorded, between two seconds, and how much of it fits that place. */
export function place(samples: Float32Array, rate: number, from: number, to: number) {
  const window = Math.floor(rate * 0.04)
  const heard: number[] = []
  for (let at = 0; at + window <= samples.length; at += window / 2) heard.push(pitchOf(samples.subarray(at, at + window), rate))
  const expected = pitches(Math.ceil((to + 10) / noteSeconds))
  let best = { second: 0, share: 0 }
  for (let second = from; second < to; second += 0.01) {
    const fits = heard.filter((pitch, index) => {
      // The first note comes with the eighth call.
      const wanted = expected[Math.floor((second + (index * window) / 2 / rate + 0.02) / noteSeconds) - 1]
      return Math.abs(pitch / wanted - 1) < 0.03
    })
    const share = fits.length / heard.length
    if (share > best.share) best = { second, share }
  }
  return best
}
