// Every page of the operator: accessible, fitting, and looked at, with something on it.
import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { field, fresh, heading, logIn, pages } from '../lib/operator'
import { open, player } from '../lib/page'
import { heardSince } from '../lib/tap'
import { demoFolder, root } from '../lib/tunes'
import type { Relay } from '../lib/relay'

const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }

let relay: Relay
let password: string
let context: BrowserContext
test.beforeAll(async ({ browser }) => {
  ;({ relay, password } = await fresh())
  context = await browser.newContext({ viewport: sizes.wide })
  const page = await context.newPage()
  await logIn(page, relay, password, pages.Collections)
  await page.getByLabel("Folder on the relay's machine").fill(demoFolder)
  await page.getByLabel('Name for listeners').fill('Demo tunes')
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  await expect(page.getByRole('heading', { level: 2, name: 'Demo tunes' })).toBeVisible()
  for (const name of ['Verify', 'Compare']) await page.getByRole('button', { name }).click()
  await page.goto(relay.url + pages.Tracker)
  for (const [kind, value] of [['Torrent', '0123456789abcdef0123456789abcdef01234567'], ['Address', '203.0.113.0/24']]) {
    await page.getByRole('radio', { name: kind }).check()
    await page.getByLabel(/Info hash, 40|Address or network/).fill(value)
    await page.getByLabel('Reason, for the record').fill('Asked by its owner')
    await page.getByRole('region', { name: 'Block', exact: true }).getByRole('button', { name: 'Block' }).click()
    await expect(page.getByRole('region', { name: 'Blocked' }).getByText(value)).toBeVisible()
  }
  await page.goto(relay.url + pages.Access)
  await page.getByLabel('For which program').fill('nightly publisher')
  await page.getByRole('checkbox', { name: 'Publish' }).check()
  await page.getByRole('button', { name: 'Make a token' }).click()
  await expect(page.locator('#made-secret')).toBeVisible()
  // A listener, so that there are figures.
  const listener = await context.newPage()
  await open(listener, '/', relay.url)
  const since = await listener.evaluate(() => performance.now())
  await player(listener).getByRole('button', { name: 'Play', exact: true }).click()
  await heardSince(listener, since)
  await player(listener).getByRole('button', { name: 'Pause', exact: true }).click()
  await listener.evaluate(() => window.dispatchEvent(new Event('pagehide')))
  await page.close()
})
test.afterAll(async () => {
  // It would take time from all journeys that follow.
  await context.close()
  relay.kill()
})

async function ready(page: Page, name: string) {
  await expect(heading(page, name)).toBeVisible()
  await expect(page.locator('.bones')).toHaveCount(0)
  await page.waitForTimeout(400)
}

async function judge(page: Page, name: string) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([])
  await page.screenshot({ path: `${root}/screenshots/admin-${name}.png` })
}

for (const scheme of ['dark', 'light'] as const)
  test(`axe finds nothing on the operator's pages in ${scheme}`, async ({ page }) => {
    test.setTimeout(300_000)
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    await page.goto(`${relay.url}/admin`)
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport)
      await expect(field(page)).toBeVisible()
      await judge(page, `login-${scheme}-${size}`)
    }
    await logIn(page, relay, password)
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport)
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(relay.url + path)
        await ready(page, name)
        await judge(page, `${name.toLowerCase()}-${scheme}-${size}`)
      }
    }
    await page.goto(relay.url + pages.Status)
    await ready(page, 'Status')
    await page.getByRole('button', { name: 'More' }).click()
    await expect(page.getByRole('dialog', { name: 'More pages' })).toBeVisible()
    await judge(page, `more-${scheme}-phone`)
  })

test('the pages fit 360 px and twice the zoom, and their targets fit a thumb', async ({ page }) => {
  test.setTimeout(300_000)
  await logIn(page, relay, password)
  for (const viewport of [{ width: 360, height: 740 }, { width: 720, height: 450 }]) {
    await page.setViewportSize(viewport)
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(relay.url + path)
      await ready(page, name)
      const width = await page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.getElementById('main')!.scrollWidth))
      expect(width, `${path} at ${viewport.width}`).toBeLessThanOrEqual(viewport.width)
      if (viewport.width > 360) continue
      const small = await page.locator('main button:visible, main input[type=text]:visible:not(.hidden-words)').evaluateAll((targets) =>
        targets.filter((target) => target.getBoundingClientRect().height < 40).map((target) => target.outerHTML.slice(0, 120)),
      )
      expect(small, path).toEqual([])
    }
  }
})

test('a chart is read off by pointer, by keys and as a table', async ({ page }) => {
  await logIn(page, relay, password)
  const chart = page.getByRole('slider').first()
  await expect(chart).toBeVisible({ timeout: 60_000 })
  // The charts of a young relay are made anew once, when it has said how long it runs.
  await expect(async () => {
    await chart.focus()
    await page.keyboard.press('Home')
    await expect(chart).toHaveAttribute('aria-valuenow', '0', { timeout: 1_000 })
  }).toPass({ timeout: 30_000 })
  await expect(chart).toHaveAttribute('aria-valuetext', /^\d\d:\d\d: \S/)
  await page.keyboard.press('End')
  const last = await chart.getAttribute('aria-valuemax')
  await expect(chart).toHaveAttribute('aria-valuenow', last!)
  await page.getByText('As a table').first().click()
  await expect(page.getByRole('columnheader', { name: 'Time' }).first()).toBeVisible()
})
