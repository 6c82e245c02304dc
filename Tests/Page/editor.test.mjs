import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { creationOf, editorOf, newDraft, removalOf, savingOf } from '../../Sources/Page/logic/editor.mjs'
import { prepare } from '../../Sources/Page/logic/outbox.mjs'
import { wanted } from '../../Sources/Page/logic/reading.mjs'
import { replicaOf } from '../../Sources/Page/logic/replica.mjs'
import { initialState, nextToSend, reduce } from '../../Sources/Page/logic/state.mjs'
import { c1, placeIn } from './samples.mjs'

const run = (state, ...actions) => actions.reduce(reduce, state)
const meet = { type: 'snapshot', replica: replicaOf({ revision: 5, tasks: [] }, c1) }
const read = (state, pair) => ({ type: 'read', slot: 'pair', query: wanted(state).pair, body: { pair }, revision: 5 })

/** With a key open that holds this; nothing if it is `null`. */
function opened(source, revision = 3) {
  const state = run(initialState, meet, { type: 'go', place: placeIn('keys', { key: { key: 'a' } }) })
  return run(state, read(state, source && { key: 'a', value: source, revision }))
}

const type = (text, base = 3) => ({ type: 'draft', name: 'a', draft: { form: 'json', text, base } })
const save = (state) => run(state, { type: 'queue', op: { key: 'k', ...savingOf(state) } }, { type: 'draft', name: 'a', draft: null })

suite('The editor', () => {
  test('shows what is there, and has nothing to save', () => {
    const { typed, isChanged, isOutdated, pending } = editorOf(opened('{"n":1}'))
    assert.deepEqual([typed.text, isChanged, isOutdated, pending], ['{\n  "n": 1\n}', false, false, null])
  })

  test('says what is wrong while it is typed, and has nothing to save where nothing changed', () => {
    assert.equal(editorOf(run(opened('1'), type('{'))).problem.reason, 'json')
    assert.equal(editorOf(run(opened('[1,2]'), type('[ 1, 2 ]'))).isChanged, false)
    assert.equal(editorOf(run(opened('[1,2]'), type('[1]'))).isChanged, true)
  })

  test('saves under the condition that what the user saw is there still', () => {
    let state = run(opened('1'), type('12345678901234567890.10'))
    // Another client changes it, and the page learns of it.
    state = run(state, read(state, { key: 'a', value: '2', revision: 4 }))
    assert.equal(editorOf(state).isOutdated, true)
    state = save(state)
    const { request } = prepare(nextToSend(state), state.replica)
    assert.deepEqual(request, {
      id: 'k', method: 'POST', path: '/set', text: '{"key":"a","value":12345678901234567890.10}', ifMatch: 3,
    })
  })

  test('keeps what was typed through a conflict', () => {
    const theirs = { revision: 4, value: { source: '2' } }
    const conflict = run(save(run(opened('1'), type(' 7 '))), { type: 'recheckPair', key: 'k', theirs })
    const { pending, typed } = editorOf(conflict)
    assert.deepEqual([pending.phase, typed.text], ['conflict', ' 7 '])
    assert.equal(nextToSend(conflict), null)
    const mine = run(conflict, { type: 'keepMine', key: 'k' })
    assert.equal(prepare(nextToSend(mine), mine.replica).request.ifMatch, 4)
    const gone = run(conflict, { type: 'takeTheirs', key: 'k' })
    assert.deepEqual([gone.ops.length, editorOf(gone).typed.text], [0, '1'])
  })

  test('a conflict is none when another client saved the same', () => {
    const state = save(run(opened('1'), type('[1, 2]')))
    const same = run(state, { type: 'recheckPair', key: 'k', theirs: { revision: 4, value: { source: '[1,2]' } } })
    assert.equal(same.ops.length, 0)
  })

  test('shows what was saved before it is read again', () => {
    const state = run(save(run(opened('1'), type('2'))), { type: 'confirmed', key: 'k', revision: 5, count: null })
    const { typed, pair, pending } = editorOf(state)
    assert.deepEqual([typed.text, pair.revision, pending], ['2', 5, null])
  })

  test('a new key is made only if there is none', () => {
    let state = run(initialState, meet, { type: 'go', place: placeIn('keys', { isNew: true }) })
    state = run(state, { type: 'draft', name: newDraft, draft: { form: 'text', text: 'x', keyName: 'a/b' } })
    const op = creationOf(state, 'a/b')
    const { request } = prepare({ key: 'k', ...op }, state.replica)
    assert.deepEqual([request.text, request.isNew], ['{"key":"a/b","value":"x"}', true])
  })

  test('a removal is of what the user saw', () => {
    const { request } = prepare({ key: 'k', ...removalOf(opened('1')) }, null)
    assert.deepEqual([request.path, request.body, request.ifMatch], ['/delete', { keys: ['a'] }, 3])
    const bytes = prepare({ kind: 'removePair', key: 'k', pair: { key_b64: '/w==' }, base: 3 }, null)
    assert.deepEqual(bytes.request.body, { keys: [{ key_b64: '/w==' }] })
  })

  test('a key that is gone can be made anew, and its removal elsewhere decided on', () => {
    const state = save(run(opened(null), type('1', null)))
    assert.equal(prepare(nextToSend(state), state.replica).request.isNew, true)
    const conflict = run(save(run(opened('1'), type('2'))), { type: 'recheckPair', key: 'k', theirs: null })
    const mine = run(conflict, { type: 'keepMine', key: 'k' })
    assert.equal(prepare(nextToSend(mine), mine.replica).request.isNew, true)
  })
})
