// Listens to what the page sends to the speakers, by patching AudioNode.connect before the page
// runs. The product has no hook for it.
import type { Page } from '@playwright/test'

declare global {
  interface Window {
    tap: { rate: number; chunks: Float32Array[]; times: number[]; recording: boolean }
  }
}

// A ScriptProcessor tells when something is heard, by the page's clock. What is recorded comes over
// a media stream: a ScriptProcessor drops blocks while the page is busy, which no listener hears.
export async function installTap(page: Page) {
  await page.addInitScript(() => {
    // A page may be opened several times, and every time leaves its script behind.
    if (window.tap) return
    const tap = { rate: 0, chunks: [] as Float32Array[], times: [] as number[], recording: false }
    window.tap = tap
    const keep = async (track: MediaStreamTrack) => {
      // @ts-expect-error TypeScript does not know it yet
      const reader = new MediaStreamTrackProcessor({ track, maxBufferSize: 1000 }).readable.getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        if (tap.recording) {
          const samples = new Float32Array(value.numberOfFrames)
          value.copyTo(samples, { planeIndex: 0, format: 'f32-planar' })
          tap.chunks.push(samples)
        }
        value.close()
      }
    }
    const connect = AudioNode.prototype.connect
    // @ts-expect-error the overloads of connect are one function
    AudioNode.prototype.connect = function (target: AudioNode, ...rest: number[]) {
      if (target instanceof AudioDestinationNode) {
        const context = this.context as AudioContext
        tap.rate = context.sampleRate
        const ear = context.createScriptProcessor(2048, 2, 1)
        ear.onaudioprocess = ({ inputBuffer }) => {
          const samples = inputBuffer.getChannelData(0)
          let peak = 0
          for (const sample of samples) peak = Math.max(peak, Math.abs(sample))
          if (peak > 0.001 && tap.times.length < 10_000) tap.times.push(performance.now())
        }
        connect.call(this, ear)
        connect.call(ear, target)
        const stream = context.createMediaStreamDestination()
        connect.call(this, stream)
        void keep(stream.stream.getAudioTracks()[0])
      }
      // @ts-expect-error the overloads of connect are one function
      return connect.call(this, target, ...rest)
    }
  })
}

/** Sound of the next `seconds`: samples of the left channel, and their rate. */
export async function record(page: Page, seconds: number) {
  const { rate, samples } = await page.evaluate(async (seconds) => {
    const { tap } = window
    tap.chunks = []
    tap.recording = true
    const wanted = seconds * tap.rate
    const have = () => tap.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const until = performance.now() + seconds * 1000 + 15_000
    while (have() < wanted && performance.now() < until) await new Promise((done) => setTimeout(done, 50))
    tap.recording = false
    const bytes = new Uint8Array(have() * 2)
    const view = new DataView(bytes.buffer)
    let at = 0
    for (const chunk of tap.chunks)
      for (const sample of chunk) view.setInt16(2 * at++, Math.max(-1, Math.min(1, sample)) * 32767, true)
    let text = ''
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
    return { rate: tap.rate, samples: btoa(text) }
  }, seconds)
  const bytes = Buffer.from(samples, 'base64')
  return { rate, samples: Float32Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i) / 32768) }
}

export function rms(samples: Float32Array) {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length
  return Math.sqrt(samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0) / samples.length)
}

/** Waits until something is heard, and returns when that was, by the page's clock. */
export async function heardSince(page: Page, since: number, timeout = 20_000) {
  const handle = await page.waitForFunction(
    (since) => window.tap.times.find((time) => time >= since) ?? false,
    since,
    { timeout, polling: 20 },
  )
  return Number(await handle.jsonValue())
}
