// Speed and pitch: heard by ear, and the place in the song goes with it.
import { expect, test, type Page } from '@playwright/test'
import { add, open, play, player, watchErrors } from '../lib/page'
import { heardSince, record } from '../lib/tap'

/** A tune of one long note: a triangle of 440 Hz on an 8580. */
function tone() {
  const header = Buffer.alloc(0x7c)
  header.write('PSID', 0, 'latin1')
  for (const [at, word] of [[4, 2], [6, 0x7c], [8, 0x1000], [0x0a, 0x1000], [0x0c, 0x1040], [0x0e, 1], [0x10, 1], [0x76, 0x24]])
    header.writeUInt16BE(word, at)
  header.write('Tone', 0x16, 'latin1')
  const program = Buffer.alloc(0x41, 0xea)
  const registers = [[0, 0x45], [1, 0x1d], [5, 0], [6, 0xf0], [4, 0x11], [24, 0x0f]]
  program.set([...registers.flatMap(([register, value]) => [0xa9, value, 0x8d, register, 0xd4]), 0x60])
  program.set([0x60], 0x40)
  return Buffer.concat([header, Buffer.from([0x00, 0x10]), program])
}

/** The strongest frequency of a second of what is heard, by the discrete Fourier transform. */
async function pitch(page: Page) {
  const { rate, samples } = await record(page, 1)
  const strength = (frequency: number) => {
    let cosine = 0, sine = 0
    for (let at = 0; at < samples.length; at++) {
      const window = 1 - Math.cos((2 * Math.PI * at) / samples.length)
      const phase = (2 * Math.PI * frequency * at) / rate
      cosine += window * samples[at] * Math.cos(phase)
      sine += window * samples[at] * Math.sin(phase)
    }
    return Math.hypot(cosine, sine)
  }
  let best = 0, strongest = 0
  for (let frequency = 150; frequency < 1000; frequency += 1) {
    const found = strength(frequency)
    if (found > strongest) [best, strongest] = [frequency, found]
  }
  return best
}

/** Seconds of the song that go by in a second. */
async function speed(page: Page) {
  const look = () =>
    page.getByRole('slider', { name: 'Place in the tune' }).evaluate((slider) => [Number((slider as HTMLInputElement).value), performance.now()])
  const [from, since] = await look()
  await expect.poll(async () => (await look())[1] - since).toBeGreaterThan(3_000)
  const [to, until] = await look()
  return (to - from) / (until - since)
}

/** What is measured comes near to what is expected; a busy machine may need a second look. */
const near = (measure: () => Promise<number>, expected: number, share: number) =>
  expect.poll(async () => Math.abs((await measure()) / expected - 1), { timeout: 30_000 }).toBeLessThan(share)

for (const isolated of [true, false])
  test(`a tune at other speeds and pitches, ${isolated ? 'in shared memory' : 'by messages'}`, async ({ page }) => {
    const errors = watchErrors(page)
    await open(page, '/', isolated ? '' : process.env.SIDEREAL_URL_NOT_ISOLATED)
    await add(page, [{ name: 'Tone.sid', mimeType: 'audio/prs.sid', buffer: tone() }])
    await heardSince(page, await play(page, 'Tone'))
    const own = await pitch(page)
    await near(() => speed(page), 1, 0.1)

    for (let press = 0; press < 3; press++) await page.keyboard.press('>')
    const badge = player(page).getByRole('button', { name: /play as composed/ })
    await expect(badge).toHaveText('2×')
    await near(() => speed(page), 2, 0.1)
    await near(() => pitch(page), own, 0.01)

    await player(page).getByRole('link', { name: 'Open Now Playing' }).click()
    await page.getByRole('radio', { name: 'Like a tape' }).check()
    await near(() => pitch(page), 2 * own, 0.01)

    await page.getByRole('slider', { name: 'Pitch' }).fill('0')
    await expect(badge).toHaveText('2× −12')
    await near(() => pitch(page), own, 0.01)

    await badge.click()
    await expect(badge).toBeHidden()
    await near(() => speed(page), 1, 0.1)
    await near(() => pitch(page), own, 0.01)
    expect(errors).toEqual([])
  })
