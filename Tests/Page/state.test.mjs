import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  elsewhere, initialState, nextToSend, pageLength, reduce, unsent, visibleTasks, writability,
} from '../../Sources/Page/logic/state.mjs'
import { prepare } from '../../Sources/Page/logic/outbox.mjs'
import { replicaOf } from '../../Sources/Page/logic/replica.mjs'
import { c1, c1Anew, c2, change, retitle, task } from './samples.mjs'

const tasks = [
  task('c', 'Ôn thi', { number: 3 }),
  task('b', 'Làm đồ án', { number: 2, completed: true }),
  task('a', 'Học Python', { number: 1 }),
]

const run = (state, ...actions) => actions.reduce(reduce, state)
const begin = (list = tasks, identity = c1) =>
  run(initialState, { type: 'snapshot', replica: replicaOf({ revision: 5, tasks: list }, identity) })
const queue = (op) => ({ type: 'queue', op })
const titles = (state) => visibleTasks(state).tasks.map(({ title }) => title)

suite('The list', () => {
  test('the newest is on top, and everything is counted', () => {
    assert.deepEqual(titles(begin()), ['Ôn thi', 'Làm đồ án', 'Học Python'])
    assert.deepEqual(visibleTasks(begin()).counts, { all: 3, active: 2, completed: 1 })
  })

  test('what was created earlier stands lower, whatever its number', () => {
    const imported = task('d', 'Nhập vào', { number: 4, created_at: '2025-12-31T00:00:00Z' })
    assert.deepEqual(titles(begin([imported, ...tasks])).at(-1), 'Nhập vào')
    const editing = run(begin([imported, ...tasks]), { ...imported, type: 'edit' })
    const gone = { type: 'changes', revisions: [change(6, { id: 'd', after: null })], through: 6 }
    assert.deepEqual(titles(run(editing, gone)).at(-1), 'Nhập vào')
  })

  test('filter and search work together', () => {
    const active = run(begin(), { type: 'filter', filter: 'active' })
    assert.deepEqual(titles(active), ['Ôn thi', 'Học Python'])
    assert.deepEqual(titles(run(active, { type: 'query', query: 'hoc PY' })), ['Học Python'])
    assert.deepEqual(titles(run(begin(), { type: 'query', query: 'do an' })), ['Làm đồ án'])
  })

  test('a title that is on its way is searched as well', () => {
    const op = { key: 'k', ...retitle('a', 'Đọc sách', 'Học Python') }
    const state = run(begin(), queue(op), { type: 'query', query: 'doc sach' })
    assert.deepEqual(titles(state), ['Đọc sách'])
  })

  test('of a long list the beginning is drawn, more on demand', () => {
    const many = Array.from({ length: 5000 }, (_, at) => task(`t${at}`, `Việc ${at}`, { number: at + 1 }))
    const state = begin(many)
    assert.equal(visibleTasks(state).tasks.length, pageLength)
    assert.equal(visibleTasks(state).matching, 5000)
    assert.equal(visibleTasks(run(state, { type: 'more' })).tasks.length, 2 * pageLength)
  })

  test('the task that is being edited stays, whatever happens to it', () => {
    const editing = run(begin(), { ...tasks[1], type: 'edit' })
    const filtered = run(editing, { type: 'filter', filter: 'active' })
    assert.deepEqual(titles(filtered), ['Ôn thi', 'Làm đồ án', 'Học Python'])
    const removed = change(6, { id: 'b', after: null })
    const gone = run(editing, { type: 'changes', revisions: [removed], through: 6 })
    assert.deepEqual(titles(gone), ['Ôn thi', 'Làm đồ án', 'Học Python'])
    assert.ok(visibleTasks(gone).tasks[1].isGone)
  })

  test('the task that is being edited is drawn, however many come before it', () => {
    const many = Array.from({ length: 500 }, (_, at) => task(`t${at}`, `Việc ${at}`, { number: at + 1 }))
    const state = run(begin(many), { ...many[0], type: 'edit' })
    assert.equal(visibleTasks(state).tasks.at(-1).id, 't0')
  })
})

