// Every route: accessible, deep-linkable, and looked at.
import { AxeBuilder } from '@axe-core/playwright'
import { expect, test } from '@playwright/test'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { add, click, open, play, player, rows, watchErrors } from '../lib/page'
import { heardSince, record, rms } from '../lib/tap'
import { demos, root, threeTunes, upload } from '../lib/tunes'

const md5 = createHash('md5').update(readFileSync(demos[0])).digest('hex')
const routes = { library: '/', browse: '/browse', news: '/browse/new', favourites: '/favourites', playlists: '/playlists', history: '/history', tune: `/tune/${md5}`, swarm: '/swarm', settings: '/settings', about: '/about', privacy: '/privacy', missing: '/nowhere/at/all' }
const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }

for (const [name, path] of Object.entries(routes))
  for (const scheme of ['dark', 'light'] as const)
    test(`axe finds nothing on ${name} in ${scheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
      for (const [size, viewport] of Object.entries(sizes)) {
        await page.setViewportSize(viewport)
        await open(page, path)
        // What is fetched late is there.
        await expect(page.locator('main h1').first()).toBeVisible()
        if (name === 'library') await expect(rows(page).first()).toBeVisible()
        await page.waitForTimeout(300)
        const { violations } = await new AxeBuilder({ page }).analyze()
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([])
        await page.screenshot({ path: `${root}/screenshots/${name}-${scheme}-${size}.png` })
      }
    })

test('the page fits 360 px and twice the zoom', async ({ page }) => {
  for (const viewport of [{ width: 360, height: 740 }, { width: 720, height: 450 }]) {
    await page.setViewportSize(viewport)
    for (const path of Object.values(routes)) {
      await open(page, path)
      await expect(page.locator('main h1').first()).toBeVisible()
      const width = await page.evaluate(() => document.documentElement.scrollWidth)
      expect(width, `${path} at ${viewport.width}`).toBeLessThanOrEqual(viewport.width)
    }
  }
})

test('keys do what the sheet says', async ({ page }) => {
  const errors = watchErrors(page)
  await open(page)
  await expect(rows(page).first()).toBeVisible()
  await page.keyboard.press('?')
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await expect(sheet).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
  const since = await page.evaluate(() => performance.now())
  await page.keyboard.press('Space')
  await heardSince(page, since)
  await page.keyboard.press('m')
  await expect(player(page).getByRole('button', { name: 'Mute' })).toHaveAttribute('aria-pressed', 'true')
  await page.keyboard.press('m')
  await page.keyboard.press('Space')
  await expect(player(page).getByRole('button', { name: 'Play', exact: true })).toBeVisible()
  await page.keyboard.press('/')
  await expect(page.getByLabel('Search the library')).toBeFocused()
  expect(errors).toEqual([])
})

test('media keys know the tune', async ({ page }) => {
  await open(page)
  const clicked = await click(player(page).getByRole('button', { name: 'Play', exact: true }))
  await heardSince(page, clicked)
  const session = await page.evaluate(() => ({ title: navigator.mediaSession.metadata?.title, state: navigator.mediaSession.playbackState }))
  expect(session.title).toBeTruthy()
  expect(session.state).toBe('playing')
})

test('a phone mutes and steps through the songs of a file', async ({ page }) => {
  const tune = threeTunes().find((tune) => tune.songs > 1)!
  await page.setViewportSize(sizes.phone)
  await open(page)
  await add(page, [upload(tune.path)])
  const clicked = await play(page, tune.title)
  await heardSince(page, clicked)
  await player(page).getByRole('link', { name: 'Open Now Playing' }).click()
  const mute = player(page).getByRole('button', { name: 'Mute' })
  const next = player(page).getByRole('button', { name: 'Next subtune' })
  const previous = player(page).getByRole('button', { name: 'Previous subtune' })
  for (const target of [mute, next, previous]) {
    const box = (await target.boundingBox())!
    expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(44)
  }
  await next.click()
  await expect(player(page).getByRole('group', { name: 'Subtune' })).toContainText(`${tune.start + 1}/${tune.songs}`)
  await mute.click()
  await expect(mute).toHaveAttribute('aria-pressed', 'true')
  await page.waitForTimeout(500)
  expect(rms((await record(page, 1)).samples)).toBeLessThan(0.0005)
  await mute.click()
  await expect.poll(async () => rms((await record(page, 1)).samples)).toBeGreaterThan(0.002)
})
