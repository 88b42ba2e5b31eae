// Browsers and pages that lack something.
import { expect, test } from '@playwright/test'
import { click, elapsed, open, player, watchErrors } from '../lib/page'
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
  page.on('response', async (response) => {
    if (new URL(response.url()).protocol.startsWith('http')) headers.push(await response.allHeaders())
  })
  await open(page)
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
  expect(headers.length).toBeGreaterThan(5)
  for (const header of headers) {
    expect(header['cross-origin-embedder-policy']).toBe('require-corp')
    expect(header['cross-origin-opener-policy']).toBe('same-origin')
    expect(header['content-security-policy']).toContain("default-src 'self'")
  }
})
