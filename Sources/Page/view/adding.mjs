// The two forms that add tasks: one, or a list.

import { cleanTitle, parseBatch, titleProblem } from '../logic/titles.mjs'
import { isComposing, setText } from './elements.mjs'

const one = document.getElementById('add')
const title = document.getElementById('title')
const problem = document.getElementById('title-problem')
const toggle = document.getElementById('many-toggle')
const many = document.getElementById('many')
const titles = document.getElementById('titles')
const manyProblem = document.getElementById('many-problem')
const manyAdd = document.getElementById('many-add')

let words = null

/** @param queue takes a change to be made. */
export function startAdding({ queue }) {
  title.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && isComposing(event)) event.preventDefault()
  })
  title.addEventListener('input', () => complain(problem, null))
  one.addEventListener('submit', (event) => {
    event.preventDefault()
    const text = cleanTitle(title.value)
    const reason = titleProblem(text)
    complain(problem, reason && words.titleProblem[reason])
    if (!reason) {
      queue({ kind: 'add', title: text })
      title.value = ''
    }
    title.focus()
  })
  // A list that is pasted into the one line would lose its lines.
  title.addEventListener('paste', (event) => {
    const text = event.clipboardData?.getData('text/plain') ?? ''
    if (parseBatch(text).titles.length < 2) return
    event.preventDefault()
    openMany(true)
    const before = titles.value
    titles.value = before === '' || before.endsWith('\n') ? before + text : `${before}\n${text}`
    preview()
    titles.focus()
  })
  toggle.addEventListener('click', () => {
    openMany(many.hidden)
    if (!many.hidden) titles.focus()
  })
  titles.addEventListener('input', preview)
  many.addEventListener('submit', (event) => {
    event.preventDefault()
    const batch = parseBatch(titles.value)
    if (batch.problem || batch.titles.length === 0) return preview()
    queue({ kind: 'addMany', titles: batch.titles })
    titles.value = ''
    openMany(false)
    title.focus()
  })
}

export function drawAdding(given) {
  if (given === words) return
  words = given
  preview()
}

function openMany(isOpen) {
  many.hidden = !isOpen
  toggle.setAttribute('aria-expanded', String(isOpen))
  preview()
}

/** Says how many tasks the list makes, and what is wrong with it. */
function preview() {
  const { titles: lines, problem: found } = parseBatch(titles.value)
  setText(manyAdd, words.batchCount(lines.length))
  manyAdd.disabled = lines.length === 0 || found !== null
  const text = found && words.titleProblem[found.reason]
  complain(manyProblem, found?.line ? words.onLine(found.line, text) : text)
}

function complain(place, text) {
  place.hidden = !text
  setText(place, text ?? '')
}
