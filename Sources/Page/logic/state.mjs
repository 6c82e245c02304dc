// Everything the page shows, and how it changes: one value, one function.

import { fold, foldedWords, hasWords } from './folding.mjs'
import { withoutFields } from './fields.mjs'
import { agrees } from './identity.mjs'
import { afresh, again, isMade, isUnsent, overlay, placed } from './outbox.mjs'
import { startPlace } from './place.mjs'
import { readingChanges, rowsLength, withRead } from './reading.mjs'
import { advance, shownTask } from './replica.mjs'
import { keyText } from './values.mjs'

export const filters = ['all', 'active', 'completed']
/** How many rows are drawn at first, and how many more when the end comes in sight. */
export const pageLength = 100
/** How many removals are offered to be undone at once. */
const undoableRemovals = 4
/** How many changes of this page can be undone one after the other. */
const undoableChanges = 50

export const initialState = {
  /** The tasks at a revision; `null` until they are read. */
  replica: null,
  /** `phase`: 'connecting', 'live' or 'offline'; `node`: the one in use, `{id, url, address}`. */
  connection: { phase: 'connecting', node: null },
  /** What `clusterReport` makes of the last look at all members. */
  report: null,
  timeline: [],
  ops: [],
  notices: [],
  nextNotice: 1,
  wantsToken: 'no',
  token: null,
  filter: 'all',
  query: '',
  length: pageLength,
  /** Where the user is, but for `filter` and `query` (see place.mjs). */
  place: startPlace,
  /** What was read for the place (see reading.mjs), and how many rows of lists are wanted. */
  slots: {},
  rows: rowsLength,
  /** What is typed for keys and not saved: `{form, text, base, saved}` by key. */
  drafts: {},
  /** The changes that this page made, for undoing the last one: `{key, revision, op}`. */
  made: [],
  /** The task whose title is being edited, and the title it had then. */
  editing: null,
}

/** The state after an action. */
export function reduce(state, action) {
  const change = changes[action.type]
  if (!change) throw new TypeError(`no action is called '${action.type}'`)
  return change(state, action)
}

