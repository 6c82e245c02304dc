// Revisions for people: what was done to which task or key.

import { difference } from './difference.mjs'
import { isSameValue, valueIn } from './values.mjs'

const taskPrefix = 'task_'

/** The task that a value is; `null` if it is none. */
function taskIn(key, value) {
  if (!key?.startsWith(taskPrefix) || !value?.source?.startsWith('{')) return null
  const task = JSON.parse(value.source)
  return typeof task.title === 'string' && Number.isInteger(task.number) ? task : null
}

/**
 * What a revision did to one key: `{kind, name, key, before, after}`. The kinds begin with `task` where
 * a task is meant; then the name is its title, and `to` the new one where it was changed.
 */
export function deedOf({ key, key_b64, before, after }) {
  const values = { before: valueIn(before), after: valueIn(after) }
  const [old, now] = [taskIn(key, values.before), taskIn(key, values.after)]
  const deed = { key: key === null ? { key_b64 } : { key }, ...values }
  if (!old && !now) {
    const kind = !values.before ? 'keyAdded' : !values.after ? 'keyRemoved' : 'keyChanged'
    return { ...deed, kind, name: key ?? key_b64 }
  }
  if (!old) return { ...deed, kind: 'taskAdded', name: now.title }
  if (!now) return { ...deed, kind: 'taskRemoved', name: old.title }
  return { ...deed, ...taskDeed(old, now) }
}

function taskDeed(old, now) {
  const { title: name } = old
  const differing = Object.keys({ ...old, ...now }).filter(
    (field) => JSON.stringify(old[field]) !== JSON.stringify(now[field]),
  )
  const isOnly = (...fields) => differing.every((field) => fields.includes(field))
  if (old.completed !== now.completed && isOnly('completed', 'completed_at')) {
    return { kind: now.completed ? 'taskCompleted' : 'taskReopened', name }
  }
  if (old.title !== now.title && isOnly('title')) return { kind: 'taskRenamed', name, to: now.title }
  return { kind: 'taskEdited', name: now.title }
}

/** What a revision did to a setting of the cluster. */
const settingDeed = ({ name, before, after }) => ({ kind: 'setting', name, from: before, to: after })

/** All that is told of what a revision did. */
export function deedsOf({ changes, settings = [] }) {
  return [...changes.map(deedOf), ...settings.map(settingDeed)]
}

/**
 * A revision in short: the first of what it did, of one kind, and how much more there is.
 *
 * @returns `{undoes, operation, kind, deeds, alike, others}`: `deeds` are the first three, `alike` counts
 *   more of the same kind, `others` what is of another kind or not told.
 */
export function summaryOf(revision) {
  const { undoes, operation, count } = revision
  const all = deedsOf(revision)
  const kind = all[0]?.kind ?? null
  const alike = all.filter((deed) => deed.kind === kind)
  const isAll = alike.length === all.length
  const untold = Math.max(0, count - all.length)
  const shown = kind === 'taskRenamed' || kind === 'setting' ? 1 : 3
  const deeds = alike.slice(0, shown)
  return {
    undoes, operation, kind, deeds,
    alike: alike.length - deeds.length + (isAll ? untold : 0),
    others: isAll ? 0 : all.length - alike.length + untold,
  }
}

/** The lines by which a deed's values differ; none for a setting. */
export function differenceOf({ before = null, after = null }) {
  return difference(before, after)
}

/** What a revision did to one key; `null` if it is not told. */
export function deedOn(key, revision) {
  const change = revision.changes.find((change) =>
    change.key === null ? change.key_b64 === key.key_b64 : change.key === key.key,
  )
  return change ? deedOf(change) : null
}

/** Which revisions of these were taken back by others of them: numbers by number. */
export function takenBack(revisions) {
  return new Map(
    revisions.filter(({ undoes }) => undoes !== null).map(({ revision, undoes }) => [undoes, revision]),
  )
}

/** What stands in the way of taking a revision back: `{name, isGone}` of each key. */
export function obstaclesOf({ conflicts = [] }) {
  return conflicts.map(({ key, expected, found }) => {
    const source = (value) => (value === undefined || value === null ? undefined : JSON.stringify(value))
    const [then, now] = [valueIn(source(expected)), valueIn(source(found))]
    const task = taskIn(key, now) ?? taskIn(key, then)
    return { key, name: task?.title ?? key, isGone: now === null, isSame: isSameValue(then, now) }
  })
}
