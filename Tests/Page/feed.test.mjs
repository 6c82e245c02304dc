import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { Feed } from '../../Sources/Page/network/feed.mjs'
import { FakeNodes, stopTime, until } from './fakes.mjs'
import { c1, c1Anew, c2, task } from './samples.mjs'

// A feed never ends; with the clock stopped it holds up nothing.
stopTime()

suite('The feed', () => {
  const three = [4000, 4001, 4002]
  let nodes = null
  let told = []
  const feed = () => {
    const own = told
    return new Feed('http://127.0.0.1:4000', (action) => own.push(action))
  }
  const snapshots = () => told.filter(({ type }) => type === 'snapshot')
  const shown = () => snapshots().at(-1)?.replica
  const isLive = (port) => () =>
    told.findLast(({ type }) => type === 'connection')?.phase === 'live' &&
    told.findLast(({ type }) => type === 'connection').node.address === `127.0.0.1:${port}` &&
    told.some(({ type }) => type === 'cluster')
  const begin = (identity, more = {}) => {
    for (const port of three) {
      nodes.start(port, { identity, members: three, tasks: [task('a', 'Cũ')], ...more })
    }
  }

  beforeEach(() => {
    nodes = new FakeNodes()
    told = []
    globalThis.fetch = nodes.fetch
  })
  afterEach(() => three.forEach((port) => nodes.kill(port)))

  test('a cluster that was made anew, with the same ids, is another one', async () => {
    begin(c1)
    feed().start()
    await until(isLive(4000))
    assert.deepEqual(shown().identity, c1)
    three.forEach((port) => nodes.kill(port))
    begin(c1Anew, { tasks: [task('b', 'Mới')], incarnation: 'i2' })
    await until(() => shown().tasks.has('b'))
    assert.deepEqual(shown().identity, c1Anew)
  })

  test('before it has its birth, its other data give it away', async () => {
    begin(c1)
    feed().start()
    await until(isLive(4000))
    three.forEach((port) => nodes.kill(port))
    await until(() => told.some(({ type, report }) => type === 'cluster' && report.up === 0))
    begin({ ...c1, birth: null }, { tasks: [task('b', 'Mới')], incarnation: 'i2' })
    await until(() => shown().tasks.has('b'))
    assert.equal(snapshots().at(-1).isReplaced, true)
    await until(() => told.findLast(({ type }) => type === 'cluster').timeline.length === 1)
    assert.equal(shown().identity.birth, null)
  })

  test('a node that has gone back, and is the only one, is read anew', async () => {
    const node = nodes.start(4000, { identity: c1, tasks: [task('a', 'Cũ')], revision: 9 })
    feed().start()
    await until(isLive(4000))
    nodes.start(4000, { ...node, tasks: [], revision: 7 })
    await until(() => shown().revision === 7)
    assert.equal(shown().tasks.size, 0)
  })

  test('a birth that becomes known is told', async () => {
    const young = { ...c1, birth: null }
    const [first] = three.map((port) => nodes.start(port, { identity: young, members: three }))
    feed().start()
    await until(isLive(4000))
    first.identity = c1
    const { identity } = await until(() => told.find(({ type }) => type === 'identity'))
    assert.deepEqual(identity, c1)
  })

  test('one node that another cluster took is left for those of the cluster', async () => {
    begin(c1)
    feed().start()
    await until(isLive(4000))
    nodes.start(4000, { identity: c1Anew, incarnation: 'i2', tasks: [task('b', 'Mới')] })
    await until(isLive(4001))
    assert.ok(snapshots().every(({ replica }) => replica.tasks.has('a')))
  })

  test('when all are gone and another cluster answers where the page came from, it is shown', async () => {
    begin(c1)
    feed().start()
    await until(isLive(4000))
    nodes.kill(4000)
    await until(isLive(4001))
    nodes.kill(4001)
    nodes.kill(4002)
    nodes.start(4000, { identity: c2, id: 'other', tasks: [task('b', 'Mới')] })
    await until(() => shown().tasks.has('b'))
    assert.deepEqual(shown().identity, c2)
    const isOther = ({ type, report }) => type === 'cluster' && report.members[0].id === 'other'
    const { report } = await until(() => told.find(isOther))
    assert.equal(report.members.length, 1)
  })
})
