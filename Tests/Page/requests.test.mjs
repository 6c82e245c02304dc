// By which URL a page reaches the nodes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { urlOf } from '../../Sources/Page/network/requests.mjs'

test('a page that came in TLS reaches nodes of other machines in TLS', () => {
  assert.equal(urlOf('10.0.0.1:4000', 'https:'), 'https://10.0.0.1:4000')
  assert.equal(urlOf('http://10.0.0.1:4000', 'https:'), 'https://10.0.0.1:4000')
  assert.equal(urlOf('https://10.0.0.1:4000', 'http:'), 'http://10.0.0.1:4000')
})

test('nodes of this machine do without', () => {
  for (const address of ['127.0.0.1:4000', 'localhost:4000', '[::1]:4000']) {
    assert.equal(urlOf(address, 'https:'), `http://${address}`)
  }
})
