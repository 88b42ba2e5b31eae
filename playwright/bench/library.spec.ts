// The listener's library on the built product: what comes over the wire until the first sound, first
// paint, opening and importing tens of thousands, and what Lighthouse says. SIDEREAL_BUILT names the
// site as `cargo xtask dist` makes it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { zipSync } from 'fflate'
import { catalogue, publishWhole } from '../lib/catalogue'
import { median, note, writeFigures } from '../lib/figures'
import { addFolder, click, count, dropPaths, open, player, rows, watchLongTasks } from '../lib/page'
import { Relay } from '../lib/relay'
import { heardSince } from '../lib/tap'
import { pathBelow, shared, walk } from '../lib/tunes'

let relay: Relay
test.beforeAll(async () => {
  relay = await Relay.start([], process.env.SIDEREAL_BUILT)
})
test.afterAll(() => {
  relay.kill()
  writeFigures()
})

const visitor = async (browser: Browser) =>
  (await browser.newContext({ baseURL: relay.url, viewport: { width: 1440, height: 900 } })).newPage()

/** Stands between browser and relay, and counts what comes over the wire, headers and all. */
async function counting() {
  const counted = { bytes: 0 }
  const server = createServer((browser) => {
    const site = connect(relay.port, '127.0.0.1')
    site.on('data', (data) => (counted.bytes += data.length))
    site.pipe(browser).pipe(site)
    for (const socket of [site, browser]) socket.on('error', () => (site.destroy(), browser.destroy()))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return { counted, url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

test('first paint, and bytes to the first sound', async ({ browser }) => {
  const paints: number[] = []
  const sounds: number[] = []
  let bytes = 0
  for (let round = 0; round < 5; round++) {
    const way = await counting()
    const page = await visitor(browser)
    await open(page, '/', way.url)
    await expect(rows(page).first()).toBeVisible()
    const clicked = await click(player(page).getByRole('button', { name: 'Play', exact: true }))
    sounds.push(await heardSince(page, clicked))
    bytes = way.counted.bytes
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime))
    await page.context().close()
    way.close()
  }
  note('first paint, median of 5', `${median(paints).toFixed(0)} ms`, '1,800 ms')
  note('opened to the first sound, pressed at once, median of 5', `${median(sounds).toFixed(0)} ms`, '-')
  note('bytes over the wire until the first sound', bytes.toLocaleString('en'), '600,000')
})

test('opening a library of 53,669', async ({ browser }) => {
  test.skip(!catalogue, 'the shared collection is not beside the checkout')
  const page = await visitor(browser)
  await publishWhole(page)
  const opened = () =>
    page
      .waitForFunction(() => Number(document.querySelector('[role=grid]')?.getAttribute('aria-rowcount')) > 50_000 && performance.now())
      .then((handle) => handle.jsonValue())
  await open(page)
  note('53,669 tunes published, from opening the page to their list', `${Number(await opened()).toFixed(0)} ms`, '2,000 ms')
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    await page.reload()
    times.push(Number(await opened()))
  }
  note('53,669 tunes kept, from opening the page to their list, median of 5', `${median(times).toFixed(0)} ms`, '1,000 ms')
  await page.context().close()
})

/** Brings the shared collection in three times, and notes how that went. */
async function importThrice(browser: Browser, how: string, bring: (page: Page) => Promise<void>) {
  const times: number[] = []
  const tasks: number[] = []
  const scripts: number[] = []
  for (let run = 0; run < 3; run++) {
    const page = await visitor(browser)
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

test('what Lighthouse says of the library, as a phone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidereal-lighthouse-'))
  const flags = '--headless=new --no-sandbox --disable-background-networking --disable-component-update --disable-sync --no-first-run'
  const scores: Record<string, number[]> = { performance: [], accessibility: [], 'best-practices': [] }
  const times: Record<string, number[]> = { 'largest-contentful-paint': [], 'total-blocking-time': [] }
  for (let round = 0; round < 5; round++) {
    const report = join(folder, `${round}.json`)
    execFileSync(
      process.execPath,
      [
        join(process.env.SIDEREAL_LIGHTHOUSE!, 'node_modules/lighthouse/cli/index.js'), relay.url, '--quiet', `--chrome-flags=${flags}`, '--output=json',
        `--output-path=${report}`, `--only-categories=${Object.keys(scores).join()}`,
      ],
      { env: { ...process.env, CHROME_PATH: process.env.CHROMIUM ?? '/usr/bin/chromium' }, stdio: 'inherit' },
    )
    const { categories, audits } = JSON.parse(readFileSync(report, 'utf8'))
    for (const name in scores) scores[name].push(100 * categories[name].score)
    for (const name in times) times[name].push(audits[name].numericValue)
  }
  rmSync(folder, { recursive: true })
  note('Lighthouse, performance, median of 5', median(scores.performance).toFixed(0), '90')
  note('Lighthouse, accessibility, least of 5', Math.min(...scores.accessibility).toFixed(0), '100')
  note('Lighthouse, best practices, least of 5', Math.min(...scores['best-practices']).toFixed(0), '100')
  for (const name in times) note(`  ${name.replaceAll('-', ' ')}, median of 5`, `${median(times[name]).toFixed(0)} ms`, '-')
})
