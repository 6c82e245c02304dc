import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { shortcutOf } from '../../Sources/Page/logic/shortcuts.mjs'

const free = { isTyping: false, isOpen: false }

suite('Shortcuts', () => {
  test('each key has one meaning', () => {
    const found = ['/', 'n', 'j', 'k', 'x', 'u', '?', 'q', 'toString'].map((key) => shortcutOf({ key }, free))
    assert.deepEqual(found, ['search', 'add', 'next', 'previous', 'complete', 'undo', 'help', null, null])
  })

  test('they are letters while something is typed, or a dialog is open', () => {
    assert.equal(shortcutOf({ key: 'x' }, { ...free, isTyping: true }), null)
    assert.equal(shortcutOf({ key: 'x' }, { ...free, isOpen: true }), null)
    assert.equal(shortcutOf({ key: 'x', isComposing: true }, free), null)
  })

  test('with another key held they are the browser\'s', () => {
    for (const held of ['ctrlKey', 'metaKey', 'altKey']) assert.equal(shortcutOf({ key: 'n', [held]: true }, free), null)
    assert.equal(shortcutOf({ key: '?', shiftKey: true }, free), 'help')
  })

  test('a key that is held down goes on through a list, and completes one task', () => {
    assert.equal(shortcutOf({ key: 'j', repeat: true }, free), 'next')
    assert.equal(shortcutOf({ key: 'x', repeat: true }, free), null)
    assert.equal(shortcutOf({ key: 'u', repeat: true }, free), null)
  })
})
