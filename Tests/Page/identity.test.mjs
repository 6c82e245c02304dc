import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { agrees, expectation, isSame, shortName } from '../../Sources/Page/logic/identity.mjs'
import { c1, c1Anew, c2 } from './samples.mjs'

suite('Which cluster it is', () => {
  const young = { ...c1, birth: null }

  test('the same id is not enough, another birth is another cluster', () => {
    assert.ok(agrees(c1, { ...c1 }) && isSame(c1, { ...c1 }))
    assert.ok(!agrees(c1, c1Anew) && !agrees(c1, c2))
    assert.ok(!agrees({ ...c2, birth: c1.birth }, c1))
  })

  test('as long as a birth is not known it may be the same, and is not certain', () => {
    assert.ok(agrees(c1, young) && agrees(young, c1) && agrees(young, young))
    assert.ok(!isSame(c1, young) && !isSame(young, young))
  })

  test('nodes read it as id and birth, people read the beginnings', () => {
    assert.deepEqual([expectation(c1), expectation(young)], ['c1/b1', 'c1'])
    const long = { cluster: 'b63c2775b4d41bff', birth: '0123456789abcdef' }
    assert.equal(shortName(long), 'b63c2775/01234567')
    assert.equal(shortName({ ...long, birth: null }), 'b63c2775')
  })
})
