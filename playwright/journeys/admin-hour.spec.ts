// An operator's first hour, from the password that the relay printed to the audit trail of it all.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { API, fresh, go, heading, logIn, pages } from '../lib/operator'
import { open, play, watchErrors } from '../lib/page'
import { heardSince } from '../lib/tap'
import { demoFolder, demos, describe, root, shared } from '../lib/tunes'

const composer = shared && join(shared, 'MUSICIANS/H/Hubbard_Rob')
const folder = composer && existsSync(composer) ? composer : demoFolder
const tune = describe(folder === demoFolder ? demos[0] : join(folder, 'Commando.sid'))

/** What the tracker says to a peer that announces a torrent. */
const announce = (page: Page, url: string, hash: string) =>
  page.evaluate(
    ({ url, hash }) =>
      new Promise<string>((resolve, reject) => {
        const socket = new WebSocket(url)
        const bytes = hash.match(/../g)!.map((byte) => String.fromCharCode(parseInt(byte, 16))).join('')
        const message = { action: 'announce', info_hash: bytes, peer_id: '-XX0001-abcdefghijkl', numwant: 0, uploaded: 0, downloaded: 0, left: 1, event: 'started', offers: [] }
        socket.onopen = () => socket.send(JSON.stringify(message))
        socket.onmessage = ({ data }) => (resolve(String(data)), socket.close())
        socket.onclose = ({ reason }) => resolve(reason)
        setTimeout(() => reject(new Error('the tracker says nothing')), 10_000)
      }),
    { url, hash },
  )

