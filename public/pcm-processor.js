// Copies sound from the engine to the speakers, out of the ring that crates/ring/src/pcm.rs
// describes. Where memory cannot be shared the ring lies here, and blocks for it come over a port.
const CAPACITY = 3, WRITE = 4, GENERATION = 5, FROM = 6, SWITCH = 7, SPLICE = 8, SONG = 9, STEP = 10
const ENDED = 11, READ = 12, SEEN = 13, POSITION = 14, UNDERRUNS = 15, MISSING = 16, CLOCK = 17

class PcmProcessor extends AudioWorkletProcessor {
  constructor({ processorOptions: { ring } }) {
    super()
    this.from = this.song = this.step = this.read = this.seen = 0
    this.words = new Int32Array(ring, 0, 32)
    this.samples = new Float32Array(ring, 128)
    this.mask = this.words[CAPACITY] - 1
    this.started = false
    this.port.onmessage = ({ data: { engine } }) => {
      this.engine = engine
      engine.onmessage = ({ data }) => {
        if (data.block) this.samples.set(data.block, data.at)
        if (data.words) this.words.set(data.words, WRITE)
      }
    }
  }

  // Frames that may be played now; goes over to a new generation where one is due.
  available(wanted) {
    const w = this.words, generation = Atomics.load(w, GENERATION)
    if (generation !== this.seen && !(generation & 1)) {
      const from = w[FROM], at = w[SWITCH], splice = w[SPLICE], song = w[SONG], step = w[STEP]
      if (Atomics.load(w, GENERATION) === generation) {
        const late = (this.read - at) | 0
        if (splice && late < 0) return Math.min(wanted, -late)
        this.read = splice ? (from + late) | 0 : from
        this.from = from
        this.song = song
        this.step = step
        this.seen = generation
        this.started = splice && this.started
      }
    }
    return Math.min(wanted, Math.max(0, (Atomics.load(w, WRITE) - this.read) | 0))
  }

  process(_inputs, [[left, right]]) {
    const w = this.words
    let done = 0
    for (let n; done < left.length && (n = this.available(left.length - done)) > 0; this.started = true)
      for (const end = done + n; done < end; done++, this.read = (this.read + 1) | 0) {
        left[done] = this.samples[(this.read & this.mask) * 2]
        right[done] = this.samples[(this.read & this.mask) * 2 + 1]
      }
    const missing = this.started && !Atomics.load(w, ENDED) ? left.length - done : 0
    if (missing > 0) { w[UNDERRUNS]++; w[MISSING] += missing }
    w[POSITION] = (this.song + Math.floor(((this.read - this.from) | 0) * this.step / 65536)) | 0
    Atomics.store(w, SEEN, this.seen)
    Atomics.store(w, READ, this.read)
    if (Atomics.add(w, CLOCK, 1) % 8 === 0 && this.engine)
      for (const port of [this.engine, this.port]) port.postMessage(w.slice(READ, CLOCK + 1))
    return true
  }
}
registerProcessor('pcm', PcmProcessor)
