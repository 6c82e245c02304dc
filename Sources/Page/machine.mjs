// The time machine: a simulated cluster, recorded, that is played, stopped, taken back and begun otherwise.
//
//   the address ──> life ──> the simulator ──> film ──┐
//   the user ──────> position ────────────────────────┴──> view

import { develop, fork, isCutIn, lifeFrom, momentOf, queryOf, storiesUpTo } from './logic/film.mjs'
import { bestLanguage, languages } from './logic/words.mjs'
import { send } from './network/requests.mjs'
import { drawScene, drawStories } from './view/drawing.mjs'
import { fromTemplate, setText, showAll } from './view/elements.mjs'
import { drawWords, startLanguages } from './view/languages.mjs'

const element = (id) => document.getElementById(id)
const drawing = {
  links: element('picture-links'), flights: element('picture-flights'), nodes: element('picture-nodes'),
}
const form = {
  scenario: element('scenario'), seed: element('seed'), count: element('count'), bug: element('bug'),
  orders: element('orders'),
}

/** Ticks a second; a tick is ten simulated milliseconds, so real time would be 100. */
const speeds = [2, 5, 10, 25, 100]
const shownStories = 7
const loadPatience = 60_000

const chosen = localStorage.getItem('pdb.language')
let language = chosen in languages ? chosen : bestLanguage(navigator.languages)
let life = lifeFrom(location.search)
let film = null
let position = life.at
let isPlaying = false
let playedAt = 0
let problem = ''
/** `{scenarios, bugs}`, as the simulator has them. */
let offers = { scenarios: [], bugs: [] }

const words = () => languages[language]

// Lives.

async function load(next, at) {
  life = next
  history.replaceState(null, '', queryOf(life))
  const { seed, nodes, bug, orders, wild } = life
  const parameters = new URLSearchParams({ seed, bug, orders, ...(wild ? {} : { nodes }) })
  const answer = await send(`/sim?${parameters}`, { patience: loadPatience })
  problem = answer.status === 200 ? '' : (answer.body?.message ?? words().failure.unreachable)
  if (answer.status === 200) film = develop(answer.body)
  stand(at)
}

/** Goes to a moment, and stops there. */
function stand(at) {
  isPlaying = false
  position = film ? Math.min(film.length - 1, Math.max(0, at)) : 0
  history.replaceState(null, '', queryOf({ ...life, at: position }))
  draw()
}

function play() {
  if (!film) return
  if (position >= film.length - 1) position = 0
  isPlaying = true
  playedAt = performance.now()
  requestAnimationFrame(step)
}

function step(now) {
  if (!isPlaying) return
  position += (Number(element('speed').value) * (now - playedAt)) / 1000
  playedAt = now
  if (position >= film.length - 1) return stand(film.length - 1)
  draw()
  requestAnimationFrame(step)
}

/** The tick of the next story, or the end. */
function nextStory() {
  return film.stories.find(({ tick }) => tick > Math.floor(position))?.tick ?? film.length - 1
}

// Drawing.

function draw() {
  setText(element('play'), isPlaying ? words().machine.stop : words().machine.play)
  setText(element('life-problem'), problem)
  if (!film) return
  const moment = momentOf(film, position)
  const names = new Map(moment.members.map(({ address }) => [address, address.replace(/^node/u, '')]))
  const named = (address) => names.get(address) ?? address
  drawScene(drawing, {
    ...moment, names, words: words(),
    cut: (from, to) => isCutIn(moment.cuts, idOf(from), idOf(to)),
  })
  const slider = element('position')
  slider.max = film.length - 1
  slider.value = moment.tick
  const time = words().machine.moment(moment.tick, film.length - 1)
  slider.setAttribute('aria-valuetext', time)
  setText(element('moment'), time)
  drawStories(element('stories'), storiesUpTo(film, moment.tick, shownStories), words(), {
    named, when: ({ tick }) => words().machine.at(tick),
  })
  const isOver = moment.tick >= film.length - 1
  const broken = element('broken')
  broken.hidden = !(film.violation && isOver)
  setText(broken, film.violation ? words().machine.broken(film.violation) : '')
  setText(element('verdict'), film.violation ? words().machine.caught : words().machine.kept(film))
  element('verdict').className = film.violation ? 'no_quorum' : 'healthy'
  drawForks(moment)
}

const idOf = (address) => address.replace(/^node/u, '')

