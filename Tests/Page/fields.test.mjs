import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { compare, dateParts, dueOf, editOf, tagsOf, withoutFields } from '../../Sources/Page/logic/fields.mjs'
import { task } from './samples.mjs'

const seen = task('a', 'Một', { due: '2026-11-20', tags: ['học', 'gấp'] })

suite('An edit', () => {
  test('holds what differs from what was seen, and nothing else', () => {
    const values = { title: 'Một', due: null, tags: ['học', 'gấp'], project: 'Đồ án', notes: null }
    const edit = editOf(seen, values)
    assert.deepEqual(edit.fields, { due: null, project: 'Đồ án' })
    assert.deepEqual(edit.base, { due: '2026-11-20', project: null })
    assert.equal(editOf(seen, { title: 'Một', tags: ['học', 'gấp'] }), null)
  })

  test('is in conflict only where others changed the same field to something else', () => {
    const edit = editOf(seen, { due: '2026-12-01', priority: 'high' })
    assert.deepEqual(compare(edit, { ...seen, title: 'Hai', tags: [] }).theirs, {})
    assert.deepEqual(compare(edit, { ...seen, due: '2026-12-24' }).theirs, { due: '2026-12-24' })
    const { due, ...undated } = seen
    assert.deepEqual(compare(edit, undated).theirs, { due: null })
    const half = compare(edit, { ...seen, due: '2026-12-01' })
    assert.deepEqual(half, { open: { priority: 'high' }, theirs: {} })
  })

  test('without its last field is none', () => {
    const edit = editOf(seen, { due: null })
    assert.equal(withoutFields(edit, { due: '2026-12-24' }), null)
  })
})

suite('Dates in a form', () => {
  test('a day has no time', () => {
    assert.deepEqual(dateParts('2026-11-20'), { date: '2026-11-20', time: '' })
    assert.deepEqual(dateParts(undefined), { date: '', time: '' })
    assert.equal(dueOf({ date: '2026-11-21', time: '' }, '2026-11-20'), '2026-11-21')
    assert.equal(dueOf({ date: '', time: '' }, '2026-11-20'), null)
  })

  test('a moment is shown here, and stays to the millisecond if nobody touches it', () => {
    const due = '2026-11-20T08:30:12.345Z'
    const parts = dateParts(due)
    assert.equal(dueOf(parts, due), due)
    const later = dueOf({ ...parts, time: '23:45' }, due)
    assert.deepEqual(dateParts(later), { ...parts, time: '23:45' })
  })
})

suite('Tags in a line', () => {
  test('are words, once each, however they are divided', () => {
    assert.deepEqual(tagsOf(' học,#gấp  học, '), ['học', 'gấp'])
    assert.equal(tagsOf(' , '), null)
  })
})