suite('Changes on their way', () => {
  const add = { key: 'k', kind: 'add', title: 'Mới' }

  test('they are sent in order, one after the other', () => {
    let state = run(begin(), queue(add), queue({ key: 'l', kind: 'clear', count: 1 }))
    assert.equal(nextToSend(state).key, 'k')
    state = run(state, { type: 'waiting', key: 'k', reason: 'no_leader' })
    assert.equal(nextToSend(state).key, 'k')
    assert.equal(unsent(state).length, 2)
    state = run(state, { type: 'confirmed', key: 'k', revision: 6, count: null })
    assert.equal(nextToSend(state).key, 'l')
  })

  test('nothing is sent before the tasks are read, or without the token', () => {
    assert.equal(nextToSend(run(initialState, queue(add))), null)
    assert.equal(nextToSend(run(begin(), queue(add), { type: 'token', wanted: 'yes' })), null)
  })

  test('a confirmed change shows until the stream brings it, and then not twice', () => {
    const made = { type: 'confirmed', key: 'k', revision: 6, count: null }
    const sent = run(begin(), queue(add), made)
    assert.equal(visibleTasks(sent).additions.length, 1)
    const told = change(6, { after: task('d', 'Mới', { number: 4 }) })
    const settled = run(sent, { type: 'changes', revisions: [told], through: 6 })
    assert.equal(visibleTasks(settled).additions.length, 0)
    assert.equal(titles(settled)[0], 'Mới')
    assert.equal(settled.ops.length, 0)
  })

  test('the stream may be faster than the answer', () => {
    const told = change(6, { after: task('d', 'Mới', { number: 4 }) })
    const state = run(
      begin(), queue(add), { type: 'changes', revisions: [told], through: 6 },
      { type: 'confirmed', key: 'k', revision: 6, count: null },
    )
    assert.equal(state.ops.length, 0)
  })

  test('the stream may be faster than the answer, and then nothing shows twice', () => {
    const request = { id: 'k' }
    const told = { ...change(6, { after: task('d', 'Mới', { number: 4 }) }), request: 'k' }
    const state = run(
      begin(), queue(add), { type: 'sending', key: 'k', request, time: 1 },
      { type: 'changes', revisions: [told], through: 6 },
    )
    assert.deepEqual([titles(state)[0], visibleTasks(state).additions, state.ops], ['Mới', [], []])
  })

  test('an edit on top of an own edit is no conflict, though the stream has not told of it', () => {
    const edit = (key, title, base) => queue({ key, ...retitle('a', title, base) })
    const edited = task('a', 'Một', { revision: 6 })
    const state = run(
      begin(), edit('k', 'Một', 'Học Python'), edit('l', 'Hai', 'Một'),
      { type: 'confirmed', key: 'k', revision: 6, count: null, task: edited },
    )
    assert.equal(prepare(nextToSend(state), state.replica).request.ifMatch, 6)
  })

  test('a user can settle a conflict with either title', () => {
    const edit = { key: 'k', ...retitle('a', 'Của tôi', 'Cũ') }
    const theirs = { title: 'Học Python' }
    const conflict = run(begin(), queue(edit), { type: 'conflict', key: 'k', theirs })
    assert.equal(nextToSend(conflict), null)
    const kept = run(conflict, { type: 'keepMine', key: 'k' })
    assert.deepEqual(nextToSend(kept).base, theirs)
    assert.equal(nextToSend(kept).request, null)
    assert.deepEqual(titles(run(conflict, { type: 'takeTheirs', key: 'k' })), titles(begin()))
  })

  test('who takes the fields of another client still gets the other fields of the edit', () => {
    const fields = { title: 'Của tôi', due: '2026-11-20' }
    const edit = { key: 'k', ...retitle('a', 'Của tôi', 'Cũ'), fields, base: { title: 'Cũ', due: null } }
    const theirs = { title: 'Học Python' }
    const conflict = run(begin(), queue(edit), { type: 'conflict', key: 'k', theirs })
    const next = nextToSend(run(conflict, { type: 'takeTheirs', key: 'k' }))
    assert.deepEqual([next.fields, next.base], [{ due: '2026-11-20' }, { due: null }])
  })

  test('the text of an edit whose task is gone can become a task', () => {
    const edit = { key: 'k', ...retitle('x', 'Chữ', 'Cũ') }
    const error = { error: 'task_not_found', outcome: 'not_applied' }
    const failed = run(begin(), queue(edit), { type: 'failed', key: 'k', error })
    const added = run(failed, { type: 'addInstead', key: 'k', addKey: 'n' })
    assert.deepEqual(added.ops.map(({ key, kind, title }) => [key, kind, title]), [['n', 'add', 'Chữ']])
  })
})

