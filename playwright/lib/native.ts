// The same tune by the same core, natively, to compare with.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export function nativeRender(tune: string, options: { song?: number; seconds: number; rate: number; model?: string }) {
  const folder = mkdtempSync(join(tmpdir(), 'sidereal-native-'))
  const out = join(folder, 'render.wav')
  const args = ['tune', 'render', tune, '--seconds', String(options.seconds), '--rate', String(options.rate), '--out', out]
  if (options.song) args.push('--song', String(options.song))
  if (options.model) args.push('--model', options.model)
  execFileSync(process.env.SIDEREAL_XTASK!, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const samples = readWav(readFileSync(out))
  rmSync(folder, { recursive: true })
  return samples
}

/** Left channel of a WAV file of 16-bit samples. */
export function readWav(file: Buffer) {
  const channels = file.readUInt16LE(22)
  let at = 12
  while (file.toString('ascii', at, at + 4) !== 'data') at += 8 + file.readUInt32LE(at + 4)
  const count = Math.floor(file.readUInt32LE(at + 4) / (2 * channels))
  return Float32Array.from({ length: count }, (_, i) => file.readInt16LE(at + 8 + 2 * channels * i) / 32768)
}

function correlation(a: Float32Array, b: Float32Array, lag: number, step: number) {
  let ab = 0, aa = 0, bb = 0, sa = 0, sb = 0, n = 0
  for (let i = 0; i < a.length; i += step) {
    const x = a[i], y = b[i + lag]
    ab += x * y; aa += x * x; bb += y * y; sa += x; sb += y; n++
  }
  const cov = ab - (sa * sb) / n
  return cov / Math.sqrt(Math.max(1e-12, (aa - (sa * sa) / n) * (bb - (sb * sb) / n)))
}

/** Best correlation of `part` with any place of `whole` between two seconds, and that place. */
export function locate(part: Float32Array, whole: Float32Array, rate: number, from: number, to: number) {
  // Silence is like nothing, and would be compared with every place to the last sample.
  if (part.every((sample) => sample === part[0])) return { correlation: 0, second: 0 }
  const first = Math.max(0, Math.floor(from * rate))
  const last = Math.min(whole.length - part.length, Math.floor(to * rate))
  let best = { correlation: -1, second: 0 }
  for (let lag = first; lag <= last; lag++) {
    // Few samples are enough to reject most places, and every seventh to reject nearly all.
    if (correlation(part, whole, lag, 97) < best.correlation - 0.3) continue
    if (correlation(part, whole, lag, 7) < best.correlation - 0.05) continue
    const value = correlation(part, whole, lag, 1)
    if (value > best.correlation) best = { correlation: value, second: lag / rate }
  }
  return best
}
