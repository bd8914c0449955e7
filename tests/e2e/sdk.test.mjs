// @integration-app/sdk 1.14.1, unmodified: the account's owner, integrations, connections.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { BadRequestError } from '@integration-app/sdk'

import { adminToken, client, connect, customerToken, http, startEnvironment } from './harness.mjs'
import { accepted } from './workspace.mjs'

let environment
before(async () => (environment = await startEnvironment()))
after(() => environment?.stop())

test('self is the customer of the token, created on first sight', async () => {
  const self = await client(environment).self.get()
  assert.equal(self.internalId, 'customer-42')
  assert.equal(self.name, 'Ada')
  assert.deepEqual(self.fields, { plan: 'pro' })
  assert.equal((await client(environment).self.get()).id, self.id)
})

test('self accepts credentials', async () => {
  const self = await client(environment).self.patch({ credentials: { k: 1 } })
  assert.equal(self.internalId, 'customer-42')
})

test('customers are created, listed and found by an administrator', async () => {
  const admin = client(environment, adminToken())
  const created = await admin.customers.create({
    internalId: 'customer-7',
    name: 'Grace',
    fields: { plan: 'free' },
  })
  assert.equal(created.internalId, 'customer-7')
  const { items } = await admin.customers.find({ search: 'Grace' })
  assert.deepEqual(
    items.map((customer) => customer.internalId),
    ['customer-7'],
  )
  assert.equal((await admin.customer(created.id).get()).name, 'Grace')
  assert.equal((await client(environment, customerToken('customer-7')).self.get()).id, created.id)
})

test('customers are not for customers', async () => {
  await assert.rejects(client(environment).customers.find(), refused('access_denied'))
})

test('integrations are listed page by page and as a whole', async () => {
  const user = client(environment)
  const all = await user.integrations.findAll()
  assert.ok(all.length >= 6)
  const { items, cursor } = await user.integrations.find({ limit: 2 })
  assert.equal(items.length, 2)
  const next = await user.integrations.find({ limit: 2, cursor })
  assert.equal(new Set([...items, ...next.items].map((item) => item.id)).size, 4)
  const found = await user.integrations.find({ search: 'query-key' })
  assert.deepEqual(
    found.items.map((item) => item.key),
    ['query-key'],
  )
})

test('an integration is found by key, by id and by selector, with its auth options', async () => {
  const user = client(environment)
  const byKey = await user.integration('api-key').get()
  assert.equal(byKey.key, 'api-key')
  assert.equal(byKey.authOptions.length, 1)
  assert.equal(byKey.authOptions[0].type, 'client-credentials')
  assert.equal((await user.integration(byKey.id).get()).key, 'api-key')
  assert.equal((await user.integration({ key: 'api-key' }).get()).id, byKey.id)
})

test('the connector spec says what to ask for', async () => {
  const spec = await client(environment).integration('api-key').getConnectorSpec()
  assert.equal(spec.auth.type, 'client-credentials')
  assert.deepEqual(spec.auth.ui.schema.required, ['apiKey'])
})

test('integrations are created, changed and archived by an administrator', async () => {
  const admin = client(environment, adminToken())
  const created = await admin.integrations.create({
    key: 'made-here',
    name: 'Made here',
    baseUri: '',
    logoUri: '',
  })
  assert.equal(created.key, 'made-here')
  const patched = await admin
    .integration('made-here')
    .patch({ name: 'Renamed', id: created.id, state: 'READY' })
  assert.equal(patched.name, 'Renamed')
  await admin.integration('made-here').archive()
  await assert.rejects(admin.integration('made-here').get(), refused('not_found'))
})

test('integrations cannot be changed by a customer', async () => {
  const user = client(environment)
  await assert.rejects(user.integrations.create({ key: 'x', name: 'X' }), refused('access_denied'))
  await assert.rejects(user.integration('api-key').patch({ name: 'X' }), refused('access_denied'))
})

/** What every customer has without connecting anything. */
const unconnected = ['integration-app-token integration', 'membrane-token integration']

async function names(user) {
  const { items } = await user.connections.find()
  return items.map((item) => item.name).sort()
}

