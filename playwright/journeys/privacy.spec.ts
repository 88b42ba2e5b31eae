// What leaves the browser about listening, byte by byte: as a proxy between page and relay saw it,
// as the page /privacy shows it, and as the relay's metrics counted it.
import { expect, test, type Page } from '@playwright/test'
import { createHash } from 'node:crypto'
import { createServer, request as ask, type IncomingHttpHeaders } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { open, play, player, rows, seek } from '../lib/page'
import { freePort, Relay } from '../lib/relay'
import { heardSince } from '../lib/tap'
import { demos, describe, root } from '../lib/tunes'

type Seen = { method: string; url: string; headers: IncomingHttpHeaders; body: Buffer }

const closing: (() => void)[] = []
test.afterEach(() => closing.splice(0).forEach((close) => close()))

/** A relay, its metrics, and a proxy before it that keeps everything that pages send. */
async function watched() {
  const metrics = await freePort()
  const relay = await Relay.start(['--metrics', `127.0.0.1:${metrics}`])
  closing.push(() => relay.kill())
  const seen: Seen[] = []
  const proxy = createServer((from, to) => {
    const body: Buffer[] = []
    from.on('data', (part) => body.push(part))
    from.on('end', () => {
      const { method = '', url = '', headers } = from
      seen.push({ method, url, headers, body: Buffer.concat(body) })
      const onward = ask({ port: relay.port, host: '127.0.0.1', method, path: url, headers }, (answer) => {
        to.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(to)
      })
      onward.on('error', () => to.destroy())
      onward.end(Buffer.concat(body))
    })
  })
  proxy.on('upgrade', (from, socket, head) => {
    const onward = connect(relay.port, '127.0.0.1', () => {
      const lines = from.rawHeaders.flatMap((name, at, all) => (at % 2 ? [] : [`${name}: ${all[at + 1]}`]))
      onward.write(`${from.method} ${from.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      onward.write(head)
      socket.pipe(onward).pipe(socket)
    })
    for (const end of [onward, socket]) end.on('error', () => (onward.destroy(), socket.destroy()))
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  closing.push(() => (proxy.closeAllConnections(), proxy.close()))
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    seen,
    beacons: () => seen.filter(({ url }) => url.startsWith('/beacon')),
    scrape: async () => (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text(),
  }
}

/** The counts of a beacon in order, by the form that crates/telemetry/src/beacon.rs tells. */
function decode(bytes: Buffer) {
  let at = 9
  const number = () => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  expect(bytes[0]).toBe(1)
  const counts = Array.from({ length: number() }, () => (number(), number()))
  return { id: bytes.readBigUInt64LE(1).toString(16).padStart(16, '0'), counts }
}

/** The page is put away, and looked at again. */
const hide = (page: Page) => page.evaluate(() => window.dispatchEvent(new Event('pagehide')))

async function listen(page: Page) {
  await expect(rows(page).first()).toBeVisible()
  const tune = describe(demos[0])
  const since = await play(page, tune.title)
  await heardSince(page, since)
  await seek(page, 5)
  await page.waitForTimeout(1500)
  return tune
}

test('what the network sees is what the privacy page shows, and what the metrics count', async ({ page }) => {
  const site = await watched()
  await open(page, '/', site.url)
  const tune = await listen(page)
  await hide(page)
  await expect.poll(() => site.beacons().length).toBe(1)

  await page.getByRole('link', { name: 'Settings' }).first().click()
  await page.getByRole('link', { name: 'Every byte that is sent' }).click()
  await expect(page.getByRole('heading', { name: 'What the site is told' })).toBeVisible()
  const sent = page.locator('#sent')
  for (const at of [0, 1]) {
    if (at > 0) await hide(page)
    await expect.poll(() => site.beacons().length).toBe(at + 1)
    const { method, url, body, headers } = site.beacons()[at]
    expect({ method, url, cookie: headers.cookie, referer: headers.referer }).toEqual({ method: 'POST', url: '/beacon', cookie: undefined, referer: undefined })
    expect(body.length).toBeLessThanOrEqual(4096)
    await expect(sent.locator('[data-count]')).toHaveAttribute('data-count', String(at + 1))
    const { id, counts } = decode(body)
    expect((await sent.locator('pre').innerText()).replace(/\s+/g, '')).toBe(body.toString('hex'))
    const [number, ...lines] = await sent.locator('.told-value').allInnerTexts()
    expect(number).toBe(`${id}, used once`)
    const shown = lines.flatMap((line) => line.split(';')[0].split(', ').map((part) => Number(/^[\d\u2009\u202f,.]+/.exec(part)![0].replace(/\D/g, ''))))
    expect(shown).toEqual(counts)
    await page.screenshot({ path: `${root}/screenshots/privacy-beacon-${at + 1}.png` })
  }

  // Nothing but beacons carries anything, and nothing in them is of the tune.
  const others = site.seen.filter(({ url }) => !url.startsWith('/beacon'))
  expect(others.filter(({ method, body }) => method !== 'GET' || body.length > 0)).toEqual([])
  expect(others.filter(({ url }) => url.includes('?'))).toEqual([])
  const md5 = createHash('md5').update(tune.bytes).digest()
  for (const { body } of site.beacons())
    for (const secret of [md5, md5.subarray(0, 4), Buffer.from(md5.toString('hex')), Buffer.from(tune.title), Buffer.from(tune.author), Buffer.from(tune.name)]) expect(body.includes(secret)).toBe(false)
  const ids = site.beacons().map(({ body }) => decode(body).id)
  expect(new Set(ids).size).toBe(ids.length)

  // The metrics moved by what was sent.
  const text = await site.scrape()
  const value = (name: string) => Number(text.split('\n').find((line) => line.startsWith(`${name} `))!.split(' ')[1])
  expect(value('sidereal_beacons_total{outcome="accepted"}')).toBe(site.beacons().length)
  expect(value('sidereal_player_plays_total{outcome="success"}')).toBe(1)
  expect(value('sidereal_player_first_audio_seconds_count')).toBe(1)
  expect(value('sidereal_player_seeks_total{mode="ahead",outcome="success"}') + value('sidereal_player_seeks_total{mode="beyond",outcome="success"}')).toBe(1)
  const parts = ['bytes', 'prebuffer', 'start'].map((phase) => value(`sidereal_player_start_phase_seconds_sum{phase="${phase}"}`))
  expect(parts[0] + parts[1] + parts[2]).toBeCloseTo(value('sidereal_player_first_audio_seconds_sum'), 6)
  const counted = text.split('\n').filter((line) => /^sidereal_player_\w+(_total|_count)(\{.*\})? /.test(line))
  const all = counted.reduce((sum, line) => sum + Number(line.split(' ').pop()), 0)
  expect(all).toBe(site.beacons().flatMap(({ body }) => decode(body).counts).reduce((sum, count) => sum + count, 0))
})

test('a page that is left sends what it has', async ({ page }) => {
  const site = await watched()
  await open(page, '/', site.url)
  await listen(page)
  await page.goto('about:blank')
  await expect.poll(() => site.beacons().length).toBe(1)
})

const wishes: Record<string, (page: Page) => Promise<void>> = {
  'Do Not Track': (page) => page.addInitScript(() => Object.defineProperty(navigator, 'doNotTrack', { value: '1' })),
  'Global Privacy Control': (page) => page.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })),
}
for (const [name, wish] of Object.entries(wishes))
  test(`with ${name} nothing is sent`, async ({ page }) => {
    const site = await watched()
    await wish(page)
    await open(page, '/', site.url)
    await listen(page)
    await hide(page)
    await page.getByRole('link', { name: 'Settings' }).first().click()
    await expect(page.getByText('Your browser asks sites not to follow you')).toBeVisible()
    await page.goto('about:blank')
    await page.waitForTimeout(500)
    expect(site.beacons()).toEqual([])
    })

test('switched off nothing is sent, and without a network it waits', async ({ page, context }) => {
  const site = await watched()
  await open(page, '/', site.url)
  await page.getByRole('link', { name: 'Settings' }).first().click()
  const choice = page.getByRole('group', { name: 'Tell the site how listening went' })
  await choice.getByRole('radio', { name: 'Off' }).check()
  await page.getByRole('link', { name: 'Library' }).first().click()
  await listen(page)
  await hide(page)
  await page.reload()
  await expect(player(page)).toBeVisible()
  await hide(page)
  await page.waitForTimeout(500)
  expect(site.beacons()).toEqual([])

  await page.getByRole('link', { name: 'Settings' }).first().click()
  await choice.getByRole('radio', { name: 'On' }).check()
  await page.getByRole('link', { name: 'Library' }).first().click()
  await context.setOffline(true)
  await listen(page)
  await hide(page)
  await page.waitForTimeout(500)
  expect(site.beacons()).toEqual([])
  await context.setOffline(false)
  await hide(page)
  await expect.poll(() => site.beacons().length).toBe(1)
})
