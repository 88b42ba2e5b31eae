// Bringing music: good files, bad files, many files.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { strToU8, zipSync } from 'fflate'
import { add, addFolder, count, dropPaths, open, rows, watchLongTasks } from '../lib/page'
import { demos, describe, shared, threeTunes, walk, pathBelow } from '../lib/tunes'

const report = (page: Page) => page.getByLabel('Import', { exact: true })

test('what is no tune is refused with its reason, and the good ones stay', async ({ page }) => {
  const good = threeTunes()[0]
  await open(page)
  const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(3000, 7)])
  await add(page, [
    { name: 'cut.sid', mimeType: 'application/octet-stream', buffer: good.bytes.subarray(0, 90) },
    { name: 'photo.sid', mimeType: 'image/jpeg', buffer: jpeg },
    { name: 'good.sid', mimeType: 'application/octet-stream', buffer: good.bytes },
  ])
  await expect(report(page)).toContainText('Music added')
  const refused = await openRefused(page)
  await expect(refused.getByRole('listitem')).toHaveCount(2)
  await expect(refused).toContainText('cut.sid')
  await expect(refused).toContainText('photo.sid')
  await page.getByLabel('Search the library').fill(good.title)
  await expect(rows(page).filter({ hasText: good.title }).first()).toBeVisible()
})

/** What was refused, opened as a listener does who wants to know. */
async function openRefused(page: Page) {
  await report(page).getByText(/files? refused/).click()
  return page.getByLabel('Refused files')
}

/** A tune whose data differ from all others. */
function variant(tune: Buffer, number: number) {
  const copy = Buffer.from(tune)
  copy.write(`Variant ${String(number).padStart(4, '0')}\0`, 0x16, 'latin1')
  return copy
}

test('a zip of 500 files of which three are bad', async ({ page }) => {
  const tune = readFileSync(demos[0])
  const files: Record<string, Uint8Array> = {}
  for (let number = 0; number < 500; number++) files[`Set/${number}.sid`] = variant(tune, number)
  files['Set/7.sid'] = strToU8('not a tune')
  files['Set/8.sid'] = tune.subarray(0, 60)
  files['Set/9.sid'] = new Uint8Array(100_000)
  await open(page)
  await add(page, [{ name: 'set.zip', mimeType: 'application/zip', buffer: Buffer.from(zipSync(files)) }])
  await expect(report(page)).toContainText('Music added')
  await expect(report(page)).toContainText('497')
  const refused = (await openRefused(page)).getByRole('listitem')
  await expect(refused).toHaveCount(3)
  await expect(refused.first()).toContainText('set.zip!/Set/')
  await page.getByLabel('Search the library').fill('variant 04')
  // Words are found by how they begin: 0400 to 0499.
  const found = Object.keys(files).filter((_, number) => String(number).padStart(4, '0').startsWith('04')).length
  await expect.poll(() => count(page)).toBe(found)
})

test('a zip inside a zip and a broken zip are refused', async ({ page }) => {
  const inner = Buffer.from(zipSync({ 'a.sid': readFileSync(demos[0]) }))
  await open(page)
  await add(page, [
    { name: 'outer.zip', mimeType: 'application/zip', buffer: Buffer.from(zipSync({ 'inner.zip': inner })) },
    { name: 'broken.zip', mimeType: 'application/zip', buffer: inner.subarray(0, 40) },
  ])
  const refused = await openRefused(page)
  await expect(refused.getByRole('listitem')).toHaveCount(2)
  await expect(refused).toContainText('outer.zip!/inner.zip')
  await expect(refused).toContainText('broken.zip')
})

