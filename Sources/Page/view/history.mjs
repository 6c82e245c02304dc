// The history: all revisions, and one of them with what it changed.

import { addressOf, startPlace } from '../logic/place.mjs'
import { slotOf } from '../logic/reading.mjs'
import { deedsOf, summaryOf, takenBack } from '../logic/revisions.mjs'
import { isUnsent } from '../logic/outbox.mjs'
import { datesIn, setMoment } from './dates.mjs'
import { drawChanges, sentenceOf } from './deeds.mjs'
import { drawNothing, setText, setValue, showAll } from './elements.mjs'
import { drawMore, drawRows, missing, pendingText } from './rows.mjs'

const section = document.getElementById('history')
const back = document.getElementById('history-back')
const browse = document.getElementById('revisions-browse')
const prefixField = document.getElementById('history-prefix')
const authorField = document.getElementById('history-author')
const authors = document.getElementById('authors')
const nothing = document.getElementById('history-nothing')
const list = document.getElementById('revisions')
const more = document.getElementById('history-more')
const one = document.getElementById('revision')
const heading = document.getElementById('revision-title')
const summary = document.getElementById('revision-summary')
const facts = document.getElementById('revision-facts')
const oneNothing = document.getElementById('revision-nothing')
const tools = document.getElementById('revision-tools')
const undo = document.getElementById('revision-undo')
const moment = document.getElementById('revision-moment')
const pending = document.getElementById('revision-pending')
const deeds = document.getElementById('deeds')
const moreDeeds = document.getElementById('deeds-more')

/**
 * @param undoRevision is called with the revision that the user wants to take back.
 * @param go takes the parts of the place that are to be others.
 */
export function startHistory(store, { undoRevision, go }) {
  prefixField.addEventListener('input', () => go({ prefix: prefixField.value }))
  authorField.addEventListener('input', () => go({ author: authorField.value }))
  undo.addEventListener('click', () => {
    const { revision } = store.state.place
    if (!undoOf(store.state, revision)) undoRevision(revision)
  })
}

/** The change under way that takes a revision back. */
const undoOf = (state, revision) =>
  state.ops.find((op) => op.kind === 'undo' && op.revisionOf === revision && isUnsent(op))

export function drawHistory(store, { go }, words, language) {
  const { state } = store
  const { revision, at, author, prefix } = state.place
  back.hidden = revision === null
  back.href = addressOf({ ...startPlace, view: 'history', author, prefix })
  browse.hidden = revision !== null || at !== null
  one.hidden = revision === null
  if (!browse.hidden) drawList(store, go, words, language)
  if (!one.hidden) drawOne(store, words, language)
}

function drawList(store, go, words, language) {
  const { state } = store
  const { author, prefix } = state.place
  setValue(prefixField, prefix)
  setValue(authorField, author)
  const slot = slotOf(state, 'log')
  const revisions = slot.body?.revisions ?? []
  const undone = takenBack(revisions)
  const items = revisions.map((revision) => ({
    id: revision.revision, icon: 'revision', main: sentenceOf(summaryOf(revision), words),
    look: undone.has(revision.revision) ? 'undone' : '', revision, undoneBy: undone.get(revision.revision),
    place: { view: 'history', author, prefix, revision: revision.revision },
  }))
  browse.setAttribute('aria-busy', String(slot.isOld))
  drawRows(list, section, items, 'revision-row', (row, { revision, undoneBy }) => {
    setText(row.querySelector('.number'), `#${revision.revision}`)
    setText(row.querySelector('.author'), revision.author || words.noAuthor)
    setMoment(row.querySelector('time'), revision.time, language)
    setText(row.querySelector('.mark'), undoneBy ? words.undoneBy(undoneBy) : '')
  })
  drawMore(more, slot, store)
  const isFiltered = author !== '' || prefix !== ''
  const text = missing(slot, words) ?? (items.length > 0 ? null : isFiltered ? words.noRevisionMatches : words.noRevisions)
  const button = slot.body && isFiltered && { text: words.allRevisions, action: () => go({ author: '', prefix: '' }) }
  drawNothing(nothing, text, text ? button : null)
  showAll(authors, [...new Set(revisions.map((revision) => revision.author))].filter(Boolean).sort(), {
    key: (name) => name,
    make: () => document.createElement('option'),
    update: (option, name) => (option.value = name),
  })
}

function drawOne(store, words, language) {
  const { state } = store
  const { place, rows } = state
  const slot = slotOf(state, 'revision')
  const revision = slot.body
  setText(heading, words.revisionName(place.revision))
  const isMissing = slot.failure?.error === 'revision_not_found'
  drawNothing(oneNothing, isMissing ? words.noSuchRevision : missing(slot, words))
  tools.hidden = !revision
  setText(summary, revision ? sentenceOf(summaryOf(revision), words) : '')
  setText(facts, revision ? factsOf(revision, words, language) : '')
  moment.href = addressOf({ ...startPlace, view: 'history', at: place.revision })
  const going = undoOf(state, place.revision)
  undo.disabled = Boolean(going)
  setText(pending, pendingText(going, words))
  const all = revision ? deedsOf(revision) : []
  const items = all.slice(0, rows).map((deed, at) => ({
    id: `${place.revision} ${at}`, deed, title: deed.to ?? deed.name, isKey: deed.kind.startsWith('key'),
    facts: deed.kind === 'setting' ? words.deed.setting(deed.name, deed) : words.happenedToKey[deed.kind],
    place: deed.key && { view: 'keys', key: deed.key },
  }))
  drawChanges(deeds, items, words)
  drawMore(moreDeeds, { body: { hasMore: all.length > rows } }, store)
}

function factsOf({ author, time, operation, count }, words, language) {
  const { full } = datesIn(language)
  return [words.byWhom(author, full.format(new Date(time))), operation, words.changeCount(count)].join(' · ')
}
