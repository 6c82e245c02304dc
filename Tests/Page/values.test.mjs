import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  isSameValue, keyProblem, preview, read, rewritten, valueIn, valueOf, written,
} from '../../Sources/Page/logic/values.mjs'

suite('Values', () => {
  test('they are JSON or bytes', () => {
    assert.deepEqual(valueOf({ key: 'a', value: '1', revision: 1 }), { source: '1' })
    assert.deepEqual(valueOf({ key: 'a', value: 'null', value_b64: '/w==', revision: 1 }), { bytes: '/w==' })
    assert.equal(valueOf(null), null)
  })

  test('a history has them, and null where there is none', () => {
    assert.deepEqual(valueIn('{"a":1}'), { source: '{"a":1}' })
    assert.deepEqual(valueIn('{"value_b64":"/w=="}'), { bytes: '/w==' })
    assert.equal(valueIn('null'), null)
    assert.equal(valueIn(undefined), null)
  })

  test('each is shown in the form in which it is easiest to read', () => {
    assert.deepEqual(written({ source: '{"a":1}' }), { form: 'json', text: '{\n  "a": 1\n}' })
    assert.deepEqual(written({ source: '"một\\nhai"' }), { form: 'text', text: 'một\nhai' })
    assert.deepEqual(written({ bytes: '/w==' }), { form: 'bytes', text: '/w==' })
    assert.deepEqual(written(null), { form: 'json', text: '' })
    // A field would make one line end of two.
    assert.equal(written({ source: '"a\\r\\nb"' }).form, 'json')
  })

  test('what is typed comes back as it was', () => {
    for (const value of [{ source: '1.0' }, { source: '"a\\"b"' }, { bytes: '/wAB' }, { source: 'null' }]) {
      assert.ok(isSameValue(read(written(value)).value, value))
    }
    assert.deepEqual(read({ form: 'text', text: '1' }), { value: { source: '"1"' } })
    assert.deepEqual(read({ form: 'bytes', text: ' /w\n== ' }), { value: { bytes: '/w==' } })
  })

  test('what is wrong is said', () => {
    assert.deepEqual(read({ form: 'json', text: '{' }), { problem: { reason: 'json', line: 1, column: 2 } })
    assert.deepEqual(read({ form: 'json', text: ' ' }), { problem: { reason: 'empty' } })
    assert.deepEqual(read({ form: 'bytes', text: 'abc' }), { problem: { reason: 'base64' } })
    assert.deepEqual(read({ form: 'text', text: 'x'.repeat(512 << 10) }), { problem: { reason: 'large' } })
    assert.ok(read({ form: 'text', text: '' }).value)
  })

  test('another form shows the same, where it can', () => {
    assert.deepEqual(rewritten({ form: 'text', text: 'a"b' }, 'json'), { form: 'json', text: '"a\\"b"' })
    assert.deepEqual(rewritten({ form: 'json', text: '"a\\nb"' }, 'text'), { form: 'text', text: 'a\nb' })
    assert.deepEqual(rewritten({ form: 'json', text: '{' }, 'text'), { form: 'text', text: '{' })
  })

  test('blanks between the parts of JSON make no other value', () => {
    assert.ok(isSameValue({ source: '{"a":[1, 2]}' }, { source: '{ "a": [1,2] }' }))
    assert.ok(!isSameValue({ source: '1' }, { source: '1.0' }))
    assert.ok(!isSameValue({ source: '""' }, { bytes: '' }))
    assert.ok(isSameValue(null, null))
    assert.ok(!isSameValue(null, { source: 'null' }))
  })

  test('a list shows one line of them', () => {
    assert.equal(preview({ source: '"một\\n  hai"' }), 'một hai')
    assert.equal(preview({ source: '{"a":1}' }), '{"a":1}')
    assert.equal(preview({ source: '"abcdef"' }, 4), 'abc…')
    assert.equal(preview({ source: JSON.stringify('x'.repeat(100_000)) }).length, 200)
  })

  test('a key that nodes would refuse is refused while it can be corrected', () => {
    assert.deepEqual(['', '\u0000a', 'ă'.repeat(513), 'ă'.repeat(512), ' '].map(keyProblem), [
      'empty', 'nul', 'long', null, null,
    ])
  })
})
