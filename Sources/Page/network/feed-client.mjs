// A tab's end of the feed: in the worker that all tabs share, or, where browsers have none, in
// the tab itself.

import { Feed } from './feed.mjs'

/** How long the worker may take until its first word, in milliseconds. */
const workerPatience = 3000

/**
 * Opens the feed.
 *
 * @param emit takes the feed's actions.
 * @param known where the cluster was when it was seen last, or `null`.
 * @returns what the tab can say to the feed: `{suspect(), use(id), authorize(token)}`.
 */
export function openFeed(emit, token, known) {
  let say = () => {}
  const openHere = () => {
    const feed = new Feed(location.origin, emit)
    feed.token = token
    feed.known = known
    say = (message) => {
      if (message.do === 'join') feed.token = message.token
      if (message.do === 'suspect') feed.suspect()
      if (message.do === 'use') feed.use(message.id)
    }
    feed.start()
  }
  const openWorker = () => {
    const worker = new SharedWorker(new URL('./feed-worker.mjs', import.meta.url), {
      type: 'module',
      // Another name for each form of what a feed says: tabs of an older page have their own.
      name: 'pdb 3',
    })
    const { port } = worker
    const giveUp = () => {
      clearTimeout(timer)
      port.close()
      openHere()
    }
    const timer = setTimeout(giveUp, workerPatience)
    worker.onerror = giveUp
    port.onmessage = ({ data }) => {
      clearTimeout(timer)
      emit(data)
    }
    say = (message) => port.postMessage(message)
    say({ do: 'join', token, known })
    addEventListener('pagehide', () => say({ do: 'leave' }))
    // Back from the browser's cache of pages.
    addEventListener('pageshow', ({ persisted }) => persisted && say({ do: 'join', token, known }))
  }
  if (typeof SharedWorker === 'undefined') openHere()
  else openWorker()
  return {
    suspect: () => say({ do: 'suspect' }),
    use: (id) => say({ do: 'use', id }),
    authorize(given) {
      token = given
      say({ do: 'join', token })
    },
  }
}
