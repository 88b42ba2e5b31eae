// Tunes to play: those of the product, and real ones where the shared collection lies beside it.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')
export const demoFolder = join(root, 'public/demo')
/** The collection beside the checkout, or beside a folder that it lies in. */
function findShared(folder: string): string | undefined {
  const above = dirname(folder)
  if (above === folder) return undefined
  const collection = join(above, 'shared/hvsc/C64Music')
  return existsSync(collection) ? collection : findShared(above)
}
export const shared = findShared(root)

export function walk(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name)
      return statSync(path).isDirectory() ? walk(path) : [path]
    })
}

export const demos = walk(demoFolder).filter((path) => path.endsWith('.sid'))

/** Three tunes of different kinds, with what their headers say. */
export function threeTunes() {
  const real = ['H/Hubbard_Rob/Commando.sid', 'J/Jammer/90s_Still_Within.sid', 'G/Galway_Martin/Green_Beret.sid']
  const paths = shared ? real.map((path) => join(shared, 'MUSICIANS', path)) : demos.slice(0, 3)
  return paths.map(describe)
}

export function describe(path: string) {
  const file = readFileSync(path)
  const text = (at: number) => file.toString('latin1', at, at + 32).replace(/\0.*$/s, '')
  return { path, name: basename(path), bytes: file, title: text(0x16), author: text(0x36), songs: file.readUInt16BE(0x0e), start: file.readUInt16BE(0x10) }
}

export const upload = (path: string) => ({ name: basename(path), mimeType: 'audio/prs.sid', buffer: readFileSync(path) })
export const pathBelow = (folder: string, path: string) => relative(folder, path)
