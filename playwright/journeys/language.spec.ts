// The page in the language of the browser, and in another one by choice.
import { expect, test } from '@playwright/test'
import { click, elapsed, open, player, rows, watchErrors } from '../lib/page'
import { heardSince } from '../lib/tap'

test.use({ locale: 'de-DE' })

test('a German browser finds German words, and a choice changes them while a tune plays', async ({ page }) => {
  const errors = watchErrors(page)
  await open(page)
  await expect(page.locator('html')).toHaveAttribute('lang', 'de')
  const pages = page.getByRole('navigation', { name: 'Seiten' })
  for (const word of ['Bibliothek', 'Stöbern', 'Favoriten', 'Schwarm', 'Einstellungen'])
    await expect(pages.getByRole('link', { name: word, exact: true })).toBeVisible()
  await expect(rows(page).first()).toBeVisible()
  await heardSince(page, await click(player(page).getByRole('button', { name: 'Abspielen', exact: true })))
  await pages.getByRole('link', { name: 'Einstellungen' }).click()
  await page.evaluate(() => Object.assign(window, { stays: true }))
  const before = await page.getByRole('slider', { name: 'Stelle im Stück' }).inputValue()

  await page.getByRole('radio', { name: 'English' }).check()
  await expect(page.getByRole('heading', { name: 'Settings', level: 1 })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await expect(page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Library', exact: true })).toBeVisible()
  await expect(page.getByRole('group', { name: 'Language' }).getByLabel('English')).toBeFocused()
  await expect(player(page).getByRole('button', { name: 'Pause' })).toBeVisible()
  await expect.poll(() => elapsed(page)).toBeGreaterThan(Number(before) / 1000)
  await heardSince(page, await page.evaluate(() => performance.now()))
  expect(await page.evaluate(() => 'stays' in window)).toBe(true)

  await page.reload()
  await expect(page.getByRole('heading', { name: 'Settings', level: 1 })).toBeVisible()
  await page.getByRole('radio', { name: 'Deutsch' }).check()
  await expect(page.getByRole('heading', { name: 'Einstellungen', level: 1 })).toBeVisible()
  expect(errors).toEqual([])
})

test('where the texts cannot be fetched the page is English', async ({ page }) => {
  await page.route(/\.po$/, (route) => route.abort())
  await open(page)
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await expect(page.getByRole('link', { name: 'Library', exact: true })).toBeVisible()
})
