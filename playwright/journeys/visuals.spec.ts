// Pictures of what plays: drawn by a worker, whatever the page's own thread does.
import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { click, open, play, player, watchErrors } from '../lib/page'
import { heardSince, record } from '../lib/tap'
import { root } from '../lib/tunes'

const views = ['Scopes', 'Spectrum', 'Piano roll', 'Registers'] as const
const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }
/** Tunes of the project, by how many chips they play. */
const tunes = { one: 'Ember Line', three: 'Three Rivers' }

const canvas = (page: Page) => page.locator('.stage-canvas')
// By its label: the button itself cannot be seen, and nothing would wait until the page stands still.
const view = (page: Page, name: string) => page.getByRole('group', { name: 'What is shown' }).locator('label', { hasText: name }).click()

/** Plays a tune and goes to its page. */
async function start(page: Page, tune = tunes.one, url = '') {
  await open(page, '/', url)
  const clicked = await play(page, tune)
  await heardSince(page, clicked)
  await player(page).getByRole('link', { name: 'Open Now Playing' }).click()
  await expect(canvas(page)).toBeVisible()
  return clicked
}

/** What the canvas shows: its pixels as a text that can be compared, and how many colours there are. */
async function seen(page: Page) {
  const png = (await canvas(page).screenshot()).toString('base64')
  const colours = await page.evaluate(async (png) => {
    const image = new Image()
    image.src = `data:image/png;base64,${png}`
    await image.decode()
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d')!
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, image.width, image.height)
    const colours = new Set<number>()
    for (let at = 0; at < data.length; at += 4) colours.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2])
    return colours.size
  }, png)
  return { png, colours }
}

/** Facts of the diagnostics, by name. */
const fact = async (page: Page, name: string) => {
  const overlay = page.getByRole('complementary', { name: 'Diagnostics' })
  if (!(await overlay.isVisible())) await page.keyboard.press('d')
  return overlay.locator('dl > div').filter({ hasText: name }).locator('dd').innerText()
}
const drawn = async (page: Page) => Number.parseInt(await fact(page, 'Pictures drawn'))

async function lookAround(page: Page) {
  const pictures: string[] = []
  for (const name of views) {
    await view(page, name)
    await expect.poll(async () => (await seen(page)).colours, { message: name }).toBeGreaterThan(12)
    const first = await seen(page)
    await expect.poll(async () => (await seen(page)).png, { message: `${name} moves` }).not.toBe(first.png)
    pictures.push(first.png)
  }
  expect(new Set(pictures).size).toBe(views.length)
}

test('every view shows what plays, another one each, and moves', async ({ page }) => {
  const errors = watchErrors(page)
  await start(page)
  await lookAround(page)
  await expect(page.locator('#stage-seen')).toContainText(/Voice 1: .*Filter: /)
  expect(errors).toEqual([])
})

test('without shared memory pictures move too', async ({ page }) => {
  const errors = watchErrors(page)
  await start(page, tunes.one, process.env.SIDEREAL_URL_NOT_ISOLATED)
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
  await lookAround(page)
  expect(errors).toEqual([])
})

test('what stands still is not drawn', async ({ page }) => {
  await start(page)
  await expect.poll(() => drawn(page)).toBeGreaterThan(20)
  await player(page).getByRole('button', { name: 'Pause', exact: true }).click()
  await page.waitForTimeout(1500)
  const [before, picture] = [await drawn(page), await seen(page)]
  await page.waitForTimeout(2000)
  expect(await drawn(page)).toBe(before)
  expect((await seen(page)).png).toBe(picture.png)
  expect(picture.colours).toBeGreaterThan(12)
  // A seek is seen at once.
  await view(page, 'Piano roll')
  await page.waitForTimeout(500)
  const roll = await seen(page)
  await page.getByRole('slider', { name: 'Place in the tune' }).fill('30000')
  await expect.poll(async () => (await seen(page)).png).not.toBe(roll.png)
})

