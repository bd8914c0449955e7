// What is easy to get wrong about the original clients (wire contract H.1 and the list at its top), and where it is held:
//
// | trap                                                  | held by                                                    |
// |-------------------------------------------------------|------------------------------------------------------------|
// | the outcome comes before anybody listens (SSE replay) | here                                                       |
// | whoever knows a requestId hears its outcome, for a moment | crates/engine/src/outcomes.rs                           |
// | POST without a body comes as an empty form            | sdk.test.mjs "with an empty form as body", here for others  |
// | `cursor=0` is the beginning                           | http.test.mjs "the literal cursor 0"                        |
// | `hash=` and other unknown parameters                  | http.test.mjs "unknown query parameters", surface.test.mjs  |
// | `//` and whole URLs in the proxy's path               | proxy.test.mjs "path and query", "a full address", here     |
// | a trailing `?`                                        | http.test.mjs "a question mark", here                       |
// | a formula is what its first key says                  | here; the vectors of the SDK in crates/formula              |
// | `authOptionKey` absent, null, or empty                | here                                                       |
// | OPTIONS without a token                               | http.test.mjs "a preflight for"                             |
// | `membrane-api-version` in preflights                  | http.test.mjs, surface.test.mjs in a browser                |
// | read-only members come back in PUT and PATCH          | sdk.test.mjs "integrations are created", here               |
// | a connection's input is the body of an action's run   | actions.test.mjs                                            |
// | GET drops empty parameters, and keeps `false`         | here                                                       |

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { MembraneClient } from '@membranehq/sdk'

import { mapping, outcome } from './flows.mjs'
import { adminToken, client, connect, customerToken, http, startEnvironment } from './harness.mjs'
import { accepted } from './workspace.mjs'

let environment
before(async () => {
  environment = await startEnvironment()
  const admin = client(environment, adminToken())
  const apiKey = { type: 'object', required: ['apiKey'], properties: { apiKey: { type: 'string' } } }
  const makeApiClient = mapping({ baseUri: environment.provider.uri, headers: { 'X-Api-Key': { $var: 'credentials.apiKey' } } })
  const test = { type: 'rest-api-mapping', mapping: { path: '/me', method: 'GET' } }
  const base = { type: 'client-credentials', title: 'Key', inputSchema: apiKey, makeApiClient, test }
  await installed(admin, 'optional', { ...base, options: { one: { ...base, title: 'One' }, other: { ...base, title: 'Other' } } })
  await installed(admin, 'ordered', {
    ...base,
    operations: {
      literal: { key: 'literal', name: 'Literal', run: mapping_of({ value: { other: 1, $var: 'input.a' } }) },
      formula: { key: 'formula', name: 'Formula', run: mapping_of({ value: { $var: 'input.a', other: 1 } }) },
    },
  })
})
after(() => environment?.stop())

/** A request whose body is `value`, so that what became of it is seen at the provider. */
const mapping_of = (value) => ({
  type: 'rest-api-mapping',
  mapping: { path: '/echo', method: 'POST', requestMapping: { data: value }, responseMapping: { $var: 'response.data.body' } },
})

async function installed(admin, key, members) {
  await admin.post('/connectors', { key, name: key, ...members })
  await admin.integrations.create({ key, name: key, connectorKey: key })
}

/** Submits the SDK's form as its hidden frame does; the page. */
async function submit(payload, query = 'integrationKey=api-key') {
  const body = new URLSearchParams({ payload: JSON.stringify(payload) })
  const response = await fetch(`${environment.uri}/connection-popup?${query}`, { method: 'POST', body })
  return response.text()
}

test('who listens after everything is over hears it all the same', async () => {
  const requestId = 'replayed-1k5xl1ber5z22go083xk81'
  await submit({ token: customerToken('late'), requestId, connectionParameters: { apiKey: accepted.apiKey } })
  const heard = await outcome(environment, requestId)
  assert.equal(heard.type, 'newConnectionCreated')
  assert.equal(heard.requestId, requestId)
})