function drawForks({ members, cuts }) {
  const { verb } = words().machine
  const ids = members.map(({ id }) => id)
  showAll(element('forks'), members, {
    key: ({ id }) => id,
    make: () => fromTemplate('fork-row'),
    update(row, { id, isUp }) {
      setText(row.querySelector('strong'), id)
      const others = ids.filter((other) => other !== id)
      const isAlone = others.every((other) => isCutIn(cuts, id, other))
      const controls = [
        isUp ? { label: verb.crash, order: [`crash:${id}`] } : { label: verb.start, order: [`start:${id}`] },
        { label: verb.pause, order: [`pause:${id}:50`] },
        isAlone
          ? { label: verb.heal, order: ['heal'] }
          : { label: verb.cut, order: others.map((other) => `cut:${id}:${other}`) },
      ]
      showAll(row.querySelector('.lab-buttons'), controls.map((control, at) => ({ ...control, at })), {
        key: ({ at }) => at,
        make: () => fromTemplate('button'),
        update(button, { label, order }) {
          setText(button, label)
          button.setAttribute('aria-label', `${label}: ${id}`)
          button.dataset.order = order.join(' ')
        },
      })
    },
  })
}

function drawForm() {
  const { machine } = words()
  const options = (select, items) =>
    showAll(select, items, {
      key: ({ value }) => value,
      make: () => document.createElement('option'),
      update(option, { value, text }) {
        option.value = value
        setText(option, text)
      },
    })
  options(form.scenario, [
    { value: '', text: machine.ownLife },
    ...offers.scenarios.map(({ name }) => ({ value: name, text: machine.scenarios[name]?.title ?? name })),
  ])
  options(form.count, [
    ...[1, 3, 5].map((count) => ({ value: String(count), text: machine.calm(count) })),
    { value: 'wild', text: machine.wild },
  ])
  options(form.bug, [
    { value: '', text: machine.noBug }, ...offers.bugs.map(({ name, breaks }) => ({ value: name, text: `${name}: ${breaks}` })),
  ])
  form.seed.value = life.seed
  form.count.value = life.wild ? 'wild' : String(life.nodes)
  form.bug.value = life.bug
  form.orders.value = life.orders
  options(element('speed'), speeds.map((speed) => ({ value: String(speed), text: machine.ticks(speed) })))
  const scenario = offers.scenarios.find(({ query }) => isSameLife(lifeFrom(query), life))
  form.scenario.value = scenario?.name ?? ''
  const told = scenario && machine.scenarios[scenario.name]
  element('question').hidden = !told
  setText(element('asked'), told?.question ?? '')
  setText(element('answered'), told?.answer ?? '')
}

const isSameLife = (one, other) => queryOf({ ...one, at: 0 }) === queryOf({ ...other, at: 0 })

// What the user does.

element('play').addEventListener('click', () => (isPlaying ? stand(position) : play()))
element('to-begin').addEventListener('click', () => stand(0))
element('back').addEventListener('click', () => stand(Math.ceil(position) - 1))
element('forth').addEventListener('click', () => stand(Math.floor(position) + 1))
element('to-next').addEventListener('click', () => stand(nextStory()))
element('position').addEventListener('input', ({ target }) => stand(Number(target.value)))
element('speed').addEventListener('change', () => draw())
form.scenario.addEventListener('change', async () => {
  const scenario = offers.scenarios.find(({ name }) => name === form.scenario.value)
  if (!scenario) return drawForm()
  const next = lifeFrom(scenario.query)
  await load(next, next.at)
  drawForm()
})
element('life').addEventListener('submit', async (event) => {
  event.preventDefault()
  const isWild = form.count.value === 'wild'
  await load(
    {
      seed: Number(form.seed.value) || 1, nodes: isWild ? 3 : Number(form.count.value), wild: isWild,
      bug: form.bug.value, orders: form.orders.value.replaceAll(/\s/gu, ''), at: 0,
    },
    0,
  )
  drawForm()
})
element('forks').addEventListener('click', async ({ target }) => {
  if (!target.dataset.order) return
  const tick = Math.floor(position)
  const next = target.dataset.order.split(' ').reduce((life, order) => fork(life, tick, order), life)
  await load(next, tick)
  drawForm()
})
element('link').addEventListener('click', async () => {
  const link = location.origin + location.pathname + queryOf({ ...life, at: position })
  try {
    await navigator.clipboard.writeText(link)
    setText(element('linked'), words().copied)
  } catch {
    setText(element('linked'), link)
  }
})

startLanguages((wanted) => {
  language = wanted
  localStorage.setItem('pdb.language', wanted)
  speak()
})

function speak() {
  drawWords(words(), language)
  document.title = words().machine.title
  drawForm()
  draw()
}

// Everything begins.

speak()
const offered = await send('/sim/offers', { patience: loadPatience })
if (offered.status === 200) offers = offered.body
await load(life, life.at)
drawForm()
element('speed').value = '10'
