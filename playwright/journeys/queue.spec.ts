// Playing on: the queue, in order by keyboard, over a reload; tunes that follow without a gap; the
// sleep timer.
import { createHash } from 'node:crypto'
import { expect, test, type Page } from '@playwright/test'
import { add, elapsed, open, play, player, rows, seek, watchErrors, type Upload } from '../lib/page'
import { heardSince, record, rms } from '../lib/tap'

/** Seconds of each tune: short, so that twenty of them can be listened to. */
const seconds = 2.5

/** A tune of one long note on an 8580, with a title of its own. */
function note(title: string, pitch: number): Upload {
  const header = Buffer.alloc(0x7c)
  header.write('PSID', 0, 'latin1')
  for (const [at, word] of [[4, 2], [6, 0x7c], [8, 0x1000], [0x0a, 0x1000], [0x0c, 0x1040], [0x0e, 1], [0x10, 1], [0x76, 0x24]])
    header.writeUInt16BE(word, at)
  header.write(title, 0x16, 'latin1')
  const program = Buffer.alloc(0x41, 0xea)
  const registers = [[0, pitch & 0xff], [1, pitch >> 8], [5, 0], [6, 0xf0], [4, 0x11], [24, 0x0f]]
  program.set([...registers.flatMap(([register, value]) => [0xa9, value, 0x8d, register, 0xd4]), 0x60])
  program.set([0x60], 0x40)
  const buffer = Buffer.concat([header, Buffer.from([0x00, 0x10]), program])
  return { name: `${title.replaceAll(' ', '_')}.sid`, mimeType: 'audio/prs.sid', buffer }
}

const name = (at: number) => `Row ${String(at + 1).padStart(2, '0')}`
const notes = Array.from({ length: 20 }, (_, at) => note(name(at), 3_000 + 350 * at))

/** The list of their lengths, as collections have it. */
function lengths(): Upload {
  const digest = (file: Upload) => createHash('md5').update(file.buffer).digest('hex')
  const lines = notes.map((file) => `; /${file.name}\n${digest(file)}=0:0${seconds.toFixed(3)}\n`)
  return { name: 'Songlengths.md5', mimeType: 'text/plain', buffer: Buffer.from(`[Database]\n${lines.join('')}`) }
}

const queue = (page: Page) => page.getByRole('complementary', { name: 'Queue' })
const places = (page: Page) => queue(page).getByRole('listitem')
const titles = (page: Page) => queue(page).locator('.queue-title').allInnerTexts()

/** Brings the tunes in and queues `count` of them from the keyboard, in order. */
async function enqueue(page: Page, count: number) {
  await add(page, [...notes, lengths()])
  await page.getByLabel('Search the library').fill('Row')
  await expect.poll(() => rows(page).count()).toBeGreaterThan(count > 10 ? 10 : count - 1)
  await expect(rows(page).first()).toContainText('0:02')
  await page.getByRole('grid').focus()
  for (let at = 0; at < count; at++) {
    await page.keyboard.press('q')
    await page.keyboard.press('ArrowDown')
  }
}

test('twenty tunes follow each other without a missing frame', async ({ page }) => {
  const errors = watchErrors(page)
  await open(page)
  await enqueue(page, 20)
  await page.getByRole('button', { name: 'Queue, 20 tunes' }).click()
  expect(await titles(page)).toEqual(notes.map((_, at) => name(at)))
  // Nothing is chosen yet: play begins with the queue.
  await page.keyboard.press('Escape')
  await page.evaluate(() => {
    const seen: string[] = []
    Object.assign(window, { seen })
    const look = () => {
      const title = document.querySelector('.player-title')?.textContent ?? ''
      if (title !== seen.at(-1)) seen.push(title)
    }
    new MutationObserver(look).observe(document.querySelector('.player')!, { subtree: true, childList: true, characterData: true })
  })
  await page.getByRole('button', { name: 'Play', exact: true }).first().click()
  await heardSince(page, 0)
  const { rate, samples } = await record(page, 20 * seconds - 1)
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen)
  expect(seen.filter((title) => title.startsWith('Row')).slice(0, 19)).toEqual(notes.slice(0, 19).map((_, at) => name(at)))

  // A tune fades within 60 ms at its end: the quietest place is where the next one begins.
  const block = Math.round(rate / 1000)
  const recorded = Array.from({ length: Math.floor(samples.length / block) }, (_, at) => rms(samples.subarray(at * block, (at + 1) * block)))
  const loud = recorded.toSorted((a, b) => a - b)[Math.floor(recorded.length / 2)]
  // The recording may begin before the sound has come through the stream.
  const levels = recorded.slice(recorded.findIndex((level) => level > loud / 2))
  const joins: number[] = []
  let quiet = 0, longest = 0
  levels.forEach((level, at) => {
    quiet = level < loud / 10 ? quiet + 1 : 0
    longest = Math.max(longest, quiet)
    if (quiet === 1 && at - (joins.at(-1) ?? -1000) > 500) joins.push(at)
  })
  expect(joins.length).toBeGreaterThanOrEqual(18)
  const gaps = joins.slice(1).map((at, n) => at - joins[n])
  for (const gap of gaps) expect(Math.abs(gap - 1000 * seconds), `${gaps}`).toBeLessThanOrEqual(12)
  expect(longest, 'silence at a join, in milliseconds').toBeLessThan(60)
  expect(errors).toEqual([])
})