test('a busy page stops neither the pictures nor the sound', async ({ page }) => {
  await start(page)
  await expect.poll(() => drawn(page)).toBeGreaterThan(20)
  const before = await drawn(page)
  const missedBefore = await fact(page, 'Underruns')
  const sound = record(page, 6)
  await page.waitForTimeout(300)
  const busyMillis = 3000
  await page.evaluate((millis) => {
    const until = performance.now() + millis
    while (performance.now() < until);
  }, busyMillis)
  // What was told while nobody listened is there within the next half second.
  await page.waitForTimeout(700)
  const drawnThen = (await drawn(page)) - before
  const { rate, samples } = await sound
  console.log(`${drawnThen} pictures around ${busyMillis} ms of a busy page; underruns ${missedBefore} before, ${await fact(page, 'Underruns')} after`)
  // At most 90 come from the second and a half before and after.
  expect(drawnThen).toBeGreaterThan(120)
  let silence = 0
  let longest = 0
  for (const sample of samples) longest = Math.max(longest, (silence = Math.abs(sample) < 1e-6 ? silence + 1 : 0))
  expect(longest / rate, 'seconds without sound').toBeLessThan(0.02)
})

test('the view is kept, and the picture fills the screen', async ({ page }) => {
  await start(page)
  await view(page, 'Spectrum')
  await page.keyboard.press('v')
  const full = () => page.evaluate(() => document.fullscreenElement?.id ?? '')
  await expect.poll(full).toBe('stage')
  await expect(page.locator('.stage-title')).toHaveText(tunes.one)
  const box = (await canvas(page).boundingBox())!
  expect(box.height).toBeGreaterThan(600)
  await expect.poll(async () => (await seen(page)).colours).toBeGreaterThan(12)
  const { violations } = await new AxeBuilder({ page }).include('#stage').analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([])
  await page.getByRole('button', { name: 'Leave the full screen' }).click()
  await expect.poll(full).toBe('')
  await page.reload()
  await expect(page.getByRole('region', { name: 'Player' })).toBeVisible()
  const clicked = await click(player(page).getByRole('button', { name: 'Play', exact: true }))
  await heardSince(page, clicked)
  await expect(page.getByRole('radio', { name: 'Spectrum' })).toBeChecked()
})

test('a picture in a window of its own moves', async ({ page }) => {
  await start(page)
  const button = page.getByRole('button', { name: 'Picture in a window of its own' })
  test.skip(!(await button.isVisible()), 'this browser has none')
  await button.click()
  await expect.poll(() => page.evaluate(() => document.pictureInPictureElement?.tagName ?? '')).toBe('VIDEO')
  const frame = () =>
    page.evaluate(() => {
      const video = document.pictureInPictureElement as HTMLVideoElement
      const context = new OffscreenCanvas(320, 180).getContext('2d')!
      context.drawImage(video, 0, 0, 320, 180)
      return context.getImageData(0, 0, 320, 180).data.join('')
    })
  const first = await frame()
  await expect.poll(frame).not.toBe(first)
  await button.click()
  await expect.poll(() => page.evaluate(() => document.pictureInPictureElement)).toBe(null)
})

test('a browser that cannot draw beside the page says so', async ({ page }) => {
  await page.addInitScript(() => {
    // @ts-expect-error what older browsers lack
    delete HTMLCanvasElement.prototype.transferControlToOffscreen
  })
  await open(page)
  const clicked = await play(page, tunes.one)
  await heardSince(page, clicked)
  await expect(page.getByText(/OffscreenCanvas is missing/)).toBeVisible()
})

for (const scheme of ['dark', 'light'] as const)
  test(`axe finds nothing around pictures in ${scheme}, with little motion`, async ({ page }) => {
    test.setTimeout(240_000)
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    for (const [chips, tune] of Object.entries(tunes)) {
      await page.setViewportSize(sizes.wide)
      await start(page, tune)
      for (const [size, viewport] of Object.entries(sizes)) {
        await page.setViewportSize(viewport)
        for (const name of views) {
          await view(page, name)
          await expect.poll(async () => (await seen(page)).colours, { message: name }).toBeGreaterThan(12)
          await page.waitForTimeout(700)
          await canvas(page).scrollIntoViewIfNeeded()
          await page.screenshot({ path: `${root}/screenshots/visuals-${name.replace(' ', '-').toLowerCase()}-${chips}-${scheme}-${size}.png` })
        }
        const { violations } = await new AxeBuilder({ page }).include('#stage').analyze()
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([])
      }
    }
  })
