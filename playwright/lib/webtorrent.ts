// The peer to be compared with: npm's webtorrent in a page of its own, and npm's tracker.
import { createServer, type Server } from 'node:http'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from '@playwright/test'
// @ts-expect-error it has no types
import TrackerServer from 'bittorrent-tracker/server'

const require = createRequire(import.meta.url)
const bundle = join(dirname(require.resolve('webtorrent/package.json')), 'dist/webtorrent.min.js')

const html = `<!doctype html><title>webtorrent</title><script type="module">
import WebTorrent from '/webtorrent.min.js'
globalThis.client = new WebTorrent({ dht: false, lsd: false, utPex: false, tracker: { rtcConfig: { iceServers: [] } } })
globalThis.ready = true
</script>`

/** Serves the page, and `files` by path, to any origin. */
export async function serve(files: Record<string, Buffer> = {}) {
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.split('?')[0])
    response.setHeader('Access-Control-Allow-Origin', '*')
    if (path === '/') return response.setHeader('Content-Type', 'text/html').end(html)
    if (path === '/webtorrent.min.js') return response.setHeader('Content-Type', 'text/javascript').end(readFileSync(bundle))
    const file = files[path]
    if (file) {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
      if (!from) return response.end(file)
      response.statusCode = 206
      response.setHeader('Content-Range', `bytes ${from}-${to}/${file.length}`)
      return response.end(file.subarray(Number(from), Number(to) + 1))
    }
    response.statusCode = 404
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

/** npm's tracker. */
export async function tracker() {
  const server = new TrackerServer({ ws: true, http: false, udp: false, stats: false })
  server.on('error', () => {})
  server.on('warning', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.http.address() as AddressInfo
  return { url: `ws://127.0.0.1:${port}`, close: () => new Promise<void>((resolve) => server.close(resolve)) }
}

/** A page of webtorrent's. */
export async function theirs(browser: Browser, url: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(url)
  await page.waitForFunction(() => (globalThis as any).ready)
  return page
}

export type Content = { path: string; base64: string }

/** Seeds files; returns magnet link, info hash and the `.torrent`. */
export function seed(page: Page, name: string, files: Content[], announce: string[], liar = false) {
  return page.evaluate(
    async ({ name, files, announce, liar }) => {
      const blobs = files.map(({ path, base64 }) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
        const file = new File([bytes], path.split('/').pop()!)
        Object.defineProperty(file, 'fullPath', { value: `/${name}/${path}` })
        return file
      })
      const torrent: any = await new Promise((resolve) => (globalThis as any).client.seed(blobs, { name, announce }, resolve))
      if (liar) {
        const get = torrent.store.get.bind(torrent.store)
        torrent.store.get = (index: number, options: any, done: any) =>
          get(index, options, (error: any, bytes: Uint8Array) => {
            const lie = bytes && Uint8Array.from(bytes, (byte) => byte ^ 0x55)
            ;(typeof options === 'function' ? options : done)(error, lie)
          })
      }
      const file = torrent.torrentFile as Uint8Array
      return { magnet: torrent.magnetURI as string, infoHash: torrent.infoHash as string, file: btoa(String.fromCharCode(...file)) }
    },
    { name, files, announce, liar },
  )
}

/** Adds a torrent by magnet link or by the base64 of its `.torrent`, and waits for all of it: MD5-free, its bytes by path. */
export function fetchAll(page: Page, source: { magnet?: string; file?: string }, announce: string[] = []) {
  return page.evaluate(
    async ({ magnet, file, announce }) => {
      const what = file ? Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0)) : magnet
      const torrent: any = await new Promise((resolve) => (globalThis as any).client.add(what, { announce }, resolve))
      if (!torrent.done) await new Promise<void>((resolve) => torrent.on('done', resolve))
      const found: Record<string, string> = {}
      for (const one of torrent.files) {
        const bytes = new Uint8Array(await (await one.blob()).arrayBuffer())
        let text = ''
        for (const byte of bytes) text += String.fromCharCode(byte)
        found[one.path] = btoa(text)
      }
      return found
    },
    { ...source, announce },
  )
}
