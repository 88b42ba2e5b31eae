// Interop: our pages and webtorrent's in one swarm, through our tracker and through npm's.
import { cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { open } from '../lib/page'
import { demos, demoFolder, pathBelow, root, walk } from '../lib/tunes'
import { fetchAll, seed, serve, theirs, tracker } from '../lib/webtorrent'

const url = process.env.SIDEREAL_URL!
const own = `${url.replace('http', 'ws')}/announce`

/** A folder of tunes by a name that says nothing of a collection. */
function folderOfTunes() {
  const folder = join(mkdtempSync(join(tmpdir(), 'sidereal-share-')), 'Mixtape')
  for (const path of demos) cpSync(path, join(folder, pathBelow(demoFolder, path)))
  return folder
}

const content = (folder: string) => walk(folder).map((path) => ({ path: pathBelow(folder, path), base64: readFileSync(path).toString('base64') }))

async function ours(browser: Browser): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await open(page, '/swarm', url)
  return page
}

/** Shares a folder and returns its magnet link. */
async function share(page: Page, folder: string) {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Share a folder' }).click()
  await (await chooser).setFiles(folder)
  await expect(page.getByRole('heading', { level: 1, name: basename(folder) })).toBeVisible()
  await expect(page.getByText('Complete', { exact: true })).toBeVisible()
  return magnetOf(page)
}

async function magnetOf(page: Page) {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.getByRole('button', { name: 'Copy link' }).click()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  return link.slice(link.indexOf('magnet:'))
}

async function add(page: Page, link: string) {
  await page.getByRole('textbox', { name: /Magnet link/ }).fill(link)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
}