test("an operator's first hour", async ({ page, browser }) => {
  test.setTimeout(420_000)
  const { relay, password } = await fresh()
  const errors = watchErrors(page)
  const shot = (name: string) => page.screenshot({ path: `${root}/screenshots/admin-hour-${name}.png` })
  await logIn(page, relay, password)
  await expect(heading(page, 'Status')).toBeVisible()

  // A folder becomes a collection.
  await go(page, 'Collections')
  await expect(page.getByText('Nothing is published yet')).toBeVisible()
  await page.getByLabel("Folder on the relay's machine").fill('/no/such/folder')
  await page.getByLabel('Name for listeners').fill('First')
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  await expect(page.getByText(/The relay refuses|Failed/).first()).toBeVisible()
  await page.getByLabel("Folder on the relay's machine").fill(folder)
  await page.getByLabel('Name for listeners').fill('First')
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  const work = page.getByRole('region', { name: 'Work' })
  await expect(work.locator('.job').first()).toContainText('Publish')
  await expect(work.locator('.job').first()).toContainText('Done', { timeout: 120_000 })
  const card = page.locator('.collection').filter({ hasText: 'First' })
  await expect(card).toBeVisible()
  for (const [button, mark] of [['Verify', /are what was published|wie/], ['Compare', /As its folder/]] as const) {
    await card.getByRole('button', { name: button }).click()
    await expect(card.getByText(mark)).toBeVisible({ timeout: 60_000 })
  }
  await card.getByText(/^Torrents:/).click()
  const hash = await card.locator('.hash-line code').first().innerText()
  expect(hash).toMatch(/^[0-9a-f]{40}$/)
  await shot('collections')

  // A listener finds it, and plays a tune of it.
  const context = await browser.newContext()
  const listener = await context.newPage()
  await open(listener, '/', relay.url)
  const since = await play(listener, tune.title)
  await heardSince(listener, since, 60_000)
  await go(page, 'Tracker')
  const row = page.getByRole('row').filter({ hasText: hash.slice(0, 12) })
  await expect(row).toBeVisible({ timeout: 60_000 })
  await expect(row).toContainText('First')
  await listener.evaluate(() => window.dispatchEvent(new Event('pagehide')))

  // The relay is started anew in the middle of it: nobody has to log in again.
  await relay.stop()
  await expect(page.getByText(/^The relay has not answered since/)).toBeVisible()
  await relay.up()
  await expect(page.getByText(/^The relay has not answered since/)).toBeHidden({ timeout: 60_000 })
  await go(page, 'Collections')
  await expect(page.locator('.collection').filter({ hasText: 'First' })).toBeVisible()

  // A play is seen in the charts within two minutes.
  await listener.reload()
  const again = await play(listener, tune.title)
  await heardSince(listener, again, 60_000)
  await listener.evaluate(() => window.dispatchEvent(new Event('pagehide')))
  const began = Date.now()
  await go(page, 'Status')
  const plays = page.locator('.tile').filter({ hasText: /^Plays/ }).locator('.tile-value')
  await expect(plays).toHaveText(/[1-9]/, { timeout: 150_000 })
  console.log(`a play was seen in the charts after ${Math.round((Date.now() - began) / 1000)} s`)
  await expect(page.getByRole('slider', { name: /^Plays/ }).first()).toBeVisible()
  await shot('status')
  await go(page, 'Telemetry')
  await expect(page.locator('.histogram').first()).toBeVisible()
  await shot('telemetry')

  // A torrent is blocked: its peers are refused.
  const tracker = relay.tracker
  expect(await announce(listener, tracker, hash)).not.toContain('failure')
  await go(page, 'Tracker')
  await page.getByLabel('Info hash, 40 hexadecimal digits').fill(hash)
  await page.getByLabel('Reason, for the record').fill('Asked by its owner')
  await page.getByRole('button', { name: 'Block', exact: true }).first().click()
  const blocked = page.getByRole('region', { name: 'Blocked' })
  await expect(blocked.getByText(hash)).toBeVisible()
  await expect.poll(() => announce(listener, tracker, hash)).toContain('failure')
  await blocked.getByRole('button', { name: 'Take back' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click()
  await expect(page.getByText('Nothing is blocked')).toBeVisible()
  await expect.poll(() => announce(listener, tracker, hash)).not.toContain('failure')

  // A token works for what it is for.
  await go(page, 'Access')
  await page.getByLabel('For which program').fill('publisher')
  await page.getByRole('checkbox', { name: 'Publish' }).check()
  await page.getByRole('button', { name: 'Make a token' }).click()
  const secret = await page.locator('#made-secret').innerText()
  const ask = (path: string, method: string) => fetch(`${relay.url}${API}/${path}`, { method, headers: { authorization: `Bearer ${secret}` } })
  expect((await ask('collections', 'GET')).status).toBe(200)
  expect((await ask('sessions', 'GET')).status).toBe(403)

  // It is taken back after a question that says what happens.
  await go(page, 'Collections')
  await card.getByRole('button', { name: 'Take back' }).click()
  const question = page.getByRole('dialog', { name: 'Take the collection back?' })
  await expect(question).toContainText('The folder that was published stays as it is')
  await question.getByRole('button', { name: 'Leave it' }).click()
  await expect(card).toBeVisible()
  await card.getByRole('button', { name: 'Take back' }).click()
  await question.getByRole('button', { name: 'Take it back' }).click()
  await expect(page.getByText('Nothing is published yet')).toBeVisible()
  expect(existsSync(tune.path)).toBe(true)

  // All of it is in the trail, and the trail is whole.
  await go(page, 'Audit')
  await expect(page.getByText('The chain is whole')).toBeVisible()
  const trail = page.getByRole('region', { name: 'Audit' })
  for (const action of ['session.begin', 'collection.publish', 'collection.verify', 'collection.compare', 'block.add', 'block.remove', 'token.make', 'collection.unpublish'])
    await expect(trail.getByText(action, { exact: true }).first(), action).toBeVisible()
  await shot('audit')
  await go(page, 'Logs')
  await expect(page.locator('.log-line').first()).toBeVisible()
  await expect(page).toHaveURL(relay.url + pages.Logs)
  expect(errors.filter((error) => !/40[0-9]|ERR_CONNECTION_REFUSED|Failed to fetch/.test(error))).toEqual([])
  await context.close()
  relay.kill()
})