const changes = {
  ...readingChanges,

  // What the cluster tells.

  /** `isReplaced`: the node has other data than before, so earlier revisions mean nothing. */
  snapshot(state, { replica, isReplaced = false }) {
    const { identity } = replica
    const isAnother =
      state.replica !== null && (isReplaced || !agrees(state.replica.identity, identity))
    const ops = state.ops.map((op) => placed(op, identity, isAnother)).filter((op) => op !== null)
    const next = settleUpTo({ ...state, replica, ops }, replica.revision)
    if (!isAnother) return next
    // What was said of the old one means nothing here.
    const fresh = { ...next, notices: [], slots: {}, drafts: {}, made: [] }
    // Where changes are left over, they say it.
    return elsewhere(next).length > 0 ? fresh : noted(fresh, { kind: 'another-cluster', identity })
  },

  /** The cluster's birth is known now. */
  identity(state, { identity }) {
    if (!state.replica || !agrees(state.replica.identity, identity)) return state
    const learn = (op) => (op.phase === 'elsewhere' ? op : { ...op, identity })
    return { ...state, replica: { ...state.replica, identity }, ops: state.ops.map(learn) }
  },

  changes(state, { revisions, through }) {
    if (!state.replica) return state
    const replica = advance(state.replica, revisions, through)
    // The stream may be faster than the answer.
    const made = new Map(revisions.map(({ request, revision }) => [request, revision]))
    const settled = state.ops
      .filter((op) => isUnsent(op) && op.request && made.has(op.request.id))
      .reduce((next, op) => changes.confirmed(next, confirmation(op, made)), state)
    return settleUpTo({ ...settled, replica }, replica.revision)
  },

  connection(state, { phase, node, left }) {
    const next = { ...state, connection: { phase, node } }
    return left ? noted(without(next, 'switched'), { kind: 'switched', left, node }) : next
  },

  cluster(state, { report, timeline }) {
    return { ...state, report, timeline }
  },

  /** `wanted`: 'no', 'yes', 'wrong' (the last one was), or 'trying'. */
  token(state, { wanted }) {
    return { ...state, wantsToken: wanted }
  },

  /** The nodes take this token. */
  authorized(state, { token }) {
    return { ...state, token, wantsToken: 'no' }
  },

  // What the user changes.

  queue(state, { op }) {
    const made = afresh({ ...op, identity: state.replica?.identity ?? null })
    const next = remembered({ ...state, ops: [...state.ops, made] }, made)
    if (op.kind === 'remove' || op.kind === 'removePair') {
      return noted(fewer(next), { kind: 'removed', op: op.key, title: op.title })
    }
    if (op.kind === 'clear') {
      return noted(fewer(next), { kind: 'removed', op: op.key, count: op.count })
    }
    return next
  },

  /** The user wants back what a change removed. */
  takeBack(state, { key, notice, undoKey }) {
    // Pressed twice.
    if (!state.notices.some(({ id }) => id === notice)) return state
    const { revision = null } = state.notices.find(({ id }) => id === notice) ?? {}
    return undoing(state, { key, revision }, undoKey)
  },

  /** The user wants the last change that this page made to be undone. */
  undoLast(state, { undoKey }) {
    const last = state.made.at(-1)
    if (!last) return noted(without(state, 'nothingToUndo'), { kind: 'nothingToUndo' })
    return noted(undoing(state, last, undoKey), { kind: 'undoing', change: last.op })
  },

  // What becomes of a change.

  sending(state, { key, request, time }) {
    return withOp(state, key, (op) => ({
      ...op,
      request,
      attempts: op.attempts + 1,
      doubts: (op.doubts ?? 0) + 1,
      firstSent: op.firstSent ?? time,
      known: op.known ?? state.replica?.revision ?? 0,
    }))
  },

  /** The last attempt certainly changed nothing. */
  refused(state, { key }) {
    return withOp(state, key, (op) => ({ ...op, doubts: op.doubts - 1 }))
  },

  waiting(state, { key, reason }) {
    return withOp(state, key, (op) => ({ ...op, phase: 'waiting', reason }))
  },

  /** The request is to be made anew: what it was made on has changed. */
  recheck(state, { key, task }) {
    const next = withOp(state, key, afresh)
    return withTask(next, task)
  },

  /** A pair was changed by another client before the change was made; `theirs`: `{revision, value}`. */
  recheckPair(state, { key, theirs }) {
    const op = state.ops.find((op) => op.key === key)
    return isMade(op, theirs) ? dropped(state, key) : changes.conflict(state, { key, theirs })
  },

  confirmed(state, { key, revision, count, task = null }) {
    let next = withOp(state, key, (op) => ({ ...op, phase: 'confirmed', revision }))
    next = { ...next, made: next.made.map((made) => (made.key === key ? { ...made, revision } : made)) }
    // The next change of the task builds on this one, whether the stream has told of it or not.
    if (task) next = withTask(next, task)
    if (count === 0) {
      // Nothing was there to remove, so there is nothing to bring back.
      next = forgotten({ ...next, notices: next.notices.filter(({ op }) => op !== key) }, key)
      next = { ...next, ops: next.ops.filter(({ of }) => of !== key) }
    }
    next = {
      ...next,
      notices: next.notices.map((notice) =>
        notice.op === key ? { ...notice, revision, count: count ?? notice.count } : notice,
      ),
      ops: next.ops.map((op) => (op.of === key ? { ...op, revision } : op)),
    }
    const op = next.ops.find((op) => op.key === key)
    if (op?.pair && count !== 0) next = withPair(next, op)
    if (op?.kind === 'undo' && !op.of) next = noted(next, { kind: 'undone', of: op.revisionOf, revision })
    return settleUpTo(next, state.replica.revision)
  },

  conflict(state, { key, theirs }) {
    return withOp(state, key, (op) => ({ ...op, phase: 'conflict', theirs }))
  },

  failed(state, { key, error }) {
    const next = forgotten(withOp(state, key, (op) => ({ ...op, phase: 'failed', error })), key)
    return {
      ...next,
      ops: next.ops.filter(({ of }) => of !== key),
      notices: next.notices.filter(({ op }) => op !== key),
    }
  },

  /** The user's fields, or value, replace those that another client gave. */
  keepMine(state, { key }) {
    const { pair, theirs } = state.ops.find((op) => op.key === key)
    if (pair) return withOp(state, key, (op) => afresh({ ...op, base: theirs?.revision ?? null }))
    return withOp(state, key, (op) => afresh({ ...op, base: { ...op.base, ...op.theirs } }))
  },

  /** The fields that another client gave stay; the others of the edit are still made. */
  takeTheirs(state, { key }) {
    const op = state.ops.find((op) => op.key === key)
    if (op.pair) return dropped(withoutDraft(state, op.title), key)
    const rest = withoutFields(op, op.theirs)
    return rest ? withOp(state, key, () => afresh(rest)) : dropped(state, key)
  },

  again(state, { key }) {
    return withOp(state, key, again)
  },

  /** The text of a change whose task is gone becomes a task of its own. */
  addInstead(state, { key, addKey }) {
    const { title, fields } = state.ops.find((op) => op.key === key)
    return changes.queue(dropped(state, key), { op: { key: addKey, kind: 'add', title, fields } })
  },

  discard: (state, { key }) => dropped(state, key),
  discardElsewhere: (state) =>
    elsewhere(state).reduce((next, { key }) => dropped(next, key), state),

  // What the user looks at.

  /** The user goes to a place, whole as in place.mjs. */
  go(state, { place }) {
    const { filter, query, ...rest } = place
    const isSame = JSON.stringify({ ...rest, at: null }) === JSON.stringify({ ...state.place, at: null })
    let next = { ...state, place: rest, rows: isSame ? state.rows : rowsLength }
    if (filter !== state.filter) next = changes.filter(next, { filter })
    return query === state.query ? next : changes.query(next, { query })
  },

  /** What is typed for a key; `draft` is `null` where nothing is any more. */
  draft(state, { name, draft }) {
    return draft ? { ...state, drafts: { ...state.drafts, [name]: draft } } : withoutDraft(state, name)
  },

  filter: (state, { filter }) => ({ ...state, filter, length: pageLength }),
  query: (state, { query }) => ({ ...state, query, length: pageLength }),
  more: (state) => ({ ...state, length: state.length + pageLength }),
  edit: (state, { id, title: base, number, created_at }) => ({
    ...state,
    editing: { id, base, number, created_at },
  }),
  endEdit: (state) => ({ ...state, editing: null }),
  dismiss(state, { notice }) {
    return { ...state, notices: state.notices.filter(({ id }) => id !== notice) }
  },
}

