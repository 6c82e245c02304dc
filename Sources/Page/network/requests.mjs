// One request to one node.

/** How a node is asked: with the token, if there is one. */
export function headersFor(token, more = {}) {
  return token ? { ...more, Authorization: `Bearer ${token}` } : more
}

/**
 * Sends a request.
 *
 * @param patience how long the whole answer may take, in milliseconds.
 * @param signal ends the request before that.
 * @returns `{status, body, revision, cluster}`, or `{failure}`: 'timeout' or 'unreachable'. A
 *   failure does not say whether the node got the request.
 */
export async function send(url, { method = 'GET', headers, body, patience, signal }) {
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
      body: await response.json(),
      revision: Number(response.headers.get('PDB-Revision')),
      cluster: response.headers.get('PDB-Cluster'),
    }
  } catch (error) {
    return { failure: error.name === 'TimeoutError' ? 'timeout' : 'unreachable' }
  }
}
