// What the page has to say, at its lower edge: what was deleted and can come back, what needs
// the user's decision, and which node is in use from now on.

import { shortNames } from '../logic/cluster.mjs'
import { shortName } from '../logic/identity.mjs'
import { obstaclesOf } from '../logic/revisions.mjs'
import { keyText, preview } from '../logic/values.mjs'
import { fromTemplate, keepingFocus, makeButton, setText, showAll } from './elements.mjs'

const place = document.getElementById('notices')
/** How long a notice stays while the pointer is not on it, in milliseconds. */
const lifetime = 20_000
const timers = new Map()

/** @param takeBack is called with the notice of a removal that the user regrets. */
export function startNotices(store, { takeBack }) {
  place.addEventListener('click', ({ target }) => {
    const notice = Number(target.closest('.notice')?.dataset.notice)
    if (notice) store.dispatch({ type: 'dismiss', notice })
  })
  // Users must not have to hurry.
  for (const type of ['pointerover', 'focusin']) place.addEventListener(type, holdAll)
  for (const type of ['pointerout', 'focusout']) {
    place.addEventListener(type, () => expireAll(store))
  }
  document.addEventListener('keydown', (event) => {
    const { key, ctrlKey, metaKey, shiftKey, altKey, target } = event
    const isUndo = (ctrlKey || metaKey) && !shiftKey && !altKey && key.toLowerCase() === 'z'
    if (!isUndo || target.matches('input:not([type="checkbox"]), textarea')) return
    const notice = store.state.notices.findLast(({ kind }) => kind === 'removed')
    if (!notice) return
    // Else the browser would take back what was typed somewhere as well.
    event.preventDefault()
    takeBack(notice)
  })
}

export function drawNotices(store, actions, words, language) {
  const { state } = store
  const undecided = state.ops.filter(
    (op) => op.phase === 'failed' || (op.phase === 'conflict' && !isInEditor(op, state.place)),
  )
  const section = document.getElementById(state.place.view)
  const items = [
    ...undecided.map((op) => ({ op, key: `${op.key} ${op.phase} ${op.theirs ?? ''} ${language}` })),
    ...state.notices.map((notice) => ({ notice, key: `${notice.id} ${language}` })),
  ]
  keepingFocus(place, section, () =>
    showAll(place, items, {
      key: ({ key }) => key,
      make: (item) => makeNotice(item, state, actions, words),
      update() {},
    }),
  )
  expireAll(store)
}

/** The editor of a key shows itself what is to be decided on there. */
function isInEditor({ pair }, { view, key }) {
  return pair !== undefined && view === 'keys' && key !== null && keyText(key) === keyText(pair)
}

function makeNotice({ op, notice }, state, actions, words) {
  const element = fromTemplate('notice')
  const { text, buttons } = op ? decision(op, actions, words) : news(notice, state, actions, words)
  if (notice) element.dataset.notice = notice.id
  element.classList.add(op?.phase ?? notice.kind)
  setText(element.querySelector('.words'), text)
  element.querySelector('.buttons').append(...buttons)
  return element
}

/** A change that was not made, and what the user can do about it. */
function decision(op, actions, words) {
  const title = op.title ?? op.titles?.join(', ') ?? ''
  const quoted = title === '' ? '' : `“${title.slice(0, 200)}” – `
  const discard = makeButton(words.discard, () => actions.discard(op.key))
  if (op.phase === 'conflict' && op.pair) return pairDecision(op, quoted, actions, words)
  if (op.phase === 'conflict') {
    return {
      text: quoted + words.conflict(fieldsText(op.theirs, words)),
      buttons: [
        makeButton(words.keepMine, () => actions.keepMine(op.key)),
        makeButton(words.takeTheirs, () => actions.takeTheirs(op.key)),
      ],
    }
  }
  if (op.error.error === 'task_not_found') {
    const addInstead = makeButton(words.addInstead, () => actions.addInstead(op.key))
    const buttons = op.kind === 'edit' ? [addInstead, discard] : [discard]
    return { text: quoted + words.notSaved(words.gone), buttons }
  }
  if (op.kind === 'undo' && !op.of) return undoDecision(op, discard, actions, words)
  if (op.kind === 'undo' && op.error.error === 'conflict') {
    return { text: words.notSaved(words.undoConflict), buttons: [discard] }
  }
  const say = op.error.outcome === 'unknown' ? words.maybeSaved : words.notSaved
  return {
    text: quoted + say(op.error.message ?? op.error.error),
    buttons: [makeButton(words.again, () => actions.again(op.key)), discard],
  }
}

