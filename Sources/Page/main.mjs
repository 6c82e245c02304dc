// The page: one state, drawn anew whenever it changes.
//
//   the cluster ──> feed ──┐                       ┌──> view
//                          ├─> reduce ──> state ───┤
//   the user ────> view ───┘                       └──> sender, reader ──> the cluster

import { addressOf, isStep, placeFrom } from './logic/place.mjs'
import { initialState, reduce, visibleTasks } from './logic/state.mjs'
import { bestLanguage, languages } from './logic/words.mjs'
import { openFeed } from './network/feed-client.mjs'
import { Reader } from './network/reader.mjs'
import { Sender } from './network/sender.mjs'
import {
  forgetsUnsentChanges, loadChanges, loadCluster, newID, saveChanges, saveCluster,
} from './storage.mjs'
import { drawAdding, startAdding } from './view/adding.mjs'
import { drawCharts, startCharts } from './view/charts.mjs'
import { startClicks } from './view/clicks.mjs'
import { drawCluster, startCluster } from './view/cluster.mjs'
import { startDetails } from './view/details.mjs'
import { drawElsewhere, startElsewhere } from './view/elsewhere.mjs'
import { drawHeader } from './view/header.mjs'
import { drawWords, startLanguages } from './view/languages.mjs'
import { drawLab, startLab } from './view/lab.mjs'
import { drawPicture, startPicture } from './view/picture.mjs'
import { drawHistory, startHistory } from './view/history.mjs'
import { drawKey, startKey } from './view/key.mjs'
import { drawKeys, startKeys } from './view/keys.mjs'
import { drawNavigation, focusAfterStep, startNavigation } from './view/navigation.mjs'
import { drawNotices, startNotices } from './view/notices.mjs'
import { drawPast, startPast } from './view/past.mjs'
import { drawShortcuts, startShortcuts } from './view/shortcuts.mjs'
import { drawTasks, startTasks } from './view/tasks.mjs'
import { startAuthorizing, drawAuthorizing } from './view/authorizing.mjs'

// The state and its watchers.

const watchers = []
const { filter, query, ...place } = placeFrom(location.search)
const store = {
  state: { ...initialState, filter, query, place, ops: loadChanges() },
  dispatch(action) {
    store.state = reduce(store.state, action)
    for (const watch of watchers) watch()
  },
  subscribe: (watch) => watchers.push(watch),
}

// What the user does.

const queue = (op) => store.dispatch({ type: 'queue', op: { key: newID(), ...op } })
const actions = {
  discard: (key) => store.dispatch({ type: 'discard', key }),
  keepMine: (key) => store.dispatch({ type: 'keepMine', key }),
  takeTheirs: (key) => store.dispatch({ type: 'takeTheirs', key }),
  go,
  undoLast: () => store.dispatch({ type: 'undoLast', undoKey: newID() }),
  undoRevision: (revision) => queue({ kind: 'undo', of: null, revision, revisionOf: revision }),
  discardElsewhere: () => store.dispatch({ type: 'discardElsewhere' }),
  again: (key) => store.dispatch({ type: 'again', key }),
  addInstead: (key) => store.dispatch({ type: 'addInstead', key, addKey: newID() }),
  takeBack: ({ id, op }) =>
    store.dispatch({ type: 'takeBack', key: op, notice: id, undoKey: newID() }),
}

// Where the user is, is part of the address, so that it can be kept and shared.

const placeNow = ({ state }) => ({ ...state.place, filter: state.filter, query: state.query })

/** @param change the parts of the place that are to be others. */
function go(change) {
  const from = placeNow(store)
  const address = addressOf({ ...from, ...change })
  const to = placeFrom(address.slice(1))
  store.dispatch({ type: 'go', place: to })
  try {
    if (isStep(from, to)) history.pushState(null, '', address)
    else history.replaceState(null, '', address)
  } catch {
    // Browsers limit how often the address may change; the page works without.
  }
}

