// JSON as text. A browser's own parser would lose what it cannot hold: digits of large numbers, the
// order of members that look like numbers. A value that a user edits must come back as it was.

const space = /[\t\n\r ]*/y
const string = /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
/** As deep as nodes take it. */
const mostLevels = 128

/** What is wrong with a text that is no JSON, and where. */
export class JSONProblem extends SyntaxError {
  constructor(text, position) {
    super('not JSON')
    const before = text.slice(0, position).split('\n')
    this.line = before.length
    this.column = before.at(-1).length + 1
  }
}

/** Reads a text from its beginning to its end. */
class Reader {
  #text
  #at = 0
  #level = 0

  constructor(text) {
    this.#text = text
  }

  /** What `read` makes of the whole text. */
  whole(read) {
    const value = read(this)
    this.#take(space)
    if (this.#at < this.#text.length) this.#fail()
    return value
  }

  /** Passes a value; returns its text. */
  source() {
    this.#take(space)
    const start = this.#at
    if (!this.object(() => this.source()) && !this.array(() => this.source())) this.#scalar()
    return this.#text.slice(start, this.#at)
  }

  /** The members of an object, `[name, read(name)]`; `null` if something else comes. */
  object(read) {
    return this.#list('{', '}', () => {
      const name = JSON.parse(this.#take(string) ?? this.#fail())
      this.#mark(':')
      return [name, read(name)]
    })
  }

  /** The items of an array; `null` if something else comes. */
  array(read) {
    return this.#list('[', ']', read)
  }

  #list(open, close, read) {
    if (!this.#has(open)) return null
    this.#level += 1
    if (this.#level > mostLevels) this.#fail()
    const items = []
    if (!this.#has(close)) {
      do {
        this.#take(space)
        items.push(read())
      } while (this.#has(','))
      this.#mark(close)
    }
    this.#level -= 1
    return items
  }

  #scalar() {
    return this.#take(string) ?? this.#take(scalar) ?? this.#fail()
  }

  #has(mark) {
    this.#take(space)
    if (this.#text[this.#at] !== mark) return false
    this.#at += 1
    return true
  }

  #mark(mark) {
    if (!this.#has(mark)) this.#fail()
  }

  #take(pattern) {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  #fail() {
    throw new JSONProblem(this.#text, this.#at)
  }
}

/** @throws JSONProblem if a text is no JSON. */
export function checkJSON(text) {
  new Reader(text).whole((reader) => reader.source())
}

/**
 * An answer of a node. Stored values stay text in it: the members that are called `value`, `before` and
 * `after`.
 */
export function readAnswer(text) {
  const read = (reader) => {
    const members = reader.object((name) =>
      ['value', 'before', 'after'].includes(name) ? reader.source() : read(reader),
    )
    if (members) return Object.fromEntries(members)
    return reader.array(() => read(reader)) ?? JSON.parse(reader.source())
  }
  return new Reader(text).whole(read)
}

/** The members of an object, `[name, text of the value]`; `null` of anything else. */
export function membersOf(source) {
  return source.trimStart().startsWith('{')
    ? new Reader(source).whole((reader) => reader.object(() => reader.source()))
    : null
}

/** The items of an array as text; `null` of anything else. */
export function itemsOf(source) {
  return source.trimStart().startsWith('[')
    ? new Reader(source).whole((reader) => reader.array(() => reader.source()))
    : null
}

/** JSON on lines, each level two blanks further in. */
export function pretty(source, indent = '') {
  const inner = `${indent}  `
  const on = (lines, open, close) =>
    lines.length === 0 ? open + close : `${open}\n${lines.map((line) => inner + line).join(',\n')}\n${indent}${close}`
  const members = membersOf(source)
  if (members) {
    return on(members.map(([name, value]) => `${JSON.stringify(name)}: ${pretty(value, inner)}`), '{', '}')
  }
  const items = itemsOf(source)
  return items ? on(items.map((item) => pretty(item, inner)), '[', ']') : source.trim()
}

/** JSON without blanks between its parts, by which two texts of one value are the same. */
export function compact(source) {
  const members = membersOf(source)
  if (members) return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${compact(value)}`).join(',')}}`
  const items = itemsOf(source)
  if (items) return `[${items.map(compact).join(',')}]`
  const text = source.trim()
  return text.startsWith('"') ? JSON.stringify(JSON.parse(text)) : text
}
