// @membranehq/sdk 0.28.3, unmodified, in Node.js: it signs its own tokens from the workspace secret.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { BadRequestError, MembraneClient } from '@membranehq/sdk'

import { connect, customerToken, startEnvironment, workspace } from './harness.mjs'
import { accepted } from './workspace.mjs'

let environment
before(async () => (environment = await startEnvironment()))
after(() => environment?.stop())

const membrane = (workspaceSecret = workspace.secret) =>
  new MembraneClient({
    apiUri: environment.uri,
    workspaceKey: workspace.key,
    workspaceSecret,
    tenantKey: 'customer-42',
  })

test('self is the tenant of the key', async () => {
  const self = await membrane().self.get()
  assert.equal(self.internalId, 'customer-42')
})

test('integrations are listed', async () => {
  const { items } = await membrane().integrations.find()
  assert.ok(items.some((integration) => integration.key === 'api-key'))
})

test('requests go out through the proxy', async () => {
  await connect(environment, 'api-key', { apiKey: accepted.apiKey }, customerToken('customer-42'))
  const me = await membrane().connection('api-key').proxy.get('/me')
  assert.equal(me.authenticatedBy, 'api-key-header')
  const echo = await membrane().connection('api-key').proxy.post('/echo', { a: 1 })
  assert.deepEqual(JSON.parse(echo.body), { a: 1 })
})

test('a wrong secret is a typed error', async () => {
  const attempt = membrane('another-secret-of-the-same-length-or-so').self.get()
  await assert.rejects(
    attempt,
    (error) => error instanceof BadRequestError && error.data.key === 'not_authenticated',
  )
})
