// One feed for all tabs of this origin: browsers open only six connections to a node, and every
// stream takes one.

import { Feed } from './feed.mjs'

const ports = new Set()
const feed = new Feed(self.location.origin, (action) => {
  for (const port of ports) port.postMessage(action)
})
let isStarted = false

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data.do === 'join') {
      feed.token = data.token
      feed.known = data.known
      if (!isStarted) feed.start()
      isStarted = true
      ports.add(port)
      for (const action of feed.present) port.postMessage(action)
    }
    if (data.do === 'leave') ports.delete(port)
    if (data.do === 'suspect') feed.suspect()
    if (data.do === 'use') feed.use(data.id)
  }
}
