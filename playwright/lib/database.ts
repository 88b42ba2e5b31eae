// The browser's database as a file, to keep one of every version.
import type { Page } from '@playwright/test'

export type Dump = { version: number; stores: Record<string, [string, unknown][]> }

/** Everything in a database; bytes as base64. */
export function dump(page: Page, name = 'sidereal'): Promise<Dump> {
  return page.evaluate(async (name) => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const pack = (value: unknown): unknown => {
      if (value instanceof Uint8Array) return { base64: btoa(String.fromCharCode(...value)) }
      if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, pack(field)]))
      return value
    }
    const database = await done(indexedDB.open(name))
    const stores: Record<string, [string, unknown][]> = {}
    for (const name of database.objectStoreNames) {
      const store = database.transaction(name).objectStore(name)
      const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())])
      stores[name] = keys.map((key, at) => [String(key), pack(values[at])])
    }
    const { version } = database
    database.close()
    return { version, stores }
  }, name)
}

/** Makes a database as it was dumped; the page must not have opened it. */
export function restore(page: Page, dump: Dump, name = 'sidereal') {
  return page.evaluate(async ({ version, stores, name }) => {
    const unpack = (value: unknown): unknown => {
      if (value && typeof value === 'object') {
        if ('base64' in value) return Uint8Array.from(atob(value.base64 as string), (letter) => letter.charCodeAt(0))
        return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, unpack(field)]))
      }
      return value
    }
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.open(name, version)
      request.onupgradeneeded = () => {
        for (const [name, rows] of Object.entries(stores)) {
          const store = request.result.createObjectStore(name)
          for (const [key, value] of rows) store.put(unpack(value), key)
        }
      }
      request.onsuccess = () => {
        request.result.close()
        resolve()
      }
      request.onerror = () => reject(request.error)
    })
  }, { ...dump, name })
}
