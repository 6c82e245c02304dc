// Nodes that a test makes up, and time that it lets pass.

import { mock } from 'node:test'
import { initialState, reduce } from '../../Sources/Page/logic/state.mjs'

/** Nodes by their addresses; `fetch` asks them as a browser does. */
export class FakeNodes {
  #nodes = new Map()
  /** The changes that nodes were asked to make: `{url, method, headers}`. */
  changes = []
  /** The paths of questions beside those that every page asks, with their queries. */
  questions = []

  /** Starts a node, or lets another take its place. */
  start(port, more) {
    this.kill(port)
    const usual = { id: `id${port}`, incarnation: 'i1', members: [port], tasks: [], revision: 5 }
    const node = { ...usual, ...more, port, streams: [], answer: null }
    this.#nodes.set(`http://127.0.0.1:${port}`, node)
    return node
  }

  kill(port) {
    const url = `http://127.0.0.1:${port}`
    for (const stream of this.#nodes.get(url)?.streams ?? []) stream.error(new Error('gone'))
    this.#nodes.delete(url)
  }

  fetch = async (address, { method = 'GET', headers = {}, signal }) => {
    const { origin, pathname, searchParams } = new URL(address)
    const node = this.#nodes.get(origin)
    if (!node || signal?.aborted) throw new TypeError('no connection')
    const answer = (status, body) =>
      new Response(body instanceof ReadableStream ? body : JSON.stringify(body), {
        status,
        headers: {
          'PDB-Cluster': node.identity.cluster,
          ...(node.identity.birth ? { 'PDB-Birth': node.identity.birth } : {}),
          'PDB-Revision': String(node.revision),
        },
      })
    if (method !== 'GET') {
      this.changes.push({ url: origin + pathname, method, headers })
      return answer(...node.answer(headers))
    }
    const special = node.answers?.[pathname]
    if (special) {
      this.questions.push(address.slice(origin.length))
      return answer(...special(searchParams, headers, signal))
    }
    switch (pathname) {
      case '/tasks': return answer(200, { revision: node.revision, tasks: node.tasks })
      case '/status': return answer(200, this.#status(node))
      case '/cluster/status': return answer(200, this.#membership(node))
      case '/events':
        if (Number(searchParams.get('since')) > node.revision) return answer(404, { error: 'revision_not_found' })
        return answer(200, this.#stream(node, signal))
      default: return answer(404, { error: 'not_found' })
    }
  }

  #status({ port, identity, id, incarnation, members, revision }) {
    const leader = members.find((member) => this.#nodes.has(`http://127.0.0.1:${member}`))
    return {
      ...identity, node: id, incarnation, address: `127.0.0.1:${port}`,
      role: port === leader ? 'leader' : 'follower', is_leader: port === leader,
      leader: `http://127.0.0.1:${leader}`,
      term: 1, applied: 5, commit: 5, revision, hash: 'aa', alarms: [],
    }
  }

  #membership({ identity, members, port, id }) {
    const all = members.map((member) => ({
      id: member === port ? id : `id${member}`, address: `127.0.0.1:${member}`, voter: true,
    }))
    return { ...identity, quorum: Math.floor(members.length / 2) + 1, members: all }
  }

  #stream(node, signal) {
    return new ReadableStream({
      start(controller) {
        const pulse = setInterval(() => {
          controller.enqueue(new TextEncoder().encode(': 5\n\n'))
        }, 2000)
        const end = { error: (error) => { clearInterval(pulse); controller.error(error) } }
        node.streams.push(end)
        signal.addEventListener('abort', () => end.error(signal.reason))
      },
    })
  }
}

/** A state and its watchers, as main.mjs makes them. */
export function makeStore() {
  const watchers = []
  const made = {
    state: initialState,
    dispatch(action) {
      made.state = reduce(made.state, action)
      for (const watch of watchers) watch()
    },
    subscribe: (watch) => watchers.push(watch),
  }
  return made
}

/** Stops the clock; it goes on only in `until`. */
export function stopTime() {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
}

/** Lets time pass until something is so; fails after half a minute of it. */
export async function until(isSo) {
  for (let passed = 0; passed < 30_000; passed += 50) {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    const found = isSo()
    if (found) return found
    mock.timers.tick(50)
  }
  throw new Error(`never became so: ${isSo}`)
}
