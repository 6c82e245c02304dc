// One key: its value in an editor, and its history.

import { difference } from '../logic/difference.mjs'
import { creationOf, editorOf, newDraft, removalOf, savingOf } from '../logic/editor.mjs'
import { slotOf } from '../logic/reading.mjs'
import { deedOn, summaryOf } from '../logic/revisions.mjs'
import { keyProblem, keyText, rewritten } from '../logic/values.mjs'
import { datesIn } from './dates.mjs'
import { drawChanges } from './deeds.mjs'
import { drawDifference } from './difference.mjs'
import { drawNothing, isComposing, setText, setValue } from './elements.mjs'
import { drawMore, missing, pendingText } from './rows.mjs'

const place = document.getElementById('key')
const heading = document.getElementById('key-name')
const facts = document.getElementById('key-facts')
const nothing = document.getElementById('key-nothing')
const conflict = document.getElementById('key-conflict')
const conflictWords = document.getElementById('key-conflict-words')
const conflictLines = document.getElementById('key-conflict-lines')
const keep = document.getElementById('key-keep')
const take = document.getElementById('key-take')
const editOn = document.getElementById('key-edit-on')
const form = document.getElementById('key-form')
const naming = document.getElementById('key-new')
const nameField = document.getElementById('key-new-name')
const nameProblem = document.getElementById('key-new-problem')
const field = document.getElementById('key-value')
const formField = document.getElementById('key-form-of')
const problem = document.getElementById('key-problem')
const changed = document.getElementById('key-changed')
const save = document.getElementById('key-save')
const cancel = document.getElementById('key-cancel')
const pendingWords = document.getElementById('key-pending')
const remove = document.getElementById('key-remove')
const past = document.getElementById('key-past')
const changes = document.getElementById('key-changes')
const note = document.getElementById('key-changes-note')
const more = document.getElementById('key-more')

/**
 * @param queue takes a change to be made.
 * @param go takes the parts of the place that are to be others.
 * @param actions decide on conflicts.
 * @param words gives the words of the language that the page speaks now.
 */
export function startKey(store, { queue, go, actions, words }) {
  const draft = (typed) => {
    const { name, pair } = editorOf(store.state)
    const { base = pair?.revision ?? null, keyName } = store.state.drafts[name] ?? {}
    store.dispatch({ type: 'draft', name, draft: { base, keyName, ...typed } })
  }
  const forget = () => store.dispatch({ type: 'draft', name: editorOf(store.state).name, draft: null })
  const typed = () => ({ form: formField.value, text: field.value })

  field.addEventListener('input', () => draft(typed()))
  nameField.addEventListener('input', () => {
    complainOfName(null)
    draft({ ...typed(), keyName: nameField.value })
  })
  formField.addEventListener('change', () => {
    draft(rewritten(editorOf(store.state).typed, formField.value))
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    submit()
  })
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || isComposing(event)) return
    event.preventDefault()
    submit()
  })
  cancel.addEventListener('click', () => {
    forget()
    if (store.state.place.isNew) go({ isNew: false })
    else field.focus()
  })
  remove.addEventListener('click', () => {
    queue(removalOf(store.state))
    forget()
    const { key } = store.state.place
    const text = keyText(key)
    go({ key: null, prefix: key.key === undefined ? '' : text.slice(0, text.lastIndexOf('/') + 1) })
  })
  keep.addEventListener('click', () => actions.keepMine(editorOf(store.state).pending.key))
  take.addEventListener('click', () => actions.takeTheirs(editorOf(store.state).pending.key))
  editOn.addEventListener('click', () => {
    const { name, pending } = editorOf(store.state)
    const base = pending.theirs?.revision ?? null
    actions.discard(pending.key)
    store.dispatch({ type: 'draft', name, draft: { base, ...pending.typed } })
    field.focus()
  })

  function submit() {
    const { value, isChanged, pending } = editorOf(store.state)
    if (pending) return
    if (store.state.place.isNew) return create(value)
    if (!value) return field.focus()
    if (!isChanged) return
    queue(savingOf(store.state))
    forget()
  }

  function create(value) {
    const key = (store.state.drafts[newDraft]?.keyName ?? nameField.value).normalize('NFC')
    const found = keyProblem(key)
    complainOfName(found && words().keyProblem[found])
    if (found) return nameField.focus()
    if (!value) return field.focus()
    queue(creationOf(store.state, key))
    forget()
    go({ isNew: false, key: { key } })
  }
}

