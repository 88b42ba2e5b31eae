// Keeps the site, whole and as one version, so that the page starts without a network. What it
// answers has the headers that the relay sent, isolation included. The build fills in the list.
const { version, files } = "SITE"
const cacheName = `sidereal-site-${version}`
const ownPaths = new Set(files)
// Paths below which the relay answers, and not the app.
const ofRelay = /^\/(admin|announce|api|beacon|collections|collections\.json|healthz|metrics|readyz|seed|version)(\/|$)/

const keepFile = async (cache, path) => {
  // A hashed name says what is in it: another version may have brought it already.
  const known = path.startsWith('/assets/') && (await caches.match(path))
  const response = known || (await fetch(path, { cache: 'no-cache' }))
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  await cache.put(path, response)
}

addEventListener('install', (event) => {
  const keepAll = async () => {
    const cache = await caches.open(cacheName)
    await Promise.all(files.map((path) => keepFile(cache, path)))
  }
  event.waitUntil(keepAll())
})

addEventListener('activate', (event) => {
  const takeOver = async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith('sidereal-site-') && name !== cacheName)
    // Tabs that are open still need the files of the version before.
    await Promise.all(names.slice(0, -1).map((name) => caches.delete(name)))
    await clients.claim()
  }
  event.waitUntil(takeOver())
})

const answer = async (path, request) => {
  const cache = await caches.open(cacheName)
  return (await cache.match(path)) ?? (await caches.match(path)) ?? fetch(request)
}

addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== location.origin || ofRelay.test(pathname)) return
  if (request.mode === 'navigate') event.respondWith(answer('/', request))
  else if (ownPaths.has(pathname) || pathname.startsWith('/assets/')) event.respondWith(answer(pathname, request))
})

// The page asks for it when no song plays.
addEventListener('message', (event) => {
  if (event.data === 'take over') skipWaiting()
})
