// Requests through a connection: what reaches the provider, and what comes back.

import assert from 'node:assert/strict'
import { request as nodeRequest } from 'node:http'
import { after, before, test } from 'node:test'

import { IntegrationAppError } from '@integration-app/sdk'

import { client, connect, customerToken, http, startEnvironment } from './harness.mjs'
import { accepted } from './workspace.mjs'

let environment
const token = customerToken()

before(async () => {
  environment = await startEnvironment()
  await connect(environment, 'api-key', { apiKey: accepted.apiKey })
  await connect(environment, 'query-key', { apiKey: accepted.apiKey })
  await connect(environment, 'bearer', { token: accepted.bearerToken })
  await connect(environment, 'basic', { username: accepted.username, password: accepted.password })
})
after(() => environment?.stop())

const through = (path, options = {}) =>
  http(environment, options.method ?? 'GET', `/connections/api-key/proxy${path}`, { token, ...options })

const schemes = {
  'api-key': 'api-key-header',
  'query-key': 'api-key-query',
  bearer: 'bearer',
  basic: 'basic',
}
for (const [integration, scheme] of Object.entries(schemes)) {
  test(`the provider recognises a ${integration} connection`, async () => {
    const me = await client(environment).connection(integration).proxy.get('/me')
    assert.equal(me.authenticatedBy, scheme)
  })
}

test('the SDK sends every method with its body', async () => {
  const { proxy } = client(environment).connection('api-key')
  for (const method of ['post', 'put', 'patch']) {
    const echo = await proxy[method]('/echo/things?x=1', { a: method })
    assert.equal(echo.method, method.toUpperCase())
    assert.equal(`${echo.path}?${echo.query}`, '/echo/things?x=1')
    assert.deepEqual(JSON.parse(echo.body), { a: method })
  }
  assert.equal((await proxy.get('/echo')).method, 'GET')
  assert.equal((await proxy.delete('/echo')).method, 'DELETE')
})

test('a connection is selected by its id, its integration id or its integration key', async () => {
  const connection = await client(environment).connection('api-key').get()
  for (const selector of [connection.id, connection.integrationId, 'api-key']) {
    assert.equal((await client(environment).connection(selector).proxy.get('/me')).id, 'ada')
  }
})

test('path and query arrive exactly as they were sent', async () => {
  for (const sent of [
    '/echo/a%2Fb//c/?x=%20y&x=2&empty=&flag',
    '/echo/%E2%82%AC?q=a+b',
    "/echo/a:b@c;d='e'?[x]={y}|z",
  ]) {
    const { json } = await through(sent)
    assert.equal(json.query === null ? json.path : `${json.path}?${json.query}`, sent)
  }
})

test('a full address on the declared host is fetched', async () => {
  const echo = await client(environment)
    .connection('api-key')
    .proxy.get(`${environment.provider.uri}/echo/full?x=1`)
  assert.equal(echo.path, '/echo/full')
  assert.ok(echo.headers.some(([name, value]) => name === 'x-api-key' && value === accepted.apiKey))
})

test('a full address on another host is refused with the line to add', async () => {
  const other = environment.provider.uri.replace('127.0.0.1', 'localhost')
  for (const address of [
    `${other}/me`,
    'https://other.example.com/v2/me',
    'http://127.0.0.1.other.example.com/',
  ]) {
    const attempt = client(environment).connection('api-key').proxy.get(address)
    await assert.rejects(attempt, (error) => {
      assert.ok(error instanceof IntegrationAppError, String(error))
      assert.match(JSON.stringify(error.data), /allowedHosts/)
      return true
    })
  }
})

test("the caller's token and address never reach the provider", async () => {
  const { json, status } = await through('/echo', {
    headers: {
      'x-forwarded-for': '203.0.113.9',
      'x-real-ip': '203.0.113.9',
      'x-request-id': 'r-1',
      'x-amzn-trace-id': 't-1',
      'x-kept': 'yes',
      cookie: 'a=1',
    },
  })
  assert.equal(status, 200)
  const headers = Object.fromEntries(json.headers)
  assert.equal(JSON.stringify(json).includes(token), false)
  for (const name of ['authorization', 'x-forwarded-for', 'x-real-ip', 'x-request-id', 'x-amzn-trace-id']) {
    assert.equal(headers[name], undefined, name)
  }
  assert.equal(headers['x-kept'], 'yes')
  assert.equal(headers.host, environment.provider.host)
})

