import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { rowsLength, slotOf, unread, wanted } from '../../Sources/Page/logic/reading.mjs'
import { replicaOf } from '../../Sources/Page/logic/replica.mjs'
import { initialState, reduce } from '../../Sources/Page/logic/state.mjs'
import { c1, c1Anew, placeIn } from './samples.mjs'

const run = (state, ...actions) => actions.reduce(reduce, state)
const meet = (revision = 5, identity = c1) => ({
  type: 'snapshot', replica: replicaOf({ revision, tasks: [] }, identity),
})
const go = (view, more) => ({ type: 'go', place: placeIn(view, more) })
const at = (view, more) => run(initialState, meet(), go(view, more))
const slots = (state) => Object.keys(wanted(state))
const due = (state) => unread(state).map(({ slot }) => slot)
const read = (state, slot, body, revision = 5) => ({ type: 'read', slot, query: wanted(state)[slot], body, revision })
const news = (through) => ({ type: 'changes', revisions: [], through })

suite('What is read', () => {
  test('follows from the place', () => {
    assert.deepEqual(slots(at('tasks')), [])
    assert.deepEqual(slots(at('keys', { prefix: 'a/' })), ['keys'])
    assert.deepEqual(slots(at('keys', { key: { key: 'a' } })), ['pair', 'changes'])
    assert.deepEqual(slots(at('keys', { key: { key_b64: '/w==' } })), ['pair'])
    assert.deepEqual(slots(at('keys', { isNew: true })), [])
    assert.deepEqual(slots(at('history')), ['log'])
    assert.deepEqual(slots(at('history', { revision: 3 })), ['revision'])
    assert.deepEqual(slots(at('history', { at: 3 })), ['moment', 'pastTasks', 'pastKeys'])
  })

  test('waits until it is known which cluster this is', () => {
    assert.deepEqual(slots(run(initialState, go('keys'))), [])
  })

  test('is read again when there is something newer', () => {
    let state = at('keys')
    assert.deepEqual(due(state), ['keys'])
    state = run(state, read(state, 'keys', { rows: [] }))
    assert.deepEqual(due(state), [])
    state = run(state, news(6))
    assert.deepEqual(due(state), ['keys'])
    // What was there stays in sight meanwhile.
    assert.deepEqual(slotOf(state, 'keys').body, { rows: [] })
  })

  test('is not read again if it is of the past', () => {
    let state = at('history', { at: 3 })
    for (const slot of slots(state)) state = run(state, read(state, slot, {}, 3))
    assert.deepEqual(due(run(state, news(9))), [])
    let one = at('history', { revision: 3 })
    one = run(one, read(one, 'revision', {}, 5))
    assert.deepEqual(due(run(one, news(9))), [])
  })

  test('stays in sight while more of it is read, but not when something else is', () => {
    let state = at('keys', { prefix: 'a' })
    state = run(state, read(state, 'keys', { rows: [1] }), { type: 'moreRows' })
    assert.equal(wanted(state).keys.length, 2 * rowsLength)
    assert.deepEqual(slotOf(state, 'keys'), { body: { rows: [1] }, failure: null, isOld: true })
    state = run(state, go('keys', { prefix: 'b' }))
    assert.equal(slotOf(state, 'keys').body, null)
    assert.equal(wanted(state).keys.length, rowsLength)
  })

  test('stays in sight while the slider moves', () => {
    let state = at('history', { at: 3 })
    state = run(state, { type: 'moreRows' }, read(state, 'pastKeys', { rows: [1] }, 3), go('history', { at: 4 }))
    assert.equal(slotOf(state, 'pastKeys').isOld, true)
    assert.deepEqual(slotOf(state, 'pastKeys').body, { rows: [1] })
    // And as many rows of it are shown.
    assert.equal(state.rows, 2 * rowsLength)
  })

  test('a failure that may pass is tried again, another one is not', () => {
    const state = at('keys')
    const fail = (mayPass) =>
      run(state, { type: 'notRead', slot: 'keys', query: wanted(state).keys, failure: { error: 'busy', mayPass } })
    assert.deepEqual(due(fail(true)), ['keys'])
    assert.deepEqual(due(fail(false)), [])
    assert.equal(slotOf(fail(false), 'keys').failure.error, 'busy')
  })

  test('of another cluster nothing stays', () => {
    let state = at('keys')
    state = run(state, read(state, 'keys', { rows: [1] }), meet(9, c1Anew))
    assert.equal(slotOf(state, 'keys').body, null)
  })
})
