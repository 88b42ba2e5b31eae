// Going anywhere in a song, taking it along as a file, and seeing its notes.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { add, click, elapsed, open, play, player, seek, watchErrors } from '../lib/page'
import { heardSince, record } from '../lib/tap'
import { nativeRender } from '../lib/native'
import { demos, describe, upload } from '../lib/tunes'
import { place, wander } from '../lib/wander'

const file = { name: 'Wander.sid', mimeType: 'audio/prs.sid', buffer: wander }
const md5 = createHash('md5').update(wander).digest('hex')
const lengths = { name: 'Songlengths.md5', mimeType: 'text/plain', buffer: Buffer.from(`[Database]\n; /Wander.sid\n${md5}=10:00\n`) }

test('five places in a song of ten minutes sound like those places', async ({ page }) => {
  test.setTimeout(300_000)
  const errors = watchErrors(page)
  await open(page)
  await add(page, [file, lengths])
  const clicked = await play(page, 'Wander')
  await heardSince(page, clicked)
  // Far ahead, where nobody has been; then back and forth, where the engine has.
  for (const target of [570, 40, 465, 120, 310]) {
    await seek(page, target)
    await expect.poll(() => elapsed(page), { timeout: 150_000 }).toBeGreaterThan(target)
    const { rate, samples } = await record(page, 1.5)
    const found = place(samples, rate, target, target + 20)
    console.log(`seek to ${target} s: at ${found.second.toFixed(2)} s, ${(100 * found.share).toFixed(0)} % fits`)
    expect(found.share).toBeGreaterThan(0.7)
  }
  expect(errors).toEqual([])
})

test('the seek bar shows the song before it is played', async ({ page }) => {
  await open(page)
  const clicked = await click(player(page).getByRole('button', { name: 'Play', exact: true }))
  await heardSince(page, clicked)
  const drawn = () => player(page).locator('.overview-peak').evaluate((path) => path.getAttribute('d')?.match(/L\d+/g)?.length ?? 0)
  // Half of its columns, long before half of the song has been heard.
  await expect.poll(drawn, { timeout: 60_000 }).toBeGreaterThan(2 * 120)
  expect(await elapsed(page)).toBeLessThan(60)
})

/** Opens the page of the song that plays, and its export dialog. */
async function dialog(page: Page, title: string) {
  const clicked = await play(page, title)
  await heardSince(page, clicked)
  await player(page).getByRole('link', { name: 'Open Now Playing' }).click()
  await page.getByRole('button', { name: 'Export' }).click()
  return page.getByRole('dialog', { name: 'Export' })
}

test('a song is exported as FLAC, and what it decodes to is the song', async ({ page }) => {
  const errors = watchErrors(page)
  const tune = describe(demos[0])
  await open(page)
  await add(page, [upload(tune.path)])
  const box = await dialog(page, tune.title)
  await box.getByLabel('Length').fill('0:06')
  const download = page.waitForEvent('download')
  await box.getByRole('button', { name: 'Export', exact: true }).click()
  const saved = await download
  expect(saved.suggestedFilename()).toMatch(/\.flac$/)
  await expect(box.getByRole('status')).toContainText('.flac')
  const flac = readFileSync(await saved.path())
  expect(flac.toString('latin1')).toContain(`TITLE=${tune.title}`)
  const decoded = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
    const buffer = await new OfflineAudioContext(2, 1, 44_100).decodeAudioData(bytes.buffer)
    return { channels: buffer.numberOfChannels, rate: buffer.sampleRate, samples: Array.from(buffer.getChannelData(0)) }
  }, flac.toString('base64'))
  expect([decoded.channels, decoded.rate, decoded.samples.length]).toEqual([2, 44_100, 6 * 44_100])
  const native = nativeRender(tune.path, { seconds: 6, rate: 44_100 })
  // The end is faded; a sample may be rounded otherwise.
  let worst = 0
  for (let at = 0; at < 5.9 * 44_100; at++) worst = Math.max(worst, Math.abs(decoded.samples[at] - native[at]))
  console.log(`largest difference of the file: ${(worst * 32768).toFixed(1)} of 32768`)
  expect(worst).toBeLessThan(3 / 32768)
  expect(errors).toEqual([])
})

test('the voices of a song are exported as files of their own, and an export can be cancelled', async ({ page }) => {
  const tune = describe(demos[0])
  await open(page)
  await add(page, [upload(tune.path)])
  const box = await dialog(page, tune.title)
  await box.getByRole('radio', { name: 'A file each' }).click()
  await box.getByLabel('Length').fill('60:00')
  await box.getByRole('button', { name: 'Export', exact: true }).click()
  await box.getByRole('button', { name: 'Cancel the export' }).click()
  await box.getByRole('radio', { name: 'A file each' }).click()
  await box.getByLabel('Length').fill('4')
  const download = page.waitForEvent('download')
  await box.getByRole('button', { name: 'Export', exact: true }).click()
  const saved = await download
  expect(saved.suggestedFilename()).toMatch(/\.zip$/)
  const zip = readFileSync(await saved.path())
  const names = zip.toString('latin1').match(/[^\0-\x1f]*voice \d\.flac/g) ?? []
  expect(new Set(names.map((name) => name.slice(-12))).size).toBeGreaterThan(1)
})

test('notes and registers of the song are shown', async ({ page }) => {
  await open(page)
  await add(page, [file, lengths])
  const clicked = await play(page, 'Wander')
  await heardSince(page, clicked)
  await player(page).getByRole('link', { name: 'Open Now Playing' }).click()
  await page.getByRole('radio', { name: 'Registers' }).check({ force: true })
  // What is drawn is told in words as well.
  await expect(page.getByRole('img', { name: 'Registers' })).toHaveAccessibleDescription(/Voice 1: [A-G][-#]\d \u00b7 Sawtooth\..*Volume \d+\./)
})