test('the queue is put in order by keyboard and by pointer, and survives a reload', async ({ page }) => {
  await open(page)
  await enqueue(page, 4)
  await page.keyboard.press('Shift+Q')
  await play(page, 'Ember Line')
  await page.getByRole('button', { name: /^Queue, 5/ }).click()
  await expect(places(page)).toHaveCount(5)
  const before = await titles(page)
  expect(before[0], 'what is to play next comes first').toBe(name(4))

  await places(page).nth(0).focus()
  await page.keyboard.press('Alt+ArrowDown')
  await expect(places(page).nth(1)).toBeFocused()
  await page.keyboard.press('Alt+ArrowDown')
  await expect(page.getByRole('status').filter({ hasText: `${name(4)}, place 3 of 5` })).toHaveCount(1)
  await expect.poll(() => titles(page)).toEqual([name(0), name(1), name(4), name(2), name(3)])
  await expect(places(page).nth(2)).toBeFocused()
  await page.keyboard.press('ArrowUp')
  await expect(places(page).nth(1)).toBeFocused()
  await page.keyboard.press('Delete')
  await expect.poll(() => titles(page)).toEqual([name(0), name(4), name(2), name(3)])

  const grip = (await places(page).nth(3).locator('.queue-grip').boundingBox())!
  await page.mouse.move(grip.x + 8, grip.y + 26)
  await page.mouse.down()
  await page.mouse.move(grip.x + 8, grip.y - 120, { steps: 8 })
  await page.mouse.up()
  await expect.poll(() => titles(page)).toEqual([name(3), name(0), name(4), name(2)])

  await seek(page, 40)
  await expect.poll(() => elapsed(page)).toBeGreaterThanOrEqual(40)
  await page.reload()
  await expect(player(page).locator('.player-title')).toHaveText('Ember Line')
  await expect.poll(() => elapsed(page)).toBeGreaterThanOrEqual(39)
  await page.getByRole('button', { name: /^Queue, 4/ }).click()
  expect(await titles(page)).toEqual([name(3), name(0), name(4), name(2)])
  await page.getByRole('button', { name: 'Next tune' }).click()
  await expect(player(page).locator('.player-title')).toHaveText(name(3))
})

test('what was left unfinished is offered, and says at which place', async ({ page }) => {
  await open(page)
  await play(page, 'Ember Line')
  await heardSince(page, 0)
  await seek(page, 60)
  await expect.poll(() => elapsed(page)).toBeGreaterThanOrEqual(60)
  await play(page, 'Three Rivers')
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('button', { name: /Continue Ember Line at 1:0/ }).click()
  await expect.poll(() => elapsed(page)).toBeGreaterThanOrEqual(60)
  await expect(player(page).locator('.player-title')).toHaveText('Ember Line')
})

test('the sleep timer stops the music', async ({ page }) => {
  await page.clock.install()
  await open(page)
  await play(page, 'Ember Line')
  await expect(player(page).getByRole('button', { name: 'Pause' })).toBeVisible()
  await page.getByRole('button', { name: 'Queue', exact: true }).click()
  await page.getByLabel('Sleep timer').selectOption('5 minutes')
  await expect(page.getByLabel('Sleep timer')).toHaveValue('running')
  await page.clock.fastForward('05:01')
  await expect(player(page).getByRole('button', { name: 'Play', exact: true })).toBeVisible()
  await expect(page.getByLabel('Sleep timer')).toHaveValue('off')
})

for (const isolated of [true, false])
  test(`a crossfade and another engine, ${isolated ? 'in shared memory' : 'by messages'}`, async ({ page }) => {
    const errors = watchErrors(page)
    await open(page, '/settings', isolated ? '' : process.env.SIDEREAL_URL_NOT_ISOLATED)
    await page.getByRole('slider', { name: 'Crossfade' }).fill('1')
    const shared = page.getByRole('radio', { name: /Shared memory/ })
    if (isolated) await expect(shared).toBeChecked()
    else await expect(shared).toBeDisabled()
    await page.getByRole('link', { name: 'Library' }).first().click()
    await enqueue(page, 3)
    await page.getByRole('button', { name: 'Play', exact: true }).first().click()
    await heardSince(page, 0)
    const { rate, samples } = await record(page, 3)
    // Long enough for the beats between two notes.
    const block = Math.round(rate / 10)
    const levels = Array.from({ length: Math.floor(samples.length / block) }, (_, at) => rms(samples.subarray(at * block, (at + 1) * block)))
    // No dip: one tune comes as the other goes.
    expect(Math.min(...levels.slice(2))).toBeGreaterThan(Math.max(...levels) / 4)

    await play(page, 'Ember Line')
    await heardSince(page, await page.evaluate(() => performance.now()))
    await player(page).getByRole('button', { name: /why this source/ }).click()
    const dialog = page.getByRole('dialog')
    const other = isolated ? 'Messages' : 'Rendered first'
    await expect(dialog).toContainText('This device')
    await dialog.getByRole('listitem').filter({ hasText: other }).getByRole('button', { name: 'Use this' }).click()
    await expect(dialog).toContainText('You chose it for this tune.')
    await page.keyboard.press('Escape')
    await expect(player(page).getByRole('button', { name: 'Pause' })).toBeVisible()
    const before = await elapsed(page)
    await expect.poll(() => elapsed(page), { timeout: 60_000 }).toBeGreaterThan(before + 2)
    expect(errors).toEqual([])
  })
