// Finding a tune among 53,669, by words, by keyboard, by browsing, and playing it.
import { readFileSync } from 'node:fs'
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { catalogue, publishWhole } from '../lib/catalogue'
import { add, count, open, player, rows, watchErrors } from '../lib/page'
import { heardSince } from '../lib/tap'
import { shared } from '../lib/tunes'

const tune = 'MUSICIANS/H/Hubbard_Rob/Commando.sid'

test.skip(!catalogue || !shared, 'the shared collection is not here')

/** A page whose site publishes the whole collection, catalogue only. */
async function visit(page: Page, path = '/') {
  await publishWhole(page)
  await open(page, path)
  await expect.poll(() => count(page), { timeout: 60_000 }).toBeGreaterThan(50_000)
}

const search = (page: Page) => page.getByLabel('Search the library')
const palette = (page: Page) => page.getByRole('combobox', { name: 'Tunes, composers' })
const titles = (page: Page) => rows(page).locator('.row-title').allInnerTexts()

async function axe(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map((violation) => `${violation.id}: ${violation.nodes[0].html}`)).toEqual([])
}

test('a tune is found by words, fields and with a slip, and one that is here plays', async ({ page }) => {
  const errors = watchErrors(page)
  await visit(page)
  const file = readFileSync(`${shared}/${tune}`)
  await add(page, [{ name: 'Commando.sid', mimeType: 'application/octet-stream', buffer: file }])
  await expect(page.getByRole('region', { name: 'Messages' }).getByText('1 tune added.')).toBeVisible()

  await search(page).fill('hubbard commando')
  await expect(rows(page).first().locator('.row-title')).toHaveText('Commando')
  await expect(rows(page).first().locator('mark').first()).toHaveText('Commando')

  await search(page).fill('hubard comando')
  await expect(page.getByText('those with similar words').first()).toBeVisible()
  await expect(rows(page).first().locator('.c-author')).toHaveText('Rob Hubbard')

  await search(page).fill('composer:hubbard year:1985..1986 length:>4:00')
  await expect.poll(() => count(page)).toBeLessThan(100)
  await search(page).fill('year:never')
  await expect(page.getByText('year:never was left out')).toBeVisible()

  await search(page).fill('commando here:yes')
  await expect.poll(() => count(page)).toBe(1)
  const clicked = await page.evaluate(() => performance.now())
  await rows(page).first().locator('.c-title').click()
  await heardSince(page, clicked, 20_000)
  await expect(player(page)).toContainText('Commando')
  expect(errors).toEqual([])
})

test('by keyboard alone: search, walk, play; facets; axe finds nothing', async ({ page }) => {
  await visit(page)
  await page.keyboard.press('/')
  await expect(search(page)).toBeFocused()
  await page.keyboard.type('galway ocean')
  await expect.poll(() => count(page)).toBeLessThan(1000)
  await page.getByRole('button', { name: 'Filters' }).focus()
  await page.keyboard.press('Enter')
  const facets = page.getByRole('region', { name: 'Narrow the list' })
  const year = facets.getByRole('button', { name: /^1987/ })
  await expect(year).toBeVisible()
  const shown = await year.locator('.figures').innerText()
  await year.focus()
  await page.keyboard.press('Enter')
  await expect(search(page)).toHaveValue('galway ocean year:1987')
  await expect.poll(() => count(page)).toBe(Number(shown))
  await expect(year).toHaveAttribute('aria-pressed', 'true')
  await axe(page)
  await year.press('Enter')
  await expect(search(page)).toHaveValue('galway ocean')
  await page.getByRole('grid', { name: 'Tunes' }).focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await expect(page).toHaveURL(/\/tune\//)
})

test('browsing leads to a composer, a year, a folder, and back to everything', async ({ page }) => {
  await visit(page)
  const all = await count(page)
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Browse' }).click()
  await expect.poll(() => count(page)).toBeGreaterThan(3_000)
  await axe(page)
  await page.getByLabel('Filter by name').fill('rob hub')
  await rows(page).filter({ hasText: 'Rob Hubbard' }).first().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Rob Hubbard' })).toBeVisible()
  await expect(rows(page).first().locator('.c-author')).toHaveText('Rob Hubbard')
  const year = page.getByRole('region', { name: 'Narrow the list' }).getByRole('button', { name: /^1985/ })
  await year.click()
  await expect(rows(page).first().locator('.c-released')).toContainText('1985')
  await axe(page)

  await page.goto('/browse/folders')
  await expect(rows(page).first()).toContainText('DEMOS')
  const above = page.getByRole('navigation', { name: 'Folders above' })
  await rows(page).filter({ hasText: 'MUSICIANS' }).click()
  await expect(above).toContainText('MUSICIANS')
  await rows(page).filter({ has: page.getByText('H', { exact: true }) }).first().click()
  await expect(above.getByText('H', { exact: true })).toBeVisible()
  await page.getByLabel('Filter by name').fill('hubbard')
  await rows(page).filter({ hasText: 'Hubbard_Rob' }).click()
  await expect.poll(() => titles(page)).toContain('Action Biker')

  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Library', exact: true }).click()
  await expect.poll(() => count(page)).toBe(all)
})

test('the palette finds tunes, composers and pages', async ({ page }) => {
  await visit(page)
  await page.keyboard.press('Control+k')
  const field = palette(page)
  await expect(field).toBeFocused()
  await axe(page)
  await field.fill('tel jer')
  const option = (name: RegExp) => page.getByRole('option', { name })
  await expect(option(/Jeroen Tel/).first()).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: /Jeroen Tel/ })).toBeVisible()

  await page.keyboard.press('Control+k')
  await palette(page).fill('setti')
  await expect(option(/Settings/)).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/settings/)

  await page.keyboard.press('Control+k')
  await palette(page).fill('wizball galway')
  await expect(option(/Wizball/).first()).toBeVisible()
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await expect(search(page)).toHaveValue('wizball galway')
  await expect(rows(page).first().locator('.row-title')).toHaveText('Wizball')
})
