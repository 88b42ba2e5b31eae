import { fakes } from './fake.tmp.mjs'
import { chromium } from '@playwright/test'
const [,, base, password, out, which] = process.argv
const pages = { status: '/admin', collections: '/admin/collections', tracker: '/admin/tracker', telemetry: '/admin/telemetry', logs: '/admin/logs', health: '/admin/health', configuration: '/admin/configuration', audit: '/admin/audit', access: '/admin/access' }
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
const schemes = (process.env.SCHEMES ?? 'dark').split(',')
for (const colorScheme of schemes) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1440, height: 900 }, serviceWorkers: 'block', locale: process.env.LOCALE ?? 'en-US' })
  const page = await context.newPage()
  page.on('console', (m) => m.type() === 'error' && console.log('console', m.text()))
  page.on('pageerror', (e) => console.log('pageerror', String(e).slice(0, 600)))
  if (process.env.FAKE) await fakes(page)
  await page.goto(base + '/admin')
  await page.locator('#password').waitFor({ timeout: 30000 })
  await page.screenshot({ path: `${out}/login-${colorScheme}.png` })
  await page.locator('#password').fill(password)
  await page.keyboard.press('Enter')
  await page.locator('nav.nav').waitFor()
  for (const [name, path] of Object.entries(pages)) {
    if (which && !which.split(',').includes(name)) continue
    for (const [size, viewport] of Object.entries({ wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
      await page.setViewportSize(viewport)
      await page.goto(base + path)
      await page.locator('main h1').first().waitFor()
      await page.waitForTimeout(1200)
      await page.screenshot({ path: `${out}/${name}-${colorScheme}-${size}.png` })
    }
  }
  await context.close()
}
await browser.close()
