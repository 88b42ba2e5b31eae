// Tunes that need the C64's own ROMs, which nobody ships.
import { expect, test } from '@playwright/test'
import { add, open, play, player } from '../lib/page'

/** An RSID of one BASIC line, `10 END`. */
function basicTune() {
  const file = Buffer.alloc(0x7c)
  file.write('RSID', 0, 'latin1')
  file.writeUInt16BE(2, 4)
  file.writeUInt16BE(0x7c, 6)
  file.writeUInt16BE(1, 0x0e)
  file.writeUInt16BE(1, 0x10)
  file.write('A BASIC tune', 0x16, 'latin1')
  file.writeUInt16BE(2, 0x76)
  return Buffer.concat([file, Buffer.from([0x01, 0x08, 0x07, 0x08, 0x0a, 0x00, 0x80, 0x00, 0x00, 0x00])])
}

test('a BASIC tune without ROMs shows what to do', async ({ page }) => {
  await open(page)
  await add(page, [{ name: 'basic.sid', mimeType: 'audio/prs.sid', buffer: basicTune() }])
  await play(page, 'A BASIC tune')
  await expect(player(page)).toContainText('needs the KERNAL and BASIC ROMs')
  await player(page).getByRole('link', { name: 'A BASIC tune' }).click()
  await page.getByRole('link', { name: 'Add the ROMs' }).click()
  const roms = page.locator('#roms')
  await expect(roms).toBeInViewport()
  await expect(roms).toContainText('kernal.bin')
  const chooser = page.waitForEvent('filechooser')
  await roms.getByRole('button', { name: 'Add ROM files' }).click()
  await (await chooser).setFiles([{ name: 'kernal.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(8192) }])
  const report = page.getByLabel('Import', { exact: true })
  await report.getByText('1 file refused').click()
  await expect(report).toContainText('is not that of KERNAL 901227-03')
  await expect(roms.getByText('Not here')).toHaveCount(3)
})