function withOp(state, key, change) {
  return { ...state, ops: state.ops.map((op) => (op.key === key ? change(op) : op)) }
}

/** With a task as a node answered it, if that is newer than what is known. */
function withTask(state, task) {
  const known = state.replica.tasks.get(task.id)
  if (!known || known.revision >= task.revision) return state
  const tasks = new Map(state.replica.tasks)
  tasks.set(task.id, shownTask(task))
  return { ...state, replica: { ...state.replica, tasks } }
}

/** With a pair as a change left it, till it is read again. */
function withPair(state, { kind, pair, value, revision }) {
  const made = { ...pair, value: value?.source, value_b64: value?.bytes, revision }
  return withRead(state, 'pair', { kind: 'pair', key: pair }, { pair: kind === 'set' ? made : null })
}

/** What the answer to a change would say, from what the stream says. */
function confirmation(op, made) {
  return { key: op.key, revision: made.get(op.request.id), count: null }
}

/** With a change among those that can be undone. An undo takes away what it undoes. */
function remembered(state, op) {
  if (op.kind === 'undo') return op.of ? forgotten(state, op.of) : state
  return { ...state, made: [...state.made, { key: op.key, revision: null, op }].slice(-undoableChanges) }
}

function forgotten(state, key) {
  return { ...state, made: state.made.filter((made) => made.key !== key) }
}

/** With a change taken back: not sent, or undone once it is made. */
function undoing(state, { key, revision }, undoKey) {
  const next = { ...state, notices: state.notices.filter(({ op }) => op !== key) }
  const op = state.ops.find((op) => op.key === key)
  // Never sent: nothing to take back.
  if (op?.phase === 'queued' && !op.request) return dropped(next, key)
  const undo = { key: undoKey, kind: 'undo', of: key, revision: revision ?? op?.revision ?? null }
  return changes.queue(next, { op: undo })
}

function withoutDraft(state, name) {
  const { [name]: _, ...drafts } = state.drafts
  return { ...state, drafts }
}

/** Without a change, and without what was to take it back. */
function dropped(given, key) {
  const state = forgotten(given, key)
  return {
    ...state,
    ops: state.ops.filter((op) => op.key !== key && op.of !== key),
    notices: state.notices.filter(({ op }) => op !== key),
  }
}

function noted(state, notice) {
  return {
    ...state,
    notices: [...state.notices, { id: state.nextNotice, ...notice }],
    nextNotice: state.nextNotice + 1,
  }
}