test('a POST without a body is an empty form, and every such call takes it', async () => {
  const token = customerToken('bodyless')
  await connect(environment, 'api-key', { apiKey: accepted.apiKey }, token)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const path of ['/integrations/api-key/setup', '/connections/api-key/test', '/integrations/api-key/disconnect']) {
    const response = await http(environment, 'POST', path, { token, headers })
    assert.equal(response.status, 200, `${path}: ${response.text}`)
  }
  // Nothing can be refreshed here, which is said; it is not the body that is wrong.
  const refused = await http(environment, 'POST', '/flow-instance/setup?id=x', { token, headers })
  assert.equal(refused.json.type, 'bad_request')
  assert.match(refused.json.message, /does not run them/)
})

test('slashes that come twice and a question mark at the end arrive as they are', async () => {
  const token = customerToken('slashes')
  await connect(environment, 'api-key', { apiKey: accepted.apiKey }, token)
  const echo = await http(environment, 'POST', '/connections/api-key/proxy/echo//a%2Fb/?', { token })
  assert.ok(echo.status < 500, echo.text)
  const asked = JSON.stringify(echo.json ?? echo.text)
  assert.match(asked, /echo\/\/a%2Fb\//)
})

test('an object is a formula only when its first key says so', async () => {
  const token = customerToken('ordered')
  await connect(environment, 'ordered', { apiKey: accepted.apiKey }, token)
  const run = async (key) => {
    const { output } = await client(environment, token).connection('ordered').operation(key).run({ input: { a: 7 } })
    return typeof output === 'string' ? JSON.parse(output) : output
  }
  assert.deepEqual(await run('literal'), { value: { other: 1, $var: 'input.a' } })
  assert.deepEqual(await run('formula'), { value: 7 })
})

test('the default option has no key, and is meant by an absent, null or empty one', async () => {
  const token = customerToken('optional')
  const membrane = new MembraneClient({ apiUri: environment.uri, token })
  const offered = async (body) => {
    const options = await membrane.post('/connection-options', body)
    assert.ok(Array.isArray(options), 'a bare array')
    return options
  }
  const [only, ...others] = await offered({ integrationKey: 'ordered' })
  assert.deepEqual(others, [])
  assert.deepEqual([only.type, only.title, only.inputSchema.required], ['client-credentials', 'Key', ['apiKey']])
  // The SDK looks for the option whose key `==` what it was given.
  assert.ok(!('key' in only))
  const keys = (await offered({ integrationKey: 'optional' })).map(({ key }) => key)
  assert.deepEqual(keys, ['one', 'other'])
  const input = { apiKey: accepted.apiKey }
  for (const authOptionKey of [undefined, null, '']) {
    const page = await submit({ token, connectionParameters: input, authOptionKey }, 'integrationKey=ordered')
    assert.match(page, /newConnectionCreated/, String(authOptionKey))
    assert.equal((await client(environment, token).connection('ordered').get()).authOptionKey, undefined)
  }
  await submit({ token, connectionParameters: input, authOptionKey: 'other' }, 'integrationKey=optional')
  const { id, authOptionKey } = await client(environment, token).connection('optional').get()
  assert.equal(authOptionKey, 'other')
  assert.equal((await offered({ connectionId: id })).length, 2)
  await assert.rejects(offered({}), ({ data }) => data.type === 'bad_request')
})

test('what was read is written back whole, and only what can be changed is', async () => {
  const token = customerToken('echo')
  await connect(environment, 'api-key', { apiKey: accepted.apiKey }, token)
  const connection = client(environment, token).connection('api-key')
  const read = await connection.get()
  const written = await connection.put({ ...read, name: 'Renamed', state: 'SETUP_FAILED', userId: 'cus_x', id: 'con_x' })
  assert.deepEqual({ ...written, updatedAt: 0 }, { ...read, name: 'Renamed', updatedAt: 0 })
})

test('a flag that is false is sent, and is not the same as one that is not', async () => {
  const token = customerToken('flags')
  await connect(environment, 'api-key', { apiKey: accepted.apiKey }, token)
  const shown = await http(environment, 'GET', '/connections/api-key?includeSecrets=false', { token: adminToken() })
  assert.equal(shown.json?.credentials, undefined)
  const find = async (query) => (await client(environment, token).connections.find({ integrationKey: 'api-key', ...query })).items.length
  assert.deepEqual([await find({ disconnected: false }), await find({ disconnected: true })], [1, 0])
})
