// Changes that were made for another cluster than the one that answers now: what they are, and what
// can become of them.

import { shortName } from '../logic/identity.mjs'
import { elsewhere } from '../logic/state.mjs'
import { setText, showAll } from './elements.mjs'

const place = document.getElementById('elsewhere')
const message = document.getElementById('elsewhere-words')
const details = place.querySelector('details')
const list = document.getElementById('elsewhere-changes')
const copied = document.getElementById('elsewhere-copied')
const copy = document.getElementById('elsewhere-copy')
const discard = document.getElementById('elsewhere-discard')

/**
 * @param discardAll is called when the user wants none of them.
 * @param words gives the words of the language that the page speaks now.
 */
export function startElsewhere({ discardAll, words }) {
  discard.addEventListener('click', discardAll)
  copy.addEventListener('click', async () => {
    const lines = [...list.children].map(({ textContent }) => textContent)
    try {
      await navigator.clipboard.writeText(lines.join('\n'))
      setText(copied, words().copied)
    } catch {
      // Browsers lend the clipboard to safe origins only: then by hand.
      details.open = true
      getSelection().selectAllChildren(list)
    }
  })
}

export function drawElsewhere(state, words) {
  const ops = elsewhere(state)
  place.hidden = ops.length === 0 || !state.replica
  if (place.hidden) {
    details.open = false
    setText(copied, '')
    return setText(message, '')
  }
  const doubtful = ops.filter(({ doubts }) => doubts > 0).length
  setText(message, words.elsewhere(shortName(state.replica.identity), ops.length - doubtful, doubtful))
  const lines = ops.flatMap((op) =>
    op.kind === 'addMany'
      ? op.titles.map((title, at) => ({ key: `${op.key}/${at}`, text: words.change.add({ title }) }))
      : [{ key: op.key, text: words.change[op.kind](op) }],
  )
  showAll(list, lines, {
    key: ({ key }) => key,
    make: () => document.createElement('li'),
    update(line, { text }) {
      line.dir = 'auto'
      setText(line, text)
    },
  })
}
