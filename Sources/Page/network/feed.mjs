// What the cluster tells: the tasks as they change, and how its members are.
//
// A feed uses one node for the tasks: it reads them once and then listens to the stream of
// changes. Beside that it asks every member how it is, once a second. When the node in use
// dies or hangs, it goes on with another, from the revision it has reached, and stays there.
// The members come from the cluster itself.

import { clusterReport } from '../logic/cluster.mjs'
import { EventParser } from '../logic/events.mjs'
import { bestNode, reasonToLeave, reportOf, statusIdentity, takenOver } from '../logic/failover.mjs'
import { agrees, isSame } from '../logic/identity.mjs'
import { advance, replicaOf } from '../logic/replica.mjs'
import { observe, withTold } from '../logic/timeline.mjs'
import { headersFor, identityOf, send, urlOf } from './requests.mjs'

const lookInterval = 1000
/** While something is wrong. */
const hurriedLookInterval = 300
const lookPatience = 900
const loadPatience = 20_000
/** A node says something every two seconds. */
const silencePatience = 4500
/** How often in a row a node may refuse a stream before another is used. */
const toleratedRefusals = 3

export class Feed {
  #emit
  #token = null
  /** The node that the page came from, by the name that the browser knows. */
  #origin
  #originID = null
  /** The node in use. */
  #node
  #phase = 'connecting'
  /** The cluster that the page shows: the one that answered first. */
  #identity = null
  #replica = null
  /** As the cluster lists its members. */
  #membership = null
  /** Where the cluster was when a page of this browser saw it last: `{identity, members}`. */
  #known = null
  /** What each member last answered, by id: `{status}` or `{failure}`. */
  #reports = new Map()
  #report = null
  #timeline = null
  /** What each node has told of elections and alarms, by id: `{state, address, entries}`. */
  #told = new Map()
  #leaderlessSince = null
  /** Ends what is going on with the node in use. */
  #stream = new AbortController()
  #wake = () => {}
  #isLooking = null
  /** When the node in use last said something on its stream, or came into use. */
  #heardAt = Date.now()
  /** How often in a row the node in use gave no stream. */
  #refusedStreams = 0
  /** Which data each node has, by id. */
  #incarnations = new Map()
  #isReplaced = false
  /** The token for which it was told last that it is wrong or missing. */
  #toldToken
  #isAuthorized = false

  /**
   * @param origin the URL of the node that the page came from.
   * @param emit takes the actions that the state understands.
   */
  constructor(origin, emit) {
    this.#origin = origin
    this.#node = { id: null, url: origin, address: new URL(origin).host }
    this.#emit = emit
  }

  /** Begins, and never ends. */
  start() {
    this.#follow()
    this.#watch()
  }

