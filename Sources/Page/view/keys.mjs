// Keys by their prefix: folders and pairs.

import { foldersOf } from '../logic/listing.mjs'
import { addressOf, startPlace } from '../logic/place.mjs'
import { slotOf } from '../logic/reading.mjs'
import { keyName, keyText } from '../logic/values.mjs'
import { drawNothing, fromTemplate, setText, setValue, showAll } from './elements.mjs'
import { drawMore, drawRows, missing, pairRow } from './rows.mjs'

const section = document.getElementById('keys')
const browse = document.getElementById('keys-browse')
const folders = document.getElementById('folders')
const make = document.getElementById('keys-new')
const prefixField = document.getElementById('keys-prefix')
const count = document.getElementById('keys-count')
const nothing = document.getElementById('keys-nothing')
const list = document.getElementById('keys-list')
const cut = document.getElementById('keys-cut')
const more = document.getElementById('keys-more')

/** @param go takes the parts of the place that are to be others. */
export function startKeys({ go }) {
  prefixField.addEventListener('input', () => go({ prefix: prefixField.value }))
}

export function drawKeys(store, { go }, words) {
  const { state } = store
  const { prefix, key, isNew } = state.place
  drawFolders(state.place, words)
  make.hidden = isNew
  make.href = addressOf({ ...startPlace, view: 'keys', prefix: key ? folderOf(keyText(key)) : prefix, isNew: true })
  browse.hidden = key !== null || isNew
  if (browse.hidden) return
  setValue(prefixField, prefix)
  const slot = slotOf(state, 'keys')
  const rows = slot.body?.rows ?? []
  browse.setAttribute('aria-busy', String(slot.isOld))
  drawRows(list, section, rows.map((row) => rowOf(row, prefix, words)), 'row')
  cut.hidden = !slot.body?.isCut
  drawMore(more, slot, store)
  const folderCount = rows.filter(({ folder }) => folder !== undefined).length
  setText(count, words.keysListed(folderCount, rows.length - folderCount, slot.body?.hasMore))
  const text = missing(slot, words) ?? (rows.length > 0 ? null : prefix === '' ? words.noKeys : words.noKeysBelow(prefix))
  const button = slot.body && prefix !== '' && { text: words.allKeys, action: () => go({ prefix: '' }) }
  drawNothing(nothing, text, text ? button : null)
}

function rowOf(row, prefix, words) {
  if (row.pair) return { ...pairRow(row, words), place: { view: 'keys', prefix, key: keyName(row.pair) } }
  const { folder, name, count, hasMore } = row
  return {
    id: `folder ${folder}`, icon: 'folder', main: name, look: 'folder',
    beside: words.keyCount(count, hasMore), place: { view: 'keys', prefix: folder },
  }
}

const folderOf = (text) => text.slice(0, text.lastIndexOf('/') + 1)

/** The way to where the user is: each folder, and the key that is open. */
function drawFolders({ prefix, key, isNew }, words) {
  const text = key ? (key.key ?? '') : prefix
  const way = foldersOf(text)
  const isInside = key !== null || isNew || way.length > 0
  const steps = [{ name: words.allKeys, prefix: '' }, ...way]
  folders.hidden = !isInside
  const last = key ? keyText(key).slice(folderOf(text).length) : isNew ? words.newKey : null
  const items = steps.map(({ name, prefix: to }) => ({ id: `to ${to}`, name, to }))
  if (last !== null && last !== '') items.push({ id: 'here', name: last, to: null })
  showAll(folders, items, {
    key: ({ id }) => id,
    make: () => fromTemplate('folder-link'),
    update(link, { name, to }) {
      setText(link, name)
      const isHere = to === null || (!key && !isNew && to === prefix)
      if (to === null) link.removeAttribute('href')
      else link.href = addressOf({ ...startPlace, view: 'keys', prefix: to })
      if (isHere) link.setAttribute('aria-current', 'page')
      else link.removeAttribute('aria-current')
    },
  })
}
