// A site that publishes the whole collection: its catalogue only, without files.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'

/** Where the journeys' runner wrote the catalogue; there is none without the shared collection. */
export const catalogue = process.env.SIDEREAL_CATALOGUE

export async function publishWhole(page: Page) {
  const bytes = readFileSync(catalogue!)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const listing = {
    version: 1,
    collections: [
      {
        name: 'Whole', files: 53669, tunes: 87000, bytes: 1,
        catalogue: { url: 'collections/whole.bin', sha256, bytes: bytes.length }, torrents: [],
      },
    ],
  }
  await page.route('**/collections.json', (route) => route.fulfill({ json: listing }))
  await page.route('**/collections/whole.bin', (route) => route.fulfill({ body: bytes }))
}
