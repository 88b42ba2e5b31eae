// What a listener does, with the sound that comes out compared with a native render.
import { expect, test } from '@playwright/test'
import { add, click, elapsed, open, play, player, rows, seek, watchErrors } from '../lib/page'
import { heardSince, record, rms } from '../lib/tap'
import { locate, nativeRender } from '../lib/native'
import { threeTunes, upload } from '../lib/tunes'

test('first minute: open the page, press play, hear a tune', async ({ page }) => {
  const errors = watchErrors(page)
  await open(page)
  await expect(rows(page).first()).toBeVisible()
  const clicked = await click(player(page).getByRole('button', { name: 'Play', exact: true }))
  const heard = await heardSince(page, clicked)
  console.log(`click to first sample: ${(heard - clicked).toFixed(0)} ms`)
  expect(rms((await record(page, 2)).samples)).toBeGreaterThan(0.005)
  await expect(player(page).getByRole('button', { name: 'Pause' })).toBeVisible()
  await expect.poll(() => elapsed(page)).toBeGreaterThan(1)
  expect(errors).toEqual([])
})

test('bring three tunes and hear each as it is', async ({ page }) => {
  const errors = watchErrors(page)
  const tunes = threeTunes()
  await open(page)
  await add(page, tunes.map((tune) => upload(tune.path)))
  for (const tune of tunes) {
    const clicked = await play(page, tune.title)
    await expect(player(page)).toContainText(tune.title)
    const heard = await heardSince(page, clicked)
    const { rate, samples } = await record(page, 2)
    const native = nativeRender(tune.path, { seconds: 12, rate })
    // The first half second may have begun before the song.
    const place = locate(samples.subarray(rate / 2, 1.5 * rate), native, rate, 0, 10)
    console.log(`${tune.title}: ${(heard - clicked).toFixed(0)} ms, correlation ${place.correlation.toFixed(4)} at ${place.second.toFixed(2)} s`)
    expect(place.correlation).toBeGreaterThan(0.95)
  }
  expect(errors).toEqual([])
})

test('another subtune and another place sound like that subtune and that place', async ({ page }) => {
  const tune = threeTunes().find((tune) => tune.songs > 1)!
  await open(page)
  await add(page, [upload(tune.path)])
  await play(page, tune.title)
  await player(page).getByRole('button', { name: 'Next subtune' }).click()
  await expect(player(page).getByRole('group', { name: 'Subtune' })).toContainText(`${tune.start + 1}/${tune.songs}`)
  await page.waitForTimeout(300)
  let { rate, samples } = await record(page, 1.5)
  const second = nativeRender(tune.path, { song: tune.start + 1, seconds: 12, rate })
  expect(locate(samples.subarray(0, rate), second, rate, 0, 10).correlation).toBeGreaterThan(0.95)

  await player(page).getByRole('button', { name: 'Previous subtune' }).click()
  await expect(player(page).getByRole('group', { name: 'Subtune' })).toContainText(`${tune.start}/${tune.songs}`)
  const first = nativeRender(tune.path, { song: tune.start, seconds: 32, rate })
  for (const target of [25, 5]) {
    await seek(page, target)
    // The place shown is the target at once; it moves on when that is heard.
    await expect.poll(() => elapsed(page)).toBeGreaterThan(target)
    expect(await elapsed(page)).toBeLessThan(target + 10)
    ;({ samples } = await record(page, 1.5))
    const place = locate(samples.subarray(0, rate), first, rate, target, target + 6)
    console.log(`seek to ${target} s: correlation ${place.correlation.toFixed(4)} at ${place.second.toFixed(2)} s`)
    expect(place.correlation).toBeGreaterThan(0.95)
  }
})

