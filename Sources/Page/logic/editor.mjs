// The value of a key while it is edited: what was typed, what was saved, and what others did meanwhile.
//
// What is typed is a draft until it is saved, and then a change in the outbox. A draft knows the revision of
// the value on which it was begun (`base`): the change is made only if that is there still.

import { pendingOf } from './state.mjs'
import { slotOf } from './reading.mjs'
import { isSameValue, keyName, keyText, read, valueOf, written } from './values.mjs'

/** The name under which the draft of a key that is being made is kept. */
export const newDraft = ''
const emptyDraft = { form: 'json', text: '' }

const typedIn = (draft) => draft && { form: draft.form, text: draft.text }

/**
 * What the editor shows.
 *
 * @returns `name`: of the draft; `pair`: as it was read, or `null`; `isRead`: whether it was; `typed`:
 *   `{form, text}`; `value` or `problem` of what is typed; `pending`: the change that is on its way or to
 *   be decided on; `isChanged`: whether there is something to save; `isOutdated`: whether another client
 *   changed the key since the user began to type.
 */
export function editorOf(state) {
  const { key, isNew } = state.place
  if (isNew || !key) {
    const typed = typedIn(state.drafts[newDraft]) ?? emptyDraft
    const isChanged = typed.text !== ''
    return { name: newDraft, pair: null, isRead: true, typed, pending: null, isChanged, isOutdated: false, ...read(typed) }
  }
  const name = keyText(key)
  const { body, failure } = slotOf(state, 'pair')
  const pair = body?.pair ?? null
  const saved = valueOf(pair)
  const found = pendingOf(state, key)
  const pending = found?.phase === 'confirmed' ? null : found
  const draft = state.drafts[name] ?? null
  const typed = typedIn(draft) ?? pending?.typed ?? written(saved)
  const said = read(typed)
  const isChanged = draft !== null && (!said.value || !isSameValue(said.value, saved))
  const isOutdated = draft !== null && body !== null && draft.base !== (pair?.revision ?? null)
  return { name, pair, isRead: body !== null, failure, typed, pending, isChanged, isOutdated, ...said }
}

/** The change that saves what is typed for a key that is there, or was. */
export function savingOf(state) {
  const { name, typed, value, pair } = editorOf(state)
  const { base = pair?.revision ?? null } = state.drafts[name] ?? {}
  return { kind: 'set', pair: keyName(state.place.key), title: name, value, base, typed }
}

/** The change that makes a new key. */
export function creationOf(state, key) {
  const { typed, value } = editorOf(state)
  return { kind: 'set', pair: { key }, title: key, value, base: null, typed }
}

/** The change that removes a key as the user sees it. */
export function removalOf(state) {
  const { name, pair } = editorOf(state)
  return { kind: 'removePair', pair: keyName(state.place.key), title: name, base: pair.revision }
}
