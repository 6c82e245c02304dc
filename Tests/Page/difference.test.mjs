import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { difference } from '../../Sources/Page/logic/difference.mjs'

const marks = { same: ' ', removed: '-', added: '+' }
const json = (value) => (value === undefined ? null : { source: JSON.stringify(value) })
const lines = (before, after) =>
  difference(json(before), json(after)).map(({ kind, text, count }) =>
    kind === 'skipped' ? `@${count}` : marks[kind] + text,
  )

suite('A difference', () => {
  test('of objects is one of their members, whatever their order', () => {
    assert.deepEqual(lines({ name: 'Lan', age: 7 }, { age: 8, name: 'Lan' }), [' name: Lan', '-age: 7', '+age: 8'])
    assert.deepEqual(lines({ a: 1, b: 2 }, { b: 2, c: 3 }), ['-a: 1', ' b: 2', '+c: 3'])
    assert.deepEqual(lines({ a: 1, b: 2 }, { b: 2, a: 1 }), ['@2'])
  })

  test('shows what is nested on lines of its own', () => {
    assert.deepEqual(lines({ a: { b: [1, 2] } }, { a: { b: [1, 3], c: {} } }), [
      ' a:', '   b:', '     - 1', '-    - 2', '+    - 3', '+  c: {}',
    ])
  })

  test('of texts is one of their lines, with three lines around each change', () => {
    const before = Array.from({ length: 20 }, (_, at) => `line ${at}`)
    const after = before.toSpliced(10, 1, 'new')
    assert.deepEqual(lines(before.join('\n'), after.join('\n')), [
      '@7', ' line 7', ' line 8', ' line 9', '-line 10', '+new', ' line 11', ' line 12', ' line 13', '@6',
    ])
  })

  test('of what was not there, or is gone, is all of it', () => {
    assert.deepEqual(lines(undefined, { a: 1 }), ['+a: 1'])
    assert.deepEqual(lines('x', undefined), ['-x'])
    assert.deepEqual(lines(1, { a: 1 }), ['-1', '+a: 1'])
  })

  test('a text that looks like another value is told from it', () => {
    assert.deepEqual(lines(1, '1'), ['-1', '+"1"'])
    assert.deepEqual(lines({ a: null }, { a: 'null' }), ['-a: null', '+a: "null"'])
    assert.deepEqual(lines({ a: '' }, { a: 'x\ty' }), ['-a: ""', '+a: "x\\ty"'])
  })

  test('numbers that a browser cannot tell apart differ', () => {
    const found = difference({ source: '12345678901234567890' }, { source: '12345678901234567891' })
    assert.deepEqual(found.map(({ kind }) => kind), ['removed', 'added'])
  })

  test('of bytes is one of their base64', () => {
    const found = difference({ bytes: '/w==' }, { bytes: '/wAB' })
    assert.deepEqual(found, [{ kind: 'removed', text: '/w==' }, { kind: 'added', text: '/wAB' }])
  })

  test('of large texts with nothing in common is not looked for', () => {
    const text = (name) => ({ source: JSON.stringify(Array.from({ length: 3000 }, (_, at) => name + at).join('\n')) })
    const start = performance.now()
    assert.equal(difference(text('a'), text('b')).length, 6000)
    assert.ok(performance.now() - start < 2000)
  })
})
