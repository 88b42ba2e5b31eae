// The swarm where a browser lacks something, a disk is full, or the relay is gone.
import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test'
// @ts-expect-error it has no types
import Turn from 'node-turn'
import { open } from '../lib/page'
import { freePort, Relay } from '../lib/relay'
import { demoFolder, walk } from '../lib/tunes'
import { seed, serve, theirs } from '../lib/webtorrent'

const url = process.env.SIDEREAL_URL!
const MEGABYTE = 1 << 20

type Prepare = (context: BrowserContext) => Promise<unknown>

async function ours(browser: Browser, site = url, prepare: Prepare = async () => {}): Promise<Page> {
  const context = await browser.newContext()
  await prepare(context)
  const page = await context.newPage()
  await open(page, '/swarm', site)
  return page
}

/** The site, with `script` run in the swarm worker before its own. */
function siteWith(script: string) {
  const site = join(mkdtempSync(join(tmpdir(), 'sidereal-site-')), 'site')
  cpSync(process.env.SIDEREAL_SITE!, site, { recursive: true })
  const worker = walk(site).find((path) => /swarm-worker[^/]*\.js$/.test(path))!
  writeFileSync(worker, `${readFileSync(worker, 'utf8')}\n${script}`)
  return site
}

/** Noise of webtorrent's, found through `announce`. */
async function noise(browser: Browser, bytes: number, announce: string) {
  const site = await serve()
  const page = await theirs(browser, site.url)
  const { magnet } = await seed(page, 'Noise', [{ path: 'noise.bin', base64: randomBytes(bytes).toString('base64') }], [announce])
  return { magnet, page, close: async () => (await page.context().close(), site.close()) }
}

async function add(page: Page, magnet: string) {
  await page.getByRole('textbox', { name: /Magnet link/ }).fill(magnet)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
}

const complete = (page: Page) => expect(page.getByText('Complete', { exact: true }).first()).toBeVisible({ timeout: 60_000 })
const tracker = (site: string) => `${site.replace('http', 'ws')}/announce`

test('without private files, pieces are kept in the database of the browser', async ({ browser }) => {
  const relay = await Relay.start([], siteWith('delete StorageManager.prototype.getDirectory'))
  const source = await noise(browser, MEGABYTE, relay.tracker)
  const page = await ours(browser, relay.url)
  await add(page, source.magnet)
  await complete(page)
  await source.close()
  const pieces = await page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const asked = indexedDB.open('sidereal-swarm')
        asked.onerror = reject
        asked.onsuccess = () => {
          const count = asked.result.transaction('pieces').objectStore('pieces').count()
          count.onsuccess = () => resolve(count.result)
        }
      }),
  )
  expect(pieces).toBeGreaterThan(30)
  await page.reload()
  await complete(page)
  await page.context().close()
  relay.kill()
})

test('channels that cannot be handed to a worker are pumped', async ({ browser }) => {
  const source = await noise(browser, 3 * MEGABYTE, tracker(url))
  const page = await ours(browser, url, (context) =>
    context.addInitScript(() => {
      const post = Worker.prototype.postMessage
      Worker.prototype.postMessage = function (message: unknown, ...rest: unknown[]) {
        const beside = Object.values((message ?? {}) as object)
        if (beside.some((one) => one instanceof RTCDataChannel)) throw new DOMException('not here', 'DataCloneError')
        return (post as (...all: unknown[]) => void).call(this, message, ...rest)
      }
    }),
  )
  await add(page, source.magnet)
  await complete(page)
  await source.close()
  await page.context().close()
})

test('a full disk stops the fetching in words, and room lets it go on', async ({ browser }) => {
  const source = await noise(browser, 6 * MEGABYTE, tracker(url))
  const page = await ours(browser)
  const devtools = await page.context().newCDPSession(page)
  const { usage } = await devtools.send('Storage.getUsageAndQuota', { origin: url })
  await devtools.send('Storage.overrideQuotaForOrigin', { origin: url, quotaSize: usage + 2 * MEGABYTE })
  await add(page, source.magnet)
  await expect(page.getByText(/full|no room/i).first()).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText('Complete', { exact: true })).toBeHidden()
  await devtools.send('Storage.overrideQuotaForOrigin', { origin: url })
  await page.getByRole('button', { name: /Resume|Go on|Try again/ }).first().click()
  await complete(page)
  await source.close()
  await page.context().close()
})

test('under data saver nothing is given, and the page says so', async ({ browser }) => {
  const page = await ours(browser, url, (context) =>
    context.addInitScript(() => Object.defineProperty(navigator, 'connection', { value: Object.assign(new EventTarget(), { saveData: true }) })),
  )
  await expect(page.getByText('nothing is given to others on this connection').first()).toBeVisible()
  await page.context().close()
})

test('what is connected goes on when the relay is gone', async ({ browser }) => {
  const relay = await Relay.start()
  const source = await noise(browser, 6 * MEGABYTE, relay.tracker)
  const page = await ours(browser, relay.url)
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByLabel('Fetch at most').selectOption({ label: '500 kB/s' })
  await page.getByRole('link', { name: 'Swarm' }).click()
  await add(page, source.magnet)
  await expect(page.getByText(/kB\/s/).first()).toBeVisible()
  const progress = async () => Number(await page.getByRole('progressbar').first().getAttribute('aria-valuenow'))
  await expect.poll(progress).toBeGreaterThan(5)
  relay.kill()
  await expect(page.getByText(/tracker/i).filter({ hasText: /again/i }).first()).toBeVisible({ timeout: 60_000 })
  await complete(page)
  await source.close()
  await page.context().close()
})

test('with TURN configured, listeners meet through it alone', async ({ browser }) => {
  const listeningPort = await freePort()
  const turn = new Turn({ listeningPort, listeningIps: ['127.0.0.1'], relayIps: ['127.0.0.1'], authMech: 'long-term', credentials: { listener: 'secret' } })
  turn.start()
  const relay = await Relay.start(['--ice-server', `turn:127.0.0.1:${listeningPort},listener,secret`])
  const relayed = async () => {
    const page = await ours(browser, relay.url)
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('radio', { name: 'Through a relay' }).check()
    await page.getByRole('link', { name: 'Swarm' }).click()
    return page
  }
  const [seeder, leecher] = [await relayed(), await relayed()]
  const chooser = seeder.waitForEvent('filechooser')
  await seeder.getByRole('button', { name: 'Share a folder' }).click()
  await (await chooser).setFiles(demoFolder)
  await complete(seeder)
  await seeder.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await seeder.getByRole('button', { name: 'Copy link' }).click()
  const link = await seeder.evaluate(() => navigator.clipboard.readText())
  await add(leecher, link.slice(link.indexOf('magnet:')))
  await complete(leecher)
  expect(Object.keys(turn.allocations).length).toBeGreaterThan(1)
  for (const page of [seeder, leecher]) await page.context().close()
  turn.stop()
  relay.kill()
})
