// Functions in JavaScript and TypeScript, GraphQL and operations, by the unmodified SDK against an app in Node.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { startApp } from './app.mjs'
import { adminToken, client, customerToken, http, startEnvironment } from './harness.mjs'

let environment
let app
before(async () => {
  app = await startApp()
  environment = await startEnvironment({ AUTHBRIDGE_SCRIPT_CPU: '200' })
  const admin = client(environment, adminToken())
  await admin.post('/connectors', connector(app.uri))
  await admin.integrations.create({ key: 'coded', name: 'Coded', connectorKey: 'coded' })
})
after(async () => {
  await environment?.stop()
  await app?.stop()
})

/** One flat document with its code inside, as the 2026 format has it. */
function connector(uri) {
  const code = (text) => ({ type: 'javascript', code: text })
  return {
    key: 'coded',
    name: 'An app with sessions',
    type: 'client-credentials',
    baseUri: uri,
    inputSchema: {
      type: 'object',
      properties: {
        email: { type: 'string', title: 'E-mail' },
        password: { type: 'string', format: 'password', title: 'Password' },
      },
      required: ['email', 'password'],
    },
    getCredentialsFromConnectionParameters: code(`
import axios from 'axios'
interface Session { token: string; refresh: string; expires_in: number }
export default async function ({ connectionInput }: { connectionInput: any }): Promise<Session> {
  try {
    const { data } = await axios.post<Session>('${uri}/login', connectionInput)
    return data
  } catch (error) {
    throw new Error('login refused: ' + error.response.data.reason)
  }
}`),
    makeApiClient: code(`
exports.makeApiClient = ({ credentials }) => ({
  baseUri: '${uri}',
  headers: { Authorization: 'Bearer ' + credentials.token },
})`),
    test: code(`
export default async function ({ apiClient, credentials }) {
  const me = await apiClient.get('/me')
  console.log('tested as', me.name, credentials.token)
  return me.name === 'Ada'
}`),
    refreshCredentials: code(`
module.exports = async ({ credentials }) => {
  const response = await fetch('${uri}/refresh', { method: 'POST', body: JSON.stringify({ refresh: credentials.refresh }) })
  return response.json()
}`),
    disconnect: code(`export default async ({ externalApiClient }) => externalApiClient.post('/logout')`),
    operations: {
      'list-things': {
        name: 'List things',
        isReadOnly: true,
        inputSchema: { type: 'object', properties: { limit: { type: 'integer' } } },
        run: code(`
export default async function ({ externalApiClient, input }) {
  const { things } = await externalApiClient.get('/things', { limit: input.limit })
  return { count: things.length, last: things.at(-1).id }
}`),
      },
      counted: {
        name: 'The number of three things',
        run: {
          type: 'operation-mapping',
          operationKey: 'list-things',
          inputMapping: { limit: 3 },
          outputMapping: { $var: 'output.count' },
        },
      },
      'thing-by-query': {
        name: 'A thing by GraphQL',
        run: {
          type: 'graphql-api-mapping',
          path: '/graphql',
          query: 'query($id: ID!) { thing(id: $id) { id } }',
          variables: { id: { $var: 'input.id' } },
          responseMapping: { $var: 'response.data.thing.id' },
        },
      },
      'thing-by-fields': {
        name: 'A thing by fields',
        run: {
          type: 'graphql-api-mapping',
          path: '/graphql',
          operationType: 'query',
          requestMapping: [{ field: 'thing', args: { id: { $var: 'input.id' } }, subFields: [{ field: 'id' }] }],
        },
      },
      broken: { name: 'Broken GraphQL', run: { type: 'graphql-api-mapping', path: '/graphql', query: '{ broken }' } },
      limited: { name: 'Limited', run: code(`export default ({ apiClient }) => apiClient.get('/limited')`) },
      throwing: {
        name: 'Throwing',
        run: code(`
interface Unused { a: string }

export default function run({ credentials }) {
  console.warn('about to fail')
  throw new TypeError('bad ' + credentials.token)
}`),
      },
      typed: {
        name: 'Throws a class of the SDK',
        run: code(`
import { NotFoundError } from '@integration-app/sdk'
export default () => { throw new NotFoundError('no such thing', { id: 7 }) }`),
      },
      endless: { name: 'Endless', run: code('export default () => { while (true) {} }') },
      forbidden: { name: 'Forbidden', run: code(`export default async () => (await fetch('https://example.com/')).status`) },
      binary: {
        name: 'Binary',
        run: code(`
export default async function ({ apiClient }) {
  const bytes = await apiClient.get('/bytes', {}, { responseType: 'arraybuffer' })
  const full = await apiClient.post('/echo', { a: [1] }, { returnFullResponse: true, headers: { 'X-A': 'b' } })
  return { hex: Buffer.from(bytes).toString('hex'), status: full.status, echoed: full.data.body }
}`),
      },
    },
  }
}

const input = { email: 'ada@example.com', password: 'correct horse' }