/** A key that was changed by another client meanwhile. */
function pairDecision({ key, kind, pair, theirs }, quoted, actions, words) {
  const isRemoval = kind === 'removePair'
  const text = theirs ? words.conflict(`“${preview(theirs.value)}”`) : words.pairConflict(isRemoval, null)
  return {
    text: quoted + text,
    buttons: [
      makeButton(isRemoval ? words.deleteAnyway : words.overwrite, () => actions.keepMine(key)),
      makeButton(theirs ? words.takeTheirs : words.leaveDeleted, () => actions.takeTheirs(key)),
      makeButton(words.compare, () => actions.go({ view: 'keys', key: pair })),
    ],
  }
}

/** A revision that could not be taken back, and what is in the way. */
function undoDecision({ key, revisionOf, error }, discard, actions, words) {
  if (error.error !== 'conflict') {
    const say = error.outcome === 'unknown' ? words.maybeSaved : words.notUndone
    const again = makeButton(words.again, () => actions.again(key))
    return { text: say(error.message ?? error.error, revisionOf), buttons: [again, discard] }
  }
  const obstacles = obstaclesOf(error)
  const names = obstacles.map(({ name }) => `“${name}”`)
  const look = () => actions.go({ view: 'history', prefix: obstacles[0].key, author: '', revision: null, at: null })
  return {
    text: words.undoObstacles(revisionOf, names.slice(0, 3).join(', '), Math.max(0, names.length - 3)),
    buttons: obstacles.length > 0 ? [makeButton(words.laterChanges, look), discard] : [discard],
  }
}

/** Fields and what they hold, as a list in words. */
function fieldsText(fields, words) {
  const text = (value) => (Array.isArray(value) ? value.join(' ') : value).slice(0, 200)
  return Object.entries(fields)
    .map(([name, value]) => `${words.fieldInText[name]} ${value === null ? '–' : `“${text(value)}”`}`)
    .join(', ')
}

function news(notice, state, actions, words) {
  const dismiss = makeButton(words.dismiss, () => {})
  if (notice.kind === 'removed') {
    const undo = makeButton(words.undo, () => actions.takeBack(notice))
    const text =
      notice.title === undefined
        ? words.removedMany(notice.count)
        : words.removedOne(notice.title.slice(0, 200))
    return { text, buttons: [undo, dismiss] }
  }
  if (notice.kind === 'undone') {
    const undo = makeButton(words.undo, () => actions.undoRevision(notice.revision))
    return { text: words.undone(notice.of, notice.revision), buttons: [undo, dismiss] }
  }
  if (notice.kind === 'undoing') {
    return { text: words.undoing(words.change[notice.change.kind](notice.change)), buttons: [dismiss] }
  }
  if (notice.kind === 'nothingToUndo') return { text: words.nothingToUndo, buttons: [dismiss] }
  if (notice.kind === 'switched') {
    const names = shortNames(state.report?.members ?? [])
    const name = (address) => names.get(address) ?? address
    const { left, node } = notice
    const text = words.switched[left.reason](name(left.address), name(node.address))
    return { text, buttons: [dismiss] }
  }
  return { text: words.anotherCluster(shortName(notice.identity)), buttons: [dismiss] }
}

function holdAll() {
  for (const timer of timers.values()) clearTimeout(timer)
  timers.clear()
}

function expireAll(store) {
  if (place.matches(':hover, :focus-within')) return holdAll()
  for (const { id } of store.state.notices) {
    if (timers.has(id)) continue
    const expire = () => store.dispatch({ type: 'dismiss', notice: id })
    timers.set(id, setTimeout(expire, lifetime))
  }
}
