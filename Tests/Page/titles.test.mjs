import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { batchCount, cleanTitle, parseBatch, titleProblem } from '../../Sources/Page/logic/titles.mjs'

suite('Titles', () => {
  test('a title loses the blanks around it and takes the form NFC', () => {
    assert.equal(cleanTitle('  Học\tPython '), 'Học Python')
    assert.equal(cleanTitle('Ho\u0323c'), 'Học')
  })

  test('what the nodes refuse is refused here', () => {
    assert.equal(titleProblem(''), 'empty')
    assert.equal(titleProblem('a\u0007b'), 'control')
    assert.equal(titleProblem('a\u2028b'), 'control')
    assert.equal(titleProblem('ọ'.repeat(1365)), null)
    assert.equal(titleProblem('ọ'.repeat(1366)), 'long')
  })
})

suite('A list of tasks', () => {
  test('each line is a task, in order; empty lines are none', () => {
    const { titles, problem } = parseBatch('một\n\n  hai  \r\nba\r\r\n')
    assert.deepEqual(titles, ['một', 'hai', 'ba'])
    assert.equal(problem, null)
  })

  test('a tab in a line is a blank', () => {
    assert.deepEqual(parseBatch('a\tb').titles, ['a b'])
  })

  test('the first bad line is named, empty lines counted', () => {
    const { problem } = parseBatch('tốt\n\na\u0001\nb\u0001')
    assert.deepEqual(problem, { reason: 'control', line: 3 })
  })

  test('1,000 tasks are enough for one request, 1,001 too many', () => {
    const list = (count) => Array(count).fill('x').join('\n')
    assert.equal(parseBatch(list(batchCount)).problem, null)
    assert.deepEqual(parseBatch(list(batchCount + 1)).problem, { reason: 'many' })
  })

  test('a list that makes too large a request is refused before it is sent', () => {
    const list = (count) => Array(count).fill('"'.repeat(4000)).join('\n')
    assert.equal(parseBatch(list(100)).problem, null)
    assert.deepEqual(parseBatch(list(140)).problem, { reason: 'large' })
  })
})
