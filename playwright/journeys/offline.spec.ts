// The page without a network, and new versions of it.
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { open, play, player, rows, watchErrors } from '../lib/page'
import { Relay } from '../lib/relay'
import { heardSince } from '../lib/tap'
import { demos, describe } from '../lib/tunes'

// Other journeys go without, so that what they change on the way is not passed by.
test.use({ serviceWorkers: 'allow' })

/** Waits until the site is kept and its service worker answers this page. */
const kept = (page: Page) =>
  page.evaluate(async () => {
    await navigator.serviceWorker.ready
    if (!navigator.serviceWorker.controller) await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve))
  })

test('without a network the page starts, isolated, and plays what is here', async ({ page, context }) => {
  await open(page)
  await expect(rows(page).first()).toBeVisible()
  await kept(page)
  await context.setOffline(true)
  const errors = watchErrors(page)
  await page.reload()
  await expect(rows(page).first()).toBeVisible()
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
  const clicked = await play(page, describe(demos[0]).title)
  await heardSince(page, clicked, 10_000)
  await expect(page.getByText(/^No network/)).toBeVisible()
  // Any address of the app starts it.
  await page.goto('/settings')
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible()
  await expect(page.getByText('Ready', { exact: true })).toBeVisible()
  expect(errors.filter((text) => !/ERR_INTERNET_DISCONNECTED|WebSocket/.test(text))).toEqual([])
  await context.setOffline(false)
  await expect(page.getByText(/^No network/)).toBeHidden()
})

test('a new version waits until the music is over, and comes when it is asked for', async ({ browser }) => {
  const site = join(mkdtempSync(join(tmpdir(), 'sidereal-site-')), 'site')
  cpSync(process.env.SIDEREAL_SITE!, site, { recursive: true })
  const relay = await Relay.start([], site)
  const page = await (await browser.newContext({ serviceWorkers: 'allow' })).newPage()
  await open(page, '/', relay.url)
  await kept(page)
  const clicked = await play(page, describe(demos[0]).title)
  await heardSince(page, clicked, 10_000)

  relay.kill()
  const index = join(site, 'index.html')
  writeFileSync(index, readFileSync(index, 'utf8').replace('<title>', '<meta name="edition" content="2"><title>'))
  const worker = join(site, 'sw.js')
  writeFileSync(worker, readFileSync(worker, 'utf8').replace(/"version":"\w+"/, '"version":"second"'))
  await relay.up()
  // The browser takes its time to look.
  const hasWaiting = () =>
    page.evaluate(async () => {
      const registration = (await navigator.serviceWorker.getRegistration())!
      void registration.update()
      return registration.waiting !== null
    })
  await expect.poll(hasWaiting, { timeout: 60_000 }).toBe(true)
  const banner = page.getByText('A new version of Sidereal is ready.')
  await expect(banner).toBeHidden()
  await player(page).getByRole('button', { name: 'Pause' }).click()
  await expect(banner).toBeVisible()
  expect(await page.locator('meta[name=edition]').count()).toBe(0)
  await page.getByRole('button', { name: 'Reload' }).click()
  await expect(page.locator('meta[name=edition]')).toHaveCount(1)
  await expect(player(page)).toContainText(describe(demos[0]).title)
  await page.context().close()
  relay.kill()
})
