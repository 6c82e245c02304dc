// Changes on their way: what the user did and the cluster has not confirmed yet.
//
// They are sent one after the other, in the order they were made. Each carries one request id
// from its first attempt to its last, so that a change whose answer got lost is made once. A
// change goes through these phases:
//
//   queued      not sent yet
//   waiting     sent without success; sent again by itself
//   confirmed   made, at `revision`; stays until the replica has come that far
//   conflict    not made: another client changed the same fields meanwhile (`theirs`); the user chooses
//   failed      not made, for a reason that waiting does not cure; the user chooses
//   elsewhere   made for a cluster that does not answer any more where another one does; sent when
//               it is back, or discarded
//
// Each belongs to the cluster whose tasks the page showed when it was made (`identity`). `doubts`
// counts the attempts that may have succeeded without the page knowing.
//
// Kinds: `add {title, fields}`, `addMany {titles}`, `complete {id, title, completed}`, `edit {id, title,
// fields, base}` (see fields.mjs), `remove {id, title}`, `clear {count}`, `undo {revision, of}`; of pairs
// `set {pair, value, base, title}` and `removePair {pair, base, title}`: `pair` names the key, `base` is the
// revision of the value that the user saw, `null` where there was none, `title` the key as it is shown.
// An undo without `of` takes back a revision that the user chose in the history.

import { compare } from './fields.mjs'
import { agrees, isSame } from './identity.mjs'
import { isSameValue } from './values.mjs'

/** Phases in which a change still has to be sent. */
export const isUnsent = ({ phase }) => phase === 'queued' || phase === 'waiting'

/**
 * The path of the task with exactly this id. `/tasks/REFERENCE` takes numbers and beginnings of ids as
 * well, and browsers shorten `..` in paths.
 */
export const taskPath = (id) => `/task?id=${encodeURIComponent(id)}`

/**
 * The request for a change, or why there is none: `{request}`, `{conflict: theirs}`, `{gone: true}`
 * or `{done: true}`.
 *
 * An edit is made only on the fields that the user saw; other changes of the task do not hinder
 * it. The request's id follows from the change, so that a tab that was duplicated with its unsent
 * changes makes them once.
 */
export function prepare(op, replica) {
  if (op.request) return { request: op.request }
  const id = op.generation > 0 ? `${op.key}-${op.generation}` : op.key
  switch (op.kind) {
    case 'add':
      return { request: { id, method: 'POST', path: '/tasks', body: { ...op.fields, title: op.title } } }
    case 'addMany':
      return { request: { id, method: 'POST', path: '/tasks/batch', body: { titles: op.titles } } }
    case 'complete': {
      const body = { completed: op.completed }
      return { request: { id, method: 'PUT', path: taskPath(op.id), body } }
    }
    case 'edit': {
      const current = replica.tasks.get(op.id)
      if (!current) return { gone: true }
      const { open: body, theirs } = compare(op, current)
      if (Object.keys(body).length === 0) return { done: true }
      if (Object.keys(theirs).length > 0) return { conflict: theirs }
      const ifMatch = current.revision
      return { request: { id, method: 'PUT', path: taskPath(op.id), body, ifMatch } }
    }
    case 'remove':
      return { request: { id, method: 'DELETE', path: taskPath(op.id) } }
    case 'clear':
      return { request: { id, method: 'DELETE', path: '/tasks?status=completed' } }
    case 'undo':
      return { request: { id, method: 'POST', path: '/undo', body: { revision: op.revision } } }
    case 'set': {
      const { pair, value, base } = op
      // The value is sent as it was typed: large numbers would lose digits otherwise.
      const [member, source] =
        value.source === undefined ? ['value_b64', JSON.stringify(value.bytes)] : ['value', value.source]
      const text = `${JSON.stringify(pair).slice(0, -1)},"${member}":${source}}`
      return { request: { id, method: 'POST', path: '/set', text, ...conditionOn(base) } }
    }
    case 'removePair': {
      const { pair, base } = op
      const body = { keys: [pair.key ?? pair] }
      return { request: { id, method: 'POST', path: '/delete', body, ...conditionOn(base) } }
    }
    default:
      throw new TypeError(`no change is called '${op.kind}'`)
  }
}

/** What the user saw must be there still. */
const conditionOn = (base) => (base === null ? { isNew: true } : { ifMatch: base })

