// One request to one node.

/** How a node is asked: with the token, if there is one. */
export function headersFor(token, more = {}) {
  return token ? { ...more, Authorization: `Bearer ${token}` } : more
}

/** The cluster that an answer comes from; `null` if it does not say. */
export function identityOf({ headers }) {
  const cluster = headers.get('PDB-Cluster')
  return cluster && { cluster, birth: headers.get('PDB-Birth') }
}

/**
 * Where this page reaches a node: in TLS if it came that way itself, but for nodes of this machine.
 *
 * @param node an address, or a URL with one.
 */
export function urlOf(node, protocol = globalThis.location?.protocol ?? 'http:') {
  const address = node.replace(/^https?:\/\//u, '')
  const isLocal = /^(?:127\.|localhost:|\[::1\])/u.test(address)
  return `${isLocal ? 'http:' : protocol}//${address}`
}

/** A query as nodes read it: a plus is a plus to them, a blank `%20`. What is undefined is left out. */
export function queryText(values) {
  const known = Object.entries(values).filter(([, value]) => value !== undefined)
  return String(new URLSearchParams(known)).replaceAll('+', '%20')
}

/**
 * Sends a request.
 *
 * @param patience how long the whole answer may take, in milliseconds.
 * @param signal ends the request before that.
 * @param parse makes the body of the answer's text.
 * @returns `{status, body, revision, identity}`, or `{failure}`: 'timeout' or 'unreachable'. A
 *   failure does not say whether the node got the request.
 */
export async function send(url, { method = 'GET', headers, body, patience, signal, parse = JSON.parse }) {
  try {
    const response = await fetch(url, {
      method,
      headers,
      body,
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.any([AbortSignal.timeout(patience), ...(signal ? [signal] : [])]),
    })
    return {
      status: response.status,
      body: parse(await response.text()),
      revision: Number(response.headers.get('PDB-Revision')),
      identity: identityOf(response),
    }
  } catch (error) {
    return { failure: error.name === 'TimeoutError' ? 'timeout' : 'unreachable' }
  }
}
