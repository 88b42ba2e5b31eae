// Browsers and pages that lack something.
import { expect, test, type Response } from '@playwright/test'
import { click, elapsed, open, player, rows, watchErrors } from '../lib/page'
import { heardSince, record, rms } from '../lib/tap'

test('without shared memory sound comes in blocks', async ({ page }) => {
  const errors = watchErrors(page)
  await open(page, '/', process.env.SIDEREAL_URL_NOT_ISOLATED)
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
  const clicked = await click(player(page).getByRole('button', { name: 'Play', exact: true }))
  await heardSince(page, clicked)
  expect(rms((await record(page, 2)).samples)).toBeGreaterThan(0.005)
  await expect.poll(() => elapsed(page)).toBeGreaterThan(1)
  expect(errors).toEqual([])
})

test('without an audio worklet a rendered file plays', async ({ page }) => {
  await page.addInitScript(() => {
    // @ts-expect-error what plain http does
    delete window.AudioWorkletNode
  })
  await page.goto('/')
  await player(page).getByRole('button', { name: 'Play', exact: true }).click()
  await expect.poll(() => elapsed(page), { timeout: 90_000 }).toBeGreaterThan(1)
  await expect(page.getByText(/rendered/i).first()).toBeVisible()
})

test('every response is isolated', async ({ page }) => {
  const headers: Record<string, string>[] = []
  const responses: Response[] = []
  page.on('response', (response) => responses.push(response))
  await open(page)
  for (const response of responses)
    if (new URL(response.url()).protocol.startsWith('http')) headers.push(await response.allHeaders())
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
  expect(headers.length).toBeGreaterThan(5)
  for (const header of headers) {
    expect(header['cross-origin-embedder-policy']).toBe('require-corp')
    expect(header['cross-origin-opener-policy']).toBe('same-origin')
    expect(header['content-security-policy']).toContain("default-src 'self'")
  }
})

test('pages that cannot be fetched say so, while the tune goes on, and come when asked again', async ({ page }) => {
  const isRest = (url: URL) => url.pathname.includes('listen_rest')
  await page.route(isRest, (route) => route.abort())
  await open(page)
  await heardSince(page, await click(player(page).getByRole('button', { name: 'Play', exact: true })))
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(page.getByRole('heading', { name: 'This part of the page could not be fetched' })).toBeVisible()
  const before = await elapsed(page)
  await expect.poll(() => elapsed(page)).toBeGreaterThan(before)
  await page.unroute(isRest)
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('heading', { name: 'Settings', level: 1 })).toBeVisible()
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox', { name: 'Tunes, composers' })).toBeFocused()
})

for (const [which, words] of [
  ['engine', 'The sound engine could not be started'],
  ['library', 'The library could not be opened'],
] as const)
  test(`a program of the ${which} that always fails is given up, and tried again when asked`, async ({ page }) => {
    let starts = 0
    let broken = true
    await page.route(new RegExp(`${which}-worker`), async (route) => {
      starts++
      if (!broken) return route.continue()
      // With the headers that the browser wants of a worker.
      return route.fulfill({ response: await route.fetch(), body: "throw new Error('out of order')" })
    })
    await open(page)
    const alert = page.getByRole('alert').filter({ hasText: words })
    await expect(alert).toContainText('out of order')
    const before = starts
    await page.waitForTimeout(2000)
    expect(starts).toBe(before)
    await expect(alert).toBeVisible()
    broken = false
    await alert.getByRole('button', { name: 'Try again' }).click()
    await expect(alert).toBeHidden()
    await expect(rows(page).first()).toBeVisible()
    const clicked = await click(player(page).getByRole('button', { name: 'Play', exact: true }))
    await heardSince(page, clicked)
  })
