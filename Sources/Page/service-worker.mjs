// Keeps the page's own files, so that it opens although the node that served it is gone. What nodes answer
// beside that is never kept.

const name = 'pdb 1'
/** How long a node may take before what is kept is shown, in milliseconds. */
const patience = 2500

const isOfPage = ({ origin, pathname }) =>
  origin === self.location.origin && (pathname === '/' || pathname.startsWith('/page/'))
/** Every view has the same file. */
const keyOf = ({ origin, pathname }) => origin + pathname

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

// A page that was there before its worker says what it has loaded.
self.addEventListener('message', (event) => {
  const urls = event.data.map((url) => new URL(url)).filter(isOfPage).map(keyOf)
  event.waitUntil(caches.open(name).then((cache) => cache.addAll([...new Set(urls)])))
})

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method === 'GET' && isOfPage(url)) event.respondWith(answer(event, url))
})

async function answer(event, url) {
  const cache = await caches.open(name)
  try {
    const response = await fetch(event.request, { signal: AbortSignal.timeout(patience) })
    if (response.ok) event.waitUntil(cache.put(keyOf(url), response.clone()))
    return response
  } catch (error) {
    const kept = await cache.match(keyOf(url))
    if (kept) return kept
    throw error
  }
}
