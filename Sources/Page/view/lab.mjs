// The laboratory: breaking and mending the cluster of a `pdb lab up`, where the page was opened by its link.

import { shortNames } from '../logic/cluster.mjs'
import { isAnythingBroken, isIsolated, isolation, labFrom, nodeControls, ways } from '../logic/lab.mjs'
import { send } from '../network/requests.mjs'
import { fromTemplate, keepingFocus, setText, showAll } from './elements.mjs'

const section = document.getElementById('lab')
const list = document.getElementById('lab-nodes')
const wayList = document.getElementById('lab-ways')
const mend = document.getElementById('lab-mend')
const trouble = document.getElementById('lab-trouble')

const lookInterval = 1000
const patience = 10_000

let lab = null
let report = null
let problem = ''
let redraw = () => {}

/** What the lab said last; `null` without one. */
export const labReport = () => report

/** @param changed is called when there is something new to draw. */
export function startLab(changed) {
  redraw = changed
  const given = labFrom(location.hash)
  if (given) {
    sessionStorage.setItem('pdb.lab', location.hash)
    // The token is not for whom the address is shown or sent to.
    history.replaceState(null, '', location.pathname + location.search)
  }
  lab = given ?? labFrom(sessionStorage.getItem('pdb.lab') ?? '')
  if (!lab) return
  document.getElementById('picture').classList.add('breakable')
  list.addEventListener('click', ({ target }) => {
    const { port, name } = target.dataset
    const node = report?.nodes.find((node) => String(node.port) === port)
    if (!node) return
    if (name === 'isolate') askAll(isolation(report, node))
    else askAll(nodeControls(node).filter((control) => control.name === name))
  })
  wayList.addEventListener('click', ({ target }) => {
    if (target.dataset.way) toggle(target.dataset.way)
  })
  mend.addEventListener('click', () => askAll([{ verb: 'heal', body: {} }]))
  look()
}

/** Cuts the way between two nodes, or mends it. */
export function toggle(key) {
  const way = report && ways(report).find((way) => way.key === key)
  if (!way) return
  const body = { from: way.one.port, to: way.other.port }
  askAll([{ verb: way.cut === 'no' ? 'cut' : 'heal', body }])
}

async function look() {
  if (!document.hidden) take(await ask('', null))
  setTimeout(look, lookInterval)
}

async function askAll(requests) {
  for (const { verb, body } of requests) take(await ask(verb, body))
}

const ask = (verb, body) =>
  send(`${lab.url}/${verb}`, {
    method: verb === '' ? 'GET' : 'POST',
    headers: { Authorization: `Bearer ${lab.token}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
    patience,
  })

function take({ status, body, failure }) {
  if (status === 200) report = body
  problem = status === 200 ? '' : (body?.message ?? failure ?? String(status))
  redraw()
}

export function drawLab(words) {
  section.hidden = !lab || (!report && !problem)
  if (section.hidden) return
  setText(trouble, problem && (report ? problem : words.lab.gone))
  if (!report) return
  const names = shortNames(report.nodes)
  keepingFocus(list, section, () =>
    showAll(list, report.nodes, {
      key: ({ port }) => port,
      make: () => fromTemplate('lab-node'),
      update(row, node) {
        const name = names.get(node.address)
        setText(row.querySelector('.lab-name'), name)
        const state = [words.lab.state[node.state]]
        if (node.disk_delay_ms > 0) state.push(words.lab.slowed(node.disk_delay_ms))
        if (node.disk_full) state.push(words.lab.filled)
        if (node.clock_ms !== 0) state.push(words.lab.skewed(node.clock_ms / 60_000))
        if (node.log_damaged) state.push(words.lab.damaged)
        setText(row.querySelector('.lab-state'), state.join(', '))
        drawButtons(row.querySelector('.lab-buttons'), node, name, words)
      },
    }),
  )
  showAll(wayList, ways(report), {
    key: ({ key }) => key,
    make: () => fromTemplate('lab-way'),
    update(item, { one, other, cut, key }) {
      const button = item.querySelector('button')
      button.dataset.way = key
      button.setAttribute('aria-pressed', String(cut !== 'no'))
      const pair = [names.get(one.address), names.get(other.address)]
      setText(button, `${pair[0]} ${cut === 'no' ? '—' : cut === 'yes' ? '✕' : '→'} ${pair[1]}`)
      button.setAttribute('aria-label', words.lab.way(...pair))
    },
  })
  mend.disabled = !isAnythingBroken(report)
}

function drawButtons(place, node, name, words) {
  const isolate = { name: 'isolate', label: isIsolated(report, node) ? 'rejoin' : 'isolate' }
  const controls = [...nodeControls(node).map(({ name }) => ({ name, label: name })), isolate]
  showAll(place, controls.map((control, at) => ({ ...control, at })), {
    // One that takes the place of another keeps the focus: what was killed is started again.
    key: ({ at }) => at,
    make: () => fromTemplate('button'),
    update(button, control) {
      button.dataset.port = node.port
      button.dataset.name = control.name
      setText(button, words.lab.verb[control.label])
      button.setAttribute('aria-label', `${words.lab.verb[control.label]}: ${name}`)
    },
  })
}
