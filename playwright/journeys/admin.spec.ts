// The operator's page against relays of its own: who gets in, what happens when a session or the
// relay goes away, and what listeners never see of it.
import { expect, test } from '@playwright/test'
import { watchErrors } from '../lib/page'
import { API, enter, field, fresh, go, heading, logIn, navigation, pages } from '../lib/operator'
import type { Relay } from '../lib/relay'

const relays: Relay[] = []
test.afterEach(() => relays.splice(0).forEach((relay) => relay.kill()))

async function start(options: string[] = []) {
  const made = await fresh(options)
  relays.push(made.relay)
  return made
}

test('a wrong password is refused, several lock out for a time that is said, and the right one lets in', async ({ page }) => {
  const { relay, password } = await start()
  await page.goto(`${relay.url}/admin/health`)
  await expect(field(page)).toBeFocused()
  await expect(field(page)).toHaveAttribute('autocomplete', 'current-password')
  await expect(page.locator('input[autocomplete=username]')).toHaveValue('operator')
  const alert = page.locator('.login-words')
  for (let tries = 0; tries < 10; tries++) {
    await expect(enter(page)).toBeEnabled()
    await field(page).fill(`wrong password ${tries}`)
    await field(page).press('Enter')
    await expect(alert).toContainText('That is not the password.')
    await expect(enter(page)).not.toHaveText('Looking')
    if (await enter(page).isDisabled()) break
  }
  await expect(enter(page)).toBeDisabled()
  await expect(page.getByText(/^You can try again in \d+ seconds?/)).toBeVisible()
  await expect(enter(page)).toBeEnabled({ timeout: 70_000 })
  await field(page).fill(password)
  await enter(page).click()
  await expect(heading(page, 'Health')).toBeVisible()
})

test('a session outlives the page, and ends when the operator leaves', async ({ page }) => {
  const { relay, password } = await start()
  const errors = watchErrors(page)
  await logIn(page, relay, password)
  await expect(heading(page, 'Status')).toBeVisible()
  await go(page, 'Configuration')
  await page.reload()
  await expect(heading(page, 'Configuration')).toBeVisible()
  const kept = await page.context().cookies()
  await page.getByRole('button', { name: 'Log out' }).click()
  await expect(page.getByText('You are logged out.')).toBeVisible()
  // The cookie of before is worth nothing any more.
  await page.context().addCookies(kept)
  expect((await page.request.get(`${relay.url}${API}/status`)).status()).toBe(401)
  await page.goto(`${relay.url}/admin/logs`)
  await expect(field(page)).toBeVisible()
  expect(errors.filter((error) => !error.includes('401'))).toEqual([])
})

test('a session that ends in the middle of work leads to the password and back, and nothing typed is lost', async ({ page }) => {
  const { relay, password } = await start()
  await logIn(page, relay, password)
  await go(page, 'Tracker')
  await page.getByLabel('Info hash, 40 hexadecimal digits').fill('0123456789abcdef0123456789abcdef01234567')
  await page.getByLabel('Reason, for the record').fill('Not ours')
  await page.context().clearCookies()
  await page.getByRole('button', { name: 'Block', exact: true }).click()
  const again = page.getByRole('dialog', { name: 'Your session is over' })
  await expect(again).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(again).toBeVisible()
  await expect(field(page)).toBeFocused()
  await field(page).fill(password)
  await field(page).press('Enter')
  await expect(again).toBeHidden()
  await expect(heading(page, 'Tracker')).toBeVisible()
  await expect(page.getByLabel('Reason, for the record')).toHaveValue('Not ours')
  await expect(page.getByText('It was not done')).toBeVisible()
  await page.getByRole('button', { name: 'Block', exact: true }).click()
  await expect(page.getByRole('region', { name: 'Blocked' }).getByText('Not ours')).toBeVisible()
  await expect(page.getByLabel('Reason, for the record')).toHaveValue('')
})

test('a relay that goes away is said, what is known stays, and all goes on when it is back', async ({ page }) => {
  const { relay, password } = await start()
  await logIn(page, relay, password)
  await expect(page.getByText('open sockets of the tracker')).toBeVisible()
  await expect(page.locator('.tile-value').first()).toHaveText(/\d/)
  relay.kill()
  const banner = page.getByText(/^The relay has not answered since \d\d:\d\d:\d\d/)
  await expect(banner).toBeVisible()
  await expect(page.getByText(/Next try in|Asking/)).toBeVisible()
  await expect(page.locator('.tile-value').first()).toHaveText(/\d/)
  await go(page, 'Health')
  await expect(page.locator('.part').first()).toBeVisible()
  await relay.up()
  await expect(banner).toBeHidden({ timeout: 40_000 })
  await expect(heading(page, 'Health')).toBeVisible()
})

test('who opens the page while the relay is away is told so', async ({ page }) => {
  const { relay } = await start()
  await page.goto(`${relay.url}/admin`)
  await expect(field(page)).toBeVisible()
  relay.kill()
  await field(page).fill('some long password')
  await enter(page).click()
  await expect(page.getByText('The relay cannot be reached. Nothing was tried.')).toBeVisible()
  await relay.up()
  await expect(page.getByText('The relay does not answer.')).toBeHidden({ timeout: 40_000 })
  await expect(field(page)).toHaveValue('some long password')
})

