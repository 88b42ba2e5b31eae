import { fakes } from './fake.tmp.mjs'
import { chromium } from '@playwright/test'
const [,, base, password, out] = process.argv
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
for (const [name, scheme, viewport] of [['wide', 'dark', { width: 1440, height: 900 }], ['wide', 'light', { width: 1440, height: 900 }], ['phone', 'dark', { width: 390, height: 844 }]]) {
  const page = await (await browser.newContext({ colorScheme: scheme, viewport, serviceWorkers: 'block' })).newPage()
  if (process.env.FAKE) await fakes(page)
  await page.goto(base + '/admin')
  await page.locator('#password').fill(password)
  await page.keyboard.press('Enter')
  await page.locator('.trend-plot').first().waitFor()
  await page.locator('#charts-title').evaluate((e) => e.scrollIntoView())
  await page.waitForTimeout(300)
  const plot = page.locator('.trend-plot').first()
  const box = await plot.boundingBox()
  await page.mouse.move(box.x + box.width * 0.4, box.y + 30)
  await page.waitForTimeout(300)
  await page.screenshot({ path: `${out}/charts-${scheme}-${name}.png` })
}
await browser.close()
