// Words for what operators do, by the names that they see, each against a relay of its own.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { Relay } from './relay'

export const API = '/api/v1/admin'

/** The operator's pages: their heading, and where they lie. */
export const pages = {
  Status: '/admin',
  Collections: '/admin/collections',
  Tracker: '/admin/tracker',
  Telemetry: '/admin/telemetry',
  Logs: '/admin/logs',
  Health: '/admin/health',
  Configuration: '/admin/configuration',
  Audit: '/admin/audit',
  Access: '/admin/access',
}

/** A relay that nobody has operated yet, and the password that it printed. */
export async function fresh(options: string[] = []) {
  const collections = mkdtempSync(join(tmpdir(), 'sidereal-collections-'))
  const relay = await Relay.start(['--collections', collections, '--log', 'info', ...options])
  const told = /told this once:\s+(\S+)/
  await expect.poll(() => told.test(relay.said)).toBe(true)
  return { relay, password: told.exec(relay.said)![1] }
}

export const field = (page: Page) => page.getByLabel('Password', { exact: true })
export const enter = (page: Page) => page.getByRole('button', { name: 'Log in', exact: true })
export const navigation = (page: Page) => page.getByRole('navigation', { name: 'Pages' })
export const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true })

export async function logIn(page: Page, relay: Relay, password: string, path = '/admin') {
  await page.goto(relay.url + path)
  await field(page).fill(password)
  await enter(page).click()
  await expect(navigation(page)).toBeVisible()
}

/** Goes to a page by the navigation. */
export async function go(page: Page, name: keyof typeof pages) {
  await navigation(page).getByRole('link', { name: new RegExp(`^${name}`) }).click()
  await expect(heading(page, name)).toBeVisible()
}
