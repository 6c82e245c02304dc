// The state at any moment: a slider over the revisions, and what tasks and keys were at the one where
// it stands.

import { slotOf } from '../logic/reading.mjs'
import { summaryOf } from '../logic/revisions.mjs'
import { datesIn } from './dates.mjs'
import { sentenceOf } from './deeds.mjs'
import { setText, setValue } from './elements.mjs'
import { drawMore, drawRows, missing, pairRow } from './rows.mjs'

const section = document.getElementById('history')
const moment = document.getElementById('moment')
const slider = document.getElementById('moment-at')
const now = document.getElementById('moment-now')
const said = document.getElementById('moment-words')
const past = document.getElementById('past')
const tasksTitle = document.getElementById('past-tasks-title')
const tasks = document.getElementById('past-tasks')
const keysTitle = document.getElementById('past-keys-title')
const keys = document.getElementById('past-keys')
const more = document.getElementById('past-more')

/** @param go takes the parts of the place that are to be others. */
export function startPast({ go }) {
  slider.addEventListener('input', () => {
    const at = Number(slider.value)
    go({ at: at === Number(slider.max) ? null : at })
  })
  now.addEventListener('click', () => {
    go({ at: null })
    slider.focus()
  })
}

export function drawPast(store, words, language) {
  const { state } = store
  const { at, revision } = state.place
  const newest = state.replica?.revision ?? 0
  moment.hidden = revision !== null || newest === 0
  past.hidden = at === null || revision !== null
  if (moment.hidden && past.hidden) return
  const known = slotOf(state, at === null ? 'log' : 'moment')
  if (known.body) slider.min = String(known.body.compacted ?? 0)
  slider.max = String(newest)
  setValue(slider, String(at ?? newest))
  now.hidden = at === null
  const text = at === null ? words.now(newest) : words.momentOf(at, momentText(known, at, words, language))
  setText(said, text)
  slider.setAttribute('aria-valuetext', text)
  if (past.hidden) return
  drawTasks(store, words)
  drawKeys(store, words)
}

/** When the revision was made, by whom, and what it did. */
function momentText({ body, failure, isOld }, at, words, language) {
  if (failure) return words.noSuchRevision
  const found = body?.revisions[0]
  if (!found || isOld) return ''
  // Before the first revision there was nothing.
  if (found.revision !== at) return ''
  const date = datesIn(language).full.format(new Date(found.time))
  return `${words.byWhom(found.author, date)}: ${sentenceOf(summaryOf(found), words)}`
}

function drawTasks({ state }, words) {
  const slot = slotOf(state, 'pastTasks')
  const all = slot.body?.tasks ?? []
  const items = all.slice(0, state.rows).map(({ id, title, number, completed }) => ({
    id, icon: completed ? 'done' : 'open', main: title, look: completed ? 'completed' : '',
    beside: completed ? `#${number} ${words.filter.completed}` : `#${number}`,
  }))
  tasks.setAttribute('aria-busy', String(slot.isOld))
  drawRows(tasks, section, items, 'past-row')
  const count = words.atLeast(items.length, all.length > state.rows)
  setText(tasksTitle, slot.body ? `${words.tasks} (${count})` : `${words.tasks}: ${missing(slot, words)}`)
}

function drawKeys(store, words) {
  const { state } = store
  const slot = slotOf(state, 'pastKeys')
  const rows = slot.body?.rows ?? []
  keys.setAttribute('aria-busy', String(slot.isOld))
  drawRows(keys, section, rows.map((row) => pairRow(row, words)), 'past-row')
  const count = words.atLeast(rows.length, slot.body?.hasMore)
  setText(keysTitle, slot.body ? `${words.keys} (${count})` : `${words.keys}: ${missing(slot, words)}`)
  const tasksLeft = (slotOf(state, 'pastTasks').body?.tasks.length ?? 0) > state.rows
  drawMore(more, { body: { hasMore: slot.body?.hasMore || tasksLeft } }, store)
}