suite('Undoing a removal', () => {
  const remove = { key: 'k', kind: 'remove', id: 'a' }
  const regret = (state) =>
    run(state, { type: 'takeBack', key: 'k', notice: state.notices[0].id, undoKey: 'u' })

  test('what was never sent is simply dropped', () => {
    const state = regret(run(begin(), queue(remove)))
    assert.deepEqual([state.ops, state.notices], [[], []])
    assert.equal(titles(state).length, 3)
  })

  test('pressing twice is pressing once', () => {
    const made = run(begin(), queue(remove), { type: 'confirmed', key: 'k', revision: 6, count: null })
    const again = { type: 'takeBack', key: 'k', notice: made.notices[0].id, undoKey: 'v' }
    assert.deepEqual(run(regret(made), again), regret(made))
  })

  test('several removals in a row can each be taken back', () => {
    const both = run(begin(), queue(remove), queue({ key: 'l', kind: 'remove', id: 'c' }))
    assert.deepEqual(both.notices.map(({ op }) => op), ['k', 'l'])
  })

  test('after other data have taken the place of these, nothing of before can be taken back', () => {
    const made = run(begin(), queue(remove), { type: 'confirmed', key: 'k', revision: 6, count: null })
    const replica = replicaOf({ revision: 2, tasks: [] }, { ...c1, birth: null })
    const state = run(made, { type: 'snapshot', replica, isReplaced: true })
    assert.deepEqual(state.notices.map(({ kind }) => kind), ['another-cluster'])
  })

  test('what was made is taken back by its revision', () => {
    const made = run(begin(), queue(remove), { type: 'confirmed', key: 'k', revision: 6, count: null })
    assert.equal(nextToSend(regret(made)).revision, 6)
    const settled = run(made, { type: 'changes', revisions: [], through: 6 })
    assert.equal(nextToSend(regret(settled)).revision, 6)
  })

  test('what is being sent is taken back once it is made', () => {
    const request = { id: 'r' }
    const sending = regret(run(begin(), queue(remove), { type: 'sending', key: 'k', request, time: 1 }))
    assert.equal(nextToSend(sending).key, 'k')
    const made = run(sending, { type: 'confirmed', key: 'k', revision: 6, count: null })
    assert.deepEqual([nextToSend(made).kind, nextToSend(made).revision], ['undo', 6])
  })

  test('what was not there needs no undo: it would take back another client’s change', () => {
    const clear = { key: 'k', kind: 'clear', count: 1 }
    const state = run(begin(), queue(clear), { type: 'confirmed', key: 'k', revision: 5, count: 0 })
    assert.deepEqual(state.notices, [])
  })

  test('a removal that failed leaves nothing to undo', () => {
    const request = { id: 'r' }
    const sending = regret(run(begin(), queue(remove), { type: 'sending', key: 'k', request, time: 1 }))
    const failed = run(sending, { type: 'failed', key: 'k', error: { error: 'internal' } })
    assert.deepEqual(failed.ops.map(({ key }) => key), ['k'])
  })
})

suite('The node in use', () => {
  const on = (port, left) => ({
    type: 'connection', phase: 'connecting', left,
    node: { id: `id${port}`, url: `http://127.0.0.1:${port}`, address: `127.0.0.1:${port}` },
  })

  test('a change of nodes is said once', () => {
    const moved = run(begin(), on(4001, { address: '127.0.0.1:4000', reason: 'gone' }))
    assert.deepEqual(moved.notices.map(({ kind }) => kind), ['switched'])
    const again = run(moved, on(4002, { address: '127.0.0.1:4001', reason: 'gone' }))
    assert.deepEqual(again.notices.map(({ left }) => left.address), ['127.0.0.1:4001'])
  })

  test('whether changes can be made follows from node and cluster', () => {
    assert.equal(writability(initialState), 'loading')
    const report = (health) => ({ type: 'cluster', report: { health }, timeline: [] })
    const live = run(begin(), { ...on(4000), phase: 'live' }, report('degraded'))
    assert.equal(writability(live), 'yes')
    assert.equal(writability(run(live, report('no_quorum'))), 'no_quorum')
    assert.equal(writability(run(live, { ...on(4000), phase: 'offline' })), 'offline')
  })

  test('another cluster at the same place is announced', () => {
    const other = replicaOf({ revision: 1, tasks: [] }, c2)
    const state = run(begin(), { type: 'snapshot', replica: other })
    assert.deepEqual(state.notices.map(({ kind }) => kind), ['another-cluster'])
  })
})

