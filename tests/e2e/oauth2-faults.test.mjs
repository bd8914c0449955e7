// A second authorization server, and everything that can be wrong with its token endpoint: what becomes of a
// connection whose refresh fails, as the API tells it (PRODUCT.md, "Connections, refresh and failure").

import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'

import { connectInBrowser, install, oauth2Connector, until } from './flows.mjs'
import { adminToken, client, customerToken, startEnvironment } from './harness.mjs'
import { faults, startOAuth2Server } from './oauth2-server.mjs'

let environment
let server
before(async () => {
  // A token endpoint that is silent costs no more than this.
  environment = await startEnvironment({ AUTHBRIDGE_RESPONSE_TIMEOUT: '2' })
  server = await startOAuth2Server(`${environment.uri}/oauth-callback`)
  await install(environment, connector('plain'), server)
})
after(async () => {
  await environment?.stop()
  await server?.stop()
})
afterEach(() => Object.assign(server, { fault: () => undefined, alter: (answer) => answer }))

const connector = (key, config = {}) =>
  oauth2Connector(key, server.uri, {
    authorizeUri: `${server.uri}/authorize`,
    tokenUri: `${server.uri}/token`,
    ...config,
  })

let count = 0

/** A new customer with a connection, and what can be done with it. */
async function connected(integration = 'plain') {
  const customer = `customer-${(count += 1)}`
  const { message } = await connectInBrowser(environment, integration, customer)
  assert.equal(message.type, 'newConnectionCreated', JSON.stringify(message))
  const api = client(environment, customerToken(customer))
  const path = `/connections/${message.connection.id}`
  return {
    customer,
    get: () => api.get(path),
    events: async () => (await api.get(`${path}/events`)).items,
    refresh: () => api.post(`${path}/refresh-credentials`),
    use: () => api.connection(message.connection.id).proxy.get('/me'),
  }
}

const refreshing = (fault) => (grant) => (grant === 'refresh_token' ? fault : undefined)
const refreshes = () => server.log.filter(({ grant }) => grant === 'refresh_token')

test('the flow and rotation satisfy a second server', async () => {
  const account = await connected()
  assert.deepEqual(await account.use(), { name: 'ada' })
  for (const _ of [1, 2, 3]) await account.refresh()
  assert.ok(refreshes().every(({ status }) => status === 200))
  assert.deepEqual(await account.use(), { name: 'ada' })
  const { state, retryAttempts, canRefreshCredentials } = await account.get()
  assert.deepEqual([state, retryAttempts, canRefreshCredentials], ['READY', 0, true])
})

const transient = [
  ['status 500', faults.status(500, 'oops')],
  ['status 503 with a page', faults.html(503)],
  ['a page with status 200', faults.html(200)],
  ['garbage', faults.status(200, '\u0000{{{', { 'content-type': 'application/json' })],
  ['an empty answer', faults.status(200)],
  ['JSON without a token', faults.json(200, { hello: 'world' })],
  ['a connection that breaks', faults.reset],
  ['no answer at all', faults.silence],
]
for (const [name, fault] of transient) {
  test(`${name}: it is tried again later, and a token that is still valid is used`, async () => {
    const account = await connected()
    server.fault = refreshing(fault)
    await assert.rejects(account.refresh())
    const connection = await account.get()
    assert.equal(connection.state, 'READY')
    assert.equal(connection.disconnected, false)
    assert.ok(connection.retryAttempts >= 1)
    assert.ok(new Date(connection.nextRetryTimestamp) > new Date())
    assert.deepEqual(await account.use(), { name: 'ada' })
    const [last] = await account.events()
    assert.equal(last.action, 'connection.refresh_failed')
    assert.equal(last.detail.class, 'transient')
    assert.deepEqual(new Date(last.detail.retryAt), new Date(connection.nextRetryTimestamp))
    assert.doesNotMatch(JSON.stringify(last), /<b>|Bearer/)

    server.fault = () => undefined
    await account.refresh()
    const { state, retryAttempts, nextRetryTimestamp } = await account.get()
    assert.deepEqual([state, retryAttempts, nextRetryTimestamp], ['READY', 0, undefined])
  })
}

