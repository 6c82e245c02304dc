import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { advance, replicaOf } from '../../Sources/Page/logic/replica.mjs'
import { c1, change, task } from './samples.mjs'

const replica = () =>
  replicaOf({ revision: 5, tasks: [task('b', 'Hai', { number: 2 }), task('a', 'Một')] }, c1)

const titles = ({ tasks }) => [...tasks.values()].map(({ title }) => title)

suite('The copy of the tasks', () => {
  test('what other programs store with a task is not taken for the page’s own', () => {
    const odd = task('c', 'Ba', { number: 3, op: 'x', isGone: true, due: '2027-01-01' })
    const next = advance(replica(), [change(6, { after: odd })], 6)
    assert.deepEqual([next.tasks.get('c').op, next.tasks.get('c').isGone], [undefined, undefined])
  })

  test('fields are kept where they are what they should be', () => {
    const fields = { due: '2027-01-01', priority: 'high', tags: ['a'], project: 'p' }
    const odd = { due: 'soon', priority: 7, tags: 'a', project: '' }
    const next = advance(
      replica(),
      [change(6, { after: task('a', 'Một', fields) }), change(7, { after: task('c', 'Ba', odd) })],
      7,
    )
    const { due, priority, tags, project } = next.tasks.get('a')
    assert.deepEqual({ due, priority, tags, project }, fields)
    for (const name of Object.keys(odd)) assert.equal(next.tasks.get('c')[name], undefined)
  })

  test('it follows additions, edits and removals', () => {
    const next = advance(
      replica(),
      [
        change(6, { after: task('c', 'Ba', { number: 3 }) }),
        change(7, { after: task('a', 'Một!') }),
        change(8, { id: 'b', after: null }),
      ],
      8,
    )
    assert.equal(next.revision, 8)
    assert.deepEqual(titles(next), ['Một!', 'Ba'])
    assert.equal(next.tasks.get('a').revision, 7)
    assert.equal(next.tasks.get('c').folded, 'ba')
  })

  test('revisions that it has already change nothing', () => {
    const next = advance(replica(), [change(5, { id: 'a', after: null })], 5)
    assert.deepEqual(titles(next), ['Hai', 'Một'])
  })

  test('it never goes back', () => {
    assert.equal(advance(replica(), [], 3).revision, 5)
  })

  test('the copy before stays as it was', () => {
    const before = replica()
    advance(before, [change(6, { id: 'a', after: null })], 6)
    assert.equal(before.tasks.size, 2)
  })

  test('what is no task, and keys that are not of tasks, do not show', () => {
    const odd = [
      { revision: 6, changes: [{ key: 'task_x', after: 'text' }, { key: 'y', after: task('y', 'Y') }] },
      { revision: 7, changes: [{ key: null, key_b64: 'AA==', after: 1 }] },
    ]
    assert.deepEqual(titles(advance(replica(), odd, 7)), ['Hai', 'Một'])
  })
})
