// Values as the page shows and edits them: `{source}`, which is JSON as text, or `{bytes}` in base64.

import { checkJSON, compact, JSONProblem, pretty } from './json.mjs'

/** How a value can be written: as JSON, as the text of a JSON string, as bytes in base64. */
export const forms = ['json', 'text', 'bytes']
/** Limits of nodes (PDBKit's `Limits`). */
export const valueBytes = 512 << 10
export const keyBytes = 1 << 10

const encoder = new TextEncoder()
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u

/** The value of a pair in an answer; `null` without a pair. */
export function valueOf(pair) {
  if (!pair) return null
  return pair.value_b64 === undefined ? { source: pair.value } : { bytes: pair.value_b64 }
}

/** The value before or after a change, as revisions have it; `null` where there is none. */
export function valueIn(source) {
  if (source === undefined || source === 'null') return null
  const bytes = /^\{"value_b64":"([A-Za-z0-9+/=]*)"\}$/u.exec(source)?.[1]
  return bytes === undefined ? { source } : { bytes }
}

/** The text of a JSON string; `null` of any other value. */
export function textOf(value) {
  return value?.source?.startsWith('"') ? JSON.parse(value.source) : null
}

/** A value as a field shows it. */
export function written(value) {
  if (!value) return { form: 'json', text: '' }
  if (value.bytes !== undefined) return { form: 'bytes', text: value.bytes }
  const text = textOf(value)
  // A field would change the ends of its lines.
  if (text !== null && !text.includes('\r')) return { form: 'text', text }
  return { form: 'json', text: pretty(value.source) }
}

/** What a field says: `{value}`, or `{problem}` with its reason and, in JSON, where it is. */
export function read({ form, text }) {
  const value = form === 'bytes' ? { bytes: text.replace(/\s+/gu, '') } : { source: sourceOf(form, text) }
  if (form === 'bytes' && !base64.test(value.bytes)) return { problem: { reason: 'base64' } }
  if (form === 'json') {
    if (text.trim() === '') return { problem: { reason: 'empty' } }
    try {
      checkJSON(text)
    } catch (error) {
      if (!(error instanceof JSONProblem)) throw error
      return { problem: { reason: 'json', line: error.line, column: error.column } }
    }
  }
  const size = value.source === undefined ? (value.bytes.length / 4) * 3 : encoder.encode(value.source).length
  return size > valueBytes ? { problem: { reason: 'large' } } : { value }
}

const sourceOf = (form, text) => (form === 'text' ? JSON.stringify(text) : text)

/** The same in another form, where that is possible; else as it is. */
export function rewritten({ form, text }, wanted) {
  const { value } = read({ form, text })
  const isText = value && textOf(value) !== null
  if (wanted === 'json' && form === 'text') return { form: wanted, text: JSON.stringify(text) }
  if (wanted === 'text' && isText) return { form: wanted, text: textOf(value) }
  return { form: wanted, text }
}

export function isSameValue(one, other) {
  if (!one || !other) return !one && !other
  if (one.source === undefined || other.source === undefined) return one.bytes === other.bytes
  return compact(one.source) === compact(other.source)
}

/** A value on one line, or the beginning of it. */
export function preview(value, most = 200) {
  if (value.bytes !== undefined) return value.bytes.slice(0, most)
  const text = value.source.length > 4 * most ? value.source.slice(0, 4 * most) : (textOf(value) ?? value.source)
  const line = text.replace(/\s+/gu, ' ').trim()
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}

/** What is wrong with a new key: 'empty', 'long', 'nul'; `null` if nothing. */
export function keyProblem(key) {
  if (key === '') return 'empty'
  if (key.startsWith('\u0000')) return 'nul'
  return encoder.encode(key).length > keyBytes ? 'long' : null
}

/** A key as it is shown: its text, or its bytes in base64. */
export const keyText = ({ key, key_b64 }) => key ?? key_b64
/** A key as requests name it. */
export const keyName = ({ key, key_b64 }) => (key_b64 === undefined ? { key } : { key_b64 })
