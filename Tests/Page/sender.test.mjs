import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { replicaOf } from '../../Sources/Page/logic/replica.mjs'
import { elsewhere, unsent } from '../../Sources/Page/logic/state.mjs'
import { Sender } from '../../Sources/Page/network/sender.mjs'
import { FakeNodes, makeStore, stopTime, until } from './fakes.mjs'
import { c1, c1Anew } from './samples.mjs'

stopTime()

suite('The sender', () => {
  let nodes = null
  let store = null
  let suspicions = 0

  const meet = (identity) =>
    store.dispatch({ type: 'snapshot', replica: replicaOf({ revision: 5, tasks: [] }, identity) })
  const add = (key) => store.dispatch({ type: 'queue', op: { key, kind: 'add', title: key } })
  const asked = () => nodes.changes.map(({ headers }) => headers['Idempotency-Key'])
  const wrong = [421, { error: 'wrong_cluster', message: 'm', outcome: 'not_applied' }]

  beforeEach(() => {
    nodes = new FakeNodes()
    globalThis.fetch = nodes.fetch
    store = makeStore()
    suspicions = 0
    const node = { id: 'id4000', url: 'http://127.0.0.1:4000', address: '127.0.0.1:4000' }
    store.dispatch({ type: 'connection', phase: 'live', node })
    new Sender(store, { suspect: () => (suspicions += 1) }).start()
  })

  test('every change says which cluster it is for', async () => {
    nodes.start(4000, { identity: c1 }).answer = () => [201, {}]
    meet(c1)
    add('k')
    add('l')
    await until(() => store.state.ops.length === 0)
    const expected = nodes.changes.map(({ headers }) => headers['PDB-Expect-Cluster'])
    assert.deepEqual([asked(), expected], [['k', 'l'], ['c1/b1', 'c1/b1']])
  })

  test('before the birth is known it names the cluster alone', async () => {
    nodes.start(4000, { identity: c1 }).answer = () => [201, {}]
    meet({ ...c1, birth: null })
    add('k')
    await until(() => nodes.changes.length > 0)
    assert.equal(nodes.changes[0].headers['PDB-Expect-Cluster'], 'c1')
  })

  test('what another cluster refuses is kept, and the cluster is looked for', async () => {
    nodes.start(4000, { identity: c1Anew }).answer = () => wrong
    meet(c1)
    add('k')
    await until(() => suspicions > 1)
    assert.deepEqual(unsent(store.state).map(({ key, phase }) => [key, phase]), [['k', 'waiting']])
    // The other cluster is shown: then it gets what is made for it, and nothing else.
    meet(c1Anew)
    const before = asked().length
    nodes.start(4000, { identity: c1Anew }).answer = () => [201, {}]
    add('l')
    await until(() => asked().includes('l'))
    assert.deepEqual(asked().slice(before), ['l'])
    assert.deepEqual(elsewhere(store.state).map(({ key, doubts }) => [key, doubts]), [['k', 0]])
  })

  test('one stray node among those of the cluster hinders nothing', async () => {
    nodes.start(4000, { identity: c1Anew }).answer = () => wrong
    nodes.start(4001, { identity: c1 }).answer = () => [201, {}]
    const members = [{ address: '127.0.0.1:4001', isUp: true }]
    store.dispatch({ type: 'cluster', report: { members, leader: null }, timeline: [] })
    meet(c1)
    add('k')
    await until(() => store.state.ops.length === 0)
    assert.deepEqual(nodes.changes.map(({ url }) => url), [
      'http://127.0.0.1:4000/tasks', 'http://127.0.0.1:4001/tasks',
    ])
  })

  test('an answer that never came leaves a doubt', async () => {
    meet(c1)
    add('k')
    await until(() => suspicions > 0)
    meet(c1Anew)
    assert.ok(elsewhere(store.state)[0].doubts > 0)
  })

  test('a pair is sent under its condition; when that fails the page looks what is there', async () => {
    const node = nodes.start(4000, { identity: c1, answers: {} })
    node.answer = () => [409, { error: 'conflict', message: 'm', outcome: 'not_applied' }]
    node.answers['/pair'] = () => [200, { key: 'a b', value: { n: 1 }, revision: 4 }]
    meet(c1)
    const set = { key: 'k', kind: 'set', pair: { key: 'a b' }, title: 'a b', value: { source: '2' }, base: 3 }
    store.dispatch({ type: 'queue', op: set })
    await until(() => store.state.ops[0].phase === 'conflict')
    assert.deepEqual(store.state.ops[0].theirs, { revision: 4, value: { source: '{"n":1}' } })
    assert.equal(nodes.changes[0].headers['If-Match'], '"3"')
    assert.deepEqual(nodes.questions, ['/pair?key=a%20b'])
    // The user's value, over what is there now: another request.
    node.answer = () => [200, { status: 'ok' }]
    store.dispatch({ type: 'keepMine', key: 'k' })
    await until(() => store.state.ops.length === 0)
    assert.equal(nodes.changes[1].headers['If-Match'], '"4"')
    assert.deepEqual(asked(), ['k', 'k-1'])
  })

  test('a key that another client removed meanwhile is a conflict, and its removal is none', async () => {
    const node = nodes.start(4000, { identity: c1, answers: {} })
    node.answer = () => [409, { error: 'conflict', message: 'm', outcome: 'not_applied' }]
    node.answers['/pair'] = () => [404, { error: 'key_not_found', message: 'm' }]
    meet(c1)
    const pair = { pair: { key: 'a' }, title: 'a', base: 3 }
    store.dispatch({ type: 'queue', op: { key: 'k', kind: 'set', value: { source: '2' }, ...pair } })
    store.dispatch({ type: 'queue', op: { key: 'l', kind: 'removePair', ...pair } })
    await until(() => store.state.ops.length === 1 && store.state.ops[0].phase === 'conflict')
    assert.deepEqual([store.state.ops[0].key, store.state.ops[0].theirs], ['k', null])
    assert.deepEqual(store.state.notices, [])
  })
})