suite('Another cluster in the same place', () => {
  const add = { key: 'k', kind: 'add', title: 'Của cụm cũ' }
  const meet = (identity, list = [], more = {}) =>
    ({ type: 'snapshot', replica: replicaOf({ revision: 2, tasks: list }, identity), ...more })
  const sending = { type: 'sending', key: 'k', request: { id: 'k' }, time: 1 }
  const phases = ({ ops }) => ops.map(({ key, phase }) => [key, phase])

  test('what was made for the old one is neither sent nor shown, and is kept', () => {
    for (const other of [c2, c1Anew]) {
      const state = run(begin(), queue(add), meet(other, [task('z', 'Của cụm mới')]))
      assert.equal(nextToSend(state), null)
      assert.deepEqual([titles(state), visibleTasks(state).additions], [['Của cụm mới'], []])
      assert.deepEqual(elsewhere(state).map(({ title }) => title), ['Của cụm cũ'])
      assert.deepEqual([unsent(state), state.notices], [[], []])
    }
  })

  test('what is made after that is sent', () => {
    const mine = { key: 'l', kind: 'add', title: 'Cho cụm mới' }
    const state = run(begin(), queue(add), meet(c1Anew), queue(mine))
    assert.equal(nextToSend(state).key, 'l')
    assert.deepEqual(nextToSend(state).identity, c1Anew)
  })

  test('what waits for the user waits for the cluster as well', () => {
    const edit = { key: 'l', ...retitle('a', 'Mới', 'Cũ') }
    const state = run(
      begin(), queue(add), queue(edit), { type: 'failed', key: 'k', error: { error: 'internal' } },
      { type: 'conflict', key: 'l', theirs: 'Khác' }, meet(c2),
    )
    assert.deepEqual(phases(state), [['k', 'elsewhere'], ['l', 'elsewhere']])
  })

  test('what the old one has confirmed is of no more interest', () => {
    const made = { type: 'confirmed', key: 'k', revision: 6, count: null }
    assert.deepEqual(run(begin(), queue(add), made, meet(c2)).ops, [])
  })

  test('when the old one is back, what was kept is sent, with the same id', () => {
    const state = run(begin(), queue(add), sending, meet(c2), meet(c1))
    assert.equal(nextToSend(state).key, 'k')
    assert.equal(nextToSend(state).request.id, 'k')
  })

  test('a cluster that only may be the old one gets nothing', () => {
    const state = run(begin(), queue(add), meet(c2), meet({ ...c1, birth: null }))
    assert.deepEqual([nextToSend(state), phases(state)], [null, [['k', 'elsewhere']]])
  })

  test('the user may discard it', () => {
    const state = run(begin(), queue(add), meet(c2), { type: 'discardElsewhere' })
    assert.deepEqual([state.ops, elsewhere(state)], [[], []])
  })

  test('what a tab kept over a reload belongs to the cluster that it was made for', () => {
    const { ops } = run(begin(), queue(add))
    assert.equal(nextToSend(run({ ...initialState, ops }, meet(c1))).key, 'k')
    const state = run({ ...initialState, ops }, meet(c2))
    assert.deepEqual([nextToSend(state), phases(state)], [null, [['k', 'elsewhere']]])
  })

  test('what was made before anything was shown belongs to the first cluster', () => {
    const state = run(initialState, queue(add), meet(c2))
    assert.deepEqual(nextToSend(state).identity, c2)
  })

  test('a birth that becomes known makes no other cluster, and holds from then on', () => {
    const young = { ...c1, birth: null }
    const known = run(begin([], young), queue(add), { type: 'identity', identity: c1 })
    assert.deepEqual([known.replica.identity, known.ops[0].identity], [c1, c1])
    assert.deepEqual(phases(run(known, meet(c1Anew))), [['k', 'elsewhere']])
  })

  test('other data under a name that says too little are another cluster', () => {
    const young = { ...c1, birth: null }
    const state = run(begin(), queue(add), meet(young, [], { isReplaced: true }))
    assert.deepEqual(phases(state), [['k', 'elsewhere']])
  })

  test('what may have been made before is told from what was not sent', () => {
    const doubts = (...actions) => run(begin(), queue(add), ...actions, meet(c2)).ops[0].doubts
    assert.equal(doubts(), 0)
    assert.equal(doubts(sending), 1)
    assert.equal(doubts(sending, { type: 'refused', key: 'k' }), 0)
    assert.equal(doubts(sending, sending, { type: 'refused', key: 'k' }), 1)
  })
})