test('a connection is created with credentials, found, renamed and archived', async () => {
  const user = client(environment, customerToken('customer-1'))
  const integration = await user.integration('api-key').get()
  const credentials = { apiKey: accepted.apiKey }
  const created = await user.connections.create({
    name: 'direct',
    integrationId: integration.id,
    credentials,
  })
  assert.equal(created.name, 'direct')
  assert.equal(created.integrationId, integration.id)
  assert.equal(created.disconnected, false)

  const { items } = await user.connections.find({ integrationKey: 'api-key', includeArchived: false })
  assert.deepEqual(
    items.map((item) => item.id),
    [created.id],
  )
  for (const selector of [created.id, 'api-key', integration.id]) {
    assert.equal((await user.connection(selector).get()).id, created.id)
  }
  assert.equal((await user.integration('api-key').get()).connection.id, created.id)

  assert.equal((await user.connection(created.id).patch({ name: 'renamed' })).name, 'renamed')
  await user.connection(created.id).archive()
  await assert.rejects(user.connection('api-key').get(), refused('not_found'))
  assert.deepEqual(await names(user), unconnected)
})

test('credentials are for administrators who ask for them', async () => {
  const token = customerToken('customer-2')
  const { id } = await connect(environment, 'api-key', { apiKey: accepted.apiKey }, token)
  const asCustomer = await client(environment, token)
    .connection(id)
    .get({ includeSecrets: true })
    .catch(refused('access_denied'))
  assert.equal(JSON.stringify(asCustomer).includes(accepted.apiKey), false)

  const admin = client(environment, adminToken())
  assert.equal((await admin.connection(id).get()).credentials, undefined)
  const withSecrets = await admin.connection(id).get({ includeSecrets: true })
  assert.equal(withSecrets.credentials.apiKey, accepted.apiKey)
})

test('input that is missing is named', async () => {
  const token = customerToken('customer-3')
  const integration = await client(environment, token).integration('basic').get()
  const attempt = client(environment, token).connections.create({
    name: 'x',
    integrationId: integration.id,
    input: { username: 'ada' },
  })
  await assert.rejects(
    attempt,
    (error) => error instanceof BadRequestError && /password/i.test(JSON.stringify(error.data)),
  )
})

test('an account that does not pass the test is not connected', async () => {
  const token = customerToken('customer-4')
  await assert.rejects(connect(environment, 'api-key', { apiKey: 'wrong' }, token))
  assert.deepEqual(await names(client(environment, token)), unconnected)
})

test('a connection can be tested again', async () => {
  const token = customerToken('customer-5')
  const { id } = await connect(environment, 'bearer', { token: accepted.bearerToken }, token)
  const response = await http(environment, 'POST', `/connections/${id}/test`, { token })
  assert.equal(response.status, 200, response.text)
  assert.equal(response.json.success, true)
})

test("another customer's connection does not exist", async () => {
  const { id } = await connect(
    environment,
    'api-key',
    { apiKey: accepted.apiKey },
    customerToken('customer-6'),
  )
  const stranger = client(environment, customerToken('stranger'))
  await assert.rejects(stranger.connection(id).get(), refused('not_found'))
  await assert.rejects(stranger.connection(id).patch({ name: 'mine' }), refused('not_found'))
  await assert.rejects(stranger.connection(id).archive(), refused('not_found'))
  await assert.rejects(stranger.connection(id).proxy.get('/me'), refused('not_found'))
  assert.deepEqual(await names(stranger), unconnected)
})

test('what does not exist is a typed error', async () => {
  await assert.rejects(client(environment).connection('nope').get(), refused('not_found'))
  await assert.rejects(client(environment).integration('nope').get(), refused('not_found'))
})

test('refreshing credentials that cannot be refreshed is answered, with an empty form as body', async () => {
  const token = customerToken('customer-8')
  const { id } = await connect(environment, 'api-key', { apiKey: accepted.apiKey }, token)
  await assert.rejects(client(environment, token).connection(id).refreshCredentials(), refused(undefined))
  const path = `/connections/${id}/refresh-credentials`
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await http(environment, 'POST', path, { token, headers, body: '' })
  assert.equal(answer.status, 400)
  assert.equal(answer.json.type, 'bad_request')
})

function refused(key) {
  return (error) => {
    assert.ok(error instanceof BadRequestError, String(error))
    assert.equal(error.data.key, key)
    return true
  }
}