  /** What a tab that joins later has to know first. */
  get present() {
    const actions = [this.#connection()]
    if (this.#isAuthorized) actions.push({ type: 'authorized', token: this.#token })
    else if (this.#toldToken !== undefined) actions.push(this.#wantedToken())
    if (this.#replica) actions.push({ type: 'snapshot', replica: this.#replica })
    if (this.#report) actions.push(this.#clusterAction())
    return actions
  }

  set token(token) {
    // One that works is not given up for another one that a tab tries.
    if (!token || this.#isAuthorized) return
    this.#token = token
    this.#toldToken = undefined
    this.#stream.abort()
    this.#wake()
  }

  /** What this browser remembers, for when the node that the page comes from is gone. */
  set known(known) {
    this.#known ??= known
  }

  /** A tab had trouble with a node: look at once. */
  suspect() {
    this.#wake()
  }

  /** The user wants to use this node. */
  use(id) {
    const node = this.#nodes().find((node) => node.id === id)
    if (!node || node.id === this.#node.id) return
    this.#goTo(node)
  }

  // The tasks.

  async #follow() {
    for (;;) {
      const node = this.#node
      this.#stream = new AbortController()
      try {
        if (!this.#replica) await this.#load(node, this.#stream.signal)
        if (this.#replica) await this.#listen(node, this.#stream)
      } catch {
        // The node is gone, or silent; what now is decided below.
      }
      this.#stream.abort()
      if (this.#node === node) await this.#reconsider(node)
    }
  }

  async #load(node, signal) {
    const answer = await send(`${node.url}/tasks?consistency=stale`, {
      headers: headersFor(this.#token),
      patience: loadPatience,
      signal,
    })
    this.#noteToken(answer.status)
    if (answer.status !== 200 || signal.aborted || !this.#isOwn(answer.identity)) return
    this.#replica = replicaOf(answer.body, this.#identity)
    this.#emit({ type: 'snapshot', replica: this.#replica, isReplaced: this.#isReplaced })
    this.#isReplaced = false
  }

  /** Follows the stream of changes for as long as it says something. */
  async #listen(node, abort) {
    let timer = null
    const wait = () => {
      clearTimeout(timer)
      timer = setTimeout(() => abort.abort(), silencePatience)
    }
    try {
      wait()
      const since = this.#replica.revision
      const response = await fetch(`${node.url}/events?prefix=task_&since=${since}`, {
        headers: headersFor(this.#token),
        cache: 'no-store',
        credentials: 'omit',
        signal: abort.signal,
      })
      this.#noteToken(response.status)
      if (response.status !== 200 || !this.#isOwn(identityOf(response))) return
      this.#refusedStreams = 0
      this.#setPhase('live')
      const parser = new EventParser()
      const text = response.body.pipeThrough(new TextDecoderStream())
      for (const reader = text.getReader(); ; ) {
        const { done, value } = await reader.read()
        if (done) return
        this.#heardAt = Date.now()
        wait()
        if (!this.#take(parser.push(value))) return
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Takes events in; returns false when all has to be read anew. */
  #take(events) {
    if (events.some(({ event }) => event === 'reset')) {
      this.#replica = null
      return false
    }
    const told = events.filter(({ id }) => id !== undefined)
    if (told.length === 0) return true
    const revisions = told.filter(({ data }) => data !== undefined).map(({ data }) => JSON.parse(data))
    const through = Number(told.at(-1).id)
    this.#replica = advance(this.#replica, revisions, through)
    this.#emit({ type: 'changes', revisions, through })
    return true
  }

  /** The stream of a node has ended: go on with the node if it lives, else with another. */
  async #reconsider(node) {
    await this.#look()
    if (this.#node !== node) return
    const { status } = this.#reports.get(node.id) ?? {}
    this.#refusedStreams += 1
    if (!status || this.#refusedStreams >= toleratedRefusals) {
      if (this.#moveOn('gone')) return
      if (!status) this.#setPhase('offline')
      // There is no stream of what is to come. What the node has is older, and all there is.
      else if (status.revision < this.#replica?.revision) this.#replica = null
    }
    await pause(hurriedLookInterval)
  }

  /** Goes over to the best other node; returns whether there is one. */
  #moveOn(reason) {
    const best = bestNode(this.#nodes(), this.#reports, {
      revision: this.#replica?.revision ?? 0,
      except: this.#node.id,
    })
    if (!best) return false
    this.#goTo(best, { address: this.#node.address, reason })
    return true
  }

  #goTo(node, left) {
    this.#node = node
    this.#heardAt = Date.now()
    this.#refusedStreams = 0
    this.#leaderlessSince = null
    this.#phase = 'connecting'
    this.#emit({ ...this.#connection(), left })
    this.#stream.abort()
  }

  #setPhase(phase) {
    if (phase === this.#phase) return
    this.#phase = phase
    this.#emit(this.#connection())
  }

  #connection() {
    return { type: 'connection', phase: this.#phase, node: this.#node }
  }

  // The members.

  async #watch() {
    for (;;) {
      await this.#look()
      const reason = reasonToLeave(this.#node.id, this.#reports, {
        isMember: this.#isMember(this.#node),
        silentFor: Date.now() - this.#heardAt,
        leaderlessFor: this.#leaderlessFor(),
      })
      if (reason) this.#moveOn(reason)
      const isWell = this.#phase === 'live' && this.#report && this.#report.health !== 'no_leader'
      await Promise.race([
        pause(isWell ? lookInterval : hurriedLookInterval),
        new Promise((resolve) => (this.#wake = resolve)),
      ])
    }
  }

  /** Asks every member how it is. Callers that come meanwhile wait for the same answers. */
  #look() {
    this.#isLooking ??= this.#lookNow().finally(() => (this.#isLooking = null))
    return this.#isLooking
  }

  async #lookNow() {
    if (!this.#membership) await this.#meet(this.#node)
    if (!this.#membership) await this.#meetKnown()
    const nodes = this.#nodes()
    const answers = await Promise.all(nodes.map((node) => this.#ask(node, '/status')))
    nodes.forEach((node, at) => {
      const { id } = node
      this.#reports.set(id, reportOf(node, answers[at], this.#identity, this.#reports.get(id)))
    })
    const taken = takenOver(nodes, this.#reports, {
      inUse: this.#node.id,
      origin: this.#originID,
      silentFor: Date.now() - this.#heardAt,
    })
    if (taken) return this.#forget(taken)
    for (const { status } of this.#reports.values()) if (status) this.#noteData(status)
    const own = this.#reports.get(this.#node.id)?.status
    if (own) this.#learnBirth(own)
    if (own && !own.leader) this.#leaderlessSince ??= Date.now()
    else this.#leaderlessSince = null
    await this.#refreshMembership()
    if (!this.#membership) return
    await this.#readTimelines()
    this.#publish()
  }

  /** Asks those nodes for their timelines to which something has happened. */
  async #readTimelines() {
    const changed = this.#nodes().filter(({ id }) => {
      const status = this.#reports.get(id)?.status
      return status && this.#told.get(id)?.state !== stateOf(status)
    })
    await Promise.all(
      changed.map(async (node) => {
        const { status } = this.#reports.get(node.id)
        const { status: code, body } = await this.#ask(node, '/timeline')
        if (code !== 200) return
        this.#told.set(node.id, { state: stateOf(status), address: node.address, entries: body.entries })
      }),
    )
  }

  /** The first look at a node: which one it is, and which others there are. */
  async #meet(node) {
    const [status, membership] = await Promise.all([
      this.#ask(node, '/status'),
      this.#ask(node, '/cluster/status'),
    ])
    this.#noteToken(status.status)
    if (status.status !== 200 || membership.status !== 200) return
    // The cluster went between two requests: there is nothing else to go by than what is here now.
    if (!this.#isOwn(statusIdentity(status.body))) return this.#forget(node)
    if (node.url === this.#origin) this.#originID = status.body.node
    // A stream from the node before, if there is one, is of no use any more.
    else if (this.#node.url === this.#origin) this.#stream.abort()
    this.#membership = membership.body
    this.#node = { id: status.body.node, url: node.url, address: status.body.address }
    this.#emit(this.#connection())
  }

  /** The node that the page comes from says nothing: another member of the cluster that it was of may. */
  async #meetKnown() {
    for (const { id, address } of this.#known?.members ?? []) {
      const node = { id, address, url: urlOf(address) }
      const status = await this.#ask(node, '/status')
      if (status.status === 200 && agrees(this.#known.identity, statusIdentity(status.body))) {
        return this.#meet(node)
      }
    }
  }

  /** From the leader if there is one: it knows when it last heard the others. */
  async #refreshMembership() {
    const alive = this.#nodes().filter(({ id }) => this.#reports.get(id)?.status)
    const source =
      alive.find(({ id }) => this.#reports.get(id).status.is_leader) ??
      alive.find(({ id }) => id === this.#node.id) ??
      alive[0]
    // What the leader last heard is old news once it cannot be asked.
    if (!source) return this.#forgetSilence()
    const answer = await this.#ask(source, '/cluster/status')
    if (answer.status === 200) this.#membership = answer.body
  }

  /** Whether an answer comes from the cluster that the page shows. */
  #isOwn(identity) {
    if (!identity) return false
    this.#identity ??= identity
    return agrees(this.#identity, identity)
  }

  /** A new cluster has its birth a moment later than its members; the node in use says it. */
  #learnBirth({ birth = null }) {
    if (birth === this.#identity.birth || birth === null) return
    this.#identity = { ...this.#identity, birth }
    if (!this.#replica) return
    this.#replica = { ...this.#replica, identity: this.#identity }
    this.#emit({ type: 'identity', identity: this.#identity })
  }

  /**
   * A node with other data than when it was first seen is another one under the same name. When it
   * is the one in use, or becomes it, all is read anew; unless the births say otherwise, as what
   * another cluster says.
   */
  #noteData(status) {
    const { node, incarnation } = status
    const known = this.#incarnations.get(node)
    if (known !== undefined && node !== this.#node.id) return
    this.#incarnations.set(node, incarnation)
    if (known === undefined || known === incarnation) return
    this.#replica = null
    this.#stream.abort()
    const identity = statusIdentity(status)
    if (isSame(this.#identity, identity)) return
    this.#identity = identity
    this.#timeline = null
    this.#isReplaced = true
  }

  /** Where the cluster was there is another one: everything is to be learnt anew. */
  #forget(node) {
    this.#identity = null
    this.#replica = null
    this.#membership = null
    this.#originID = null
    this.#report = null
    this.#timeline = null
    this.#told.clear()
    this.#reports.clear()
    this.#incarnations.clear()
    this.#node = { ...node, id: null }
    this.#heardAt = Date.now()
    this.#refusedStreams = 0
    this.#leaderlessSince = null
    this.#stream.abort()
  }

  /** Tells once of every token that does not do, and of the one that does. */
  #noteToken(status) {
    if ((status === 401 || status === 429) && this.#toldToken !== this.#token) {
      this.#toldToken = this.#token
      this.#isAuthorized = false
      this.#emit(this.#wantedToken())
    }
    if (status === 200 && this.#token && !this.#isAuthorized) {
      this.#isAuthorized = true
      this.#emit({ type: 'authorized', token: this.#token })
    }
  }

  #wantedToken() {
    return { type: 'token', wanted: this.#token ? 'wrong' : 'yes' }
  }

  #isMember(node) {
    return node.id === null || this.#nodes().some(({ id }) => id === node.id)
  }

  #forgetSilence() {
    if (!this.#membership) return
    const members = this.#membership.members.map((member) => ({ ...member, silent_ms: null }))
    this.#membership = { ...this.#membership, members }
  }

  #publish() {
    const known = new Set(this.#nodes().map(({ id }) => id))
    for (const id of this.#reports.keys()) if (!known.has(id)) this.#reports.delete(id)
    for (const id of this.#told.keys()) if (!known.has(id)) this.#told.delete(id)
    this.#report = clusterReport({ ...this.#membership, reports: this.#reports })
    this.#timeline = observe(this.#timeline, this.#report, Date.now())
    this.#emit(this.#clusterAction())
  }

  #clusterAction() {
    const timeline = withTold(this.#timeline.entries, [...this.#told.values()])
    return { type: 'cluster', report: this.#report, timeline }
  }

  #ask(node, path) {
    return send(node.url + path, { headers: headersFor(this.#token), patience: lookPatience })
  }

  /** The members with the URLs by which this page reaches them. */
  #nodes() {
    const members = this.#membership?.members ?? []
    return members.map(({ id, address }) => ({
      id,
      address,
      url: id === this.#originID ? this.#origin : urlOf(address),
    }))
  }

  #leaderlessFor() {
    return this.#leaderlessSince === null ? 0 : Date.now() - this.#leaderlessSince
  }
}

/** What is another one when a node has something new to tell. */
function stateOf({ incarnation, started, term, role, leader, alarms, peers }) {
  return JSON.stringify([incarnation, started, term, role, leader, alarms, peers])
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
