// Words for what journeys do, by the names that a listener sees.
import { expect, type Locator, type Page } from '@playwright/test'
import { installTap } from './tap'

export async function open(page: Page, path = '/', url = '') {
  await installTap(page)
  await page.goto(url + path)
  await expect(page.getByRole('region', { name: 'Player' })).toBeVisible()
}

export const rows = (page: Page) => page.getByRole('grid').locator('[role=row][aria-rowindex]:not([aria-rowindex="1"])')

/** Tunes that the list shows; its header is a row too. */
export const count = async (page: Page) => Number(await page.getByRole('grid').getAttribute('aria-rowcount')) - 1

export const player = (page: Page) => page.getByRole('region', { name: 'Player' })

export type Upload = { name: string; mimeType: string; buffer: Buffer }

/** Brings files in by the picker. */
export async function add(page: Page, files: Upload[]) {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Add files' }).click()
  await (await chooser).setFiles(files)
}

/** Brings a folder in by the picker. */
export async function addFolder(page: Page, path: string) {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Add a folder' }).click()
  await (await chooser).setFiles(path)
}

/** Drops files and folders of this disk, as the browser does it when they come from the desktop. */
export async function dropPaths(page: Page, paths: string[]) {
  const devtools = await page.context().newCDPSession(page)
  const data = { items: [], files: paths, dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await devtools.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data })
  await devtools.detach()
}

type Frame = PerformanceEntry & { scripts: { duration: number }[] }

/**
 * Begins to note what holds the page up; returns how to ask for the longest so far, in milliseconds:
 * `task` with what the browser itself did in it, `script` of the page's own code alone.
 */
export async function watchLongTasks(page: Page) {
  await page.evaluate(() => {
    const longest = { task: 0, script: 0 }
    Object.assign(window, { longest })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) longest.task = Math.max(longest.task, entry.duration)
    }).observe({ type: 'longtask' })
    new PerformanceObserver((list) => {
      for (const frame of list.getEntries() as Frame[])
        for (const script of frame.scripts) longest.script = Math.max(longest.script, script.duration)
    }).observe({ type: 'long-animation-frame' })
  })
  return () => page.evaluate(() => (window as unknown as { longest: { task: number; script: number } }).longest)
}

/** Searches for a tune and plays it. Returns the page's time of the click. */
export async function play(page: Page, title: string) {
  await page.getByLabel('Search the library').fill(title)
  const row = rows(page).filter({ hasText: title }).first()
  await expect(row).toBeVisible()
  return click(row.locator('.c-title'))
}

/** Clicks, and returns the page's time of it. */
export async function click(target: Locator) {
  await target.scrollIntoViewIfNeeded()
  await target.evaluate((element) => {
    const note = () => ((window as unknown as { clicked: number }).clicked = performance.now())
    element.addEventListener('click', note, { once: true, capture: true })
  })
  await target.click()
  return target.page().evaluate(() => (window as unknown as { clicked: number }).clicked)
}

/** Seconds that the player shows as elapsed. */
export async function elapsed(page: Page) {
  const text = await player(page).locator('.seek-time').first().innerText()
  const [minutes, seconds] = text.split(':').map(Number)
  return minutes * 60 + seconds
}

/** Goes to a second of the song by the seek bar's keyboard-reachable value. */
export async function seek(page: Page, second: number) {
  await page.getByRole('slider', { name: 'Place in the tune' }).fill(String(second * 1000))
}

/** Errors that the page logs; a journey fails on any. */
export function watchErrors(page: Page) {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  return errors
}
