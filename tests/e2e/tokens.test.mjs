// Who may call: tokens as jsonwebtoken signs them, and those that must be refused.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'

import { BadRequestError, IntegrationAppClient } from '@integration-app/sdk'
import jsonwebtoken from 'jsonwebtoken'

import { adminToken, client, customerToken, http, sign, startEnvironment, workspace } from './harness.mjs'

let environment
before(async () => (environment = await startEnvironment()))
after(() => environment?.stop())

const self = (token) => http(environment, 'GET', '/self', { token })

for (const algorithm of ['HS256', 'HS384', 'HS512']) {
  test(`${algorithm} is accepted`, async () => {
    const response = await self(customerToken('customer-42', {}, { algorithm }))
    assert.equal(response.status, 200, response.text)
    assert.equal(response.json.internalId, 'customer-42')
  })
}

test('the issuer may be the claim workspaceKey', async () => {
  const token = sign({ id: 'customer-42', workspaceKey: workspace.key })
  assert.equal((await self(token)).status, 200)
})

test('the customer may be the claim sub', async () => {
  const token = sign({}, { issuer: workspace.key, subject: 'customer-sub' })
  assert.equal((await self(token)).json.internalId, 'customer-sub')
})

test('an administrator is whoever has a truthy isAdmin', async () => {
  for (const isAdmin of [true, 'true']) {
    const response = await http(environment, 'GET', '/customers', { token: adminToken({ isAdmin }) })
    assert.equal(response.status, 200, response.text)
  }
  const byWorkspaceKey = sign({ workspaceKey: workspace.key, isAdmin: 'true' })
  assert.equal((await http(environment, 'GET', '/customers', { token: byWorkspaceKey })).status, 200)
})

test('a token is fetched again only when it runs out', async () => {
  let fetched = 0
  const fetchToken = async () => customerToken(`customer-${(fetched += 1)}`)
  const sdk = new IntegrationAppClient({ apiUri: environment.uri, fetchToken })
  await sdk.self.get()
  await sdk.self.get()
  assert.equal(fetched, 1)
})

const now = Math.floor(Date.now() / 1000)
const unsigned = (payload) => jsonwebtoken.sign(payload, '', { algorithm: 'none' })
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const [head, , signature] = customerToken().split('.')
const forgedPayload = Buffer.from(
  JSON.stringify({ iss: workspace.key, id: 'victim', exp: now + 60 }),
).toString('base64url')

const refusedTokens = {
  'signed with another secret': sign(
    { id: 'c' },
    { issuer: workspace.key },
    'another-secret-of-the-same-length-or-so',
  ),
  'of an unknown workspace': sign({ id: 'c' }, { issuer: 'unknown-workspace' }),
  'without an issuer': sign({ id: 'c' }),
  expired: sign({ id: 'c', exp: now - 3600 }, { issuer: workspace.key, expiresIn: undefined }),
  'not valid yet': sign({ id: 'c', nbf: now + 3600 }, { issuer: workspace.key }),
  'not signed': unsigned({ iss: workspace.key, id: 'c', exp: now + 60 }),
  'signed with a key nobody registered': jsonwebtoken.sign({ id: 'c' }, privateKey, {
    issuer: workspace.key,
    algorithm: 'RS256',
  }),
  'signed with a public key as the secret': sign(
    { id: 'c' },
    { issuer: workspace.key, algorithm: 'HS256' },
    publicKey.export({ type: 'spki', format: 'pem' }),
  ),
  'with a payload that was exchanged': `${head}.${forgedPayload}.${signature}`,
  'of neither a customer nor an administrator': sign({}, { issuer: workspace.key }),
  'that is oversized': sign({ id: 'c', padding: 'x'.repeat(100_000) }, { issuer: workspace.key }),
  'that is no token': 'no-token',
  'that is empty': ' ',
}

for (const [what, token] of Object.entries(refusedTokens)) {
  test(`a token ${what} gets 401 and the flat envelope`, async () => {
    const response = await http(environment, 'GET', '/self', {
      headers: { authorization: `Bearer ${token}` },
    })
    // A header beyond every limit may be refused before anybody reads the token.
    const statuses = what === 'that is oversized' ? [401, 431] : [401]
    assert.ok(statuses.includes(response.status), `${response.status} ${response.text}`)
    if (response.status === 401) {
      assert.equal(response.json.type, 'bad_request')
      assert.equal(response.json.key, 'not_authenticated')
      assert.equal(response.json.doc, 'authentication-token-errors')
      assert.equal(response.text.includes(workspace.secret), false)
    }
  })
}

test('no token at all gets 401', async () => {
  const response = await http(environment, 'GET', '/self')
  assert.equal(response.status, 401)
  assert.equal(response.json.key, 'not_authenticated')
})

test('the SDK throws its own class for a wrong secret', async () => {
  const attempt = client(
    environment,
    sign({ id: 'c' }, { issuer: workspace.key }, 'wrong-secret-wrong-secret-wrong-secret'),
  ).self.get()
  await assert.rejects(
    attempt,
    (error) => error instanceof BadRequestError && error.data.key === 'not_authenticated',
  )
})

test('a refused token never makes a customer', async () => {
  await self(refusedTokens['with a payload that was exchanged'])
  const { json } = await http(environment, 'GET', '/customers?search=victim', { token: adminToken() })
  assert.deepEqual(json.items, [])
})
