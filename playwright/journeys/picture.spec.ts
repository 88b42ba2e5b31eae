// The picture of the README, taken when it is asked for: SIDEREAL_PICTURE=1 cargo xtask test
// --only browser picture
import { expect, test } from '@playwright/test'
import { elapsed, open, play, rows } from '../lib/page'
import { demos, describe, root } from '../lib/tunes'

test('the picture of the README', async ({ page }) => {
  test.skip(!process.env.SIDEREAL_PICTURE, 'not asked for')
  await page.emulateMedia({ colorScheme: 'dark' })
  await open(page)
  await play(page, describe(demos[0]).title)
  await page.getByLabel('Search the library').fill('')
  await expect.poll(() => rows(page).count()).toBeGreaterThanOrEqual(demos.length)
  await page.getByRole('heading', { name: 'Library' }).click()
  await page.mouse.move(720, 800)
  await expect.poll(() => elapsed(page), { timeout: 30_000 }).toBeGreaterThanOrEqual(12)
  await page.screenshot({ path: `${root}/docs/screenshot.png` })
})
