// Where the user is: a view, and what it shows. The address of the page says it, so that a place can
// be kept, shared and gone back to.

export const views = ['tasks', 'keys', 'history', 'cluster']
const filters = ['active', 'completed']

/**
 * `filter` and `query` are those of the tasks. `prefix` is of keys and of the history; `key` is the
 * key that is open, `{key}` or `{key_b64}`; `isNew`: a key is being made. `author` and `revision` (the
 * one that is open) are of the history, as is `at`: the revision whose state is shown.
 */
export const startPlace = {
  view: 'tasks', filter: 'all', query: '', prefix: '', key: null, isNew: false, author: '',
  revision: null, at: null,
}

/** The place that the part of an address behind the `?` names. */
export function placeFrom(search) {
  const parameters = new URLSearchParams(search)
  const one = (names, name, usual) => names.find((known) => known === parameters.get(name)) ?? usual
  const text = (name) => parameters.get(name) ?? ''
  const number = (name) => {
    const value = parameters.get(name)
    return value !== null && /^\d{1,15}$/u.test(value) ? Number(value) : null
  }
  const place = { ...startPlace, view: one(views, 'view', 'tasks') }
  switch (place.view) {
    case 'tasks': return { ...place, filter: one(filters, 'show', 'all'), query: text('q') }
    case 'keys': return { ...place, prefix: text('prefix'), key: keyIn(parameters), isNew: parameters.has('new') }
    case 'history':
      return {
        ...place, prefix: text('prefix'), author: text('author'), revision: number('revision'),
        at: number('at'),
      }
    default: return place
  }
}

function keyIn(parameters) {
  for (const name of ['key', 'key_b64']) {
    const value = parameters.get(name)
    if (value) return { [name]: value }
  }
  return null
}

/** The address of a place, without the host. */
export function addressOf(place) {
  const { view, filter, query, prefix, key, isNew, author, revision, at } = { ...startPlace, ...place }
  const parameters = new URLSearchParams()
  const set = (name, value) => value !== null && value !== '' && parameters.set(name, value)
  if (view !== 'tasks') set('view', view)
  if (view === 'tasks') {
    if (filter !== 'all') set('show', filter)
    set('q', query)
  }
  if (view === 'keys' || view === 'history') set('prefix', prefix)
  if (view === 'keys') {
    for (const [name, value] of Object.entries(key ?? {})) set(name, value)
    if (isNew) set('new', '1')
  }
  if (view === 'history') {
    set('author', author)
    set('revision', revision)
    set('at', at)
  }
  // Both may stand in a query as they are (RFC 3986, section 3.4), and are easier to read so.
  const text = String(parameters).replaceAll('%2F', '/').replaceAll('%3A', ':')
  return text === '' ? '/' : `/?${text}`
}

/**
 * Whether going from one place to another is a step, which the browser's "back" undoes; so is one into a
 * folder of keys. What is typed into a search or moved on a slider is not.
 */
export function isStep(from, to) {
  const names = ['view', 'filter', 'isNew', 'revision']
  const isInPast = (place) => place.at !== null
  const isFolder = to.view === 'keys' && (to.prefix === '' || to.prefix.endsWith('/'))
  return (
    (isFolder && from.prefix !== to.prefix) ||
    names.some((name) => from[name] !== to[name]) ||
    isInPast(from) !== isInPast(to) ||
    JSON.stringify(from.key) !== JSON.stringify(to.key)
  )
}
