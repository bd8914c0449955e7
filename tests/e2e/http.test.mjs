// HTTP as browsers and axios speak it: preflights, odd bodies, unknown parameters.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { adminToken, connect, customerToken, http, startEnvironment } from './harness.mjs'
import { accepted } from './workspace.mjs'

let environment
before(async () => (environment = await startEnvironment()))
after(() => environment?.stop())

const token = customerToken()
const json = { 'content-type': 'application/json' }

for (const path of ['/self', '/integrations/api-key', '/connections/api-key/proxy/me']) {
  test(`a preflight for ${path} needs no token`, async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const response = await http(environment, 'OPTIONS', path, {
        headers: {
          origin: 'https://app.example.com',
          'access-control-request-method': method,
          'access-control-request-headers': 'authorization,content-type,membrane-api-version',
        },
      })
      assert.equal(response.status, 204)
      assert.equal(response.headers['access-control-allow-origin'], '*')
      const methods = response.headers['access-control-allow-methods']
      assert.ok(methods === '*' || methods.split(/\s*,\s*/).includes(method), methods)
      // A wildcard does not cover `authorization`: https://fetch.spec.whatwg.org/#cors-preflight-fetch
      const headers = response.headers['access-control-allow-headers'].toLowerCase().split(/\s*,\s*/)
      for (const header of ['authorization', 'content-type', 'membrane-api-version']) {
        assert.ok(headers.includes(header), `${header} in ${headers}`)
      }
    }
  })
}

test('a browser may read answers, refusals too', async () => {
  const headers = { origin: 'https://app.example.com' }
  for (const given of [token, undefined]) {
    const response = await http(environment, 'GET', '/self', { token: given, headers })
    assert.equal(response.headers['access-control-allow-origin'], '*')
  }
})

test('unknown query parameters are ignored', async () => {
  const response = await http(environment, 'GET', '/integrations?limit=25&hash=1&utm=x', { token })
  assert.equal(response.status, 200, response.text)
  assert.ok(Array.isArray(response.json.items))
})

test('a question mark without a query is no query', async () => {
  assert.equal((await http(environment, 'GET', '/self?', { token })).status, 200)
  await connect(environment, 'api-key', { apiKey: accepted.apiKey })
  assert.equal((await http(environment, 'GET', '/connections/api-key/proxy/me?', { token })).status, 200)
})

test('the literal cursor 0 is the beginning', async () => {
  const response = await http(environment, 'GET', '/integrations?limit=1000&cursor=0', { token })
  assert.equal(response.status, 200, response.text)
  assert.ok(!response.json.cursor)
})

test('a list that is out of bounds is refused', async () => {
  for (const list of ['/integrations', '/connections', '/connectors']) {
    for (const query of ['limit=0', 'limit=-1', 'limit=1001', 'limit=abc', 'cursor=nonsense%00']) {
      const response = await http(environment, 'GET', `${list}?${query}`, { token })
      assert.equal(response.status, 400, `${list}?${query}`)
      assert.equal(response.json.type, 'bad_request')
    }
  }
})

test('a body that is not what it should be is refused with the flat envelope', async () => {
  const bodies = ['{', '[]', '"text"', 'null', '{"name":1}', '\u0000', '{"integrationKey":{"a":1}}']
  for (const body of bodies) {
    const response = await http(environment, 'POST', '/connections', { token, headers: json, body })
    assert.ok(response.status >= 400 && response.status < 500, `${body}: ${response.status} ${response.text}`)
    assert.equal(response.json.type, 'bad_request', response.text)
    assert.equal(typeof response.json.message, 'string')
  }
})

test('an oversized body is refused and the server lives', async () => {
  const body = JSON.stringify({ name: 'x'.repeat(64 << 20) })
  const options = { token, headers: json, body, reset: true }
  const response = await http(environment, 'POST', '/connections', options).catch((error) => error)
  // The server may close the connection while the rest is still on its way.
  if (response.status !== undefined) assert.equal(response.status, 413)
  assert.equal((await http(environment, 'GET', '/self', { token })).status, 200)
})

test('an unknown path is a typed error', async () => {
  const response = await http(environment, 'GET', '/no/such/path', { token })
  assert.equal(response.status, 404)
  assert.equal(response.json.key, 'not_found')
})

test('the server says how it is and what it offers', async () => {
  assert.equal((await http(environment, 'GET', '/healthz')).status, 200)
  assert.equal((await http(environment, 'GET', '/readyz')).status, 200)
  const { json: document } = await http(environment, 'GET', '/openapi.json')
  assert.match(document.openapi, /^3\.1\./)
  for (const path of ['/self', '/integrations', '/connections']) assert.ok(document.paths[path], path)
})

test('a connector is created from a flat document, listed, read and deleted', async () => {
  const admin = adminToken()
  const connector = {
    key: 'flat',
    name: 'Flat',
    type: 'client-credentials',
    inputSchema: { type: 'object', properties: { apiKey: { type: 'string' } }, required: ['apiKey'] },
    makeApiClient: {
      type: 'mapping',
      mapping: {
        baseUri: environment.provider.uri,
        headers: { 'X-Api-Key': { $var: 'credentials.apiKey' } },
      },
    },
  }
  const created = await http(environment, 'POST', '/connectors', {
    token: admin,
    headers: json,
    body: JSON.stringify(connector),
  })
  assert.equal(created.status, 201, created.text)
  const list = await http(environment, 'GET', '/connectors', { token: admin })
  const connectors = Array.isArray(list.json) ? list.json : list.json.items
  assert.ok(connectors.some((item) => item.key === 'flat'))
  const path = `/connectors/${created.json.id}`
  assert.equal((await http(environment, 'GET', path, { token: admin })).json.key, 'flat')

  const integration = JSON.stringify({ key: 'flat', name: 'Flat', connectorId: created.json.id })
  const installed = await http(environment, 'POST', '/integrations', {
    token: admin,
    headers: json,
    body: integration,
  })
  assert.equal(installed.status, 201, installed.text)
  await connect(environment, 'flat', { apiKey: accepted.apiKey })
  assert.equal(
    (await http(environment, 'GET', '/connections/flat/proxy/me', { token })).json.authenticatedBy,
    'api-key-header',
  )

  await http(environment, 'DELETE', '/integrations/flat', { token: admin })
  assert.ok((await http(environment, 'DELETE', path, { token: admin })).status < 300)
  assert.equal((await http(environment, 'GET', path, { token: admin })).status, 404)
})
