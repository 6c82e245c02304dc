// Keys as folders and pairs, from a list that nodes give in the order of the keys.
//
// A folder is what keys have in common up to a slash. Its keys need not be read to show it: when a
// batch ends inside of a folder, the next one begins behind it.

export const batchLength = 100
/** Comes after all texts that people use in keys. */
const last = '\u{10FFFF}'

/** The rows of a list as its batches come in. */
export class Listing {
  /** `{folder, name, count, hasMore}`, or `{pair, name}`. */
  rows = []
  /** Whether there are more rows than were asked for. */
  hasMore = false
  /** Whether keys come that cannot be asked for: those that are no text. */
  isCut = false
  /** The key after which the next batch begins; `null` at the end. */
  after = ''
  #prefix
  #length
  #isFlat

  /**
   * @param length how many rows are wanted.
   * @param isFlat whether all keys are rows, without folders.
   */
  constructor(prefix, length, isFlat = false) {
    this.#prefix = prefix
    this.#length = length
    this.#isFlat = isFlat
  }

  /** Takes a batch in; `limit` is how many pairs it could have had. */
  take(pairs, limit) {
    const isLast = pairs.length < limit
    // Only after a text can more be asked for: what follows the last one comes again.
    const texts = pairs.findLastIndex(({ key }) => key !== null) + 1
    const taken = isLast || texts === 0 ? pairs : pairs.slice(0, texts)
    for (const pair of taken) this.#add(pair)
    const row = this.rows.at(-1)
    if (row?.folder !== undefined && !isLast) row.hasMore = true
    const next = isLast ? null : row?.folder !== undefined ? row.folder + last : textKey(pairs)
    this.isCut = next !== null && next <= this.after && this.after !== ''
    this.isCut ||= !isLast && next === null
    this.after = this.isCut ? null : next
    if (this.rows.length <= this.#length) return
    this.hasMore = true
    this.rows.length = this.#length
    this.after = null
  }

  #add(pair) {
    const rest = pair.key?.slice(this.#prefix.length) ?? ''
    const slash = this.#isFlat ? -1 : rest.indexOf('/')
    if (slash < 0) {
      this.rows.push({ pair, name: nameIn(this.#prefix, pair) })
      return
    }
    const folder = this.#prefix + rest.slice(0, slash + 1)
    const row = this.rows.at(-1)
    if (row?.folder === folder) row.count += 1
    else this.rows.push({ folder, name: nameIn(this.#prefix, { key: folder }), count: 1, hasMore: false })
  }
}

const textKey = (pairs) => pairs.findLast(({ key }) => key !== null)?.key ?? null

/** A key without the folders that the user is in. */
function nameIn(prefix, { key, key_b64 }) {
  return key === null ? key_b64 : key.slice(prefix.lastIndexOf('/') + 1)
}

/** The folders on the way to a key or a prefix: `{name, prefix}`. */
export function foldersOf(text) {
  const ends = [...text.matchAll(/\//gu)].map(({ index }) => index + 1)
  return ends.map((end, at) => ({ name: text.slice(ends[at - 1] ?? 0, end), prefix: text.slice(0, end) }))
}