test('headers of one hop stay on their hop, on the way there', async () => {
  const headers = {
    authorization: `Bearer ${token}`,
    connection: 'x-secret-hop, keep-alive',
    'x-secret-hop': '1',
    'keep-alive': 'timeout=9',
    te: 'trailers',
    'proxy-authorization': 'Basic eDp5',
    'proxy-connection': 'keep-alive',
  }
  const echo = await new Promise((resolve, reject) => {
    const request = nodeRequest(
      `${environment.uri}/connections/api-key/proxy/echo`,
      { headers },
      async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve(JSON.parse(text))
      },
    )
    request.on('error', reject).end()
  })
  const seen = Object.fromEntries(echo.headers)
  for (const name of ['x-secret-hop', 'keep-alive', 'proxy-authorization', 'proxy-connection']) {
    assert.equal(seen[name], undefined, name)
  }
})

test('headers of one hop stay on their hop, on the way back', async () => {
  const { headers, json } = await through('/hop')
  assert.deepEqual(json, { ok: true })
  assert.equal(headers['x-end-to-end'], '1')
  for (const name of ['x-hop', 'proxy-authenticate', 'proxy-connection', 'upgrade']) {
    assert.equal(headers[name], undefined, name)
  }
  assert.notEqual(headers['keep-alive'], 'timeout=5, max=7')
})

test('headers that come twice stay two', async () => {
  const { headers } = await through('/headers?set-cookie=a%3D1&set-cookie=b%3D2&x-one=1')
  assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2'])
  assert.equal(headers['x-one'], '1')
})

test("the provider's own refusals pass untouched", async () => {
  for (const status of [400, 404, 409, 418, 429, 500, 503]) {
    const response = await through(`/status/${status}`)
    assert.equal(response.status, status)
    assert.deepEqual(response.json, { status })
  }
  const attempt = client(environment).connection('api-key').proxy.get('/status/404')
  await assert.rejects(
    attempt,
    (error) => error.response?.status === 404 && error.response.data.status === 404,
  )
})

test('answers without a body, with an error inside, and in HTML pass untouched', async () => {
  assert.equal((await through('/status/204')).status, 204)
  assert.equal((await through('/status/304')).status, 304)
  assert.equal((await through('/error200')).json.error, 'invalid_auth')
  const page = await through('/html-error')
  assert.equal(page.status, 500)
  assert.match(page.text, /^<!doctype html>/)
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
})

test('redirects are not followed', async () => {
  const { status, headers } = await through('/redirect?to=https%3A%2F%2Felsewhere.example.com%2F')
  assert.equal(status, 302)
  assert.equal(headers.location, 'https://elsewhere.example.com/')
})

test('HEAD has the length and no body, and an unusual method passes', async () => {
  const head = await through('/bytes/1000', { method: 'HEAD' })
  assert.equal(head.headers['content-length'], '1000')
  assert.equal(head.text, '')
  assert.equal((await through('/echo', { method: 'PROPFIND' })).json.method, 'PROPFIND')
})

test('a provider that cannot be reached is a typed error', async () => {
  const lonely = await startEnvironment()
  try {
    await connect(lonely, 'api-key', { apiKey: accepted.apiKey })
    await lonely.provider.stop()
    const response = await http(lonely, 'GET', '/connections/api-key/proxy/me', { token })
    assert.equal(response.status, 502)
    assert.equal(response.json.type, 'connection')
    assert.equal(response.text.includes(accepted.apiKey), false)
  } finally {
    await lonely.stop()
  }
})

test('what was sent and stored is in no output of the server', () => {
  const output = environment.authbridge.output()
  for (const secret of [accepted.apiKey, accepted.bearerToken, accepted.password, token]) {
    assert.equal(output.includes(secret), false)
  }
})
