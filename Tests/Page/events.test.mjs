import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { EventParser } from '../../Sources/Page/logic/events.mjs'

suite('The stream of changes', () => {
  const text = ': 3\n\nevent: change\nid: 4\ndata: {"revision":4}\n\nid: 7\n\n'
  const events = [{ comment: '3' }, { event: 'change', id: '4', data: '{"revision":4}' }, { id: '7' }]

  test('changes, ids and comments are told', () => {
    assert.deepEqual(new EventParser().push(text), events)
  })

  test('wherever the pieces are cut, the events are the same', () => {
    for (let cut = 0; cut <= text.length; cut += 1) {
      const parser = new EventParser()
      const told = [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))]
      assert.deepEqual(told, events, `cut at ${cut}`)
    }
  })

  test('what is not whole is not told', () => {
    assert.deepEqual(new EventParser().push('event: change\nid: 4\ndata: {"rev'), [])
  })

  test('several lines of data are one value', () => {
    assert.deepEqual(new EventParser().push('data: a\ndata:b\n\n'), [{ data: 'a\nb' }])
  })
})