test('one 500 is tried again at once, and nobody sees it', async () => {
  const account = await connected()
  let isFirst = true
  server.fault = (grant) => {
    if (grant !== 'refresh_token' || !isFirst) return undefined
    isFirst = false
    return faults.status(500)
  }
  await account.refresh()
  assert.equal((await account.get()).retryAttempts, 0)
})

const final = [
  ['invalid_grant', faults.json(400, { error: 'invalid_grant', error_description: 'gone' }), 'CLIENT_ACTION_REQUIRED'],
  ['invalid_grant in a 200', faults.json(200, { error: 'invalid_grant' }), 'CLIENT_ACTION_REQUIRED'],
  ['invalid_client', faults.json(401, { error: 'invalid_client' }), 'CONFIGURATION_ERROR'],
  ['unauthorized_client', faults.json(400, { error: 'unauthorized_client' }), 'CONFIGURATION_ERROR'],
  ['invalid_scope', faults.json(400, { error: 'invalid_scope' }), 'CONFIGURATION_ERROR'],
]
for (const [name, fault, expected] of final) {
  test(`${name}: ${expected}, at once`, async () => {
    const account = await connected()
    server.fault = refreshing(fault)
    await assert.rejects(account.refresh())
    const { state, disconnected, error } = await account.get()
    assert.equal(state, expected)
    assert.equal(disconnected, true)
    assert.match(JSON.stringify(error), new RegExp(name.split(' ')[0]))
    const before = refreshes().length
    await assert.rejects(account.use())
    assert.equal(refreshes().length, before, 'who uses it asks nobody')
    assert.equal((await account.events())[0].action, 'connection.refresh_failed')
  })
}

test('a dead grant is asked once, and a reconnect revives the connection', async () => {
  const account = await connected()
  const { id } = await account.get()
  server.forget()
  await assert.rejects(account.refresh())
  assert.equal((await account.get()).state, 'CLIENT_ACTION_REQUIRED')
  assert.equal((await account.get()).nextRetryTimestamp, undefined)
  const before = refreshes().length
  for (const _ of [1, 2, 3]) await assert.rejects(account.use())
  assert.equal(refreshes().length, before)
  const { message } = await connectInBrowser(environment, 'plain', account.customer, { query: `connectionId=${id}` })
  assert.equal(message.connection.id, id)
  assert.equal((await account.get()).state, 'READY')
  assert.deepEqual(await account.use(), { name: 'ada' })
})

const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000)
const throttles = [
  ['429 with seconds', () => faults.json(429, { error: 'slow_down' }, { 'retry-after': '120' })],
  ['429 with a date', () => faults.status(429, '', { 'retry-after': inSeconds(120).toUTCString() })],
  ['503 with seconds', () => faults.status(503, '', { 'retry-after': '120' })],
]
for (const [name, fault] of throttles) {
  test(`${name}: the provider gets the time it asks for`, async () => {
    const account = await connected()
    server.fault = refreshing(fault())
    const before = refreshes().length
    await assert.rejects(account.refresh())
    assert.equal(refreshes().length, before + 1, 'it is not asked again at once')
    const { state, nextRetryTimestamp } = await account.get()
    assert.equal(state, 'READY')
    // Dates have no fractions of a second.
    assert.ok(new Date(nextRetryTimestamp) > inSeconds(60))
    assert.ok(new Date(nextRetryTimestamp) < inSeconds(130))
  })
}

const expiries = [
  ['a number', (answer) => answer, 3600],
  ['text', (answer) => ({ ...answer, expires_in: '1800' }), 1800],
  ['expires_at in milliseconds', ({ expires_in: _, ...answer }) => ({ ...answer, expires_at: inSeconds(900).getTime() }), 900],
  // The tokens of one provider live equally long.
  ['nothing, as the one before', ({ expires_in: _, ...answer }) => answer, 3600],
  ['a form', (answer) => new URLSearchParams(answer).toString(), 3600],
]
for (const [name, alter, seconds] of expiries) {
  test(`a lifetime given as ${name} is understood`, async () => {
    const account = await connected()
    server.alter = alter
    await account.refresh()
    const { credentialsExpireAt } = await account.get()
    const left = (new Date(credentialsExpireAt) - Date.now()) / 1000
    assert.ok(left > seconds - 60 && left <= seconds, `${left} s are left`)
    assert.deepEqual(await account.use(), { name: 'ada' })
  })
}

