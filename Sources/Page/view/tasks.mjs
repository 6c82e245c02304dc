// The list of tasks, with its filters and its search.

import { editOf } from '../logic/fields.mjs'
import { endOf } from '../logic/replica.mjs'
import { filters, pageLength, visibleTasks } from '../logic/state.mjs'
import { cleanTitle, titleProblem } from '../logic/titles.mjs'
import { datesIn } from './dates.mjs'
import { showDetails } from './details.mjs'
import { fromTemplate, isComposing, keepingFocus, setText, showAll } from './elements.mjs'

const list = document.getElementById('list')
const links = document.getElementById('filters')
const query = document.getElementById('query')
const count = document.getElementById('count')
const found = document.getElementById('found')
const nothing = document.getElementById('nothing')
const more = document.getElementById('more')
const clear = document.getElementById('clear')
/** Gets the focus of what is gone. A text field would take the next Ctrl+Z for itself. */
const section = document.getElementById('tasks')

let dates = null

/**
 * @param queue takes a change to be made.
 * @param look takes a new filter or query: `{filter?, query?}`.
 * @param words gives the words of the language that the page speaks now.
 */
export function startTasks(store, { queue, look, words }) {
  const taskOf = (element) => {
    const id = element.closest('.task')?.dataset.id
    return visibleTasks(store.state).tasks.find((task) => task.id === id)
  }
  const endEdit = (field, { isSaved, keepsFocus }) => {
    const { editing } = store.state
    // Removing a field that has the focus tells of its loss once more.
    if (!editing || field.dataset.isOver) return
    const title = cleanTitle(field.value)
    const problem = isSaved ? titleProblem(title) : null
    field.setCustomValidity(problem ? words().titleProblem[problem] : '')
    if (!field.reportValidity()) return
    const edit = isSaved && editOf({ title: editing.base }, { title })
    if (edit) queue({ kind: 'edit', id: editing.id, title, ...edit })
    field.dataset.isOver = 'yes'
    const row = field.closest('.task')
    store.dispatch({ type: 'endEdit' })
    if (keepsFocus) requestAnimationFrame(() => row.querySelector('.title')?.focus())
  }

  list.addEventListener('change', ({ target }) => {
    const task = taskOf(target)
    if (task && target.matches('.tick')) {
      queue({ kind: 'complete', id: task.id, title: task.title, completed: target.checked })
    }
  })
  list.addEventListener('click', ({ target }) => {
    const task = taskOf(target)
    if (!task) return
    if (target.matches('button.title')) {
      store.dispatch({ ...task, type: 'edit' })
    }
    if (target.matches('.details')) showDetails(task, store.state.replica.tasks.values())
    if (target.matches('.remove')) {
      const row = target.closest('.task')
      const neighbour = row.nextElementSibling ?? row.previousElementSibling
      queue({ kind: 'remove', id: task.id, title: task.title })
      ;(neighbour?.querySelector('.remove') ?? section).focus()
    }
  })
  list.addEventListener('keydown', (event) => {
    const field = event.target
    if (!field.matches('.title-field') || isComposing(event)) return
    if (event.key === 'Enter') {
      event.preventDefault()
      endEdit(field, { isSaved: true, keepsFocus: true })
    }
    if (event.key === 'Escape') endEdit(field, { isSaved: false, keepsFocus: true })
  })
  list.addEventListener('focusout', ({ target }) => {
    // The whole window may lose the focus; then the user goes on typing later.
    if (target.matches('.title-field') && document.hasFocus()) {
      endEdit(target, { isSaved: true, keepsFocus: false })
    }
  })

  links.addEventListener('click', (event) => {
    const { filter } = event.target.dataset
    if (!filter || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    look({ filter })
  })
  query.addEventListener('input', () => look({ query: query.value }))
  nothing.addEventListener('click', ({ target }) => {
    if (!target.matches('button')) return
    look({ filter: 'all', query: '' })
    query.focus()
  })
  clear.addEventListener('click', () => {
    queue({ kind: 'clear', count: visibleTasks(store.state).counts.completed })
    section.focus()
  })
  more.addEventListener('click', () => store.dispatch({ type: 'more' }))
  // The rest is drawn when its place comes into sight.
  new IntersectionObserver(
    (entries) => entries.some((entry) => entry.isIntersecting) && store.dispatch({ type: 'more' }),
    { rootMargin: '800px' },
  ).observe(more)
}

export function drawTasks(state, words, language) {
  dates = datesIn(language)
  const visible = visibleTasks(state)
  const rows = [
    ...visible.additions.map(({ op, title }, at) => ({ addition: op, title, key: `${op.key}/${at}` })),
    ...visible.tasks.map((task) => ({ task, key: task.id })),
  ]
  keepingFocus(list, section, () =>
    showAll(list, rows, {
      key: ({ key }) => key,
      make: ({ addition }) => fromTemplate(addition ? 'addition-row' : 'task-row'),
      update: (row, item) =>
        item.addition ? drawAddition(row, item, words) : drawTask(row, item.task, state, words),
    }),
  )
  drawFilters(state, visible.counts, words)
  const { all, completed } = visible.counts
  setText(count, state.replica ? words.listed(visible.matching, all) : '')
  announce(state, count.textContent)
  drawNothing(state, rows.length, all, words)
  more.hidden = visible.left === 0
  setText(more, words.more(Math.min(visible.left, pageLength)))
  clear.hidden = completed === 0
  setText(clear, words.clearCompleted(completed))
  if (query.value !== state.query) query.value = state.query
}

/** Says how many were found when the user looks for something, not whenever a task comes. */
function announce({ filter, query }, text) {
  const asked = `${filter} ${query}`
  if (found.dataset.asked === asked) return
  if (found.dataset.asked !== undefined) setText(found, text)
  found.dataset.asked = asked
}

function drawTask(row, task, { editing }, words) {
  const isEditing = editing?.id === task.id
  drawTitle(row, task, isEditing, words)
  // Most rows are as they were.
  const look = [task.revision, task.title, task.completed, task.op?.key, task.op?.phase, dates.language].join('\n')
  if (row.dataset.look === look) return
  row.dataset.look = look
  row.dataset.id = task.id
  row.classList.toggle('completed', task.completed)
  const tick = row.querySelector('.tick')
  tick.checked = task.completed
  tick.disabled = task.isGone ?? false
  tick.setAttribute('aria-label', words.completed(task.title))
  const details = row.querySelector('.details')
  details.setAttribute('aria-label', words.details(task.title))
  details.hidden = task.isGone ?? false
  const remove = row.querySelector('.remove')
  remove.setAttribute('aria-label', words.remove(task.title))
  remove.hidden = task.isGone ?? false
  setText(row.querySelector('.number'), task.number ? `#${task.number}` : '')
  drawFields(row.querySelector('.fields'), task, words)
  const time = row.querySelector('time.created')
  time.dateTime = task.created_at ?? ''
  setText(time, task.created_at ? words.created(dates.format.format(new Date(task.created_at))) : '')
  drawPending(row, task.op, words)
}

/** Until when, how important, of which project, with which tags. */
function drawFields(place, task, words) {
  const parts = []
  if (task.due) {
    const end = endOf(task.due)
    const isOver = !task.completed && end < Date.now()
    const date = (task.due.length === 10 ? dates.day : dates.format).format(new Date(end))
    parts.push([isOver ? 'due overdue' : 'due', isOver ? words.overdue(date) : words.due(date)])
  }
  if (task.priority) parts.push([`priority ${task.priority}`, words.priority[task.priority]])
  if (task.project) parts.push(['project', task.project])
  for (const tag of task.tags ?? []) parts.push(['tag', `#${tag}`])
  if (task.notes) parts.push(['notes', words.hasNotes])
  place.replaceChildren(
    ...parts.flatMap(([look, text]) => {
      const part = document.createElement('span')
      part.className = look
      part.textContent = text
      return [part, ' ']
    }),
  )
}

/** The title: a button, or while it is edited a field. */
function drawTitle(row, task, isEditing, words) {
  const shown = row.querySelector('.title, .title-field')
  if (!isEditing) {
    let button = shown
    if (shown.matches('.title-field')) {
      button = fromTemplate('task-row').querySelector('.title')
      shown.replaceWith(button)
    }
    setText(button, task.title)
    button.setAttribute('aria-label', words.edit(task.title))
  } else if (shown.matches('.title')) {
    const field = fromTemplate('title-field')
    field.value = task.title
    field.setAttribute('aria-label', words.editTitle)
    shown.replaceWith(field)
    field.focus()
    field.select()
  }
}

function drawAddition(row, { addition, title }, words) {
  setText(row.querySelector('.title'), title)
  drawPending(row, addition, words)
}

function drawPending(row, op, words) {
  const pending = row.querySelector('.pending')
  const isWaiting = op && op.phase !== 'queued' && op.phase !== 'confirmed'
  pending.classList.toggle('saving', Boolean(op) && !isWaiting)
  setText(pending, !op ? '' : isWaiting ? words.unsent : words.saving)
}

function drawFilters(state, counts, words) {
  showAll(links, filters, {
    key: (filter) => filter,
    make: () => fromTemplate('filter-link'),
    update(link, filter) {
      const parameters = new URLSearchParams()
      if (filter !== 'all') parameters.set('show', filter)
      if (state.query) parameters.set('q', state.query)
      link.href = parameters.size > 0 ? `?${parameters}` : '/'
      link.dataset.filter = filter
      if (state.filter === filter) link.setAttribute('aria-current', 'page')
      else link.removeAttribute('aria-current')
      setText(link, `${words.filter[filter]} ${counts[filter]}`)
    },
  })
}

/** What stands where the list would be. */
function drawNothing(state, shown, all, words) {
  const text = !state.replica
    ? words.loading
    : shown > 0
      ? ''
      : all === 0
        ? words.empty
        : words.emptyByFilter
  nothing.hidden = text === ''
  if (nothing.dataset.text === text) return
  nothing.dataset.text = text
  nothing.textContent = `${text} `
  if (text === words.emptyByFilter) {
    const button = fromTemplate('button')
    button.textContent = words.showAll
    nothing.append(button)
  }
}
