// Page to page: ours beside webtorrent's, in one run. What arrives is counted by the browser's own
// statistics of its connections, the same way for both.
import { writeFileSync } from 'node:fs'
import { test, type Browser, type Page } from '@playwright/test'
import { open, watchLongTasks } from '../lib/page'
import { seed, serve, theirs } from '../lib/webtorrent'

const url = process.env.SIDEREAL_URL!
const announce = `${url.replace('http', 'ws')}/announce`
const MEGABYTE = 1 << 20

/** Content that no compression shrinks. */
function noise(bytes: number) {
  const content = Buffer.alloc(bytes)
  let state = 12345
  for (let at = 0; at < bytes; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    content.writeUInt32LE((state ^ (state >>> 13)) >>> 0, at)
  }
  return content
}

/** Notes every connection that the page makes. */
const noteConnections = (page: Page) =>
  page.addInitScript(() => {
    const all: RTCPeerConnection[] = []
    Object.assign(window, { connections: all })
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        all.push(this)
      }
    }
  })

/** Milliseconds from `start()` to the first block and to all of `bytes`. */
function watch(page: Page, bytes: number) {
  return page.evaluate(
    (bytes) =>
      new Promise<{ first: number; all: number }>((resolve) => {
        const { connections, start } = window as unknown as { connections: RTCPeerConnection[]; start: () => void }
        const began = performance.now()
        let first = 0
        start()
        const look = async () => {
          let received = 0
          for (const connection of connections)
            for (const entry of (await connection.getStats()).values()) if (entry.type === 'data-channel') received += entry.bytesReceived
          const millis = performance.now() - began
          if (!first && received >= 16384) first = millis
          if (received >= bytes) return resolve({ first, all: millis })
          setTimeout(look, 5)
        }
        void look()
      }),
    bytes,
  )
}

/** A torrent of one file that the test's server has, made by webtorrent. */
async function make(browser: Browser, site: string, name: string) {
  const page = await theirs(browser, site)
  const file = await page.evaluate(async (name) => {
    const blob = await (await fetch(`/${name}`)).blob()
    const torrent: any = await new Promise((resolve) => (globalThis as any).client.seed(new File([blob], name), { name, announce: [] }, resolve))
    return btoa(String.fromCharCode(...(torrent.torrentFile as Uint8Array)))
  }, name)
  await page.context().close()
  return file
}

async function pick(page: Page, file: string) {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: '.torrent', exact: true }).click()
  await (await chooser).setFiles([{ name: 'bench.torrent', mimeType: 'application/x-bittorrent', buffer: Buffer.from(file, 'base64') }])
}

/** `.torrent` with a web seed added. */
function withWebSeed(file: string, seedUrl: string) {
  const plain = Buffer.from(file, 'base64').toString('latin1')
  // The dictionary's keys stay in order: nothing behind "info" but what is written here.
  const body = plain.replace(/8:url-list(?:le|\d+:[^e]*e?)/, '').replace(/e$/, '')
  return Buffer.from(`${body}8:url-list${seedUrl.length}:${seedUrl}e`, 'latin1').toString('base64')
}

async function ours(browser: Browser, site: string, name: string, file: string, bytes: number) {
  const seeder = await (await browser.newContext()).newPage()
  await open(seeder, '/swarm', url)
  await pick(seeder, withWebSeed(file, `${site}/${name}`))
  await seeder.getByText('Complete', { exact: true }).first().waitFor({ timeout: 120_000 })
  const leecher = await (await browser.newContext()).newPage()
  await noteConnections(leecher)
  await open(leecher, '/swarm', url)
  await leecher.waitForTimeout(3_000)
  const longest = await watchLongTasks(leecher)
  await leecher.evaluate((file) => {
    Object.assign(window, {
      start: () => {
        const input = document.querySelector<HTMLInputElement>('input[type=file]')!
        const data = new DataTransfer()
        data.items.add(new File([Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0))], 'bench.torrent'))
        input.files = data.files
        input.dispatchEvent(new Event('change'))
      },
    })
    // The picker's input is made on demand and is not in the page: keep it.
    const click = HTMLInputElement.prototype.click
    HTMLInputElement.prototype.click = function () {
      if (this.type !== 'file') return click.call(this)
      document.body.append(this)
    }
  }, file)
  await leecher.getByRole('button', { name: '.torrent', exact: true }).click()
  const figures = await watch(leecher, bytes)
  const { script } = await longest()
  await seeder.context().close()
  await leecher.context().close()
  return { ...figures, script }
}

async function webtorrents(browser: Browser, site: string, name: string, bytes: number) {
  const seeder = await theirs(browser, site)
  const file = await seeder.evaluate(
    async ({ name, announce }) => {
      const blob = await (await fetch(`/${name}`)).blob()
      const torrent: any = await new Promise((resolve) => (globalThis as any).client.seed(new File([blob], name), { name: `${name} of theirs`, announce: [announce] }, resolve))
      return btoa(String.fromCharCode(...(torrent.torrentFile as Uint8Array)))
    },
    { name, announce },
  )
  const context = await browser.newContext()
  const leecher = await context.newPage()
  await noteConnections(leecher)
  await leecher.goto(site)
  await leecher.waitForFunction(() => (globalThis as any).ready)
  await leecher.waitForTimeout(1_000)
  await leecher.evaluate((file) => {
    Object.assign(window, { start: () => (globalThis as any).client.add(Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0))) })
  }, file)
  const figures = await watch(leecher, bytes)
  await seeder.context().close()
  await context.close()
  return figures
}

test('page to page', async ({ browser }) => {
  const sizes = [5, 64]
  const site = await serve(Object.fromEntries(sizes.map((size) => [`/noise-${size}`, noise(size * MEGABYTE)])))
  const rows = []
  for (const size of sizes) {
    const [name, bytes] = [`noise-${size}`, size * MEGABYTE]
    const file = await make(browser, site.url, name)
    const runs = { ours: [] as { first: number; all: number; script: number }[], theirs: [] as { first: number; all: number }[] }
    // One after the other, three times: the machine is the same for both.
    for (let round = 0; round < 3; round++) {
      runs.theirs.push(await webtorrents(browser, site.url, name, bytes))
      runs.ours.push(await ours(browser, site.url, name, file, bytes))
    }
    const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
    const row = {
      megabytes: size,
      ours_first_byte_ms: median(runs.ours.map((run) => run.first)),
      ours_ms: median(runs.ours.map((run) => run.all)),
      webtorrent_first_byte_ms: median(runs.theirs.map((run) => run.first)),
      webtorrent_ms: median(runs.theirs.map((run) => run.all)),
      longest_script_ms: Math.max(...runs.ours.map((run) => run.script)),
    }
    rows.push(row)
    const rate = (millis: number) => `${((size * 1000) / millis).toFixed(1)} MB/s`
    console.log(
      `${size} MB: ours ${row.ours_ms.toFixed(0)} ms (${rate(row.ours_ms)}), first byte ${row.ours_first_byte_ms.toFixed(0)} ms, longest script ${row.longest_script_ms.toFixed(0)} ms; ` +
        `webtorrent ${row.webtorrent_ms.toFixed(0)} ms (${rate(row.webtorrent_ms)}), first byte ${row.webtorrent_first_byte_ms.toFixed(0)} ms`,
    )
  }
  if (process.env.SIDEREAL_FIGURES) writeFileSync(process.env.SIDEREAL_FIGURES, JSON.stringify({ rows }))
  site.close()
})
