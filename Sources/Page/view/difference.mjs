// The lines by which two values differ.

import { fromTemplate, setText, showAll } from './elements.mjs'

const signs = { same: ' ', removed: '−', added: '+', skipped: '⋯' }

/** Shows the lines that `difference` found. Colour is not all that tells them apart. */
export function drawDifference(place, lines, words) {
  const items = lines.length > 0 ? lines : [{ kind: 'skipped', text: words.noDifference }]
  showAll(place, items.map((line, at) => ({ line, key: `${at} ${line.kind}` })), {
    key: ({ key }) => key,
    make: () => fromTemplate('difference-line'),
    update(row, { line }) {
      row.className = line.kind
      const sign = row.querySelector('.sign')
      setText(sign, signs[line.kind])
      const said = words.lineKind[line.kind]
      if (said) sign.setAttribute('aria-label', said)
      if (said) sign.setAttribute('role', 'img')
      setText(row.querySelector('.text'), line.text ?? words.skippedLines(line.count))
    },
  })
}
