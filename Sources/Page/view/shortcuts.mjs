// The keyboard: one key for what is done often, and a dialog that tells which.

import { shortcutOf, shortcuts } from '../logic/shortcuts.mjs'
import { fromTemplate, isComposing, setText, showAll } from './elements.mjs'

const dialog = document.getElementById('shortcuts')
const list = document.getElementById('shortcuts-list')
const open = document.getElementById('shortcuts-open')
const switchOn = document.getElementById('shortcuts-on')
const kept = 'pdb.shortcuts'

const searches = { tasks: 'query', keys: 'keys-prefix', history: 'history-prefix' }
/** What `j` and `k` go through in each view. */
const stops = {
  tasks: '#list button.title', cluster: '#members button', keys: '#keys-list .row, #key-changes .what',
  history: '#revisions .row, #deeds .what',
}

/**
 * @param go takes the parts of the place that are to be others.
 * @param undoLast takes back the last change of this page.
 */
export function startShortcuts(store, { go, undoLast }) {
  // Keys without Ctrl must be possible to switch off (WCAG 2.2, section 2.1.4).
  switchOn.checked = localStorage.getItem(kept) !== 'off'
  switchOn.addEventListener('change', () => localStorage.setItem(kept, switchOn.checked ? 'on' : 'off'))
  open.addEventListener('click', () => dialog.showModal())
  const act = {
    help: () => dialog.showModal(),
    undo: undoLast,
    add() {
      if (store.state.place.view !== 'tasks') go({ view: 'tasks' })
      focusSoon('title')
    },
    search() {
      const { view, key, isNew, revision, at } = store.state.place
      const isDetail = key !== null || isNew || revision !== null || at !== null
      if (view === 'cluster') go({ view: 'tasks' })
      else if (isDetail) go({ key: null, isNew: false, revision: null, at: null })
      focusSoon(searches[view] ?? 'query')
    },
    next: () => move(1),
    previous: () => move(-1),
    complete: () => document.activeElement.closest('.task')?.querySelector('.tick')?.click(),
  }
  const move = (step) => {
    const all = [...document.querySelectorAll(stops[store.state.place.view])].filter((one) => one.checkVisibility())
    const row = document.activeElement.closest('[data-key]')
    const current = all.findIndex((one) => row?.contains(one))
    const at = current < 0 ? (step > 0 ? 0 : all.length - 1) : current + step
    all[Math.max(0, Math.min(at, all.length - 1))]?.focus()
  }
  document.addEventListener('keydown', (event) => {
    if (!switchOn.checked || event.defaultPrevented || isComposing(event)) return
    const isTyping = event.target.matches?.('input:not([type="checkbox"], [type="range"]), textarea, select')
    const isOpen = document.querySelector('dialog[open]') !== null
    const wanted = shortcutOf(event, { isTyping, isOpen })
    if (!wanted) return
    event.preventDefault()
    act[wanted]()
  })
}

/** Gives a field the focus once what shows it is drawn. */
function focusSoon(id) {
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const field = document.getElementById(id)
    field.focus()
    field.select()
  }))
}

export function drawShortcuts(words) {
  showAll(list, Object.entries(shortcuts), {
    key: ([key]) => key,
    make: () => fromTemplate('shortcut'),
    update(row, [key, name]) {
      setText(row.querySelector('kbd'), key)
      setText(row.querySelector('dd'), words.shortcut[name])
    },
  })
}
