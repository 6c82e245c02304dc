// The page: one state, drawn anew whenever it changes.
//
//   the cluster ──> feed ──┐                       ┌──> view
//                          ├─> reduce ──> state ───┤
//   the user ────> view ───┘                       └──> sender ──> the cluster

import { initialState, reduce } from './logic/state.mjs'
import { bestLanguage, languages } from './logic/words.mjs'
import { openFeed } from './network/feed-client.mjs'
import { Sender } from './network/sender.mjs'
import { forgetsUnsentChanges, loadChanges, newID, saveChanges } from './storage.mjs'
import { drawAdding, startAdding } from './view/adding.mjs'
import { startClicks } from './view/clicks.mjs'
import { drawCluster, startCluster } from './view/cluster.mjs'
import { startDetails } from './view/details.mjs'
import { drawElsewhere, startElsewhere } from './view/elsewhere.mjs'
import { drawHeader } from './view/header.mjs'
import { drawWords, startLanguages } from './view/languages.mjs'
import { drawNotices, startNotices } from './view/notices.mjs'
import { drawLab, startLab } from './view/lab.mjs'
import { drawPicture, startPicture } from './view/picture.mjs'
import { drawTasks, startTasks } from './view/tasks.mjs'
import { startAuthorizing, drawAuthorizing } from './view/authorizing.mjs'

// The state and its watchers.

const watchers = []
const store = {
  state: { ...initialState, ...placeFromAddress(), ops: loadChanges() },
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
  discardElsewhere: () => store.dispatch({ type: 'discardElsewhere' }),
  again: (key) => store.dispatch({ type: 'again', key }),
  addInstead: (key) => store.dispatch({ type: 'addInstead', key, addKey: newID() }),
  takeBack: ({ id, op }) =>
    store.dispatch({ type: 'takeBack', key: op, notice: id, undoKey: newID() }),
}

// Filter and search are part of the address, so that they can be kept and shared.

function placeFromAddress() {
  const parameters = new URLSearchParams(location.search)
  const filter = ['active', 'completed'].find((name) => name === parameters.get('show')) ?? 'all'
  return { filter, query: parameters.get('q') ?? '' }
}

function look({ filter = store.state.filter, query = store.state.query }) {
  const parameters = new URLSearchParams()
  if (filter !== 'all') parameters.set('show', filter)
  if (query) parameters.set('q', query)
  const address = parameters.size > 0 ? `/?${parameters}` : '/'
  const isStep = filter !== store.state.filter
  show({ filter, query })
  try {
    if (isStep) history.pushState(null, '', address)
    else history.replaceState(null, '', address)
  } catch {
    // Browsers limit how often the address may change; the page works without.
  }
}

function show({ filter, query }) {
  if (filter !== store.state.filter) store.dispatch({ type: 'filter', filter })
  if (query !== store.state.query) store.dispatch({ type: 'query', query })
}

addEventListener('popstate', () => show(placeFromAddress()))

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
  drawAdding(words)
  drawHeader(store.state, words)
  drawElsewhere(store.state, words)
  drawTasks(store.state, words, language)
  drawCluster(store.state, words, language)
  drawPicture(store.state, words, language)
  drawLab(words)
  drawNotices(store, actions, words, language)
  drawAuthorizing(store.state)
}

function choose(wanted) {
  language = wanted
  localStorage.setItem('pdb.language', wanted)
  drawWords(languages[language], language)
  planDrawing()
}

// Everything begins.

const feed = openFeed(store.dispatch, sessionStorage.getItem('pdb.token'))
const sender = new Sender(store, { suspect: feed.suspect })

startClicks()
startLanguages(choose)
startAdding({ queue })
startTasks(store, { queue, look, words: () => languages[language] })
startDetails({ queue, words: () => languages[language] })
startElsewhere({ discardAll: actions.discardElsewhere, words: () => languages[language] })
startCluster({ use: feed.use })
startPicture(store)
startLab(planDrawing)
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
  if (store.state.token) sessionStorage.setItem('pdb.token', store.state.token)
})
addEventListener('beforeunload', (event) => {
  if (forgetsUnsentChanges(store.state.ops)) event.preventDefault()
})
sender.start()
