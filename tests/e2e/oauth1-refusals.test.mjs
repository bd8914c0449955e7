// OAuth 1.0a: refusals that say nothing of a connection, clocks that differ, and what is easily forgotten.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'

import { mapping } from './flows.mjs'
import { adminToken, client, connect, customerToken } from './harness.mjs'
import { form, startBench } from './oauth1-flows.mjs'
import { issuedToken, startOAuth1Server } from './oauth1-server.mjs'

let bench
before(async () => (bench = await startBench()))
after(() => bench?.stop())

for (const [name, options] of [['nothing', {}], ['an empty form', form('')]]) {
  test(`POST of ${name}, parameters in the body: they arrive`, async () => {
    const key = `empty-${name.length}`
    await bench.install(key, { parameterTransmission: 'body' })
    const connection = await bench.connected(key, 'ada')
    assert.equal((await bench.verified(connection, 'ada', 'POST', '/things', options)).placement, 'body')
  })
}

/** A connection by a token, of which the provider then does what `knobs` say. */
async function withProvider(key, knobs, use, { config = {} } = {}) {
  const provider = await startOAuth1Server()
  try {
    const token = { flow: 'token', token: issuedToken.token, tokenSecret: issuedToken.secret }
    await bench.install(key, { ...token, ...config }, { provider, members: { test: undefined } })
    const connection = await connect(bench.environment, key, {}, customerToken('ada'))
    await provider.control({ ...knobs, forget: true })
    await use(connection, provider)
  } finally {
    await provider.stop()
  }
}

const stateOf = async ({ id }) => {
  const { state, error } = await client(bench.environment, customerToken('ada')).get(`/connections/${id}`)
  return `${state} ${error?.message ?? ''}`.trim()
}
const chunked = () => ({ headers: { 'content-type': 'text/plain' }, body: Readable.from(['a', 'b']) })

test('a 401 leaves a connection alone whose tokens do not end', () =>
  withProvider('d2', {}, async (connection) => {
    await bench.verified(connection, 'ada', 'GET', '/things')
    assert.equal((await bench.proxied(connection, 'ada', 'GET', '/forbidden')).status, 401)
    assert.equal(await stateOf(connection), 'READY')
    await bench.verified(connection, 'ada', 'GET', '/things')
  }))

test('the same of a two-legged connection, which nobody can connect again', () =>
  withProvider('d2-two', {}, async (connection) => {
    assert.equal((await bench.proxied(connection, 'ada', 'GET', '/forbidden')).status, 401)
    assert.equal(await stateOf(connection), 'READY')
  }, { config: { flow: 'two-legged', token: null, tokenSecret: null } }))

test('a clock that was learnt is learnt anew when the provider sets it right', () =>
  withProvider('d3', { skew: 600 }, async (connection, provider) => {
    await bench.verified(connection, 'ada', 'GET', '/things')
    await provider.control({ skew: 0 })
    await bench.verified(connection, 'ada', 'GET', '/things')
  }))

test('a request that is streamed teaches the clock for the next one', () =>
  withProvider('d4', { skew: 600 }, async (connection, provider) => {
    const other = await connect(bench.environment, 'd4', {}, customerToken('bob'))
    const response = await bench.proxied(connection, 'ada', 'POST', '/things', chunked())
    assert.equal(response.status, 401)
    await bench.verified(other, 'bob', 'GET', '/other')
    const { log } = await provider.control()
    assert.deepEqual(log.map(({ path, status }) => `${status} ${path}`), ['401 /api/things', '200 /api/other'])
  }))

for (const [name, hook] of [
  ['getCredentialsFromAccessTokenResponse', { account: { $var: 'tokenResponse.user_name' } }],
  ['getCredentialsFromConnectionParameters', { account: 'ada' }],
]) {
  test(`${name} runs`, async () => {
    await bench.install(`d6-${name}`, {}, { members: { [name]: mapping(hook) } })
    const { id } = await bench.connected(`d6-${name}`, 'ada')
    const { credentials } = await client(bench.environment, adminToken()).connection(id).get({ includeSecrets: true })
    assert.equal(credentials.account, 'ada')
  })
}

test('nonces are as long as oauthlib takes them by default', () =>
  withProvider('d7', {}, (connection) => bench.verified(connection, 'ada', 'GET', '/things')))
