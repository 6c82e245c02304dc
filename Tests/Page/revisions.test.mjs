import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { deedOn, deedsOf, obstaclesOf, summaryOf, takenBack } from '../../Sources/Page/logic/revisions.mjs'
import { languages } from '../../Sources/Page/logic/words.mjs'
import { revision, task } from './samples.mjs'

const taskChange = (before, after) => ({ key: `task_${(before ?? after).id}`, before, after })
const deeds = (...changes) => deedsOf(revision(1, changes)).map(({ kind, name, to }) => [kind, name, to])

suite('A revision for people', () => {
  test('tasks are called by their titles', () => {
    const one = task('a', 'Học')
    assert.deepEqual(deeds(taskChange(null, one)), [['taskAdded', 'Học', undefined]])
    assert.deepEqual(deeds(taskChange(one, null)), [['taskRemoved', 'Học', undefined]])
    const done = { ...one, completed: true, completed_at: '2026-01-02T03:04:06Z' }
    assert.deepEqual(deeds(taskChange(one, done)), [['taskCompleted', 'Học', undefined]])
    assert.deepEqual(deeds(taskChange(done, one)), [['taskReopened', 'Học', undefined]])
    const renamed = { ...one, title: 'Ôn' }
    assert.deepEqual(deeds(taskChange(one, renamed)), [['taskRenamed', 'Học', 'Ôn']])
    assert.deepEqual(deeds(taskChange(one, { ...renamed, due: '2026-02-03' })), [['taskEdited', 'Ôn', undefined]])
  })

  test('what is no task is called by its key', () => {
    assert.deepEqual(deeds({ key: 'a', after: 1 }), [['keyAdded', 'a', undefined]])
    assert.deepEqual(deeds({ key: 'a', before: 1, after: 2 }), [['keyChanged', 'a', undefined]])
    assert.deepEqual(deeds({ key: 'task_a', before: 1 }), [['keyRemoved', 'task_a', undefined]])
    const setting = { changes: [], settings: [{ name: 'history-revisions', before: '1', after: '2' }] }
    assert.deepEqual(deedsOf(setting).map(({ kind, name }) => [kind, name]), [['setting', 'history-revisions']])
  })

  test('the short form tells the first ones and counts the rest', () => {
    const many = ['a', 'b', 'c', 'd'].map((key) => ({ key, after: 1 }))
    const { kind, deeds, alike, others } = summaryOf(revision(1, many, { count: 100 }))
    assert.deepEqual([kind, deeds.map(({ name }) => name), alike, others], ['keyAdded', ['a', 'b', 'c'], 97, 0])
    const mixed = summaryOf(revision(1, [{ key: 'a', after: 1 }, { key: 'b', before: 1 }], { count: 5 }))
    assert.deepEqual([mixed.deeds.length, mixed.alike, mixed.others], [1, 0, 4])
    const none = summaryOf(revision(1, [], { operation: 'tag spring' }))
    assert.deepEqual([none.kind, none.operation, none.alike, none.others], [null, 'tag spring', 0, 0])
  })

  test('there are words for every deed, in both languages', () => {
    const kinds = [
      'taskAdded', 'taskRemoved', 'taskCompleted', 'taskReopened', 'taskRenamed', 'taskEdited', 'keyAdded',
      'keyChanged', 'keyRemoved',
    ]
    for (const words of Object.values(languages)) {
      for (const kind of kinds) {
        assert.match(words.deed[kind]('“a”', { to: 'b' }), /“a”/u)
        assert.equal(typeof words.happenedToKey[kind], 'string')
      }
    }
  })

  test('of one key it tells what happened to it', () => {
    const made = revision(1, [{ key: 'a', after: 1 }, { key: 'b', before: 1, after: 2 }])
    assert.equal(deedOn({ key: 'b' }, made).kind, 'keyChanged')
    assert.equal(deedOn({ key: 'c' }, made), null)
    assert.equal(deedOn({ key_b64: '/w==' }, made), null)
  })

  test('what was taken back is known where the undo is in sight', () => {
    assert.deepEqual([...takenBack([revision(5, [], { undoes: 3 }), revision(4, [])])], [[3, 5]])
  })

  test('what stands in the way of an undo has a name', () => {
    const one = task('a', 'Học')
    const conflicts = [
      { key: 'task_a', expected: one, found: { ...one, title: 'Ôn' } },
      { key: 'k', expected: { a: 1 }, found: null },
    ]
    assert.deepEqual(
      obstaclesOf({ error: 'conflict', conflicts }).map(({ key, name, isGone }) => [key, name, isGone]),
      [['task_a', 'Ôn', false], ['k', 'k', true]],
    )
    assert.deepEqual(obstaclesOf({ error: 'conflict' }), [])
  })
})
