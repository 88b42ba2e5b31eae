// Interop: our pages and webtorrent's in one swarm, through our tracker and through npm's.
import { cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { installTap } from '../lib/tap'
import { open, rows } from '../lib/page'
import { demos, demoFolder, pathBelow, walk } from '../lib/tunes'
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
