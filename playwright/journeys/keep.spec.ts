// What the listener keeps: favourites, playlists, history, links, preferences; on disk, in two
// tabs, damaged, and without room.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { dump, restore, type Dump } from '../lib/database'
import { count, open, play, player, rows } from '../lib/page'
import { locate, nativeRender } from '../lib/native'
import { heardSince, record } from '../lib/tap'
import { demoFolder, root } from '../lib/tunes'

const database = 'sidereal-listener'
const version = 1
const fixture = (version: number) => join(root, 'playwright/fixtures', `listener-${version}.json`)

const row = (page: Page, title: string) => rows(page).filter({ hasText: title }).first()
const heart = (page: Page, title: string) => row(page, title).getByRole('button', { name: 'Favourite' })
const titles = (page: Page) => rows(page).locator('.row-title').allInnerTexts()
/** Link of the navigation; the library's head has one of the same name elsewhere. */
const goTo = (page: Page, name: string) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click()
const stored = async (page: Page, name: string) => (await dump(page, database)).stores.records.some(([key]) => key.startsWith(name))

/** Makes a playlist of tunes by the menus of their rows. */
async function makePlaylist(page: Page, name: string, tunes: string[]) {
  await goTo(page, 'Library')
  for (const [at, tune] of tunes.entries()) {
    await row(page, tune).hover()
    await row(page, tune).getByRole('button', { name: /More about/ }).click()
    const menu = page.getByRole('dialog')
    if (at === 0) {
      await menu.getByLabel('Name of the new playlist').fill(name)
      await menu.getByRole('button', { name: 'Create' }).click()
      await expect(page.getByRole('heading', { name })).toBeVisible()
      await goTo(page, 'Library')
    } else {
      await menu.getByRole('button', { name: new RegExp(name) }).click()
      await expect(menu.getByRole('button', { name: new RegExp(name) })).toHaveAttribute('aria-pressed', 'true')
      await page.keyboard.press('Escape')
    }
  }
}