/** With room for one more removal that can be undone. */
function fewer(state) {
  const removals = state.notices.filter(({ kind }) => kind === 'removed')
  const old = removals.slice(0, Math.max(0, removals.length - undoableRemovals + 1))
  return { ...state, notices: state.notices.filter((notice) => !old.includes(notice)) }
}

function without(state, kind) {
  return { ...state, notices: state.notices.filter((notice) => notice.kind !== kind) }
}

/** Confirmed changes that the replica holds itself need no place of their own any more. */
function settleUpTo(state, revision) {
  const ops = state.ops.filter((op) => op.phase !== 'confirmed' || op.revision > revision)
  return ops.length === state.ops.length ? state : { ...state, ops }
}

// What follows from the state.

/** The next change to send: strictly in order, past those that the user must decide on. */
export function nextToSend(state) {
  if (!state.replica || state.wantsToken !== 'no') return null
  const op = state.ops.find(isUnsent)
  // What is to be taken back must have happened first.
  if (!op || (op.kind === 'undo' && op.revision === null)) return null
  return op
}

export const unsent = (state) => state.ops.filter(isUnsent)

/** The last change of a pair that is on its way, or that the user must decide on; `null` if there is none. */
export function pendingOf(state, key) {
  const isOfKey = ({ pair, phase }) => pair && phase !== 'elsewhere' && keyText(pair) === keyText(key)
  return state.ops.findLast(isOfKey) ?? null
}

/** The changes that were made for another cluster than the one whose tasks are shown. */
export const elsewhere = (state) => state.ops.filter(({ phase }) => phase === 'elsewhere')

/** Whether changes can be made now: 'yes', 'no_leader', 'no_quorum', 'offline' or 'loading'. */
export function writability({ connection, report, wantsToken }) {
  if (wantsToken !== 'no') return 'loading'
  if (connection.phase === 'offline') return 'offline'
  if (connection.phase === 'connecting' || !report) return 'loading'
  return ['no_leader', 'no_quorum'].includes(report.health) ? report.health : 'yes'
}

/** The function, with its last result kept for as long as its arguments stay the same. */
function kept(compute) {
  let last = null
  return (...given) => {
    if (!last || given.some((value, at) => value !== last.given[at])) {
      last = { given, result: compute(...given) }
    }
    return last.result
  }
}

/** The order in which nodes list tasks (PDBKit's `TaskPlace`): by creation, then by number. */
function newestFirst(one, other) {
  if (one.created_at === other.created_at) return other.number - one.number
  return one.created_at < other.created_at ? 1 : -1
}

const overlaid = kept((tasks, ops) => {
  const { tasks: shown, additions } = overlay(tasks, ops)
  const sorted = [...shown.values()].sort(newestFirst)
  const completed = sorted.filter((task) => task.completed).length
  return { sorted, additions: additions.reverse(), completed }
})

const selected = kept((sorted, filter, query) => {
  const words = foldedWords(query)
  return sorted.filter(
    (task) =>
      (filter === 'all' || task.completed === (filter === 'completed')) &&
      (words.length === 0 || hasWords(task.op ? fold(task.title) : task.folded, words)),
  )
})

const noTasks = new Map()

/** The list as it is to be drawn: rows, counts, and whether there is more. */
export function visibleTasks(state) {
  const { sorted, additions, completed } = overlaid(state.replica?.tasks ?? noTasks, state.ops)
  let tasks = selected(sorted, state.filter, state.query)
  const { editing } = state
  let { length } = state
  // The field that is typed into must stay.
  if (editing) {
    let position = tasks.findIndex(({ id }) => id === editing.id)
    if (position < 0) {
      const { id, base: title, number, created_at } = editing
      const gone = { id, title, number, created_at, completed: false, isGone: true }
      const task = state.replica.tasks.get(id) ?? gone
      position = tasks.findIndex((other) => newestFirst(task, other) < 0)
      if (position < 0) position = tasks.length
      tasks = tasks.toSpliced(position, 0, task)
    }
    length = Math.max(length, position + 1)
  }
  const shownAdditions = state.filter === 'completed' ? [] : additions
  return {
    additions: shownAdditions,
    tasks: tasks.slice(0, length),
    matching: tasks.length + shownAdditions.length,
    left: Math.max(0, tasks.length - length),
    counts: {
      all: sorted.length + additions.length,
      active: sorted.length - completed + additions.length,
      completed,
    },
  }
}
