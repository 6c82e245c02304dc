// What a lab says of its nodes, and what can be asked of it.

/** Where the lab's controls are, from the end of the page's address: `#lab=PORT.TOKEN`. */
export function labFrom(hash) {
  const found = /^#lab=(\d{1,5})\.([0-9a-f]{32})$/u.exec(hash)
  return found && { url: `http://127.0.0.1:${found[1]}`, token: found[2] }
}

/** Whether what one node sends to another is lost. */
export function isCut(report, from, to) {
  return report?.cuts.some((cut) => cut.from === from && cut.to === to) ?? false
}

/** Every two nodes, and whether something between them is cut: 'no', 'yes', or 'oneWay'. */
export function ways(report) {
  const { nodes } = report
  return nodes.flatMap((one, at) =>
    nodes.slice(at + 1).map((other) => {
      const cuts = [isCut(report, one.address, other.address), isCut(report, other.address, one.address)]
      const cut = cuts.every(Boolean) ? 'yes' : cuts.some(Boolean) ? 'oneWay' : 'no'
      return { one, other, cut, key: `${one.port} ${other.port}` }
    }),
  )
}

/** Whether a node is cut off from all others. */
export function isIsolated(report, node) {
  const others = report.nodes.filter(({ port }) => port !== node.port)
  return others.length > 0 && others.every((other) => isCut(report, node.address, other.address))
}

/** What makes a node hear nobody, or hear all again: requests for the lab. */
export function isolation(report, node) {
  const verb = isIsolated(report, node) ? 'heal' : 'cut'
  return report.nodes
    .filter(({ port }) => port !== node.port)
    .map(({ port }) => ({ verb, body: { from: node.port, to: port } }))
}

/** What can be done to a node now: its buttons, each with what it asks of the lab. */
export function nodeControls(node) {
  const ask = (name, verb, more = {}) => ({ name, verb, body: { node: node.port, ...more } })
  if (node.state === 'dead') return [ask('start', 'start')]
  return [
    ask('kill', 'kill'),
    node.state === 'paused' ? ask('resume', 'resume') : ask('pause', 'pause'),
    node.disk_delay_ms > 0
      ? ask('quick', 'slow', { milliseconds: 0 }) : ask('slow', 'slow', { milliseconds: 300 }),
    node.disk_full ? ask('free', 'fill', { full: false }) : ask('fill', 'fill', { full: true }),
    node.clock_ms === 0
      ? ask('skew', 'skew', { milliseconds: 3_600_000 }) : ask('set', 'skew', { milliseconds: 0 }),
    ask('flip', 'flip'),
  ]
}

/** Whether anything is broken that mending would change. */
export function isAnythingBroken(report) {
  return report.cuts.length > 0
    || report.nodes.some((node) =>
      node.disk_delay_ms > 0 || node.disk_full || node.clock_ms !== 0 || node.log_damaged)
}
