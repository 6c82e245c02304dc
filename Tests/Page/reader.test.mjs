import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { slotOf } from '../../Sources/Page/logic/reading.mjs'
import { replicaOf } from '../../Sources/Page/logic/replica.mjs'
import { Reader } from '../../Sources/Page/network/reader.mjs'
import { FakeNodes, makeStore, stopTime, until } from './fakes.mjs'
import { c1, placeIn } from './samples.mjs'

stopTime()

suite('The reader', () => {
  let nodes = null
  let node = null
  let store = null

  const go = (view, more) => store.dispatch({ type: 'go', place: placeIn(view, more) })
  const body = (slot) => slotOf(store.state, slot).body
  const pairs = (...keys) => keys.map((key) => ({ key, value: 1, revision: 1 }))

  beforeEach(() => {
    nodes = new FakeNodes()
    globalThis.fetch = nodes.fetch
    node = nodes.start(4000, { identity: c1, answers: {} })
    store = makeStore()
    const inUse = { id: 'id4000', url: 'http://127.0.0.1:4000', address: '127.0.0.1:4000' }
    store.dispatch({ type: 'connection', phase: 'live', node: inUse })
    store.dispatch({ type: 'snapshot', replica: replicaOf({ revision: 5, tasks: [] }, c1) })
    new Reader(store).start()
  })

  test('asks for what is in sight, and names its cluster', async () => {
    let expected = null
    node.answers['/kv'] = (_, headers) => {
      expected = headers['PDB-Expect-Cluster']
      return [200, { pairs: pairs('a b/1'), revision: 5 }]
    }
    go('keys', { prefix: 'a b/' })
    await until(() => body('keys'))
    assert.equal(expected, 'c1/b1')
    assert.deepEqual(nodes.questions, ['/kv?consistency=stale&prefix=a%20b%2F&limit=100'])
    assert.deepEqual(body('keys').rows.map(({ name }) => name), ['1'])
  })

  test('reads again when the stream tells of something newer, and not before', async () => {
    node.answers['/kv'] = () => [200, { pairs: pairs(`k${node.revision}`), revision: node.revision }]
    go('keys')
    await until(() => body('keys'))
    assert.equal(nodes.questions.length, 1)
    node.revision = 6
    store.dispatch({ type: 'changes', revisions: [], through: 6 })
    await until(() => body('keys').rows[0].name === 'k6')
    assert.equal(nodes.questions.length, 2)
  })

  test('a key that is not there is an answer', async () => {
    node.answers['/pair'] = () => [404, { error: 'key_not_found', message: 'm' }]
    node.answers['/log'] = () => [200, { revisions: [], revision: 5, compacted: 0, next: null }]
    go('keys', { key: { key: 'a' } })
    await until(() => body('pair'))
    assert.deepEqual(body('pair'), { pair: null })
  })

  test('a long history is read page by page', async () => {
    node.answers['/log'] = (query) => {
      const before = Number(query.get('before') ?? 131)
      const count = Math.min(Number(query.get('limit')), before - 1)
      const revisions = Array.from({ length: count }, (_, at) => ({ revision: before - 1 - at, changes: [] }))
      return [200, { revisions, revision: 5, compacted: 0, next: before - count > 1 ? before - count : null }]
    }
    go('history', { author: 'lan' })
    for (let more = 0; more < 2; more += 1) store.dispatch({ type: 'moreRows' })
    await until(() => body('log')?.revisions.length === 130)
    assert.deepEqual([body('log').revisions.at(-1).revision, body('log').hasMore], [1, false])
  })

  test('the past is asked for by its revision', async () => {
    node.answers['/kv'] = () => [200, { pairs: pairs('a/b'), revision: 3 }]
    node.answers['/log'] = () => [200, { revisions: [{ revision: 3, changes: [] }], compacted: 0, next: 3 }]
    node.answers['/tasks'] = () => [200, { tasks: [], revision: 3 }]
    go('history', { at: 3 })
    await until(() => body('pastKeys') && body('moment') && body('pastTasks'))
    assert.deepEqual(nodes.questions.toSorted(), [
      '/kv?prefix=&limit=100&at=3', '/log?consistency=stale&before=4&limit=1', '/tasks?at=3&limit=51',
    ])
    assert.deepEqual(body('pastKeys').rows.map(({ name }) => name), ['a/b'])
  })

  test('an answer that fails is asked for again if that can help', async () => {
    let isBusy = true
    node.answers['/kv'] = () => (isBusy ? [503, { error: 'busy', message: 'm' }] : [200, { pairs: [], revision: 5 }])
    go('keys')
    await until(() => slotOf(store.state, 'keys').failure)
    isBusy = false
    await until(() => body('keys'))
    node.answers['/log/9'] = () => [404, { error: 'revision_not_found', message: 'm' }]
    go('history', { revision: 9 })
    await until(() => slotOf(store.state, 'revision').failure)
    const before = nodes.questions.length
    store.dispatch({ type: 'changes', revisions: [], through: 8 })
    await until(() => store.state.replica.revision === 8)
    assert.equal(nodes.questions.length, before)
  })

  test('a node that hangs is not waited for once another one is in use', async () => {
    const hang = (signal) =>
      new ReadableStream({
        start: (body) => signal.addEventListener('abort', () => body.error(signal.reason)),
      })
    node.answers['/kv'] = (_query, _headers, signal) => [200, hang(signal)]
    go('keys')
    await until(() => nodes.questions.length === 1)
    const other = nodes.start(4001, { identity: c1, answers: {} })
    other.answers['/kv'] = () => [200, { pairs: pairs('a'), revision: 5 }]
    const inUse = { id: 'id4001', url: 'http://127.0.0.1:4001', address: '127.0.0.1:4001' }
    const before = Date.now()
    store.dispatch({ type: 'connection', phase: 'live', node: inUse })
    await until(() => body('keys'))
    assert.ok(Date.now() - before < 1000)
  })
})
