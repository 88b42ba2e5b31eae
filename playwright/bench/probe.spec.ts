import { test, type Page } from '@playwright/test'
import { open } from '../lib/page'
import { serve, theirs } from '../lib/webtorrent'
const url = process.env.SIDEREAL_URL!
const log = (page: Page) => page.addInitScript(() => {
  const L: [number, string][] = []
  Object.assign(window, { L })
  const note = (s: string) => L.push([performance.timeOrigin + performance.now(), s])
  Object.assign(window, { note })
  let n = 0
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(c?: RTCConfiguration) {
      super(c); const id = n++
      note(`${id} new ${JSON.stringify(c)}`)
      this.addEventListener('icecandidate', (e) => note(`${id} cand ${e.candidate?.candidate ?? 'end'}`))
      this.addEventListener('icegatheringstatechange', () => note(`${id} gather ${this.iceGatheringState}`))
      this.addEventListener('connectionstatechange', () => note(`${id} conn ${this.connectionState}`))
      this.addEventListener('iceconnectionstatechange', () => note(`${id} ice ${this.iceConnectionState}`))
      this.addEventListener('datachannel', () => note(`${id} channel`))
    }
    setRemoteDescription(d: any) { note(`remote ${d.type}`); return super.setRemoteDescription(d) }
    createOffer(...a: any[]) { note('createOffer'); return (super.createOffer as any)(...a) }
    createAnswer(...a: any[]) { note('createAnswer'); return (super.createAnswer as any)(...a) }
  }
  const post = Worker.prototype.postMessage
})
test('probe', async ({ browser }) => {
  const content = Buffer.alloc(5 << 20, 0).map((_, i) => (i * 7919) >> 3 & 255)
  const site = await serve({ '/noise': content })
  const t = await theirs(browser, site.url)
  const file = await t.evaluate(async () => {
    const blob = await (await fetch('/noise')).blob()
    const torrent: any = await new Promise((r) => (globalThis as any).client.seed(new File([blob], 'noise'), { name: 'noise', announce: [] }, r))
    return btoa(String.fromCharCode(...(torrent.torrentFile as Uint8Array)))
  })
  await t.context().close()
  const plain = Buffer.from(file, 'base64').toString('latin1')
  const seedUrl = `${site.url}/noise`
  const withSeed = Buffer.from(`${plain.replace(/8:url-list(?:le|\d+:[^e]*e?)/, '').replace(/e$/, '')}8:url-list${seedUrl.length}:${seedUrl}e`, 'latin1')
  const pick = async (page: Page, buffer: Buffer) => {
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: '.torrent', exact: true }).click()
    await (await chooser).setFiles([{ name: 'b.torrent', mimeType: 'application/x-bittorrent', buffer }])
  }
  const seeder = await (await browser.newContext()).newPage()
  await log(seeder)
  await open(seeder, '/swarm', url)
  await pick(seeder, withSeed)
  await seeder.getByText('Complete', { exact: true }).first().waitFor()
  await seeder.waitForTimeout(2000)
  const leecher = await (await browser.newContext()).newPage()
  await log(leecher)
  await open(leecher, '/swarm', url)
  await leecher.waitForTimeout(3000)
  await seeder.evaluate(() => ((window as any).L.length = 0))
  const began = await leecher.evaluate(() => performance.timeOrigin + performance.now())
  await pick(leecher, Buffer.from(file, 'base64'))
  const added = await leecher.evaluate(() => performance.timeOrigin + performance.now())
  await leecher.waitForTimeout(2500)
  const lines = [...(await seeder.evaluate(() => (window as any).L)).map(([t, s]: any) => [t, 'S ' + s]), ...(await leecher.evaluate(() => (window as any).L)).map(([t, s]: any) => [t, 'L ' + s]), [added, 'picked']]
  lines.sort((a, b) => a[0] - b[0])
  for (const [t, s] of lines) console.log((t - began).toFixed(0).padStart(6), s)
  site.close()
})
