// What a listener waits for, measured. Figures go to the file that SIDEREAL_BENCH names.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { zipSync } from 'fflate'
import { add, addFolder, click, count, dropPaths, open, play, player, rows, watchLongTasks } from '../lib/page'
import { heardSince } from '../lib/tap'
import { pathBelow, shared, threeTunes, upload, walk } from '../lib/tunes'

const figures: { name: string; value: string; aim: string }[] = []
const note = (name: string, value: string, aim: string) => {
  figures.push({ name, value, aim })
  console.log(`${name}: ${value} (aim ${aim})`)
}
const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

test.afterAll(() => {
  if (process.env.SIDEREAL_BENCH) writeFileSync(process.env.SIDEREAL_BENCH, JSON.stringify({ rows: figures }))
})

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

/** Brings the shared collection in three times, and notes how that went. */
async function importThrice(browser: Browser, how: string, bring: (page: Page) => Promise<void>) {
  const times: number[] = []
  const tasks: number[] = []
  const scripts: number[] = []
  for (let run = 0; run < 3; run++) {
    const page = await (await browser.newContext({ baseURL: process.env.SIDEREAL_URL, viewport: { width: 1440, height: 900 } })).newPage()
    await open(page)
    await expect(rows(page).first()).toBeVisible()
    const longest = await watchLongTasks(page)
    const start = Date.now()
    await bring(page)
    await expect.poll(() => count(page), { timeout: 120_000, intervals: [50] }).toBeGreaterThan(2800)
    times.push(Date.now() - start)
    const { task, script } = await longest()
    tasks.push(task)
    scripts.push(script)
    await page.context().close()
  }
  note(`import of 2,808 tunes, ${how}, median of 3`, `${(median(times) / 1000).toFixed(1)} s`, '-')
  note(`longest script meanwhile, ${how}, worst of 3`, `${Math.max(...scripts).toFixed(0)} ms`, '50 ms')
  note(`longest task with the browser's part, ${how}, worst of 3`, `${Math.max(...tasks).toFixed(0)} ms`, '-')
}

test('import of the shared collection, and what holds the page up meanwhile', async ({ browser }) => {
  test.skip(!shared, 'the shared collection is not beside the checkout')
  const folder = mkdtempSync(join(tmpdir(), 'sidereal-bench-'))
  const files: Record<string, [Uint8Array, { level: 0 }]> = {}
  for (const path of walk(shared!)) files[pathBelow(shared!, path)] = [readFileSync(path), { level: 0 }]
  writeFileSync(join(folder, 'hvsc.zip'), zipSync(files))
  await importThrice(browser, 'as a zip', async (page) => {
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Add files' }).click()
    await (await chooser).setFiles(join(folder, 'hvsc.zip'))
  })
  rmSync(folder, { recursive: true })
  await importThrice(browser, 'as a picked folder', (page) => addFolder(page, shared!))
  await importThrice(browser, 'as a dropped folder', (page) => dropPaths(page, [shared!]))
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
