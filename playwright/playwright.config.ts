import { defineConfig } from '@playwright/test'

// The relays are started by `cargo xtask test`, which also names them and Chromium.
export default defineConfig({
  testDir: 'journeys',
  outputDir: 'results',
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  // Journeys run in real time: what a busy machine broke is played once more and told as flaky.
  retries: 1,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    baseURL: process.env.SIDEREAL_URL,
    viewport: { width: 1440, height: 900 },
    serviceWorkers: 'block',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  },
})