suite('Undoing the last change', () => {
  const undoLast = { type: 'undoLast', undoKey: 'u' }
  const complete = (key, id) => queue({ key, kind: 'complete', id, title: id, completed: true })
  const sent = (key) => ({ type: 'sending', key, request: { id: key }, time: 1 })
  const made = (key, revision) => ({ type: 'confirmed', key, revision, count: null })
  const undos = (state) => state.ops.filter(({ kind }) => kind === 'undo').map(({ of, revision }) => [of, revision])

  test('what was not sent is not sent', () => {
    const state = run(begin(), complete('k', 'a'), undoLast)
    assert.deepEqual([state.ops, state.made], [[], []])
    assert.equal(state.notices[0].change.title, 'a')
  })

  test('what was made is taken back, one after the other', () => {
    const through = { type: 'changes', revisions: [], through: 7 }
    let state = run(begin(), complete('k', 'a'), complete('l', 'c'), sent('k'), made('k', 6), sent('l'), made('l', 7), through)
    state = run(state, undoLast)
    assert.deepEqual(undos(state), [['l', 7]])
    state = run(state, { type: 'undoLast', undoKey: 'v' })
    assert.deepEqual(undos(state), [['l', 7], ['k', 6]])
    state = run(state, { type: 'undoLast', undoKey: 'w' })
    assert.deepEqual([undos(state).length, state.notices.at(-1).kind], [2, 'nothingToUndo'])
  })

  test('what is on its way is taken back once it is made', () => {
    const state = run(begin(), complete('k', 'a'), sent('k'), undoLast)
    assert.deepEqual(undos(state), [['k', null]])
    assert.deepEqual(undos(run(state, made('k', 6))), [['k', 6]])
  })

  test('what failed, or was taken back already, is no change', () => {
    const failed = run(begin(), complete('k', 'a'), sent('k'), { type: 'failed', key: 'k', error: {} }, undoLast)
    assert.equal(failed.notices.at(-1).kind, 'nothingToUndo')
    const removal = queue({ key: 'k', kind: 'remove', id: 'a', title: 'a' })
    const taken = run(begin(), removal, sent('k'), made('k', 6), { type: 'takeBack', key: 'k', notice: 1, undoKey: 'u' })
    assert.equal(run(taken, { type: 'undoLast', undoKey: 'v' }).notices.at(-1).kind, 'nothingToUndo')
  })

  test('a revision that is taken back says so, and by which one', () => {
    const undo = queue({ key: 'k', kind: 'undo', of: null, revision: 3, revisionOf: 3 })
    const state = run(begin(), undo, sent('k'), made('k', 6))
    assert.deepEqual(state.notices.map(({ kind, of, revision }) => [kind, of, revision]), [['undone', 3, 6]])
  })
})

suite('The place', () => {
  test('it holds filter and search of the tasks as well', () => {
    const place = { ...initialState.place, view: 'tasks', filter: 'active', query: 'hoc' }
    const state = run(begin(), { type: 'go', place })
    assert.deepEqual([state.filter, state.query, state.place.view], ['active', 'hoc', 'tasks'])
    assert.deepEqual(titles(state), ['Học Python'])
  })
})
