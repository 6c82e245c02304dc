// The language that a page speaks: the choice of it, and the words that never change but with it.

import { languages } from '../logic/words.mjs'
import { fromTemplate, setText } from './elements.mjs'

const switches = document.getElementById('languages')

/** @param choose is called with the language that the user wants. */
export function startLanguages(choose) {
  for (const [language, { languageName }] of Object.entries(languages)) {
    const button = fromTemplate('button')
    button.textContent = languageName
    button.lang = language
    button.addEventListener('click', () => choose(language))
    switches.append(button)
  }
}

/** The words of a name such as `field.title`. */
const wordsAt = (name, words) => name.split('.').reduce((part, step) => part[step], words)

/** Writes the words that never change but with the language. */
export function drawWords(words, language) {
  for (const button of switches.children) {
    button.setAttribute('aria-pressed', String(button.lang === language))
  }
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