test('a torrent is shown with its files, priorities, pieces and sources, and axe finds nothing', async ({ browser }) => {
  const page = await ours(browser)
  await share(page, folderOfTunes())
  const files = page.getByRole('grid', { name: 'Files' })
  await expect(files.getByRole('row')).toHaveCount(demos.length + 1)
  await expect(files.getByRole('progressbar').first()).toHaveAttribute('aria-valuenow', '100')
  const priority = files.getByRole('combobox', { name: 'Priority' }).first()
  await priority.selectOption('High')
  await expect(files.locator('.priority-high')).toHaveCount(1)
  await page.getByRole('searchbox', { name: 'Filter files' }).fill('ember')
  await expect(files.getByRole('row')).toHaveCount(demos.filter((path) => path.toLowerCase().includes('ember')).length + 1)
  await page.getByRole('searchbox', { name: 'Filter files' }).fill('')
  for (const scheme of ['dark', 'light'] as const)
    for (const [size, viewport] of Object.entries({ wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
      await page.setViewportSize(viewport)
      await page.waitForTimeout(300)
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([])
      await page.screenshot({ path: `${root}/screenshots/torrent-${scheme}-${size}.png` })
    }
  // Removed with its bytes, it is gone; the tunes of the library stay.
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('button', { name: 'Delete them too' }).click()
  await expect(page.getByRole('link', { name: 'Mixtape' })).toBeHidden()
  await page.context().close()
})

test('what is fetched is the same after a reload, and two tabs share one swarm', async ({ browser }) => {
  const seeder = await ours(browser)
  const magnet = await share(seeder, folderOfTunes())
  const first = await ours(browser)
  await add(first, magnet)
  await complete(first)
  await seeder.context().close()
  const second = await first.context().newPage()
  await open(second, '/swarm', url)
  await expect(second.getByText('another tab does the work')).toBeVisible()
  await expect(second.getByText('Complete', { exact: true }).first()).toBeVisible()
  // The tab that did the work goes; the other takes over, and has what was fetched.
  await first.close()
  await expect(second.getByText('another tab does the work')).toBeHidden({ timeout: 30_000 })
  await complete(second)
  await second.reload()
  await complete(second)
  await second.context().close()
})

const complete = (page: Page) => expect(page.getByText('Complete', { exact: true }).first()).toBeVisible({ timeout: 60_000 })

test('ours seeds and theirs fetches by magnet, through our tracker', async ({ browser }) => {
  const site = await serve()
  const folder = folderOfTunes()
  const magnet = await share(await ours(browser), folder)
  const page = await theirs(browser, site.url)
  const got = await fetchAll(page, { magnet })
  for (const { path, base64 } of content(folder)) expect(got[`Mixtape/${path}`]).toBe(base64)
  site.close()
})

test('a link that was sent opens the page and gets what is shared', async ({ browser }) => {
  const seeder = await ours(browser)
  const magnet = await share(seeder, folderOfTunes())
  const page = await (await browser.newContext()).newPage()
  await open(page, `/swarm#${magnet}`, url)
  await complete(page)
  expect(page.url()).not.toContain('magnet')
  for (const each of [seeder, page]) await each.context().close()
})

test('theirs seeds and ours fetches, by magnet through our tracker and by .torrent through theirs', async ({ browser }) => {
  const site = await serve()
  const other = await tracker()
  const folder = folderOfTunes()
  const seeder = await theirs(browser, site.url)
  for (const [announce, byFile] of [[own, false], [other.url, true]] as const) {
    const { magnet, file } = await seed(seeder, `Theirs ${byFile}`, content(folder), [announce])
    const page = await ours(browser)
    if (byFile) {
      const chooser = page.waitForEvent('filechooser')
      await page.getByRole('button', { name: '.torrent', exact: true }).click()
      await (await chooser).setFiles([{ name: 'theirs.torrent', mimeType: 'application/x-bittorrent', buffer: Buffer.from(file, 'base64') }])
    } else await add(page, magnet)
    await complete(page)
    // What came is in the library, and sounds like itself elsewhere; here it is enough that it is there.
    await page.getByRole('link', { name: 'Library', exact: true }).click()
    await expect.poll(async () => Number(await page.getByRole('grid').getAttribute('aria-rowcount')) - 1).toBeGreaterThanOrEqual(demos.length)
    await page.context().close()
  }
  await seeder.context().close()
  await other.close()
  site.close()
})

test('two of ours and two of theirs share one swarm', async ({ browser }) => {
  const site = await serve()
  const folder = folderOfTunes()
  const seeder = await ours(browser)
  const magnet = await share(seeder, folder)
  const [one, other, page] = [await theirs(browser, site.url), await theirs(browser, site.url), await ours(browser)]
  await add(page, magnet)
  const [first, second] = await Promise.all([fetchAll(one, { magnet }), fetchAll(other, { magnet }), complete(page)])
  for (const { path, base64 } of content(folder)) {
    expect(first[`Mixtape/${path}`]).toBe(base64)
    expect(second[`Mixtape/${path}`]).toBe(base64)
  }
  for (const each of [seeder, one, other, page]) await each.context().close()
  site.close()
})

test('two of theirs meet through our tracker', async ({ browser }) => {
  const site = await serve()
  const folder = folderOfTunes()
  const [seeder, page] = [await theirs(browser, site.url), await theirs(browser, site.url)]
  const { magnet } = await seed(seeder, 'Between them', content(folder), [own])
  const got = await fetchAll(page, { magnet })
  expect(Object.keys(got).length).toBe(content(folder).length)
  for (const each of [seeder, page]) await each.context().close()
  site.close()
})

test('a peer that sends bad pieces is found out', async ({ browser }) => {
  const site = await serve()
  const folder = folderOfTunes()
  const [liar, honest] = [await theirs(browser, site.url), await theirs(browser, site.url)]
  const { magnet } = await seed(liar, 'Lies', content(folder), [own], true)
  const page = await ours(browser)
  await add(page, magnet)
  await expect(page.getByText(/did not match/)).toBeVisible({ timeout: 60_000 })
  await seed(honest, 'Lies', content(folder), [own])
  await complete(page)
  for (const each of [liar, honest, page]) await each.context().close()
  site.close()
})

test('bad links and files are refused in words, and nothing is lost', async ({ page }) => {
  await open(page, '/swarm')
  for (const [link, words] of [
    ['magnet:?dn=nothing', /names no torrent/],
    ['hello', /neither a magnet link/],
    [`${url}/nowhere.torrent`, /not added/],
  ] as const) {
    await add(page, link)
    await expect(page.getByRole('alert')).toContainText(words)
    await page.getByRole('alert').getByRole('button', { name: 'Close' }).click()
  }
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: '.torrent', exact: true }).click()
  await (await chooser).setFiles([{ name: 'bad.torrent', mimeType: 'application/x-bittorrent', buffer: Buffer.from('d4:infod4:name1:x') }])
  await expect(page.getByRole('alert')).toContainText('not added')
})