test('a favourite outlives a reload, an export, a wipe and an import', async ({ page }) => {
  await open(page)
  await row(page, 'Ember Line').hover()
  await heart(page, 'Ember Line').click()
  await expect(heart(page, 'Ember Line')).toHaveAttribute('aria-pressed', 'true')
  await goTo(page, 'Favourites')
  await expect(row(page, 'Ember Line')).toBeVisible()
  await page.reload()
  await expect(row(page, 'Ember Line')).toBeVisible()
  expect(await count(page)).toBe(1)
  await row(page, 'Ember Line').getByRole('button', { name: /More about/ }).click()
  await page.getByRole('button', { name: 'About this tune' }).click()
  await page.getByRole('radio', { name: '4 stars' }).check({ force: true })
  await page.getByLabel('Add a tag').fill('night drive')
  await page.keyboard.press('Enter')
  await expect(page.getByText('night drive')).toBeVisible()
  await page.getByLabel('A note of your own').fill('For the way home')
  await page.getByLabel('A note of your own').blur()
  await makePlaylist(page, 'Evening', ['Ember Line', 'Honey and Brass'])
  await goTo(page, 'Settings')
  const saves = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export everything' }).click()
  const file = await (await saves).path()
  await page.getByRole('button', { name: 'Delete everything' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await goTo(page, 'Favourites')
  await expect(page.getByRole('heading', { name: 'No favourites yet' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('heading', { name: 'No favourites yet' })).toBeVisible()
  await goTo(page, 'Settings')
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Import a file' }).click()
  await (await chooser).setFiles({ name: 'mine.json', mimeType: 'application/json', buffer: readFileSync(file) })
  await expect(page.getByText(/The file brought 1 playlist, 1 marked tune/).first()).toBeVisible()
  await goTo(page, 'Favourites')
  await row(page, 'Ember Line').getByRole('button', { name: /More about/ }).click()
  await page.getByRole('button', { name: 'About this tune' }).click()
  await expect(page.getByRole('radio', { name: '4 stars' })).toBeChecked()
  await expect(page.getByText('night drive')).toBeVisible()
  await expect(page.getByLabel('A note of your own')).toHaveValue('For the way home')
  await goTo(page, 'Playlists')
  await page.getByRole('link', { name: /Evening/ }).click()
  expect(await count(page)).toBe(2)
})

test('F makes what plays a favourite, and the history knows it', async ({ page }) => {
  await open(page)
  const clicked = await play(page, 'Honey and Brass')
  await heardSince(page, clicked)
  await page.getByRole('grid').focus()
  await page.keyboard.press('f')
  await expect(player(page).getByRole('button', { name: 'Favourite' })).toHaveAttribute('aria-pressed', 'true')
  await expect.poll(() => stored(page, 'history/'), { timeout: 30_000 }).toBe(true)
  await goTo(page, 'History')
  await expect(row(page, 'Honey and Brass')).toBeVisible()
  await goTo(page, 'Settings')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(page.locator('.log li').filter({ hasText: 'Liked' })).toBeVisible()
  await expect(page.locator('.log li').filter({ hasText: 'Played' })).toBeVisible()
  await page.getByRole('button', { name: 'Erase' }).click()
  await expect(page.locator('.log li')).toHaveCount(0)
})

test('a playlist is ordered, played and taken apart by the keyboard', async ({ page }) => {
  await open(page)
  await makePlaylist(page, 'By hand', ['Ember Line', 'Honey and Brass', 'Sawdust Break'])
  await goTo(page, 'Playlists')
  await page.getByRole('link', { name: /By hand/ }).press('Enter')
  await expect.poll(() => titles(page)).toEqual(['Ember Line', 'Honey and Brass', 'Sawdust Break'])
  const grid = page.getByRole('grid')
  await grid.focus()
  await page.keyboard.press('End')
  await page.keyboard.press('Alt+ArrowUp')
  await expect.poll(() => titles(page)).toEqual(['Ember Line', 'Sawdust Break', 'Honey and Brass'])
  await page.keyboard.press('Alt+ArrowUp')
  await expect.poll(() => titles(page)).toEqual(['Sawdust Break', 'Ember Line', 'Honey and Brass'])
  await page.reload()
  await expect.poll(() => titles(page)).toEqual(['Sawdust Break', 'Ember Line', 'Honey and Brass'])
  // Played through in its own order.
  await grid.focus()
  await page.keyboard.press('Enter')
  await expect(player(page).locator('.player-title')).toHaveText('Sawdust Break')
  await page.keyboard.press('n')
  await expect(player(page).locator('.player-title')).toHaveText('Ember Line')
  await page.keyboard.press('n')
  await expect(player(page).locator('.player-title')).toHaveText('Honey and Brass')
  // Out, and back.
  await grid.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Delete')
  await expect.poll(() => titles(page)).toEqual(['Ember Line', 'Honey and Brass'])
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => titles(page)).toEqual(['Sawdust Break', 'Ember Line', 'Honey and Brass'])
  // The whole of it, and back.
  await page.getByRole('button', { name: 'Remove the playlist' }).click()
  await expect(page.getByRole('heading', { name: 'Playlists' })).toBeVisible()
  await expect(page.getByRole('link', { name: /By hand/ })).toHaveCount(0)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('link', { name: /By hand/ })).toBeVisible()
})

test('a playlist is ordered by dragging, and by its menu', async ({ page }) => {
  await open(page)
  await makePlaylist(page, 'Dragged', ['Ember Line', 'Honey and Brass', 'Sawdust Break'])
  await goTo(page, 'Playlists')
  await page.getByRole('link', { name: /Dragged/ }).click()
  await expect.poll(() => titles(page)).toEqual(['Ember Line', 'Honey and Brass', 'Sawdust Break'])
  await row(page, 'Sawdust Break').dragTo(row(page, 'Ember Line'))
  await expect.poll(() => titles(page)).toEqual(['Sawdust Break', 'Ember Line', 'Honey and Brass'])
  await row(page, 'Ember Line').hover()
  await row(page, 'Ember Line').getByRole('button', { name: /More about/ }).click()
  await page.getByRole('button', { name: 'Move down' }).click()
  await expect.poll(() => titles(page)).toEqual(['Sawdust Break', 'Honey and Brass', 'Ember Line'])
})

test('a playlist goes out as M3U8 and comes back by its paths', async ({ page }) => {
  await open(page)
  await makePlaylist(page, 'Abroad', ['Ember Line', 'Sawdust Break'])
  await goTo(page, 'Playlists')
  await page.getByRole('link', { name: /Abroad/ }).click()
  const saves = page.waitForEvent('download')
  await page.getByRole('button', { name: 'M3U8' }).click()
  const text = readFileSync(await (await saves).path(), 'utf8')
  expect(text).toContain('#EXTM3U\n#PLAYLIST:Abroad\n')
  const foreign = text.split('\n').filter((line) => !line.startsWith('#')).join('\n')
  await goTo(page, 'Playlists')
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Import' }).click()
  await (await chooser).setFiles({ name: 'Foreign.m3u', mimeType: 'audio/x-mpegurl', buffer: Buffer.from(`${foreign}\nnowhere.sid\n`) })
  await expect(page.getByText(/1 entry of no known tune/).first()).toBeVisible()
  await goTo(page, 'Playlists')
  await page.getByRole('link', { name: /Foreign/ }).click()
  await expect.poll(() => titles(page)).toEqual(['Ember Line', 'Sawdust Break'])
})

test('a link opens at its second, with its voices', async ({ page, context }) => {
  const tune = join(demoFolder, 'Sidereal/Ember_Line.sid')
  await open(page)
  await play(page, 'Ember Line')
  await player(page).getByRole('link', { name: 'Ember Line' }).first().click()
  await page.getByRole('slider', { name: 'Place in the tune' }).fill('40000')
  await expect.poll(async () => (await player(page).locator('.seek-time').first().innerText()) >= '0:40').toBe(true)
  await player(page).getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('button', { name: 'Share a link' }).click()
  const link = await page.locator('#shared-link').inputValue()
  expect(link).toMatch(/\/tune\/[0-9a-f]{32}\/1\?s=1-t4\d{4}$/)
  const millis = Number(/t(\d+)$/.exec(link)![1])
  const other = await context.newPage()
  await open(other, link, '')
  await expect(player(other).locator('.seek-time').first()).toHaveText(/0:4\d/)
  const since = await other.evaluate(() => performance.now())
  await player(other).getByRole('button', { name: 'Play', exact: true }).click()
  await heardSince(other, since)
  const { rate, samples } = await record(other, 2)
  const native = nativeRender(tune, { song: 1, seconds: 60, rate })
  const half = samples.subarray(0, Math.floor(rate * 0.5))
  const found = locate(half, native, rate, millis / 1000 - 1, millis / 1000 + 6)
  expect(found.correlation).toBeGreaterThan(0.9)
  expect(found.second).toBeGreaterThanOrEqual(millis / 1000 - 0.1)
})

test('a link to a tune that is not here plays when it is brought', async ({ page }) => {
  const file = Buffer.from(readFileSync(join(demoFolder, 'Sidereal/Ember_Line.sid')))
  file.write('Brought Later\0', 0x16, 'latin1')
  const { createHash } = await import('node:crypto')
  const md5 = createHash('md5').update(file).digest('hex')
  await open(page, `/tune/${md5}/1?s=1-t30000`)
  await expect(page.getByRole('heading', { name: 'This tune is not in your library' })).toBeVisible()
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Add the file' }).click()
  const since = await page.evaluate(() => performance.now())
  await (await chooser).setFiles({ name: 'later.sid', mimeType: 'audio/prs.sid', buffer: file })
  await expect(player(page).locator('.player-title')).toHaveText('Brought Later')
  await heardSince(page, since)
  await expect(player(page).locator('.seek-time').first()).toHaveText(/0:3\d/)
})

test('two tabs keep in step, and lose nothing of each other', async ({ page, context }) => {
  await open(page)
  await makePlaylist(page, 'Together', ['Ember Line'])
  const other = await context.newPage()
  await open(other)
  await row(other, 'Sawdust Break').hover()
  await heart(other, 'Sawdust Break').click()
  await row(page, 'Honey and Brass').hover()
  await heart(page, 'Honey and Brass').click()
  for (const tab of [page, other]) {
    await goTo(tab, 'Favourites')
    await expect.poll(async () => (await titles(tab)).sort()).toEqual(['Honey and Brass', 'Sawdust Break'])
  }
  // Both add to one playlist.
  for (const [tab, tune] of [[page, 'Honey and Brass'], [other, 'Sawdust Break']] as const) {
    await row(tab, tune).hover()
    await row(tab, tune).getByRole('button', { name: /More about/ }).click()
    await tab.getByRole('dialog').getByRole('button', { name: /Together/ }).click()
    await tab.keyboard.press('Escape')
  }
  for (const tab of [page, other]) {
    await goTo(tab, 'Playlists')
    await tab.getByRole('link', { name: /Together/ }).click()
    await expect.poll(async () => (await titles(tab)).sort()).toEqual(['Ember Line', 'Honey and Brass', 'Sawdust Break'])
  }
  // Settings too.
  await goTo(page, 'Settings')
  await goTo(other, 'Settings')
  await page.getByRole('radio', { name: 'Light', exact: true }).last().check({ force: true })
  await expect(other.locator('html')).toHaveAttribute('data-theme', 'light')
  await other.getByRole('radio', { name: 'Tune', exact: true }).check({ force: true })
  await expect(page.getByRole('radio', { name: 'Tune', exact: true })).toBeChecked()
  const text = await page.evaluate(() => localStorage.getItem('sidereal-preferences'))
  expect(text).toContain('theme=light\n')
  expect(text).toContain('repeat=one\n')
})

for (const old of [1, 2])
  test(`preferences of version ${old} are taken over`, async ({ page }) => {
    const text = readFileSync(join(root, 'crates/listening/fixtures', `preferences-${old}.txt`), 'utf8')
    await page.goto('/robots.txt')
    await page.evaluate((text) => localStorage.setItem('sidereal-preferences', text), text)
    await page.goto('/settings')
    // The second one is of a German listener.
    const volume = page.getByRole('slider', { name: old === 1 ? 'Volume' : 'Lautstärke' })
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
    await expect(volume).toHaveValue('0')
    await expect(page.getByRole('radio', { name: '8580' })).toBeChecked()
    await page.keyboard.press('m')
    await expect(volume).toHaveValue('55')
    await expect.poll(() => page.evaluate(() => localStorage.getItem('sidereal-preferences'))).toContain('sidereal-preferences 2\n')
    const isMade = () => page.evaluate(async (database) => (await indexedDB.databases()).some(({ name }) => name === database), database)
    await expect.poll(isMade).toBe(true)
    await expect.poll(async () => {
      const { records } = (await dump(page, database)).stores
      const [, value] = records.find(([key]) => key === 'preferences') ?? ['', { base64: '' }]
      return Buffer.from((value as { base64: string }).base64, 'base64').toString()
    }).toContain('muted=no\n')
    // The database knows them when the mirror is gone.
    await page.evaluate(() => localStorage.clear())
    await page.goto('/settings')
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
    await expect(volume).toHaveValue('55')
  })

test('a fixture of the newest version is there', async ({ page }) => {
  if (!existsSync(fixture(version))) {
    await open(page)
    await makePlaylist(page, 'Kept From Before', ['Ember Line', 'Sawdust Break'])
    await goTo(page, 'Library')
    await row(page, 'Ember Line').hover()
    await heart(page, 'Ember Line').click()
    await row(page, 'Honey and Brass').hover()
    await heart(page, 'Honey and Brass').click()
    await page.waitForTimeout(1000)
    writeFileSync(fixture(version), `${JSON.stringify(await dump(page, database), null, 1)}\n`)
  }
  expect((JSON.parse(readFileSync(fixture(version), 'utf8')) as Dump).version).toBe(version)
})

for (let old = 1; old <= version; old++)
  test(`a listener's database of version ${old} opens with everything in it`, async ({ page }) => {
    await page.goto('/robots.txt')
    await restore(page, JSON.parse(readFileSync(fixture(old), 'utf8')), database)
    await open(page, '/favourites')
    await expect.poll(() => titles(page)).toEqual(['Honey and Brass', 'Ember Line'])
    await goTo(page, 'Playlists')
    await page.getByRole('link', { name: /Kept From Before/ }).click()
    await expect.poll(() => titles(page)).toEqual(['Ember Line', 'Sawdust Break'])
  })

test('a damaged record costs itself alone, and the page says so', async ({ page }) => {
  await page.goto('/robots.txt')
  const old: Dump = JSON.parse(readFileSync(fixture(version), 'utf8'))
  const tune = old.stores.records.findIndex(([key]) => key.startsWith('tune/'))
  const bytes = Buffer.from((old.stores.records[tune][1] as { base64: string }).base64, 'base64')
  bytes[bytes.length - 3] ^= 0xff
  old.stores.records[tune][1] = { base64: bytes.toString('base64') }
  await restore(page, old, database)
  await open(page, '/favourites')
  await expect(page.getByText(/1 record of what you keep was damaged/).first()).toBeVisible()
  await expect.poll(() => titles(page).then((titles) => titles.length)).toBe(1)
  await goTo(page, 'Playlists')
  await expect(page.getByRole('link', { name: /Kept From Before/ })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('link', { name: /Kept From Before/ })).toBeVisible()
  await expect(page.getByText(/damaged/)).toHaveCount(0)
})

test('without room what is kept stays until the page is closed, and the page says so', async ({ page }) => {
  await page.route(/library-worker/, async (route) => {
    const response = await route.fetch()
    const full = `const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = function (...rest) {
        if (this.transaction.db.name === '${database}') throw new DOMException('no room', 'QuotaExceededError');
        return put.apply(this, rest);
      };\n`
    await route.fulfill({ response, body: full + (await response.text()) })
  })
  await open(page)
  await row(page, 'Ember Line').hover()
  await heart(page, 'Ember Line').click()
  await expect(page.getByText(/until this page is closed: the browser's storage is full/).first()).toBeVisible()
  await expect(heart(page, 'Ember Line')).toHaveAttribute('aria-pressed', 'true')
  await goTo(page, 'Favourites')
  await expect(row(page, 'Ember Line')).toBeVisible()
  await goTo(page, 'Settings')
  await expect(page.getByText(/Not kept on disk/)).toBeVisible()
})