test('muting every voice leaves silence, and unmuting brings the tune back', async ({ page }) => {
  const tune = threeTunes()[0]
  await open(page)
  await add(page, [upload(tune.path)])
  const clicked = await play(page, tune.title)
  await heardSince(page, clicked)
  await player(page).getByRole('link', { name: 'Open Now Playing' }).click()
  const mutes = page.getByRole('button', { name: /^Mute .*, chip 1$/ })
  await expect(mutes).toHaveCount(4)
  for (const mute of await mutes.all()) await mute.click()
  // The board's output capacitor settles after every change of level.
  await page.waitForTimeout(1500)
  expect(rms((await record(page, 1)).samples)).toBeLessThan(0.0005)
  for (const mute of await mutes.all()) await mute.click()
  await page.waitForTimeout(500)
  expect(rms((await record(page, 1)).samples)).toBeGreaterThan(0.005)
})

test('pause is silent at once and play goes on where it was', async ({ page }) => {
  await open(page)
  const clicked = await click(player(page).getByRole('button', { name: 'Play', exact: true }))
  await heardSince(page, clicked)
  await page.waitForTimeout(1500)
  const paused = await click(player(page).getByRole('button', { name: 'Pause' }))
  await page.waitForTimeout(400)
  const last = await page.evaluate(() => window.tap.times.at(-1)!)
  console.log(`pause to silence: ${(last - paused).toFixed(0)} ms`)
  expect(last - paused).toBeLessThan(400)
  const before = await elapsed(page)
  await page.waitForTimeout(1200)
  expect(await elapsed(page)).toBe(before)
  const again = await click(player(page).getByRole('button', { name: 'Play', exact: true }))
  await heardSince(page, again)
})

test('a reload brings library, volume and place back', async ({ page }) => {
  const tune = threeTunes()[0]
  await open(page)
  await add(page, [upload(tune.path)])
  const clicked = await play(page, tune.title)
  await heardSince(page, clicked)
  await player(page).getByRole('slider', { name: 'Volume' }).fill('40')
  await seek(page, 12)
  await expect.poll(() => elapsed(page)).toBeGreaterThanOrEqual(13)
  await page.reload()
  await expect(player(page)).toContainText(tune.title)
  await expect(player(page).getByRole('slider', { name: 'Volume' })).toHaveValue('40')
  expect(await elapsed(page)).toBeGreaterThanOrEqual(12)
  await page.getByLabel('Search the library').fill(tune.title)
  await expect(rows(page).filter({ hasText: tune.title }).first()).toBeVisible()
  const again = await click(player(page).getByRole('button', { name: 'Play', exact: true }))
  await heardSince(page, again)
  const { rate, samples } = await record(page, 1.5)
  const native = nativeRender(tune.path, { seconds: 25, rate })
  expect(locate(samples.subarray(0, rate), native, rate, 11, 22).correlation).toBeGreaterThan(0.95)
})

test('the chip model can be chosen', async ({ page }) => {
  const tune = threeTunes()[0]
  await open(page)
  await add(page, [upload(tune.path)])
  const clicked = await play(page, tune.title)
  await heardSince(page, clicked)
  await player(page).getByRole('link', { name: 'Open Now Playing' }).click()
  await page.getByRole('radio', { name: '8580' }).first().click()
  await expect(player(page)).toContainText('8580')
  await page.waitForTimeout(1500)
  const { rate, samples } = await record(page, 1.5)
  const native = nativeRender(tune.path, { seconds: 30, rate, model: '8580' })
  expect(locate(samples.subarray(0, rate), native, rate, 0, 28).correlation).toBeGreaterThan(0.95)
})

test('a worker that dies is started again, and the tune goes on', async ({ page }) => {
  await open(page)
  const clicked = await click(player(page).getByRole('button', { name: 'Play', exact: true }))
  await heardSince(page, clicked)
  await page.waitForTimeout(1000)
  const engine = page.workers().find((worker) => /engine-worker/.test(worker.url()))!
  const killed = await page.evaluate(() => performance.now())
  await engine.evaluate(() => void setTimeout(() => { throw new Error('ended by the journey') }, 0))
  await expect(page.getByLabel('Messages')).toContainText(/start|restart/i)
  await heardSince(page, killed + 1500)
  expect(rms((await record(page, 1)).samples)).toBeGreaterThan(0.005)
})
