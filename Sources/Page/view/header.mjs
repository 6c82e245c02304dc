// The top of the page: the verdict, the node in use, the language, and what is wrong.

import { shortNames } from '../logic/cluster.mjs'
import { unsent, visibleTasks, writability } from '../logic/state.mjs'
import { languages } from '../logic/words.mjs'
import { fromTemplate, setText } from './elements.mjs'

const verdict = document.getElementById('verdict')
const nodeName = document.getElementById('node-name')
const trouble = document.getElementById('trouble')
const troubleWords = document.getElementById('trouble-words')
const unsentWords = document.getElementById('unsent')
const switches = document.getElementById('languages')

/** @param choose is called with the language that the user wants. */
export function startHeader({ choose }) {
  for (const [language, { languageName }] of Object.entries(languages)) {
    const button = fromTemplate('button')
    button.textContent = languageName
    button.lang = language
    button.addEventListener('click', () => choose(language))
    switches.append(button)
  }
}

export function drawHeader(state, words, language) {
  const { report, connection } = state
  const canWrite = writability(state)
  setText(verdict, report && canWrite !== 'offline' ? words.verdict(report) : '')
  verdict.className = report?.health ?? ''
  const { node } = connection
  const names = shortNames(report?.members ?? [])
  setText(nodeName, names.get(node?.address) ?? node?.address ?? '?')
  nodeName.title = node?.address ?? ''
  const waiting = unsent(state).filter(({ phase }) => phase === 'waiting').length
  const isTrouble = canWrite !== 'yes' && canWrite !== 'loading'
  setText(troubleWords, isTrouble ? words.state[canWrite] : '')
  setText(unsentWords, waiting > 0 ? `${words.unsentCount(unsent(state).length)}.` : '')
  trouble.hidden = !isTrouble && waiting === 0
  const title = words.documentTitle(visibleTasks(state).counts.active)
  const { view } = state.place
  document.title = view === 'tasks' ? title : `${words[view]} – ${title}`
  for (const button of switches.children) {
    button.setAttribute('aria-pressed', String(button.lang === language))
  }
}

/** The words of a name such as `field.title`. */
const wordsAt = (name, words) => name.split('.').reduce((part, step) => part[step], words)

/** Writes the words that never change but with the language. */
export function drawWords(words, language) {
  document.documentElement.lang = language
  for (const element of document.querySelectorAll('[data-words]')) {
    setText(element, wordsAt(element.dataset.words, words))
  }
  for (const element of document.querySelectorAll('[data-placeholder]')) {
    element.placeholder = words[element.dataset.placeholder]
  }
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', wordsAt(element.dataset.label, words))
  }
}
