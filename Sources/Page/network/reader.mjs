// Reads what the views want of the node in use, one answer after the other for each slot.

import { expectation } from '../logic/identity.mjs'
import { readAnswer } from '../logic/json.mjs'
import { batchLength, Listing } from '../logic/listing.mjs'
import { unread } from '../logic/reading.mjs'
import { headersFor, queryText, send } from './requests.mjs'

const patience = 10_000
/** The shortest time from one answer to the next question about the same, in milliseconds. */
const restMilliseconds = 250
const restAfterFailureMilliseconds = 1500
/** How many requests one list may take: folders can be many, and full. */
const mostRequests = 60
const pageLength = 100

/** Ends reading: an answer that is not what was asked for. */
class Refusal extends Error {
  constructor(answer) {
    super('no such answer')
    const { failure, body } = answer
    const passing = ['no_leader', 'no_quorum', 'busy', 'stopping', 'wrong_cluster', 'unauthorized']
    this.failure = failure
      ? { error: failure, message: null, mayPass: true }
      : { error: body?.error, message: body?.message ?? null, mayPass: passing.includes(body?.error) }
  }
}

export class Reader {
  #store
  /** What was read last in each slot, and when it may be read again: `{name, restUntil}`. */
  #last = new Map()
  #reading = new Set()
  #timer = null
  /** The node that is asked, and what ends its answers when another one takes its place. */
  #url = null
  #asking = new AbortController()

  constructor(store) {
    this.#store = store
  }

  /** Begins, and never ends. */
  start() {
    this.#store.subscribe(() => this.#look())
    this.#look()
  }

  #look() {
    const { state } = this.#store
    if (!state.connection.node || state.wantsToken !== 'no') return
    if (state.connection.node.url !== this.#url) {
      this.#asking.abort()
      this.#asking = new AbortController()
      this.#url = state.connection.node.url
      this.#last.clear()
    }
    const now = Date.now()
    let soonest = Infinity
    for (const { slot, query } of unread(state)) {
      const name = JSON.stringify(query)
      const last = this.#last.get(slot)
      const rest = last?.name === name ? last.restUntil - now : 0
      if (rest > 0) soonest = Math.min(soonest, rest)
      else if (!this.#reading.has(slot)) this.#read(slot, query, name)
    }
    clearTimeout(this.#timer)
    if (soonest < Infinity) this.#timer = setTimeout(() => this.#look(), soonest)
  }

  async #read(slot, query, name) {
    this.#reading.add(slot)
    const { signal } = this.#asking
    let rest = restMilliseconds
    let action = null
    try {
      const { body, revision } = await this.#ask(query)
      action = { type: 'read', slot, query, body, revision }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      rest = restAfterFailureMilliseconds
      action = { type: 'notRead', slot, query, failure: error.failure }
    } finally {
      this.#reading.delete(slot)
    }
    // Another node is in use.
    if (signal.aborted) return this.#look()
    this.#last.set(slot, { name, restUntil: Date.now() + rest })
    this.#store.dispatch(action)
  }

  #ask(query) {
    switch (query.kind) {
      case 'keys': return this.#keys(query)
      case 'pair': return this.#pair(query)
      case 'log': return this.#log(query)
      case 'revision': return this.#get(`/log/${query.number}`)
      case 'moment': return this.#get('/log', { before: query.at + 1, limit: 1 })
      case 'tasks': return this.#get('/tasks', { at: query.at, limit: query.length + 1 }, JSON.parse)
      default: throw new TypeError(`no query is called '${query.kind}'`)
    }
  }

  async #keys({ prefix, length, at, isFlat = false }) {
    const listing = new Listing(prefix, length, isFlat)
    // Tasks are left out unless they are asked for.
    const tasks = prefix.startsWith('task_') ? true : undefined
    let revision = Infinity
    for (let count = 0; listing.after !== null && count < mostRequests; count += 1) {
      const after = listing.after === '' ? undefined : listing.after
      const answer = await this.#get('/kv', { prefix, limit: batchLength, after, at, tasks })
      listing.take(answer.body.pairs, batchLength)
      // Older parts decide whether the whole is read again.
      revision = Math.min(revision, answer.revision)
    }
    const hasMore = listing.hasMore || listing.after !== null
    return { body: { rows: listing.rows, hasMore, isCut: listing.isCut }, revision }
  }

  async #pair({ key }) {
    try {
      const { body, revision } = await this.#get('/pair', key)
      return { body: { pair: body }, revision }
    } catch (error) {
      if (error.failure?.error !== 'key_not_found') throw error
      return { body: { pair: null }, revision: error.revision }
    }
  }

  async #log({ key, author, prefix, length }) {
    const filter = { key, author: author || undefined, prefix: prefix || undefined }
    let revisions = []
    let [before, answer, revision] = [undefined, null, 0]
    do {
      const limit = Math.min(pageLength, length - revisions.length)
      answer = await this.#get('/log', { ...filter, before, limit })
      revisions = [...revisions, ...answer.body.revisions]
      // What is new since the first part stands above it.
      revision ||= answer.revision
      before = answer.body.next
    } while (before !== null && answer.body.revisions.length > 0 && revisions.length < length)
    const { compacted } = answer.body
    const hasMore = before !== null && before > compacted + 1
    return { body: { revisions, hasMore, compacted }, revision }
  }

  async #get(path, query = {}, parse = readAnswer) {
    const { connection, token, replica } = this.#store.state
    // What was is the same everywhere; of what is, the node's own state is what its stream goes on from.
    const text = queryText({ consistency: query.at === undefined ? 'stale' : undefined, ...query })
    const answer = await send(`${connection.node.url}${path}?${text}`, {
      headers: headersFor(token, { 'PDB-Expect-Cluster': expectation(replica.identity) }),
      patience,
      signal: this.#asking.signal,
      parse,
    })
    if (answer.status === 200) return answer
    throw Object.assign(new Refusal(answer), { revision: answer.revision })
  }
}
