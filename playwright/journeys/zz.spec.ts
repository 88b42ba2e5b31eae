import { test } from '@playwright/test'
import { open, play, rows } from '../lib/page'
for (const scheme of ['dark', 'light'] as const)
test(`shots ${scheme}`, async ({ page }) => {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
  await open(page, '/')
  await rows(page).nth(8).waitFor()
  await play(page, 'Green Beret')
  await page.waitForTimeout(1500)
  await page.getByLabel('Search the library').fill('hubbard')
  await page.waitForTimeout(800)
  for (const [size, viewport] of Object.entries({ wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
    await page.setViewportSize(viewport)
    await page.waitForTimeout(400)
    await page.screenshot({ path: `/tmp/shots/library-${scheme}-${size}.png` })
  }
  await page.getByRole('link', { name: 'Swarm', exact: true }).click()
  await page.waitForTimeout(1200)
  for (const [size, viewport] of Object.entries({ wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
    await page.setViewportSize(viewport)
    await page.waitForTimeout(400)
    await page.screenshot({ path: `/tmp/shots/swarm-${scheme}-${size}.png` })
  }
  await page.locator('.torrent-name a').first().click()
  await page.waitForTimeout(1200)
  for (const [size, viewport] of Object.entries({ wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
    await page.setViewportSize(viewport)
    await page.waitForTimeout(700)
    await page.screenshot({ path: `/tmp/shots/torrent-${scheme}-${size}.png` })
  }
  await page.goto('/settings')
  await page.waitForTimeout(500)
  await page.locator('#swarm').scrollIntoViewIfNeeded()
  for (const [size, viewport] of Object.entries({ wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
    await page.setViewportSize(viewport)
    await page.locator('#swarm').scrollIntoViewIfNeeded()
    await page.waitForTimeout(400)
    await page.screenshot({ path: `/tmp/shots/settings-${scheme}-${size}.png` })
  }
})
