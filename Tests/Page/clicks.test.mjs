import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { doubleClickMilliseconds, doubleClickPixels, isStray } from '../../Sources/Page/logic/clicks.mjs'

suite('Clicks', () => {
  const before = { time: 1000, x: 50, y: 60, count: 1, target: 'a' }
  const click = (more) => ({ ...before, time: 1100, target: 'b', ...more })

  test('the rest of a double click is not for what moved under the pointer', () => {
    assert.ok(isStray(click({ count: 2 }), before))
  })

  test('neither is a second tap, which not every browser counts', () => {
    assert.ok(isStray(click({ x: 53, y: 57 }), before))
  })

  test('users whose double clicks are slow have told their browser so', () => {
    assert.ok(isStray(click({ time: 1900, count: 2 }), before))
  })

  test('a double click on what stays is two clicks', () => {
    assert.ok(!isStray(click({ count: 2, target: 'a' }), before))
  })

  test('a click elsewhere, or later, or the first of all, is meant', () => {
    assert.ok(!isStray(click({ y: 60 + doubleClickPixels }), before))
    assert.ok(!isStray(click({ time: 1000 + doubleClickMilliseconds }), before))
    assert.ok(!isStray(click(), null))
  })

  test('a key is meant, however quickly it is pressed', () => {
    assert.ok(!isStray(click({ count: 0 }), before))
  })
})
