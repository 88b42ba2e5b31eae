// What a listener waits for, measured. Figures go to the file that SIDEREAL_BENCH names.
import { spawn } from 'node:child_process'
import { test, type Page } from '@playwright/test'
import { median, note, writeFigures } from '../lib/figures'
import { add, click, open, play, player, watchLongTasks } from '../lib/page'
import { heardSince } from '../lib/tap'
import { threeTunes, upload } from '../lib/tunes'

test.afterAll(writeFigures)

test('click to first sample, pause to silence', async ({ page }) => {
  const tunes = threeTunes()
  await open(page)
  await add(page, tunes.map((tune) => upload(tune.path)))
  const starts: number[] = []
  const stops: number[] = []
  for (let round = 0; round < 4; round++)
    for (const tune of tunes) {
      const clicked = await play(page, tune.title)
      starts.push((await heardSince(page, clicked)) - clicked)
      await page.waitForTimeout(700)
      const paused = await click(player(page).getByRole('button', { name: 'Pause' }))
      await page.waitForTimeout(300)
      stops.push((await page.evaluate(() => window.tap.times.at(-1)!)) - paused)
      await player(page).getByRole('button', { name: 'Play', exact: true }).click()
      await page.waitForTimeout(200)
    }
  // The tap hears in blocks of 2,048 frames, so each figure is up to 46 ms too large.
  note('click to first sample, median of 12', `${median(starts).toFixed(0)} ms`, '100 ms')
  note('click to first sample, worst of 12', `${Math.max(...starts).toFixed(0)} ms`, '100 ms')
  note('pause to silence, median of 12', `${median(stops).toFixed(0)} ms`, '100 ms')
})

/** Keeps the shared buffers that the page makes, so that the ring can be looked at. */
async function keepBuffers(page: Page) {
  await page.addInitScript(() => {
    const Shared = SharedArrayBuffer
    const buffers: SharedArrayBuffer[] = []
    Object.assign(window, { buffers })
    window.SharedArrayBuffer = new Proxy(Shared, {
      construct(target, args) {
        const buffer = new target(args[0] as number)
        buffers.push(buffer)
        return buffer
      },
    })
  })
}

/** Plays a tune, with the ring in view. */
async function listen(page: Page) {
  await keepBuffers(page)
  const tune = threeTunes()[0]
  await open(page)
  await add(page, [upload(tune.path)])
  await heardSince(page, await play(page, tune.title))
}

test('seek inside what the engine has run', async ({ page }) => {
  await listen(page)
  await page.waitForTimeout(12_000)
  const place = page.getByRole('slider', { name: 'Place in the tune' })
  const times: number[] = []
  for (const second of [14, 3, 18, 9, 16, 1, 11, 6, 19, 4]) {
    times.push(
      await place.evaluate(async (slider, target) => {
        const { buffers } = window as unknown as { buffers: SharedArrayBuffer[] }
        const words = buffers.map((buffer) => new Int32Array(buffer, 0, 32)).find((words) => words[0] === 0x52444953)!
        const channel = new MessageChannel()
        const turn = () => new Promise((done) => ((channel.port1.onmessage = done), channel.port2.postMessage(0)))
        const input = slider as HTMLInputElement
        const generation = Atomics.load(words, 13)
        const start = performance.now()
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!.call(input, String(target))
        input.dispatchEvent(new Event('input', { bubbles: true }))
        input.dispatchEvent(new Event('change', { bubbles: true }))
        // The worklet has gone over to the new generation and plays it.
        const heard = () => Atomics.load(words, 13) !== generation && (words[14] / words[2]) * 1000 > target
        while (!heard() && performance.now() - start < 10_000) await turn()
        return performance.now() - start
      }, second * 1000),
    )
    await page.waitForTimeout(700)
  }
  note('seek inside what the engine has run, median of 10', `${median(times).toFixed(0)} ms`, '50 ms')
  note('seek inside what the engine has run, worst of 10', `${Math.max(...times).toFixed(0)} ms`, '50 ms')
})

test('60 s of play beside a busy core', async ({ page }) => {
  await listen(page)
  const longest = await watchLongTasks(page)
  const busy = spawn(process.execPath, ['-e', 'for (;;) {}'])
  await page.waitForTimeout(60_000)
  busy.kill('SIGKILL')
  const words = await page.evaluate(() => {
    const { buffers } = window as unknown as { buffers: SharedArrayBuffer[] }
    const ring = buffers.map((buffer) => new Int32Array(buffer, 0, 32)).find((words) => words[0] === 0x52444953)
    return ring && [...ring]
  })
  note('underruns in 60 s beside a busy core', `${words?.[15]}`, '0')
  note('frames missing in 60 s beside a busy core', `${words?.[16]}`, '0')
  note('longest script while playing', `${(await longest()).script.toFixed(0)} ms`, '50 ms')
  note("longest task while playing, with the browser's part", `${(await longest()).task.toFixed(0)} ms`, '50 ms')
})
