// What nodes say, for tests.

import { startPlace } from '../../Sources/Page/logic/place.mjs'

/** Two clusters that were made from one list of addresses, and one of another list. */
export const c1 = { cluster: 'c1', birth: 'b1' }
export const c1Anew = { cluster: 'c1', birth: 'b2' }
export const c2 = { cluster: 'c2', birth: 'b3' }

/** A task as nodes answer it. */
export function task(id, title, more = {}) {
  const created_at = '2026-01-02T03:04:05.678Z'
  return { id, number: 1, title, completed: false, created_at, revision: 1, ...more }
}

/** A revision that changed one task. */
export function change(revision, { id, after }) {
  return { revision, changes: [{ key: `task_${id ?? after.id}`, before: null, after }] }
}

/** The change of a title that a user makes. */
export function retitle(id, title, base) {
  return { kind: 'edit', id, title, fields: { title }, base: { title: base } }
}

/** A member as the cluster lists it. */
export function member(port, more = {}) {
  return { id: `id${port}`, address: `127.0.0.1:${port}`, voter: true, ...more }
}

/** What a node says of itself. */
export function status(port, more = {}) {
  return {
    node: `id${port}`, cluster: 'c1', role: 'follower', is_leader: false,
    leader: 'http://127.0.0.1:4000', term: 3, applied: 10, commit: 10, revision: 7, hash: 'aa',
    alarms: [], ...more,
  }
}

/** What the leader says of itself. */
export function leading(port, more = {}) {
  const leader = `http://127.0.0.1:${port}`
  return status(port, { role: 'leader', is_leader: true, leader, ...more })
}

/** A revision as nodes answer it, with its values as text. */
export function revision(number, changes, more = {}) {
  return {
    revision: number, time: '2026-01-02T03:04:05.678Z', author: 'lan', operation: 'kv set', undoes: null,
    count: changes.length, changes: changes.map(keyChange), ...more,
  }
}

function keyChange({ key, before, after }) {
  return { key, before: JSON.stringify(before ?? null), after: JSON.stringify(after ?? null) }
}

/** A place in a view, with all that belongs to one. */
export function placeIn(view, more = {}) {
  return { ...startPlace, view, ...more }
}
