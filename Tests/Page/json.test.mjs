import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  checkJSON, compact, itemsOf, JSONProblem, membersOf, pretty, readAnswer,
} from '../../Sources/Page/logic/json.mjs'

suite('JSON as text', () => {
  test('what the browser takes for JSON is JSON here, and nothing else', () => {
    const texts = [
      '{}', '[]', ' [1, -2.5e+3, 0] ', '"a\\u00e9\\n"', 'null', 'true', '{"a":{"b":[{}]}}',
      '', ' ', '{', '[1,]', '{"a"}', '{"a":1,}', '01', '1.', '.5', '+1', 'nul', "'a'", '"\n"', '"\\x"', '1 2',
      '{a:1}', '[1 2]', '"', '"\\"', '-', '1e', '\u00a0 1', '{"__proto__":1}',
    ]
    const isJSON = (check, text) => {
      try {
        check(text)
        return true
      } catch {
        return false
      }
    }
    for (const text of texts) assert.equal(isJSON(checkJSON, text), isJSON(JSON.parse, text), JSON.stringify(text))
  })

  test('it says where it stops being JSON', () => {
    const placeIn = (text) => {
      try {
        checkJSON(text)
      } catch (error) {
        assert.ok(error instanceof JSONProblem)
        return [error.line, error.column]
      }
      return null
    }
    assert.deepEqual(placeIn('{"a": 1,'), [1, 9])
    assert.deepEqual(placeIn('{\n  "a": 1\n  "b": 2\n}'), [3, 3])
    assert.deepEqual(placeIn('[1, 2]]'), [1, 7])
    assert.deepEqual(placeIn('['.repeat(1000)), [1, 130])
  })

  test('values in an answer keep every digit, and the order of their members', () => {
    const value = '{"2":12345678901234567890.10,"1":1e400}'
    const answer = readAnswer(`{"pairs":[{"key":"a","value":${value},"revision":7}],"revision":9}`)
    assert.deepEqual(answer, { pairs: [{ key: 'a', value, revision: 7 }], revision: 9 })
    const changes = readAnswer('{"changes":[{"key":"value","before":null,"after":{"value":[1]}}]}').changes
    assert.deepEqual(changes, [{ key: 'value', before: 'null', after: '{"value":[1]}' }])
  })

  test('members and items are taken apart as they are written', () => {
    assert.deepEqual(membersOf(' {"a" : 1.0, "a":"\\u0041"}'), [['a', '1.0'], ['a', '"\\u0041"']])
    assert.deepEqual(itemsOf('[ 1.0 ,[2]]'), ['1.0', '[2]'])
    assert.equal(membersOf('[1]'), null)
    assert.equal(itemsOf('"[1]"'), null)
  })

  test('on lines it is what the browser makes of it, where that loses nothing', () => {
    const values = [{}, [], { a: [], b: {}, c: [1, { d: null }], e: 'x"y' }, 'text', [[[]]], 0]
    for (const value of values) {
      assert.equal(pretty(JSON.stringify(value)), JSON.stringify(value, null, 2))
      assert.equal(compact(JSON.stringify(value, null, 3)), JSON.stringify(value))
    }
    assert.equal(pretty('{"n":1.0}'), '{\n  "n": 1.0\n}')
  })

  test('a long text is no trouble', () => {
    const long = JSON.stringify('é\\"'.repeat(150_000))
    assert.equal(compact(long), long)
  })
})