function complainOfName(text) {
  nameProblem.hidden = !text
  setText(nameProblem, text ?? '')
}

export function drawKey(store, words, language) {
  const { state } = store
  const { key, isNew, prefix } = state.place
  const isShown = key !== null || isNew
  place.hidden = !isShown
  if (!isShown) return
  const editor = editorOf(state)
  const { pair, pending, typed, isRead } = editor
  naming.hidden = !isNew
  heading.hidden = isNew
  if (isNew) setValue(nameField, state.drafts[newDraft]?.keyName ?? prefix)
  setText(heading, isNew ? '' : editor.name)
  setText(facts, factsOf(editor, key, words))

  const isGone = isRead && !pair && !isNew && !pending && !editor.isChanged
  const text = isRead || pending || isNew ? (isGone ? words.noSuchKey : null) : missing(slotOf(state, 'pair'), words)
  drawNothing(nothing, text)
  // A key that is not there can be made here.
  form.hidden = !isRead && !pending
  drawConflict(pending?.phase === 'conflict' ? pending : null, words)
  drawForm(editor, isNew, words)
  setValue(field, typed.text)
  setValue(formField, typed.form)
  drawPast(store, key, isNew, words, language)
}

function drawForm({ pair, pending, typed, problem: found, isChanged, isOutdated }, isNew, words) {
  field.readOnly = pending !== null
  formField.disabled = pending !== null
  const lines = typed.text.split('\n').reduce((sum, line) => sum + 1 + Math.floor(line.length / 80), 0)
  field.rows = Math.min(24, Math.max(4, lines + 1))
  // Nothing is wrong with a field before something is in it.
  const text = found && (typed.text !== '' || isChanged) ? words.valueProblem[found.reason](found) : null
  problem.hidden = !text
  setText(problem, text ?? '')
  field.setAttribute('aria-invalid', String(Boolean(text)))
  changed.hidden = !isOutdated
  setText(changed, isOutdated ? words.changedMeanwhile : '')
  save.disabled = pending !== null || !isChanged || Boolean(found)
  setText(save, isNew ? words.createKey : words.save)
  cancel.hidden = !isNew && !isChanged
  remove.hidden = isNew || !pair || pending !== null
  setText(pendingWords, pendingText(pending, words))
}

function factsOf({ pair, name, typed }, key, words) {
  if (!pair) return ''
  const parts = [words.revisionName(pair.revision), words.valueForms[typed.form]]
  if (key?.key === undefined && name) parts.push(words.keyIsBytes)
  if (pair.ttl_ms !== undefined) parts.push(words.endsIn(Math.ceil(pair.ttl_ms / 1000)))
  return parts.join(' · ')
}

/** Another client was first: what there is now, and what the user wanted. */
function drawConflict(pending, words) {
  conflict.hidden = pending === null
  if (!pending) return setText(conflictWords, '')
  const isRemoval = pending.kind === 'removePair'
  const { theirs } = pending
  setText(conflictWords, words.pairConflict(isRemoval, theirs?.revision ?? null))
  setText(keep, isRemoval ? words.deleteAnyway : words.overwrite)
  setText(take, theirs ? words.takeTheirs : words.leaveDeleted)
  editOn.hidden = isRemoval
  drawDifference(conflictLines, difference(theirs?.value ?? null, isRemoval ? null : pending.value), words)
}

function drawPast(store, key, isNew, words, language) {
  past.hidden = isNew
  if (isNew) return
  const slot = slotOf(store.state, 'changes')
  const revisions = slot.body?.revisions ?? []
  const isText = key.key !== undefined
  note.hidden = isText && revisions.length > 0
  setText(note, !isText ? words.noHistoryOfBytes : (missing(slot, words) ?? words.noRevisionsOfKey))
  const { full } = datesIn(language)
  const items = revisions.map((revision) => {
    const { author, time, revision: number } = revision
    const deed = deedOn(key, revision)
    const { undoes } = summaryOf(revision)
    return {
      id: number, deed, place: { view: 'history', revision: number },
      title: words.revisionDid(number, deed ? words.happenedToKey[deed.kind] : revision.operation, undoes),
      facts: words.byWhom(author, full.format(new Date(time))),
    }
  })
  drawChanges(changes, items, words)
  drawMore(more, slot, store)
}

