// The token a connector of type integration-app-token sends, checked by the libraries its receivers use.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'

import { client, customerToken, http, startEnvironment, workspace } from './harness.mjs'

let environment
before(async () => (environment = await startEnvironment()))
after(() => environment?.stop())

const token = customerToken('customer-42', { fields: { plan: 'pro', seats: 7 } })

/** The headers the provider saw, without any connect step: such a connection exists as soon as its integration does. */
async function headersSeenThrough(integration) {
  const echo = await client(environment, token).connection(integration).proxy.get('/echo')
  return Object.fromEntries(echo.headers)
}

test('the provider recognises both kinds', async () => {
  const legacy = await client(environment, token).connection('integration-app-token').proxy.get('/me')
  assert.deepEqual(legacy.tokenHeaders, ['X-Integration-App-Token'])
  const current = await client(environment, token).connection('membrane-token').proxy.get('/me')
  assert.deepEqual(current.tokenHeaders, ['X-Membrane-Token', 'X-Integration-App-Token'])
  assert.equal(current.claims.sub, 'customer-42')
})

test('jsonwebtoken verifies it with the workspace secret', async () => {
  const headers = await headersSeenThrough('integration-app-token')
  const options = { algorithms: ['HS256'], issuer: workspace.key, subject: 'customer-42' }
  const claims = jsonwebtoken.verify(headers['x-integration-app-token'], workspace.secret, options)
  assert.deepEqual(claims.fields, { plan: 'pro', seats: 7 })
  assert.equal(claims.exp - claims.iat, 300)
  assert.match(claims.jti, /./)
})

test('jose verifies it with the workspace secret', async () => {
  const headers = await headersSeenThrough('membrane-token')
  assert.equal(headers['x-membrane-token'], headers['x-integration-app-token'])
  const secret = new TextEncoder().encode(workspace.secret)
  const options = { algorithms: ['HS256'], issuer: workspace.key, subject: 'customer-42', maxTokenAge: 300 }
  const { payload } = await jwtVerify(headers['x-membrane-token'], secret, options)
  assert.equal(payload.fields.plan, 'pro')
})

test('what the provider received also authenticates a call back', async () => {
  const headers = await headersSeenThrough('integration-app-token')
  const response = await http(environment, 'GET', '/self', { token: headers['x-integration-app-token'] })
  assert.equal(response.json.internalId, 'customer-42')
})

test('the public keys of the workspace are published, and no secret is among them', async () => {
  const { status, json, text } = await http(environment, 'GET', '/.well-known/jwks.json')
  assert.equal(status, 200)
  assert.ok(Array.isArray(json.keys))
  assert.ok(json.keys.every((key) => key.kty !== 'oct' && key.d === undefined))
  assert.equal(text.includes(workspace.secret), false)
})

for (const algorithm of ['ES256', 'RS256', 'EdDSA']) {
  test(`jose verifies a token of ${algorithm} with the published keys`, async () => {
    const signing = await startEnvironment({ AUTHBRIDGE_WORKSPACE_ALGORITHM: algorithm })
    try {
      const echo = await client(signing, token).connection('membrane-token').proxy.get('/echo')
      const sent = Object.fromEntries(echo.headers)['x-membrane-token']
      const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', signing.uri))
      const options = { algorithms: [algorithm], issuer: workspace.key, maxTokenAge: 300 }
      const { payload, protectedHeader } = await jwtVerify(sent, keys, options)
      assert.equal(payload.sub, 'customer-42')
      assert.deepEqual(payload.fields, { plan: 'pro', seats: 7 })
      assert.equal(payload.exp - payload.iat, 300)
      assert.equal(protectedHeader.alg, algorithm)

      const [head, , signature] = sent.split('.')
      const body = Buffer.from(JSON.stringify({ ...payload, sub: 'victim' })).toString('base64url')
      const forged = `${head}.${body}.${signature}`
      await assert.rejects(jwtVerify(forged, keys, options), errors.JWSSignatureVerificationFailed)
      // Such a workspace takes the tokens of its own back end as before, and its own key's too.
      assert.equal((await http(signing, 'GET', '/self', { token: sent })).json.internalId, 'customer-42')
    } finally {
      await signing.stop()
    }
  })
}
