// Songs of Compute!'s Sidplayer: a song, its second chip and its words are one tune.
import { expect, test } from '@playwright/test'
import { add, count, open, play, player, watchErrors } from '../lib/page'
import { heardSince, record, rms } from '../lib/tap'
import { demos } from '../lib/tunes'

/** A song whose first voice repeats a note: the format of `crates/sidfile/src/mus.rs`. */
function song(note: number, lines: string[]) {
  const halt = [0x01, 0x4f]
  const voice = [0x01, 0xfe, 0x36, 0x00, 0x10, note, 0x01, 0x0f, ...halt]
  const lengths = [voice.length, 0, halt.length, 0, halt.length, 0]
  const text = lines.map((line) => `${line}\r`).join('') + '\0'
  return Buffer.concat([Buffer.from([0, 9, ...lengths, ...voice, ...halt, ...halt]), Buffer.from(text, 'latin1')])
}

test('a song of two chips plays, and its words are there to read', async ({ page }) => {
  const errors = watchErrors(page)
  await open(page)
  await expect.poll(() => count(page)).toBe(demos.length)
  const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'application/octet-stream', buffer })
  await add(page, [
    file('Evening.wds', Buffer.from('\x0eTHE SUN GOES DOWN\r\r\xc1ND UP AGAIN\r', 'latin1')),
    file('Evening.str', song(0x86, ['EVENING', 'RIGHT'])),
    file('Evening.mus', song(0x9e, ['EVENING SONG', 'NOBODY', '1986'])),
  ])
  await expect.poll(() => count(page)).toBe(demos.length + 1)
  await heardSince(page, await play(page, 'EVENING SONG'))
  const { samples } = await record(page, 1)
  expect(rms(samples)).toBeGreaterThan(0.01)
  await player(page).getByRole('link', { name: 'Open Now Playing' }).click()
  await expect(page.getByText('the sun goes down')).toContainText('And up again')
  await expect(page.getByText('MUS', { exact: true })).toBeVisible()
  await expect(page.getByText('6581 at $D400, 6581 at $D500')).toBeVisible()
  expect(errors).toEqual([])
})
