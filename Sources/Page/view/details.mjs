// The form with all fields of a task.

import { dateParts, dueOf, editOf, mostTags, tagsOf } from '../logic/fields.mjs'
import { cleanTitle, titleProblem } from '../logic/titles.mjs'

const dialog = document.getElementById('details')
const form = dialog.querySelector('form')
const field = Object.fromEntries(
  ['title', 'date', 'time', 'priority', 'project', 'tags', 'notes'].map((name) => [
    name,
    document.getElementById(`details-${name}`),
  ]),
)
const projects = document.getElementById('projects')

/** The task as it was when the form was opened: what the user saw. */
let shown = null

/**
 * @param queue takes a change to be made.
 * @param words gives the words of the language that the page speaks now.
 */
export function startDetails({ queue, words }) {
  form.addEventListener('submit', (event) => {
    complain(words())
    if (!form.reportValidity()) return event.preventDefault()
    const edit = editOf(shown, valuesOf(shown))
    if (edit) queue({ kind: 'edit', id: shown.id, title: edit.fields.title ?? shown.title, ...edit })
  })
  // What was wrong may be right now.
  form.addEventListener('input', () => complain(null))
  document.getElementById('details-cancel').addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => {
    const row = document.querySelector(`.task[data-id="${CSS.escape(shown.id)}"]`)
    row?.querySelector('.details')?.focus()
  })
}

/** Opens the form on a task. */
export function showDetails(task, tasks) {
  shown = task
  const { date, time } = dateParts(task.due)
  const values = { ...task, date, time, tags: (task.tags ?? []).join(' ') }
  for (const [name, input] of Object.entries(field)) input.value = values[name] ?? ''
  const known = new Set([...tasks].map(({ project }) => project).filter((name) => name))
  projects.replaceChildren(
    ...[...known].sort().map((name) => Object.assign(document.createElement('option'), { value: name })),
  )
  complain(null)
  dialog.showModal()
}

function valuesOf(task) {
  const text = (name) => cleanTitle(field[name].value) || null
  return {
    title: text('title'),
    due: dueOf({ date: field.date.value, time: field.time.value }, task.due),
    priority: field.priority.value || null,
    project: text('project'),
    tags: tagsOf(field.tags.value),
    notes: field.notes.value || null,
  }
}

/** Says at each field what is wrong with it; without words that nothing is. */
function complain(words) {
  const problems = words ? problemsIn(words) : {}
  for (const [name, input] of Object.entries(field)) input.setCustomValidity(problems[name] || '')
}

function problemsIn(words) {
  const title = titleProblem(cleanTitle(field.title.value))
  const project = titleProblem(cleanTitle(field.project.value))
  return {
    title: title && words.titleProblem[title],
    time: field.time.value && !field.date.value && words.timeWithoutDate,
    project: project && project !== 'empty' && words.titleProblem[project],
    tags: (tagsOf(field.tags.value)?.length ?? 0) > mostTags && words.tooManyTags(mostTags),
  }
}
