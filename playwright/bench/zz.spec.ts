import { test, type Browser, type Page } from '@playwright/test'
import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, basename } from 'node:path'
import { open } from '../lib/page'
import { demos, demoFolder, pathBelow } from '../lib/tunes'
const url = process.env.SIDEREAL_URL!
const t0 = Date.now()
const note = (page: Page, who: string) => {
  page.on('console', (m) => { if (m.text().startsWith('PC')) console.log(((Date.now() - t0) / 1000).toFixed(2), who, m.text()) })
  page.on('websocket', (ws) => {
    ws.on('framesent', (f) => console.log(((Date.now() - t0) / 1000).toFixed(2), who, '->', short(f.payload)))
    ws.on('framereceived', (f) => console.log(((Date.now() - t0) / 1000).toFixed(2), who, '<-', short(f.payload)))
  })
  page.on('worker', (w) => console.log(who, 'worker', w.url().slice(-30)))
  return page.addInitScript(() => {
    let n = 0
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(c?: RTCConfiguration) {
        super(c)
        const id = n++
        console.log('PC', id, 'new')
        this.addEventListener('connectionstatechange', () => console.log('PC', id, this.connectionState))
        this.addEventListener('signalingstatechange', () => console.log('PC', id, 'sig', this.signalingState))
        this.addEventListener('icegatheringstatechange', () => console.log('PC', id, 'gather', this.iceGatheringState))
      }
      close() { console.log('PC close'); super.close() }
    }
  })
}
const short = (p: any) => { try { const j = JSON.parse(String(p)); return `${j.action} ${j.offers ? 'offers ' + j.offers.length : ''} ${j.offer ? 'OFFER' : ''} ${j.answer ? 'ANSWER' : ''} ${j.event ?? ''} left=${j.left} numwant=${j.numwant} ih=${[...(j.info_hash ?? '')].slice(0, 3).map((c: string) => c.charCodeAt(0).toString(16)).join('')} int=${j.interval} c=${j.complete} i=${j.incomplete}` } catch { return String(p).slice(0, 80) } }
test('loop', async ({ browser }) => {
  const folder = join(mkdtempSync(join(tmpdir(), 'sidereal-share-')), 'Mixtape')
  for (const path of demos) cpSync(path, join(folder, pathBelow(demoFolder, path)))
  for (let i = 0; i < 4; i++) {
    console.log('--- round', i)
    const sc = await browser.newContext(); const seeder = await sc.newPage(); await note(seeder, 'S'); await open(seeder, '/swarm', url)
    const chooser = seeder.waitForEvent('filechooser')
    await seeder.getByRole('button', { name: 'Share a folder' }).click()
    await (await chooser).setFiles(folder)
    await seeder.getByText('Complete', { exact: true }).first().waitFor()
    await sc.grantPermissions(['clipboard-read', 'clipboard-write'])
    await seeder.getByRole('button', { name: 'Copy link' }).click()
    const link = await seeder.evaluate(() => navigator.clipboard.readText())
    const lc = await browser.newContext(); const page = await lc.newPage(); await note(page, 'L'); await open(page, '/swarm', url)
    const start = Date.now()
    await page.getByRole('textbox', { name: /Magnet link/ }).fill(link)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('Complete', { exact: true }).first().waitFor({ timeout: 100_000 })
    console.log('=== took', Date.now() - start)
    await sc.close(); await lc.close()
  }
})
