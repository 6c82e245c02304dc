import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { foldersOf, Listing } from '../../Sources/Page/logic/listing.mjs'

const pair = (key) => ({ key, value: '1', revision: 1 })

/** What a node with these keys answers, batch by batch; `asked` are the keys after which batches begin. */
function list(keys, { prefix = '', length = 50, limit = 4, isFlat = false } = {}) {
  const sorted = keys.toSorted()
  const listing = new Listing(prefix, length, isFlat)
  const asked = []
  while (listing.after !== null) {
    const { after } = listing
    asked.push(after)
    assert.ok(asked.length < 100)
    const batch = sorted.filter((key) => key.startsWith(prefix) && (after === '' || key > after)).slice(0, limit)
    listing.take(batch.map(pair), limit)
  }
  const rows = listing.rows.map((row) => (row.pair ? row.name : `${row.name} ${row.count}${row.hasMore ? '+' : ''}`))
  return { rows, asked, hasMore: listing.hasMore, isCut: listing.isCut }
}

suite('Keys in folders', () => {
  test('what they have in common up to a slash is a folder', () => {
    const keys = ['a', 'b/1', 'b/2', 'b/c/1', 'd']
    assert.deepEqual(list(keys, { limit: 100 }).rows, ['a', 'b/ 3', 'd'])
    assert.deepEqual(list(keys, { limit: 100, prefix: 'b/' }).rows, ['1', '2', 'c/ 1'])
  })

  test('a full folder is not read to its end', () => {
    const keys = ['a', ...Array.from({ length: 50 }, (_, at) => `b/${at}`), 'c', 'd/1']
    const { rows, asked } = list(keys)
    assert.deepEqual(rows, ['a', 'b/ 3+', 'c', 'd/ 1'])
    assert.equal(asked.length, 2)
  })

  test('a prefix may end anywhere', () => {
    assert.deepEqual(list(['users/1', 'users/2', 'usual'], { prefix: 'us', limit: 9 }).rows, ['users/ 2', 'usual'])
    assert.deepEqual(list(['a/users/1', 'a/use'], { prefix: 'a/us', limit: 9 }).rows, ['use', 'users/ 1'])
    assert.deepEqual(list(['a/', 'a//b'], { prefix: 'a/', limit: 9 }).rows, ['', '/ 1'])
  })

  test('a long list ends after as many rows as are wanted', () => {
    const keys = Array.from({ length: 30 }, (_, at) => `k${10 + at}`)
    const first = list(keys, { length: 10 })
    assert.deepEqual([first.rows.length, first.hasMore], [10, true])
    const all = list(keys, { length: 30 })
    assert.deepEqual([all.rows.length, all.hasMore], [30, false])
  })

  test('without folders every key is a row', () => {
    assert.deepEqual(list(['a/1', 'a/2', 'b'], { isFlat: true }).rows, ['a/1', 'a/2', 'b'])
  })

  test('keys that are no text stand at the end, and are asked for once', () => {
    const listing = new Listing('', 50)
    listing.take([pair('a'), { key: null, key_b64: '/w==', value: '1' }], 2)
    assert.equal(listing.after, 'a')
    listing.take([{ key: null, key_b64: '/w==', value: '1' }, { key: null, key_b64: '/wE=', value: '1' }], 2)
    assert.deepEqual(listing.rows.map(({ name }) => name), ['a', '/w==', '/wE='])
    assert.deepEqual([listing.after, listing.isCut], [null, true])
  })

  test('the way to a key leads through its folders', () => {
    assert.deepEqual(foldersOf('a/b/c'), [{ name: 'a/', prefix: 'a/' }, { name: 'b/', prefix: 'a/b/' }])
    assert.deepEqual(foldersOf('a'), [])
  })
})
