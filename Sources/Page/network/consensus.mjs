// What each member reports of how it agrees with the others, as long as somebody looks.

import { EventParser } from '../logic/events.mjs'
import { headersFor, urlOf } from './requests.mjs'

const pause = 700
/** For a node that has nothing to tell: one in front of an etcd. */
const longPause = 60_000

/** Follows the members' streams of frames. */
export class ConsensusFeed {
  #take
  #token = null
  /** What ends the stream of each member, by id. */
  #streams = new Map()

  /** @param take is called with each frame. */
  constructor(take) {
    this.#take = take
  }

  /**
   * Follows just these members.
   *
   * @param members `{id, address}` of each; none when nobody looks.
   */
  follow(members, token) {
    if (token !== this.#token) this.#leave(() => true)
    this.#token = token
    const ids = new Set(members.map(({ id }) => id))
    this.#leave((id) => !ids.has(id))
    for (const member of members) {
      if (this.#streams.has(member.id)) continue
      const end = new AbortController()
      this.#streams.set(member.id, end)
      this.#run(member, end.signal)
    }
  }

  #leave(isOver) {
    for (const [id, end] of this.#streams) {
      if (!isOver(id)) continue
      end.abort()
      this.#streams.delete(id)
    }
  }

  async #run(member, signal) {
    while (!signal.aborted) {
      let hasNothing = false
      try {
        hasNothing = !(await this.#listen(member, signal))
      } catch {
        // It does not answer: it is asked again below.
      }
      if (!signal.aborted) await new Promise((go) => setTimeout(go, hasNothing ? longPause : pause))
    }
  }

  /** @returns whether the node had anything to tell. */
  async #listen(member, signal) {
    const answer = await fetch(`${urlOf(member.address)}/consensus`, {
      headers: headersFor(this.#token), cache: 'no-store', credentials: 'omit', signal,
    })
    if (answer.status === 204) return false
    if (!answer.ok) return true
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
    const parser = new EventParser()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return true
      for (const event of parser.push(value)) {
        if (event.event === 'frame') this.#take(JSON.parse(event.data))
      }
    }
  }
}
