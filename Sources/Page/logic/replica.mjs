// The page's own copy of the tasks, at one revision of one cluster.
//
// It is read whole once and then follows the stream of changes, from whichever node: revisions
// mean the same on all of them.

import { fold } from './folding.mjs'

const keyPrefix = 'task_'

/** The copy that an answer to `GET /tasks` gives. */
export function replicaOf(answer, identity) {
  const tasks = new Map()
  for (const task of answer.tasks) tasks.set(task.id, shownTask(task))
  return { identity, revision: answer.revision, tasks }
}

/**
 * The copy after some revisions. Those that it holds already change nothing.
 *
 * @param through the last revision that the stream has told of, changes of interest or not.
 */
export function advance(replica, revisions, through) {
  const news = revisions.filter(({ revision }) => revision > replica.revision)
  let { tasks } = replica
  if (news.length > 0) {
    tasks = new Map(tasks)
    for (const { revision, changes } of news) {
      for (const change of changes) apply(tasks, change, revision)
    }
  }
  return { ...replica, revision: Math.max(replica.revision, through), tasks }
}

function apply(tasks, { key, after }, revision) {
  if (!key?.startsWith(keyPrefix)) return
  const id = key.slice(keyPrefix.length)
  if (isTask(after) && after.id === id) tasks.set(id, shownTask({ ...after, revision }))
  else tasks.delete(id)
}

/** Whether a value is a task; under a task's key anything may have been set by hand. */
function isTask(value) {
  return (
    typeof value?.id === 'string' &&
    typeof value.title === 'string' &&
    typeof value.completed === 'boolean' &&
    Number.isInteger(value.number)
  )
}

/** What the page needs of a task; other programs may store more with it. */
export function shownTask({ id, number, title, completed, created_at, revision, ...more }) {
  const fields = taskFields(more)
  return { id, number, title, completed, created_at, revision, ...fields, folded: fold(title) }
}

/** What may be missing of a task, where it is what it should be: another program may have written it. */
function taskFields({ due, priority, tags, project, notes }) {
  const fields = {}
  if (isDue(due)) fields.due = due
  if (['high', 'medium', 'low'].includes(priority)) fields.priority = priority
  if (isTags(tags)) fields.tags = tags
  if (typeof project === 'string' && project !== '') fields.project = project
  if (typeof notes === 'string' && notes !== '') fields.notes = notes
  return fields
}

function isTags(tags) {
  return Array.isArray(tags) && tags.length > 0 && tags.every((tag) => typeof tag === 'string')
}

function isDue(due) {
  return typeof due === 'string' && !Number.isNaN(endOf(due))
}

/** When a date is over, in milliseconds since 1970: the end of the day here, or the moment. */
export function endOf(due) {
  return due.length === 10 ? new Date(`${due}T23:59:59.999`).getTime() : Date.parse(due)
}
