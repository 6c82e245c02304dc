import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { bestLanguage, languages } from '../../Sources/Page/logic/words.mjs'

/** The names of all words, with those inside of groups, and whether each is a function. */
function shape(words) {
  return Object.entries(words).flatMap(([name, value]) =>
    typeof value === 'object'
      ? shape(value).map((inner) => `${name}.${inner}`)
      : [`${name}: ${typeof value}`],
  )
}

suite('The words', () => {
  test('both languages have all of them', () => {
    assert.deepEqual(shape(languages.vi).sort(), shape(languages.en).sort())
  })

  test('nothing is left untranslated', () => {
    const same = Object.keys(languages.en).filter(
      (name) => typeof languages.en[name] === 'string' && languages.en[name] === languages.vi[name],
    )
    assert.deepEqual(same, [])
  })

  test('all that the page asks for are there', () => {
    const page = readFileSync(new URL('../../Sources/Page/index.html', import.meta.url), 'utf8')
    const asked = [...page.matchAll(/data-(?:words|placeholder|label)="([\w.]+)"/gu)].map(([, name]) => name)
    assert.ok(asked.length > 10)
    const wordsAt = (name) => name.split('.').reduce((part, step) => part?.[step], languages.vi)
    for (const name of asked) assert.equal(typeof wordsAt(name), 'string', name)
  })

  test('the browser decides on the language', () => {
    assert.equal(bestLanguage(['vi-VN', 'en']), 'vi')
    assert.equal(bestLanguage(['fr', 'en-GB', 'vi']), 'en')
    assert.equal(bestLanguage(['fr']), 'en')
    assert.equal(bestLanguage([]), 'en')
  })
})
