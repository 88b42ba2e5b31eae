// A published collection: found, played at once, and fetched only as far as it is needed; and from
// one listener by another.
import { readFileSync } from 'node:fs'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { locate, nativeRender } from '../lib/native'
import { open, play, player, rows } from '../lib/page'
import { publish, Relay } from '../lib/relay'
import { heardSince, record } from '../lib/tap'
import { demoFolder, describe as described, pathBelow, shared, walk } from '../lib/tunes'
import { fetchAll, serve, theirs } from '../lib/webtorrent'

const folder = shared ?? demoFolder
const all = walk(folder).filter((path) => path.endsWith('.sid'))
const wanted = described(all.find((path) => path.endsWith('/Green_Beret.sid')) ?? all[0])
const second = described(all.find((path) => path.endsWith('/Monty_on_the_Run.sid')) ?? all[1])

const collections = publish(folder, 'Sampler')

async function listener(browser: Browser, relay: Relay) {
  const page = await (await browser.newContext()).newPage()
  const fetched = { bytes: 0 }
  page.context().on('response', async (response) => {
    if (response.url().includes('/seed/')) fetched.bytes += Number(response.headers()['content-length'] ?? 0)
  })
  await open(page, '/', relay.url)
  return { page, fetched }
}

/**
 * Waits for a tune to be played, and holds what is heard against a native render. That takes a while, in
 * which the tune may be paused, so that it stays within the render.
 */
async function hear(page: Page, tune: typeof wanted, since: number, paused = false) {
  const heard = await heardSince(page, since, 30_000)
  const { rate, samples } = await record(page, 2)
  if (paused) await player(page).getByRole('button', { name: 'Pause', exact: true }).click()
  // After a reload the tune goes on where it was.
  const native = nativeRender(tune.path, { seconds: 40, rate })
  const place = locate(samples.subarray(rate / 2, 1.5 * rate), native, rate, 0, 38)
  expect(place.correlation).toBeGreaterThan(0.95)
  return heard - since
}

test('an empty profile finds a tune of the collection, hears it, and has fetched little', async ({ browser }) => {
  const relay = await Relay.start(['--collections', collections])
  const { page, fetched } = await listener(browser, relay)
  const clicked = await play(page, wanted.title)
  const millis = await hear(page, wanted, clicked, true)
  const total = all.reduce((sum, path) => sum + readFileSync(path).length, 0)
  console.log(`click to sound over the web seed: ${millis.toFixed(0)} ms; ${fetched.bytes} of ${total} bytes fetched`)
  if (shared) expect(fetched.bytes).toBeLessThan(total / 100)
  expect(millis).toBeLessThan(10_000)

  // It is here now, and after a reload too, with the relay gone.
  await page.reload()
  await expect(rows(page).first()).toBeVisible()
  relay.kill()
  const again = await play(page, wanted.title)
  await hear(page, wanted, again)
  await page.context().close()
})

test('the tunes of a composer are kept offline, and play with the relay gone', async ({ browser }) => {
  const relay = await Relay.start(['--collections', collections])
  const { page } = await listener(browser, relay)
  await expect(page.getByRole('status').filter({ hasText: /tunes/ }).first()).toBeVisible()
  await page.getByRole('link', { name: 'Browse' }).click()
  await page.getByLabel('Filter by name').fill(wanted.author)
  await page.getByRole('row').filter({ hasText: wanted.author }).first().click()
  await expect(page.getByRole('heading', { name: wanted.author, level: 1 })).toBeVisible()
  const tunes = await rows(page).count()
  await page.getByRole('button', { name: 'Keep offline' }).click()
  const dialog = page.getByRole('dialog', { name: 'Keep offline' })
  await expect(dialog.getByText(/of the swarm: at most .*B\./)).toBeVisible()
  await dialog.getByRole('button', { name: 'Keep on this device' }).click()
  await expect(page.getByRole('region', { name: 'Messages' }).getByText(/will be on this device, and stay/)).toBeVisible()
  // The swarm's page counts what is here.
  await page.getByRole('link', { name: 'Swarm', exact: true }).click()
  await page.getByRole('link', { name: /Sampler|C64Music|demo/ }).first().click()
  await page.getByLabel('Filter files').fill(`${wanted.path.split('/').at(-2)}/`)
  await expect.poll(() => page.getByText('100 %', { exact: true }).count(), { timeout: 60_000 }).toBeGreaterThanOrEqual(Math.min(tunes, 3))
  relay.kill()
  await page.getByRole('link', { name: 'Library', exact: true }).click()
  await hear(page, wanted, await play(page, wanted.title))
  await page.context().close()
})

test('a second listener gets it from the first, without the web seed', async ({ browser }) => {
  const relay = await Relay.start(['--collections', collections])
  const { page: first } = await listener(browser, relay)
  await hear(first, second, await play(first, second.title))
  // From now on the web seed answers nobody.
  const page = await (await browser.newContext()).newPage()
  await page.context().route('**/seed/**', (route) => route.abort())
  await open(page, '/', relay.url)
  const millis = await hear(page, second, await play(page, second.title))
  console.log(`click to sound from another listener: ${millis.toFixed(0)} ms`)
  expect(millis).toBeLessThan(20_000)
  await first.context().close()
  await page.context().close()
  relay.kill()
})

test('the relay dies and comes back: what is here plays on, the page says so and reconnects', async ({ browser }) => {
  const relay = await Relay.start(['--collections', collections])
  const { page } = await listener(browser, relay)
  await hear(page, wanted, await play(page, wanted.title))
  await page.getByRole('link', { name: 'Swarm', exact: true }).click()
  await expect(page.getByRole('link', { name: /Sampler|C64Music|demo/ }).first()).toBeVisible()
  relay.kill()
  await expect(page.getByText(/tracker .* does not answer/)).toBeVisible({ timeout: 60_000 })
  await expect(player(page).getByRole('button', { name: 'Pause' })).toBeVisible()
  await relay.up()
  await expect(page.getByText(/tracker .* does not answer/)).toBeHidden({ timeout: 90_000 })
  await page.context().close()
  relay.kill()
})

test('the web seed alone serves a page of another origin, of another client', async ({ browser }) => {
  const relay = await Relay.start(['--collections', publish(demoFolder, 'Demo')])
  const site = await serve()
  const page = await theirs(browser, site.url)
  const file = await page.evaluate(async (relay) => {
    const listing = await (await fetch(`${relay}/collections.json`)).json()
    const bytes = await (await fetch(`${relay}/${listing.collections[0].torrents[0].torrent}`)).arrayBuffer()
    return btoa(String.fromCharCode(...new Uint8Array(bytes)))
  }, relay.url)
  const got = await fetchAll(page, { file })
  for (const path of walk(demoFolder).filter((path) => path.endsWith('.sid'))) {
    const name = Object.keys(got).find((name) => name.endsWith(pathBelow(demoFolder, path)))!
    expect(got[name]).toBe(readFileSync(path).toString('base64'))
  }
  await page.context().close()
  site.close()
  relay.kill()
})