async function connected(customer) {
  const user = client(environment, customerToken(customer))
  const connection = await user.connections.create({ integrationKey: 'coded', name: 'coded', input })
  return { user, connection: user.connection(connection.id), id: connection.id }
}

test('code connects an account, and its refusal is told in its own words', async () => {
  const { id } = await connected('code-1')
  assert.match(id, /^con_/)
  const user = client(environment, customerToken('code-2'))
  const wrong = { integrationKey: 'coded', input: { ...input, password: 'wrong' } }
  await assert.rejects(user.connections.create(wrong), (error) => {
    assert.match(error.message, /login refused: no account for/)
    return true
  })
})

test('operations are listed, described and run, by code and by mappings', async () => {
  const { user, connection } = await connected('code-3')
  const listed = await user.get('/integrations/coded/operations')
  const keys = listed.map((item) => item.key)
  assert.ok(keys.includes('list-things') && keys.includes('counted'))
  const spec = await connection.operation('list-things').get()
  assert.equal(spec.isReadOnly, true)
  assert.equal(spec.inputSchema.properties.limit.type, 'integer')
  const run = async (key, input) => (await connection.operation(key).run({ input })).output
  assert.deepEqual(await run('list-things', { limit: 5 }), { count: 5, last: 5 })
  assert.equal(await run('counted', {}), 3)
  assert.equal(await run('thing-by-query', { id: '42' }), '42')
  const { thing } = await run('thing-by-fields', { id: 9 })
  assert.equal(thing.query, 'query { thing(id: 9) { id } }')
  assert.deepEqual(await run('binary', {}), { hex: '000102ff', status: 200, echoed: '{"a":[1]}' })
  await assert.rejects(run('broken', {}), /no field `broken`/)
  await assert.rejects(run('list-things', { limit: 'many' }), /limit/)
  await assert.rejects(connection.operation('nowhere').get(), (error) => error.data.key === 'not_found')
})

test('expired credentials are renewed once, for operations and for the proxy', async () => {
  const { user, connection } = await connected('code-4')
  app.refreshes = 0
  app.expire()
  app.delay = 50
  const runs = Array.from({ length: 20 }, () => connection.operation('list-things').run({ input: { limit: 1 } }))
  const proxied = Array.from({ length: 20 }, () => connection.proxy.post('/echo', { hello: 'again' }))
  for (const { output } of await Promise.all(runs)) assert.equal(output.count, 1)
  for (const { body } of await Promise.all(proxied)) assert.equal(body, '{"hello":"again"}')
  assert.equal(app.refreshes, 1)
  app.delay = 0
  await user.post(`/connections/coded/refresh-credentials`)
  assert.equal(app.refreshes, 2)
  assert.equal((await connection.get()).disconnected, false)
})

test('console lines come with the answer that asked for them, without secrets', async () => {
  const { id } = await connected('code-5')
  const token = customerToken('code-5')
  const { json } = await http(environment, 'POST', `/connections/${id}/test?logs=1`, { token })
  assert.equal(json.success, true)
  assert.deepEqual(json._logs, [{ function: 'test', level: 'info', message: 'tested as Ada [secret]' }])
  const quiet = await http(environment, 'POST', `/connections/${id}/test`, { token })
  assert.equal(quiet.json._logs, undefined)
})

test('errors say where in the author\'s text, and hold no secret', async () => {
  const { connection, id } = await connected('code-6')
  const refused = await http(environment, 'POST', `/connections/${id}/operations/throwing/run`, {
    token: customerToken('code-6'),
  })
  assert.equal(refused.status, 400)
  assert.equal(refused.json.type, 'custom_code')
  assert.match(refused.json.message, /`operations\/throwing` failed: TypeError: bad \[secret\]/)
  assert.equal(refused.json.stack[0].function, 'run')
  assert.equal(refused.json.stack[0].line, 6)
  assert.deepEqual(refused.json.logs, ['about to fail'])
  await assert.rejects(connection.operation('typed').run({}), (error) => {
    assert.equal(error.data.type, 'bad_request')
    assert.equal(error.data.key, 'not_found')
    assert.match(error.message, /no such thing/)
    return true
  })
  await assert.rejects(connection.operation('limited').run({}), (error) => error.data.key === 'rate_limit_exceeded')
  await assert.rejects(connection.operation('forbidden').run({}), /functionHosts/)
})

test('code that never ends is stopped, and others do not notice', async () => {
  const { connection } = await connected('code-7')
  const endless = Array.from({ length: 6 }, () =>
    assert.rejects(connection.operation('endless').run({}), /processor time/),
  )
  const { output } = await connection.operation('list-things').run({ input: { limit: 4 } })
  assert.equal(output.count, 4)
  await Promise.all(endless)
})

test('archiving tells the app', async () => {
  const { connection } = await connected('code-8')
  const before = app.logouts
  await connection.archive()
  assert.equal(app.logouts, before + 1)
})
