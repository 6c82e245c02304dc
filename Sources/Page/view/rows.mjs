// Rows of the lists in the views: an icon, a main text, and what stands beside it.

import { addressOf, startPlace } from '../logic/place.mjs'
import { preview, valueOf } from '../logic/values.mjs'
import { fromTemplate, keepingFocus, setIcon, setText, showAll } from './elements.mjs'

/**
 * Shows rows.
 *
 * @param items `{id, icon, main, beside, place}`: `place` is where the row leads; without it the row is for
 *   reading only.
 * @param section gets the focus if a row that had it is gone and no other takes its place.
 */
export function drawRows(list, section, items, template, update = drawBeside) {
  keepingFocus(list, section, () =>
    showAll(list, items, {
      key: ({ id }) => id,
      make: () => fromTemplate(template),
      update(row, item) {
        const { icon, main, place, look } = item
        setIcon(row, icon)
        row.className = look ?? ''
        setText(row.querySelector('.main'), main)
        if (place) row.querySelector('a').href = addressOf({ ...startPlace, ...place })
        update(row, item)
      },
    }),
  )
}

function drawBeside(row, { beside }) {
  setText(row.querySelector('.beside'), beside ?? '')
}

/** A pair as a row has it. */
export function pairRow({ pair, name }, words) {
  const value = valueOf(pair)
  const text = preview(value)
  return {
    id: pair.key === null ? `b64 ${pair.key_b64}` : `key ${pair.key}`,
    icon: 'pair',
    main: pair.key === null ? words.bytesKey(name) : name,
    beside: value.bytes === undefined ? text : words.bytesValue(text),
    look: 'pair',
  }
}

/** Shows or hides the button that wants more rows. */
export function drawMore(button, { body }, store) {
  button.hidden = !body?.hasMore
  button.onclick ??= () => store.dispatch({ type: 'moreRows' })
}

/** How far a change is on its way; nothing if it is not. */
export function pendingText(op, words) {
  if (op?.phase === 'waiting') return words.unsent
  return op?.phase === 'queued' ? words.saving : ''
}

/** What is to be said in the place of a list that is not there; `null` if it is there. */
export function missing({ body, failure }, words) {
  if (body) return null
  return failure ? words.notRead(words.failure[failure.error] ?? failure.message ?? '') : words.reading
}
