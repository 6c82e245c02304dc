import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { afresh, again, judge, overlay, prepare } from '../../Sources/Page/logic/outbox.mjs'
import { replicaOf } from '../../Sources/Page/logic/replica.mjs'
import { c1, retitle, task } from './samples.mjs'

const replica = replicaOf(
  { revision: 5, tasks: [task('a', 'Một', { revision: 4 }), task('b', 'Hai', { completed: true })] },
  c1,
)
const request = (op) => prepare({ key: 'k', generation: 0, ...op }, replica)

suite('Requests', () => {
  test('each change has its own', () => {
    const requests = [
      { kind: 'add', title: 'Ba' },
      { kind: 'addMany', titles: ['Ba', 'Bốn'] },
      { kind: 'complete', id: 'a', completed: true },
      { kind: 'remove', id: 'a' },
      { kind: 'clear' },
      { kind: 'undo', revision: 9 },
    ].map((op) => request(op).request)
    assert.deepEqual(
      requests.map(({ method, path, body }) => [method, path, body]),
      [
        ['POST', '/tasks', { title: 'Ba' }],
        ['POST', '/tasks/batch', { titles: ['Ba', 'Bốn'] }],
        ['PUT', '/task?id=a', { completed: true }],
        ['DELETE', '/task?id=a', undefined],
        ['DELETE', '/tasks?status=completed', undefined],
        ['POST', '/undo', { revision: 9 }],
      ],
    )
    assert.ok(requests.every(({ id }) => id === 'k'))
  })

  test('an edit is made only on the fields that were seen', () => {
    const edit = retitle('a', 'Mới', 'Một')
    assert.equal(request(edit).request.ifMatch, 4)
    assert.deepEqual(request(retitle('a', 'Mới', 'Cũ')), { conflict: { title: 'Một' } })
    assert.deepEqual(request(retitle('gone', 'Mới', 'Một')), { gone: true })
    assert.deepEqual(request(retitle('a', 'Một', 'Cũ')), { done: true })
    const due = { ...edit, fields: { ...edit.fields, due: null }, base: { ...edit.base, due: '2026-11-20' } }
    assert.deepEqual(request(due).request.body, { title: 'Mới' }, 'somebody took the date away already')
  })

  test('a new task can have fields from the beginning', () => {
    const { body } = request({ kind: 'add', title: 'Ba', fields: { title: 'Ba', due: '2026-11-20' } }).request
    assert.deepEqual(body, { title: 'Ba', due: '2026-11-20' })
  })

  test('the id follows from the change: a duplicated tab makes it once', () => {
    const op = { ...afresh({ key: 'k', kind: 'add', title: 'Ba' }) }
    assert.equal(prepare(op, replica).request.id, prepare({ ...op }, replica).request.id)
    const refused = again({ ...op, request: { id: 'k' }, error: { outcome: 'not_applied' } })
    assert.notEqual(prepare(refused, replica).request.id, 'k')
  })

  test('a request that was made stays the same to the end', () => {
    const made = { id: 'old', method: 'POST', path: '/tasks', body: { title: 'Ba' } }
    assert.equal(request({ kind: 'add', title: 'Ba', request: made }).request, made)
  })

  test('an id is an id, whatever it looks like', () => {
    const path = (id) => request({ kind: 'remove', id }).request.path
    assert.equal(path('a/../b?c&d#e'), '/task?id=a%2F..%2Fb%3Fc%26d%23e')
    for (const id of ['2', '.', '..', ' +%', 'đá']) {
      const url = new URL(path(id), 'http://127.0.0.1:4000')
      assert.deepEqual([url.pathname, url.searchParams.get('id')], ['/task', id])
    }
  })
})

suite('Answers', () => {
  const after = (kind, status, body) => judge({ kind }, { status, body, revision: 9 })

  test('a change that was made is done', () => {
    assert.deepEqual(after('add', 201, {}), { next: 'done', revision: 9, count: null, task: null })
    assert.equal(after('clear', 200, { count: 3 }).count, 3)
  })

  test('a follower names the leader', () => {
    const answer = { error: 'not_leader', leader: 'http://127.0.0.1:4001' }
    assert.deepEqual(after('add', 403, answer), { next: 'ask', url: 'http://127.0.0.1:4001' })
  })

  test('what passes is waited for', () => {
    for (const error of ['no_leader', 'no_quorum', 'busy', 'stopping', 'unknown_outcome']) {
      assert.deepEqual(after('add', 503, { error }), { next: 'wait', reason: error })
    }
    assert.equal(judge({ kind: 'add' }, { failure: 'timeout' }).next, 'wait')
  })

  test('removing what is gone is done', () => {
    assert.equal(after('remove', 404, { error: 'task_not_found' }).next, 'done')
    assert.equal(after('edit', 404, { error: 'task_not_found' }).next, 'gone')
  })

  test('a conflict sends an edit back to the task, and ends an undo', () => {
    assert.equal(after('edit', 409, { error: 'conflict' }).next, 'recheck')
    assert.equal(after('undo', 409, { error: 'conflict' }).next, 'failed')
  })

  test('everything else is for the user to decide', () => {
    const error = { error: 'invalid_title', message: 'no', outcome: 'not_applied' }
    assert.deepEqual(after('add', 400, error), { next: 'failed', error })
    assert.equal(after('add', 500, null).error.outcome, 'unknown')
    assert.equal(after('add', 401, { error: 'unauthorized' }).next, 'token')
    assert.equal(after('add', 429, { error: 'too_many_attempts' }).next, 'token')
  })
})

suite('Trying again', () => {
  const failed = (error) => ({ kind: 'add', title: 'x', request: { id: 'old' }, attempts: 2, error })

  test('an id whose fate is known or forgotten is not used again', () => {
    assert.equal(again(failed({ error: 'request_expired', outcome: 'unknown' })).request, null)
    assert.equal(again(failed({ error: 'invalid_title', outcome: 'not_applied' })).request, null)
  })

  test('an id whose fate is open is kept, so that nothing is made twice', () => {
    assert.equal(again(failed({ error: 'internal', outcome: 'unknown' })).request.id, 'old')
  })
})

suite('What is on its way shows already', () => {
  const shown = (...ops) => overlay(replica.tasks, ops.map((op) => ({ ...afresh(op), ...op })))
  const titles = ({ tasks }) => [...tasks.values()].map(({ title }) => title)

  test('edits, ticks and removals', () => {
    const { tasks } = shown(
      retitle('a', 'Mới', 'Một'),
      { kind: 'complete', id: 'a', completed: true },
      { kind: 'remove', id: 'b' },
    )
    assert.deepEqual(titles({ tasks }), ['Mới'])
    assert.equal(tasks.get('a').completed, true)
    assert.equal(tasks.get('a').op.kind, 'complete')
  })

  test('additions, in their order', () => {
    const { additions } = shown({ kind: 'add', title: '1' }, { kind: 'addMany', titles: ['2', '3'] })
    assert.deepEqual(additions.map(({ title }) => title), ['1', '2', '3'])
  })

  test('clearing takes the completed ones, those just ticked as well', () => {
    assert.deepEqual(titles(shown({ kind: 'clear' })), ['Một'])
    assert.deepEqual(titles(shown({ kind: 'complete', id: 'a', completed: true }, { kind: 'clear' })), [])
  })

  test('what failed does not', () => {
    assert.deepEqual(titles(shown({ kind: 'remove', id: 'a', phase: 'failed' })), ['Một', 'Hai'])
  })
})