test('a token that never says how long it lives is used until it is refused, and then renewed', async () => {
  server.alter = ({ expires_in: _, ...answer }) => answer
  const account = await connected()
  assert.equal((await account.get()).credentialsExpireAt, undefined)
  const before = refreshes().length
  assert.deepEqual(await account.use(), { name: 'ada' })
  assert.equal(refreshes().length, before)
  server.expireAll()
  assert.deepEqual(await account.use(), { name: 'ada' })
  assert.equal(refreshes().length, before + 1)
})

test('an answer without a new refresh token keeps the old one', async () => {
  const account = await connected()
  const kept = await secrets(account)
  server.alter = ({ refresh_token: _, ...answer }) => answer
  await account.refresh()
  assert.equal((await secrets(account)).refresh_token, kept.refresh_token)
})

async function secrets(account) {
  const { id } = await account.get()
  return (await client(environment, adminToken()).connection(id).get({ includeSecrets: true })).credentials
}

test('a nested answer is found where the connector says', async () => {
  await install(environment, connector('nested', { tokenResponsePath: 'data.token' }), server)
  server.alter = (token) => ({ data: { token } })
  const account = await connected('nested')
  await account.refresh()
  assert.deepEqual(await account.use(), { name: 'ada' })
})

test('the client authenticates by header, by body, or as the server takes it', async () => {
  const clients = () => server.log.slice(before).map(({ client }) => client)
  let before = server.log.length
  await install(environment, connector('in-header', { clientAuth: 'basic' }), server)
  await connected('in-header')
  assert.deepEqual(clients(), ['basic'])
  before = server.log.length
  await install(environment, connector('in-body', { clientAuth: 'body' }), server)
  await connected('in-body')
  assert.deepEqual(clients(), ['body'])

  // This server does not decode what RFC 6749 section 2.3.1 has clients encode.
  server.clientSecret = 'a secret/with + signs'
  before = server.log.length
  await install(environment, connector('either'), server)
  const account = await connected('either')
  assert.deepEqual(clients(), ['basic', 'body'])
  await account.refresh()
  assert.equal((await account.get()).state, 'READY')
  server.clientSecret = 'second-opinion'
})

test('a client secret is rotated without a broken refresh', async () => {
  const both = [{ $var: 'connectorParameters.clientSecret' }, 'the-next-secret']
  await install(environment, connector('rotating', { clientSecret: both }), server)
  const account = await connected('rotating')
  server.clientSecret = 'the-next-secret'
  await account.refresh()
  assert.equal((await account.get()).state, 'READY')
  server.clientSecret = 'second-opinion'
})

test('the grants that need no browser', async () => {
  const admin = { test: { type: 'mapping', mapping: {} } }
  const tokenUri = `${server.uri}/token`
  const machine = oauth2Connector('machine', server.uri, { tokenUri, grantType: 'client_credentials' }, admin)
  const { id, password } = server.user
  const user = oauth2Connector('user', server.uri, { tokenUri, grantType: 'password', username: id, password })
  await install(environment, machine, server)
  await install(environment, user, server)
  const api = client(environment, customerToken('nobody'))
  for (const [integrationKey, name] of [['machine', 'the machine'], ['user', 'ada']]) {
    const connection = await api.post('/connections', { integrationKey })
    assert.equal(connection.state, 'READY')
    assert.deepEqual(await api.connection(connection.id).proxy.get('/me'), { name })
    await api.post(`/connections/${connection.id}/refresh-credentials`)
  }
})

test('a code that was spent is refused, and whoever waits hears it', async () => {
  server.fault = (grant) => (grant === 'authorization_code' ? faults.json(400, { error: 'invalid_grant' }) : undefined)
  const { message } = await connectInBrowser(environment, 'plain', 'late')
  assert.equal(message.type, 'newConnectionFailure')
  assert.match(message.error, /invalid_grant/)
})

test('credentials that expire while nobody looks are renewed in the background', async () => {
  const account = await connected()
  const before = refreshes().length
  server.alter = (answer) => ({ ...answer, expires_in: 1 })
  await account.refresh()
  server.alter = (answer) => answer
  await until(() => refreshes().length >= before + 2)
  await until(async () => new Date((await account.get()).credentialsExpireAt) > inSeconds(60))
})
