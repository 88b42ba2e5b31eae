// What is kept: databases of every version, damage, and what a browser does not give.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { dump, restore, type Dump } from '../lib/database'
import { add, open, play, player, rows } from '../lib/page'
import { heardSince } from '../lib/tap'
import { demos, root } from '../lib/tunes'

/** Newest version of the database; each has a fixture, made by running this journey without it. */
const version = 1
const fixture = (version: number) => join(root, 'playwright/fixtures', `database-${version}.json`)

/** A tune that no build ships, so that it can only come from the database. */
function kept() {
  const file = Buffer.from(readFileSync(demos[0]))
  file.write('Kept From Before\0', 0x16, 'latin1')
  return { name: 'Kept_From_Before.sid', mimeType: 'application/octet-stream', buffer: file }
}

test('a fixture of the newest version is there', async ({ page }) => {
  if (!existsSync(fixture(version))) {
    await open(page)
    await add(page, [kept()])
    await page.getByLabel('Search the library').fill('Kept From Before')
    await expect(rows(page).filter({ hasText: 'Kept From Before' }).first()).toBeVisible()
    await page.waitForTimeout(1000)
    const made = await dump(page)
    // The demo tunes come again by themselves.
    const [key] = made.stores.files.find(([, file]) => (file as { path: string }).path === kept().name)!
    made.stores.files = made.stores.files.filter(([other]) => other === key)
    made.stores.blobs = made.stores.blobs.filter(([name]) => name !== 'demos')
    writeFileSync(fixture(version), `${JSON.stringify(made, null, 1)}\n`)
  }
  expect((JSON.parse(readFileSync(fixture(version), 'utf8')) as Dump).version).toBe(version)
})

for (let old = 1; old <= version; old++)
  test(`a database of version ${old} opens with everything in it`, async ({ page }) => {
    await page.goto('/robots.txt')
    await restore(page, JSON.parse(readFileSync(fixture(old), 'utf8')))
    await open(page)
    const clicked = await play(page, 'Kept From Before')
    await heardSince(page, clicked)
    await page.getByLabel('Search the library').fill('')
    await expect.poll(() => rows(page).count()).toBeGreaterThan(1)
  })

/** Newest version of the swarm's database. */
const swarmVersion = 1
const swarmFixture = (version: number) => join(root, 'playwright/fixtures', `swarm-${version}.json`)

test('a fixture of the swarm\'s newest version is there', async ({ page }) => {
  if (!existsSync(swarmFixture(swarmVersion))) {
    await open(page, '/swarm')
    await page.getByRole('textbox', { name: /Magnet link/ }).fill('magnet:?xt=urn:btih:00112233445566778899aabbccddeeff00112233&dn=Kept%20From%20Before&tr=wss%3A%2F%2Ftracker.invalid')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await expect(page.getByRole('heading', { name: 'Kept From Before' })).toBeVisible()
    await page.waitForTimeout(4000)
    writeFileSync(swarmFixture(swarmVersion), `${JSON.stringify(await dump(page, 'sidereal-swarm'), null, 1)}\n`)
  }
  expect((JSON.parse(readFileSync(swarmFixture(swarmVersion), 'utf8')) as Dump).version).toBe(swarmVersion)
})

for (let old = 1; old <= swarmVersion; old++)
  test(`a swarm of version ${old} opens with its torrents`, async ({ page }) => {
    await page.goto('/robots.txt')
    await restore(page, JSON.parse(readFileSync(swarmFixture(old), 'utf8')), 'sidereal-swarm')
    await open(page, '/swarm')
    await expect(page.getByRole('link', { name: 'Kept From Before' })).toBeVisible()
    await page.getByRole('link', { name: 'Kept From Before' }).click()
    await expect(page.getByText('Asking for its list of files')).toBeVisible()
  })

test('a damaged catalogue is made again from the files', async ({ page }) => {
  await page.goto('/robots.txt')
  const old: Dump = JSON.parse(readFileSync(fixture(version), 'utf8'))
  old.stores.blobs = [['catalogue', { base64: Buffer.from('SDRC and then nothing that makes sense').toString('base64') }]]
  await restore(page, old)
  await open(page)
  await page.getByLabel('Search the library').fill('Kept From Before')
  await expect(rows(page).filter({ hasText: 'Kept From Before' }).first()).toBeVisible()
})

test('a page without a database plays, and says that nothing is kept', async ({ page }) => {
  // What a private window of some browsers does; the worker asks first.
  await page.route(/library-worker/, async (route) => {
    const response = await route.fetch()
    const body = `Object.defineProperty(globalThis, 'indexedDB', { value: undefined });\n${await response.text()}`
    await route.fulfill({ response, body })
  })
  await open(page)
  await expect(rows(page).first()).toBeVisible()
  await expect(page.getByText(/not (be )?kept|not keep/i).first()).toBeVisible()
  const since = await page.evaluate(() => performance.now())
  await player(page).getByRole('button', { name: 'Play', exact: true }).click()
  await heardSince(page, since)
})
