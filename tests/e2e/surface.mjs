// Every call that a client of either SDK offers, found by looking at its accessors: nothing is listed by hand that a new
// version could add to. Runs in Node.js and in browsers alike.

/** Names of elements that are there, and of one that is not. */
export const present = { integration: 'walked', connection: 'walked', operation: 'whoami', action: 'whoami' }

/** What makes an accessor of something: by name, what it is called with. */
const makers = new Set([
  'action', 'actionInstance', 'appDataSchema', 'appDataSchemaInstance', 'appEventSubscription', 'appEventType', 'connection',
  'customer', 'dataCollection', 'dataDirectory', 'dataLinkTable', 'dataLinkTableInstance', 'dataSource', 'dataSourceInstance',
  'externalEventSubscription', 'externalEventSubscriptions', 'fieldMapping', 'fieldMappingInstance', 'flow', 'flowInstance',
  'flowRun', 'integration', 'operation', 'package', 'scenario', 'screen',
])

/** Those that are chosen by an object as well. */
const byObject = new Set([
  'action', 'actionInstance', 'appDataSchema', 'appDataSchemaInstance', 'appEventSubscription', 'appEventType', 'customer',
  'dataLinkTable', 'dataLinkTableInstance', 'dataSource', 'dataSourceInstance', 'fieldMapping', 'fieldMappingInstance', 'flow',
  'flowInstance', 'integration', 'package', 'scenario', 'screen',
])

/** What makes no request, or needs a window. */
const others =
  /^(constructor|_.*|getPath|getProxyPath|getSelector|getUniqueIdentifier|uri|open.*|embed.*|connect|createConnection|reconnect|subscribeToUpdates)$/

/** What a client can do that is no accessor: its own ways to make requests. */
const own =
  /^(constructor|get|post|put|patch|delete|log|retrieveLogs|handleRequestError|makeApiRequest|getToken|mintToken|setCredentials|getEmbedUri|getScreens.*|createEventSource|open|connect|ui|_.*)$/

const ends = /^(archive|delete|restore|disconnect)$/

const given = {
  find: [{ limit: 25, hash: 1 }],
  list: [{ limit: 25 }],
  create: [{ key: 'made', internalId: 'made', name: 'Made' }],
  patch: [{ name: 'Renamed' }],
  put: [{ name: 'Replaced' }],
  run: [{}],
  getOperation: [present.operation],
  getDataCollection: ['contacts'],
  getDataLocation: ['contacts'],
  getNodeRuns: ['node', { limit: 1 }],
  getNodeRun: ['node', 'run'],
  getNodeOutputs: ['node', { limit: 1 }],
  getNodeOutput: ['node', 'output'],
  request: ['users/me', { q: 1 }],
  apply: [['walked']],
}

/** The members of an object's classes, the most special first. */
function members(object) {
  const found = new Map()
  for (let type = Object.getPrototypeOf(object); type && type !== Object.prototype; type = Object.getPrototypeOf(type)) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
      if (!found.has(name)) found.set(name, property)
    }
  }
  return found
}

/**
 * The calls of `client`, each as `{ name, call }`. `names` says what there is of a kind; what ends something is among
 * them only `withEnds`.
 */
export function calls(client, names, withEnds = false) {
  const found = []
  const visit = (accessor, path, depth) => {
    for (const [name, property] of members(accessor)) {
      if (others.test(name) || (depth === 0 && own.test(name))) continue
      const at = `${path}${name}`
      if (property.get) visit(accessor[name], `${at}.`, depth + 1)
      else if (makers.has(name)) {
        const key = names[name] ?? 'nope'
        visit(accessor[name](key), `${at}(${key}).`, depth + 1)
        if (depth === 0 && byObject.has(name)) visit(accessor[name]({ key }), `${at}({${key}}).`, depth + 1)
      } else if (withEnds || !ends.test(name) || path.endsWith('proxy.')) {
        found.push({ name: at, call: () => accessor[name](...(path.endsWith('proxy.') ? ['/echo', {}] : given[name] ?? [{}])) })
      }
    }
  }
  visit(client, '', 0)
  return found
}

/** Makes every call, one after the other; what came of each, as plain data. */
export async function walk(all) {
  const outcomes = []
  for (const { name, call } of all) {
    try {
      const value = await call()
      outcomes.push({ name, works: true, value: value === undefined ? 'undefined' : Array.isArray(value) ? 'array' : typeof value })
    } catch (error) {
      // The SDK's own errors have the body as `data`; whatever else it throws is shown whole.
      const { type, key, message } = error.data ?? {}
      outcomes.push({ name, works: false, type, key, message: message ?? String(error), status: error.response?.status })
    }
  }
  return outcomes
}