test('lengths and notes come with their files', async ({ page }) => {
  const tune = describe(demos[0])
  const copy = variant(tune.bytes, 1)
  const md5 = (await import('node:crypto')).createHash('md5').update(copy).digest('hex')
  const lengths = Array.from({ length: tune.songs }, () => '7:35').join(' ')
  await open(page)
  await add(page, [
    { name: 'variant.sid', mimeType: 'application/octet-stream', buffer: copy },
    { name: 'Songlengths.md5', mimeType: 'text/plain', buffer: Buffer.from(`[Database]\n; /variant.sid\n${md5}=${lengths}\n`) },
    { name: 'STIL.txt', mimeType: 'text/plain', buffer: Buffer.from('/variant.sid\nCOMMENT: A note for the journey.\n') },
  ])
  await page.getByLabel('Search the library').fill('Variant 0001')
  const row = rows(page).filter({ hasText: 'Variant 0001' }).first()
  await expect(row).toContainText('7:35')
  await page.goto(`/tune/${md5}`)
  await expect(page.getByText('A note for the journey.').first()).toBeVisible()
})

test('files that are dropped on the window are added', async ({ page }) => {
  const tunes = threeTunes()
  await open(page)
  const files = tunes.map((tune) => ({ name: tune.name, base64: tune.bytes.toString('base64') }))
  const transfer = await page.evaluateHandle((files) => {
    const transfer = new DataTransfer()
    for (const { name, base64 } of files)
      transfer.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name))
    return transfer
  }, files)
  const drag = (type: string) =>
    transfer.evaluate(
      (transfer, type) => window.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true })),
      type,
    )
  const overlay = page.getByRole('region', { name: 'Drop files' })
  await drag('dragenter')
  // A drop reaches the page only where it refuses the browser's own handling of the drag.
  expect(await drag('dragover')).toBe(false)
  await expect(overlay).toBeVisible()
  await drag('dragleave')
  await expect(overlay).toBeHidden()
  await drag('dragenter')
  expect(await drag('drop')).toBe(false)
  await expect(overlay).toBeHidden()
  for (const tune of tunes) {
    await page.getByLabel('Search the library').fill(tune.title)
    await expect(rows(page).filter({ hasText: tune.title }).first()).toBeVisible()
  }
})

test('a folder that is dropped is added with all that is in it', async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), 'sidereal-drop-'))
  const tune = threeTunes()[0]
  const many = 250
  for (const part of ['Top', 'Top/Deep', 'Top/Deep/Deeper']) {
    mkdirSync(join(folder, part))
    for (let number = 0; number < many; number++)
      writeFileSync(join(folder, part, `${number}.sid`), variant(tune.bytes, many * part.length + number))
  }
  await open(page)
  await dropPaths(page, [join(folder, 'Top')])
  await page.getByLabel('Search the library').fill('Variant')
  await expect.poll(() => count(page)).toBe(3 * many)
  rmSync(folder, { recursive: true })
  await page.getByLabel('Search the library').fill('Variant 0751')
  await rows(page).first().getByRole('link').click()
  await expect(page.getByText('Top/1.sid')).toBeVisible()
})

test('an import that is cancelled keeps what is in and says so', async ({ page }) => {
  const tune = threeTunes()[0]
  const many = 9000
  const files: Record<string, [Uint8Array, { level: 0 }]> = {}
  for (let number = 0; number < many; number++) files[`${number}.sid`] = [variant(tune.bytes, number), { level: 0 }]
  const folder = mkdtempSync(join(tmpdir(), 'sidereal-cancel-'))
  writeFileSync(join(folder, 'many.zip'), zipSync(files))
  await open(page)
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Add files' }).click()
  await (await chooser).setFiles(join(folder, 'many.zip'))
  await report(page).getByRole('button', { name: 'Cancel' }).click()
  await expect(report(page)).toContainText('Import stopped')
  rmSync(folder, { recursive: true })
  const added = Number((await report(page).innerText()).match(/([\d,]+) new/)![1].replace(',', ''))
  expect(added).toBeLessThan(many)
  await page.getByLabel('Search the library').fill('Variant')
  await expect.poll(async () => Math.max(0, await count(page))).toBe(added)
  // The next import is not touched by the cancel of the last.
  await add(page, [{ name: 'after.sid', mimeType: 'audio/prs.sid', buffer: variant(tune.bytes, many) }])
  await page.getByLabel('Search the library').fill(`Variant ${many}`)
  await expect(rows(page).filter({ hasText: `Variant ${many}` }).first()).toBeVisible()
})

