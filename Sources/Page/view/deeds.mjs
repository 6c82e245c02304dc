// What a revision did, in a sentence and as a list of changes with what they changed.

import { differenceOf } from '../logic/revisions.mjs'
import { addressOf, startPlace } from '../logic/place.mjs'
import { drawDifference } from './difference.mjs'
import { fromTemplate, setText, showAll } from './elements.mjs'

/** A revision in a sentence. */
export function sentenceOf({ undoes, operation, kind, deeds, alike, others }, words) {
  if (kind === null) return undoes === null ? words.ownDeed(operation) : words.tookBack(undoes)
  const names = deeds.map(({ name }) => `“${shorten(name)}”`)
  const deed = words.deed[kind](listOf(names, alike, words), deeds[0])
  const text = others > 0 ? `${deed}, ${words.andMore(others)}` : deed
  return undoes === null ? text : `${words.tookBack(undoes)}: ${text}`
}

function listOf(names, alike, words) {
  return alike > 0 ? `${names.join(', ')}, ${words.andMore(alike)}` : names.join(', ')
}

const shorten = (name) => (name.length > 120 ? `${name.slice(0, 119)}…` : name)

/**
 * Shows changes with their differences.
 *
 * @param items `{id, title, facts, deed, place, isKey}`: `place` is where a link on the title leads, `deed`
 *   is `null` where the change is not told, `isKey` says that the title is a key.
 */
export function drawChanges(list, items, words) {
  showAll(list, items, {
    key: ({ id }) => id,
    make: () => fromTemplate('change'),
    update(item, { title, facts, deed, place, isKey = false }) {
      const link = item.querySelector('.what')
      setText(link, title)
      link.classList.toggle('key', isKey)
      if (place) link.href = addressOf({ ...startPlace, ...place })
      else link.removeAttribute('href')
      setText(item.querySelector('small'), facts)
      const lines = item.querySelector('.difference')
      lines.setAttribute('aria-label', words.differenceOf(title))
      // What a revision did never changes, but its words do.
      const look = `${words.languageName} ${title} ${deed === null}`
      if (lines.dataset.look === look) return
      lines.dataset.look = look
      lines.hidden = deed === null || deed.kind === 'setting'
      if (!lines.hidden) drawDifference(lines, differenceOf(deed), words)
    },
  })
}