// A node of another cluster does nothing (`wrong_cluster`); the feed sees to where this one is.
const passing = [
  'no_leader', 'no_quorum', 'busy', 'stopping', 'disk_full', 'unknown_outcome', 'wrong_cluster',
]

/**
 * What follows from an attempt.
 *
 * @param answer `{status, body, revision}`, or `{failure}` if no answer came.
 * @returns one of `{next: 'done', revision, count, task}`, `{next: 'ask', url}`: send it there,
 *   `{next: 'wait', reason}`: send it again later, `{next: 'token'}`, `{next: 'recheck'}`: look
 *   at the task or the pair again, `{next: 'gone'}`, `{next: 'failed', error}`.
 */
export function judge(op, answer) {
  if (answer.failure) return { next: 'wait', reason: 'unreachable' }
  const { status, body, revision } = answer
  if (status >= 200 && status < 300) {
    const task = op.kind === 'edit' || op.kind === 'complete' ? body : null
    return { next: 'done', revision, count: body?.count ?? null, task }
  }
  const code = body?.error
  if (code === 'not_leader' && body.leader) return { next: 'ask', url: body.leader }
  if (code === 'not_leader' || passing.includes(code)) return { next: 'wait', reason: code }
  if (code === 'unauthorized' || code === 'too_many_attempts') return { next: 'token' }
  if (code === 'task_not_found') {
    // What should go is gone.
    return op.kind === 'remove' ? { next: 'done', revision, count: 0, task: null } : { next: 'gone' }
  }
  if (code === 'key_not_found' && op.kind === 'removePair') {
    return { next: 'done', revision, count: 0, task: null }
  }
  if (code === 'conflict' && (op.kind === 'edit' || op.pair)) return { next: 'recheck' }
  const error = body ?? { error: 'bad_answer', message: `HTTP ${status}`, outcome: 'unknown' }
  return { next: 'failed', error }
}

/** Whether what another client made of a pair is what the change was to make of it. */
export function isMade(op, theirs) {
  return op.kind === 'set' ? isSameValue(op.value, theirs?.value ?? null) : theirs === null
}

/** The change as one that was never sent: the next request for it gets an id of its own. */
export function afresh(op) {
  const generation = (op.generation ?? 0) + (op.request ? 1 : 0)
  const none = { request: null, attempts: 0, doubts: 0, firstSent: null, known: null, error: null }
  return { ...op, ...none, generation, phase: 'queued' }
}

/** The change, ready to be sent again after it failed. */
export function again(op) {
  // A node would go on giving the same answer to an id that it refused or forgot.
  const isSpent = op.error?.error === 'request_expired' || op.error?.outcome === 'not_applied'
  return isSpent ? afresh(op) : { ...op, phase: 'queued', error: null }
}

/**
 * The change once the page shows the tasks of a cluster; `null` if it is of no more interest.
 *
 * @param isAnother whether this cluster is certainly not the one whose tasks were shown before.
 */
export function placed(op, identity, isAnother) {
  if (op.phase === 'elsewhere') {
    return isSame(op.identity, identity) ? { ...op, phase: 'queued', error: null } : op
  }
  // Made before anything was shown.
  const own = op.identity ?? identity
  if (!isAnother && agrees(own, identity)) return { ...op, identity: own }
  return op.phase === 'confirmed' ? null : { ...op, identity: own, phase: 'elsewhere' }
}

/**
 * The tasks as they will be once all changes are made.
 *
 * @returns `tasks` by id, each with `op` if something about it is on its way, and `additions`
 *   that have no id yet.
 */
export function overlay(tasks, ops) {
  const shown = ops.length > 0 ? new Map(tasks) : tasks
  const additions = []
  for (const op of ops) {
    const task = op.id === undefined ? undefined : shown.get(op.id)
    if (op.phase === 'elsewhere') continue
    if (op.kind === 'add') additions.push({ op, title: op.title })
    if (op.kind === 'addMany') additions.push(...op.titles.map((title) => ({ op, title })))
    if (op.phase === 'failed') continue
    if (op.kind === 'clear') {
      for (const [id, task] of shown) if (task.completed) shown.delete(id)
    }
    if (!task) continue
    if (op.kind === 'complete') shown.set(op.id, { ...task, completed: op.completed, op })
    if (op.kind === 'edit') shown.set(op.id, { ...task, ...op.fields, op })
    if (op.kind === 'remove') shown.delete(op.id)
  }
  return { tasks: shown, additions }
}