test('keys alone lead in, through the pages, and out', async ({ page }) => {
  const { relay, password } = await start()
  await page.goto(`${relay.url}/admin`)
  await expect(field(page)).toBeFocused()
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await expect(heading(page, 'Status')).toBeVisible()
  const tabTo = async (name: RegExp | string) => {
    for (let steps = 0; steps < 80; steps++) {
      await page.keyboard.press('Tab')
      const words = await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '')
      if (typeof name === 'string' ? words === name : name.test(words)) return
    }
    throw new Error(`nothing called ${name} is reached by the Tab key`)
  }
  await tabTo('Tracker')
  await page.keyboard.press('Enter')
  await expect(heading(page, 'Tracker')).toBeVisible()
  await tabTo('Access')
  await page.keyboard.press('Enter')
  await expect(heading(page, 'Access')).toBeVisible()
  await page.getByLabel('For which program').focus()
  await page.keyboard.type('keys')
  await page.keyboard.press('Enter')
  await expect(page.locator('#made-secret')).toBeVisible()
  await tabTo('Revoke')
  await page.keyboard.press('Enter')
  const question = page.getByRole('dialog', { name: 'Revoke the token?' })
  await expect(question).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(question).toBeHidden()
  await tabTo('Log out')
  await page.keyboard.press('Enter')
  await expect(field(page)).toBeVisible()
})

test('a token does what its scopes say and no more', async ({ page }) => {
  const { relay, password } = await start()
  await logIn(page, relay, password, pages.Access)
  await page.getByLabel('For which program').fill('dashboard')
  await page.getByRole('button', { name: 'Make a token' }).click()
  const secret = await page.locator('#made-secret').innerText()
  const ask = (path: string, method = 'GET', data?: object) =>
    fetch(`${relay.url}${API}/${path}`, { method, headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }, body: data && JSON.stringify(data) })
  expect((await ask('status')).status).toBe(200)
  const block = { kind: 'torrent', value: '0123456789abcdef0123456789abcdef01234567', reason: 'none' }
  expect((await ask('blocks', 'POST', block)).status).toBe(403)
  expect((await ask('tokens', 'POST', { name: 'more', scopes: ['manage'], days: null })).status).toBe(403)
  await page.getByRole('button', { name: 'I have it' }).click()
  await expect(page.locator('#made-secret')).toBeHidden()
  await page.getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await expect(page.getByText('No tokens')).toBeVisible()
  expect((await ask('status')).status).toBe(401)
})

test('listeners download nothing of the operator\'s page, and no worker keeps or answers it', async ({ browser }) => {
  const { relay } = await start()
  const context = await browser.newContext({ serviceWorkers: 'allow' })
  const page = await context.newPage()
  const asked: string[] = []
  context.on('request', (request) => asked.push(request.url()))
  await page.goto(relay.url)
  await page.evaluate(() => navigator.serviceWorker.ready)
  await expect.poll(() => page.evaluate(async () => (await caches.keys()).length)).toBeGreaterThan(0)
  const kept = await page.evaluate(async () => {
    const paths: string[] = []
    for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) paths.push(url)
    return paths
  })
  expect(kept.length).toBeGreaterThan(10)
  expect([...kept, ...asked].filter((url) => url.includes('admin'))).toEqual([])
  await page.reload()
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true)
  await page.goto(`${relay.url}/admin`)
  await expect(field(page)).toBeVisible()
  relay.kill()
  // The listener's page starts without a relay; the operator's must not.
  await page.goto(relay.url)
  await expect(page.getByRole('region', { name: 'Player' })).toBeVisible()
  await expect(page.goto(`${relay.url}/admin`)).rejects.toThrow()
  await context.close()
})

test('the operator hears what listeners hear, with the same player and preferences', async ({ page }) => {
  const { relay, password } = await start()
  const errors = watchErrors(page)
  await logIn(page, relay, password)
  await navigation(page).getByRole('link', { name: 'Play', exact: true }).click()
  await expect(page.getByRole('grid')).toBeVisible()
  const player = page.getByRole('region', { name: 'Player' })
  await player.getByRole('button', { name: 'Play', exact: true }).click()
  await expect(player.getByRole('button', { name: 'Pause' })).toBeVisible()
  await player.getByRole('link', { name: 'Open Now Playing' }).click()
  await expect(page).toHaveURL(/\/admin\/tune\//)
  await go(page, 'Logs')
  await expect(player.getByRole('button', { name: 'Pause' })).toBeVisible()
  await navigation(page).getByRole('link', { name: 'Preferences' }).click()
  await expect(heading(page, 'Settings')).toBeVisible()
  await page.getByRole('link', { name: 'Every byte that is sent' }).click()
  await expect(page).toHaveURL(`${relay.url}/admin/privacy`)
  expect(errors.filter((error) => !error.includes('401'))).toEqual([])
})
