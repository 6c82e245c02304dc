// Keeps the second half of a double click, and a key that is held down, from what took the place of
// what they were meant for.

import { isStray } from '../logic/clicks.mjs'

export function startClicks() {
  let before = null
  const take = (event) => {
    const { timeStamp: time, clientX: x, clientY: y, detail: count, target } = event
    // A row stays what it is when one of its controls is replaced by another.
    const click = { time, x, y, count, target: target.closest('[data-key]') ?? target }
    if (isStray(click, before)) {
      event.preventDefault()
      event.stopPropagation()
      click.target = before.target
    }
    before = click
  }
  // Before everything else that listens.
  document.addEventListener('click', take, { capture: true })
  document.addEventListener('keydown', (event) => {
    if (event.repeat && event.key === 'Enter' && event.target.matches('button')) event.preventDefault()
  })
}
