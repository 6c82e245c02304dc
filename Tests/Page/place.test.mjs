import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { addressOf, isStep, placeFrom, startPlace } from '../../Sources/Page/logic/place.mjs'

const searchOf = (place) => addressOf(place).slice(1)
const again = (place) => placeFrom(searchOf(place))

suite('The address', () => {
  test('the bare one is of the tasks', () => {
    assert.deepEqual(placeFrom(''), startPlace)
    assert.equal(addressOf(startPlace), '/')
  })

  test('a filter and a search of tasks stand in it as they always did', () => {
    assert.equal(addressOf({ filter: 'active' }), '/?show=active')
    assert.equal(addressOf({ filter: 'completed', query: 'ôn thi' }), '/?show=completed&q=%C3%B4n+thi')
    assert.deepEqual(again({ ...startPlace, query: 'ôn thi' }).query, 'ôn thi')
  })

  test('every place comes back from its address', () => {
    const places = [
      { view: 'keys', prefix: 'cửa hàng/1/' },
      { view: 'keys', key: { key: 'a+b&c=d #?' } },
      { view: 'keys', key: { key_b64: '/wAB' } },
      { view: 'keys', prefix: 'users/', isNew: true },
      { view: 'history', author: 'lan', prefix: 'task_' },
      { view: 'history', revision: 12 },
      { view: 'history', at: 0 },
      { view: 'cluster' },
    ].map((place) => ({ ...startPlace, ...place }))
    for (const place of places) assert.deepEqual(again(place), place)
  })

  test('slashes stay legible', () => {
    assert.equal(addressOf({ view: 'keys', prefix: 'users/lan:' }), '/?view=keys&prefix=users/lan:')
  })

  test('what means nothing is as if it were not there', () => {
    assert.deepEqual(placeFrom('?view=nope&show=nope&revision=x'), startPlace)
    assert.equal(placeFrom('?view=history&revision=-1&at=1e3').revision, null)
    assert.equal(placeFrom('?view=history&at=1e3').at, null)
    // What belongs to another view.
    assert.equal(placeFrom('?view=cluster&prefix=a').prefix, '')
  })
})

suite('A step', () => {
  const step = (from, to) => isStep({ ...startPlace, ...from }, { ...startPlace, ...to })

  test('is another view, key, revision or filter', () => {
    assert.ok(step({}, { view: 'keys' }))
    assert.ok(step({ view: 'keys' }, { view: 'keys', key: { key: 'a' } }))
    assert.ok(step({ view: 'history' }, { view: 'history', revision: 1 }))
    assert.ok(step({}, { filter: 'active' }))
    assert.ok(step({ view: 'history' }, { view: 'history', at: 3 }))
  })

  test('is not what is typed, nor a slider that moves on', () => {
    assert.ok(!step({ query: 'a' }, { query: 'ab' }))
    assert.ok(!step({ view: 'keys', prefix: 'a' }, { view: 'keys', prefix: 'ab' }))
    assert.ok(!step({ view: 'history', at: 3 }, { view: 'history', at: 4 }))
    assert.ok(!step({ view: 'keys', key: { key: 'a' } }, { view: 'keys', key: { key: 'a' } }))
  })
})
