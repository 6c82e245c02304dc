// Sends the changes of this tab, one after the other, to whichever node takes them.

import { expectation } from '../logic/identity.mjs'
import { readAnswer } from '../logic/json.mjs'
import { isUnsent, judge, prepare, taskPath } from '../logic/outbox.mjs'
import { nextToSend } from '../logic/state.mjs'
import { valueOf } from '../logic/values.mjs'
import { headersFor, queryText, send, urlOf } from './requests.mjs'

const firstPatience = 1500
const lastPatience = 10_000
const pauseBetweenRounds = 400

export class Sender {
  #store
  #suspect
  #leader = null
  #wake = () => {}

  /** @param suspect is called when a node did not answer. */
  constructor(store, { suspect }) {
    this.#store = store
    this.#suspect = suspect
  }

  /** Begins, and never ends. */
  async start() {
    this.#store.subscribe(() => this.#wake())
    for (;;) {
      const op = nextToSend(this.#store.state)
      if (op) await this.#attend(op)
      else await new Promise((resolve) => (this.#wake = resolve))
    }
  }

  /** Tries to make a change until there is something to say about it. */
  async #attend(op) {
    const { key } = op
    const prepared = prepare(op, this.#store.state.replica)
    if (prepared.gone) return this.#gone(key)
    if (prepared.done) return this.#dispatch({ type: 'discard', key })
    if (prepared.conflict !== undefined) {
      return this.#dispatch({ type: 'conflict', key, theirs: prepared.conflict })
    }
    const { request } = prepared
    let patience = firstPatience
    for (let tried = []; ; ) {
      const url = this.#target(tried)
      if (!url) {
        await this.#rest()
        tried = []
        patience = Math.min(patience * 2, lastPatience)
        continue
      }
      tried.push(url)
      // Made meanwhile, as the stream tells, or not wanted any more.
      if (!this.#isOpen(key)) return
      this.#dispatch({ type: 'sending', key, request, time: Date.now() })
      const current = this.#find(key)
      const answer = await this.#attempt(url, current, patience)
      if (answer.body?.outcome === 'not_applied') this.#dispatch({ type: 'refused', key })
      const verdict = judge(current, answer)
      if (!this.#isOpen(key)) return
      if (verdict.next === 'ask') {
        this.#leader = this.#known(verdict.url)
        if (tried.includes(this.#leader)) await this.#rest()
      } else if (verdict.next === 'wait') {
        const { reason } = verdict
        if (this.#leader === url) this.#leader = null
        if (reason === 'unreachable' || reason === 'wrong_cluster') this.#suspect()
        this.#dispatch({ type: 'waiting', key, reason })
      } else {
        return this.#settle(key, verdict, url)
      }
    }
  }

  async #attempt(url, op, patience) {
    const { method, path, body, ifMatch, isNew, id } = op.request
    const text = op.request.text ?? (body === undefined ? undefined : JSON.stringify(body))
    const headers = {
      'Idempotency-Key': id,
      'PDB-Author': 'page',
      'PDB-Expect-Cluster': expectation(op.identity),
    }
    if (text !== undefined) headers['Content-Type'] = 'application/json'
    if (ifMatch !== undefined) headers['If-Match'] = `"${ifMatch}"`
    if (isNew) headers['If-None-Match'] = '*'
    // So that a node can tell whether it would still remember this request; the age is for nodes of
    // version 0.1.
    if (op.attempts > 1) {
      headers['PDB-Request-Revision'] = String(op.known)
      headers['PDB-Request-Age'] = String(Date.now() - op.firstSent)
    }
    return send(url + path, {
      method,
      headers: headersFor(this.#store.state.token, headers),
      body: text,
      patience,
    })
  }

  async #settle(key, verdict, url) {
    switch (verdict.next) {
      case 'done': {
        const { revision, count, task } = verdict
        return this.#dispatch({ type: 'confirmed', key, revision, count, task })
      }
      case 'recheck': return this.#recheck(key, url)
      case 'gone': return this.#gone(key)
      case 'token': return this.#dispatch({ type: 'token', wanted: 'yes' })
      default: return this.#dispatch({ type: 'failed', key, error: verdict.error })
    }
  }

  /** Another client changed the task or the pair: see what there is now. */
  async #recheck(key, url) {
    const op = this.#find(key)
    const answer = await send(url + (op.pair ? `/pair?${queryText(op.pair)}` : taskPath(op.id)), {
      headers: headersFor(this.#store.state.token, {
        'PDB-Expect-Cluster': expectation(op.identity),
      }),
      patience: lastPatience,
      parse: op.pair ? readAnswer : JSON.parse,
    })
    if (!this.#isOpen(key)) return
    if (op.pair && (answer.status === 200 || answer.body?.error === 'key_not_found')) {
      const { revision } = answer.body
      const theirs = answer.status === 200 ? { revision, value: valueOf(answer.body) } : null
      return this.#dispatch({ type: 'recheckPair', key, theirs })
    }
    if (answer.status === 404) return this.#gone(key)
    if (answer.status === 200) this.#dispatch({ type: 'recheck', key, task: answer.body })
    else await this.#rest()
  }

  #gone(key) {
    const error = { error: 'task_not_found', outcome: 'not_applied' }
    this.#dispatch({ type: 'failed', key, error })
  }

  /** The node to ask next: the leader, the one in use, then the others that are up. */
  #target(tried) {
    const { connection, report } = this.#store.state
    const living = (report?.members ?? []).filter(({ isUp }) => isUp)
    const leader = this.#leader ?? (report?.leader && this.#known(report.leader.address))
    const wanted = [
      leader,
      connection.node?.url,
      ...living.map(({ address }) => this.#known(address)),
    ]
    return wanted.find((url) => url && !tried.includes(url)) ?? null
  }

  /** The name by which this page reaches a node: the node in use may have another one. */
  #known(address) {
    const { node } = this.#store.state.connection
    const url = urlOf(address)
    return node && url === urlOf(node.address) ? node.url : url
  }

  #isOpen(key) {
    const op = this.#find(key)
    return op !== undefined && isUnsent(op)
  }

  #find(key) {
    return this.#store.state.ops.find((op) => op.key === key)
  }

  async #rest() {
    await new Promise((resolve) => setTimeout(resolve, pauseBetweenRounds))
  }

  #dispatch(action) {
    this.#store.dispatch(action)
  }
}