addEventListener('popstate', () => store.dispatch({ type: 'go', place: placeFrom(location.search) }))

// Drawing: once for all that happens until the next frame.

const chosen = localStorage.getItem('pdb.language')
let language = chosen in languages ? chosen : bestLanguage(navigator.languages)
let isDrawingPlanned = false

function planDrawing() {
  if (isDrawingPlanned) return
  isDrawingPlanned = true
  // A hidden page gets no frames.
  if (document.hidden) setTimeout(draw, 200)
  else requestAnimationFrame(draw)
}

function draw() {
  isDrawingPlanned = false
  const words = languages[language]
  drawNavigation(store.state, words)
  drawShortcuts(words)
  drawAdding(words)
  drawHeader(store.state, words)
  drawElsewhere(store.state, words)
  drawTasks(store.state, words, language)
  drawCluster(store.state, words, language)
  drawPicture(store.state, words, language)
  drawLab(words)
  drawCharts(store.state, words)
  if (store.state.place.view === 'keys') {
    drawKeys(store, actions, words)
    drawKey(store, words, language)
  }
  if (store.state.place.view === 'history') {
    drawPast(store, words, language)
    drawHistory(store, actions, words, language)
  }
  drawNotices(store, actions, words, language)
  drawAuthorizing(store.state)
  focusAfterStep({ place: placeNow(store) })
}

function choose(wanted) {
  language = wanted
  localStorage.setItem('pdb.language', wanted)
  drawWords(languages[language], language)
  planDrawing()
}

// On paper nothing comes into sight later.
addEventListener('beforeprint', () => {
  while (visibleTasks(store.state).left > 0) store.dispatch({ type: 'more' })
  draw()
})

// Everything begins.

const feed = openFeed(store.dispatch, sessionStorage.getItem('pdb.token'), loadCluster())
const sender = new Sender(store, { suspect: feed.suspect })

startClicks()
startLanguages(choose)
startAdding({ queue })
startNavigation(actions)
startShortcuts(store, actions)
startTasks(store, { queue, look: go, words: () => languages[language] })
startDetails({ queue, words: () => languages[language] })
startKeys(actions)
startKey(store, { queue, go, actions, words: () => languages[language] })
startHistory(store, actions)
startPast(actions)
startElsewhere({ discardAll: actions.discardElsewhere, words: () => languages[language] })
startCluster({ use: feed.use })
startPicture(store)
startLab(planDrawing)
startCharts(store, planDrawing)
startNotices(store, actions)
startAuthorizing((token) => {
  store.dispatch({ type: 'token', wanted: 'trying' })
  feed.authorize(token)
})

drawWords(languages[language], language)
draw()
store.subscribe(planDrawing)
store.subscribe(() => saveChanges(store.state.ops))
store.subscribe(() => {
  const { report, replica } = store.state
  if (report && replica) saveCluster(replica.identity, report.members)
})
store.subscribe(() => {
  if (store.state.token) sessionStorage.setItem('pdb.token', store.state.token)
})
addEventListener('beforeunload', (event) => {
  const isTyping = Object.keys(store.state.drafts).length > 0
  if (isTyping || forgetsUnsentChanges(store.state.ops)) event.preventDefault()
})
sender.start()
new Reader(store).start()
keepPage()

/** Lets the page be opened again when its node is gone; browsers allow it in TLS and on this machine only. */
async function keepPage() {
  try {
    await navigator.serviceWorker?.register('/page/service-worker.mjs', { scope: '/', type: 'module' })
    const { active } = await navigator.serviceWorker.ready
    const loaded = performance.getEntriesByType('resource').map(({ name }) => name)
    // The worker of all tabs loads what no tab does.
    const more = ['network/feed-worker.mjs', 'network/feed.mjs'].map((file) => `${location.origin}/page/${file}`)
    active.postMessage([`${location.origin}/`, ...loaded, ...more])
  } catch {
    // Without it the page works as long as its node lives.
  }
}
