import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fold, foldedWords, hasWords } from '../../Sources/Page/logic/folding.mjs'

const cases = JSON.parse(readFileSync(new URL('folding.json', import.meta.url), 'utf8'))

suite('Search', () => {
  for (const { text, folded } of cases) {
    test(`"${text}" is compared as "${folded}"`, () => assert.equal(fold(text), folded))
  }

  test('all words must be there, in any order', () => {
    const title = fold('Học lập trình Python')
    assert.ok(hasWords(title, foldedWords('  PYTHON  hoc ')))
    assert.ok(hasWords(title, foldedWords('')))
    assert.ok(!hasWords(title, foldedWords('hoc java')))
  })
})
