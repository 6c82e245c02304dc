// The stream of changes as a node writes it: server-sent events (HTML Living Standard, section
// 9.2). Unlike a browser's EventSource this tells of comments, by which a node shows that it
// lives, and of ids without data.

/** Puts events together from text that arrives in pieces. */
export class EventParser {
  #rest = ''
  #event = {}

  /**
   * Takes the next piece.
   *
   * @returns the events that are whole now: `{event?, id?, data?, comment?}`.
   */
  push(text) {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()
    const events = []
    for (const line of lines) {
      if (line === '') {
        if (Object.keys(this.#event).length > 0) events.push(this.#event)
        this.#event = {}
      } else {
        this.#take(line)
      }
    }
    return events
  }

  #take(line) {
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /u, '')
    if (name === '') {
      this.#event.comment = value
    } else if (name === 'data' && this.#event.data !== undefined) {
      this.#event.data += `\n${value}`
    } else {
      this.#event[name] = value
    }
  }
}