test('a tune that is removed is gone, after a reload too', async ({ page }) => {
  const tune = threeTunes()[0]
  const copy = variant(tune.bytes, 1)
  await open(page)
  await add(page, [{ name: 'variant.sid', mimeType: 'audio/prs.sid', buffer: copy }])
  await page.getByLabel('Search the library').fill('Variant 0001')
  await expect(rows(page).filter({ hasText: 'Variant 0001' })).toHaveCount(1)
  await rows(page).first().getByRole('link').click()
  await page.getByRole('button', { name: 'Remove from the library' }).click()
  const dialog = page.getByRole('dialog', { name: 'Remove this tune?' })
  await dialog.getByRole('button', { name: 'Keep' }).click()
  await expect(dialog).toBeHidden()
  await page.getByRole('button', { name: 'Remove from the library' }).click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page.getByLabel('Search the library').fill('Variant 0001')
  await expect(page.getByText('No tune matches')).toBeVisible()
  await page.reload()
  await page.getByLabel('Search the library').fill('Variant 0001')
  await expect(page.getByText('No tune matches')).toBeVisible()
})

/** Waits until the shared collection is in and prints how that went. */
async function collectionIsIn(page: Page, start: number, longest: () => Promise<{ task: number; script: number }>, how: string) {
  await expect.poll(() => count(page), { timeout: 90_000, intervals: [50] }).toBeGreaterThan(2800)
  const taken = Date.now() - start
  const { task, script } = await longest()
  console.log(`import of the shared collection, ${how}: ${taken} ms; longest script ${script.toFixed(0)} ms, longest task with the browser's part ${task.toFixed(0)} ms`)
  await page.getByLabel('Search the library').fill('hubbard commando')
  await expect(rows(page).filter({ hasText: 'Commando' }).first()).toContainText('6581')
}

test('the shared collection comes in as a zip', async ({ page }) => {
  test.skip(!shared, 'the shared collection is not beside the checkout')
  const files: Record<string, [Uint8Array, { level: 0 }]> = {}
  for (const path of walk(shared!)) files[pathBelow(shared!, path)] = [readFileSync(path), { level: 0 }]
  const folder = mkdtempSync(join(tmpdir(), 'sidereal-import-'))
  writeFileSync(join(folder, 'hvsc.zip'), zipSync(files))
  await open(page)
  const longest = await watchLongTasks(page)
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Add files' }).click()
  const start = Date.now()
  await (await chooser).setFiles(join(folder, 'hvsc.zip'))
  await collectionIsIn(page, start, longest, 'as a zip')
  rmSync(folder, { recursive: true })
})

test('the shared collection comes in as a picked folder', async ({ page }) => {
  test.skip(!shared, 'the shared collection is not beside the checkout')
  await open(page)
  const longest = await watchLongTasks(page)
  const start = Date.now()
  await addFolder(page, shared!)
  await collectionIsIn(page, start, longest, 'as a picked folder')
})

test('the shared collection comes in as a dropped folder', async ({ page }) => {
  test.skip(!shared, 'the shared collection is not beside the checkout')
  await open(page)
  const longest = await watchLongTasks(page)
  const start = Date.now()
  await dropPaths(page, [shared!])
  await collectionIsIn(page, start, longest, 'as a dropped folder')
})

test('the shared collection comes in as dropped files', async ({ page }) => {
  test.skip(!shared, 'the shared collection is not beside the checkout')
  await open(page)
  const longest = await watchLongTasks(page)
  const start = Date.now()
  await dropPaths(page, walk(shared!))
  await collectionIsIn(page, start, longest, 'as dropped files')
})
