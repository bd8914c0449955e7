// OAuth 1.0a: requests of every kind, by every method and in every place, verified by a library that is not ours.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, before, beforeEach, test } from 'node:test'

import { peakMemory } from './harness.mjs'
import { form, json, methods, sorted, startBench } from './oauth1-flows.mjs'
import { consumerOf } from './oauth1-server.mjs'

const placements = ['header', 'query', 'body']
const MiB = 1 << 20

let bench
before(async () => {
  bench = await startBench()
  await bench.install('oauth1')
})
after(async () => {
  await bench?.stop()
})
beforeEach(() => bench.reset())

/** Queries that are hard to sign, and what the provider makes of them. */
const queries = [
  ['', []],
  ['?', []],
  ['?a=1&a=2&a=10&a=', [['a', '1'], ['a', '2'], ['a', '10'], ['a', '']]],
  ['?empty=&flag', [['empty', ''], ['flag', '']]],
  ['?b5=%3D%253D&c%40=&a2=r%20b&a3=2+q', [['b5', '=%3D'], ['c@', ''], ['a2', 'r b'], ['a3', '2 q']]],
  ['?lower=%c3%bc&upper=%E2%98%83&wide=%F0%9F%8E%89', [['lower', 'ü'], ['upper', '☃'], ['wide', '🎉']]],
  ["?marks=~-._!*'()&slash=a/b?c:d@e,f", [['marks', "~-._!*'()"], ['slash', 'a/b?c:d@e,f']]],
  ['?plus=%2B&amp=%26&semicolon=a;b', [['plus', '+'], ['amp', '&'], ['semicolon', 'a;b']]],
  ['?a=%21&A=1&a1=0&a%2D1=z', [['a', '!'], ['A', '1'], ['a1', '0'], ['a-1', 'z']]],
]

/** Whatever a request may look like, the provider verifies it, and sees what was sent. */
async function checkRequests(connection, customer, method, placement) {
  const check = async (verb, path, expected, options, where = placement) => {
    const echo = await bench.verified(connection, customer, verb, path, options)
    const what = `${method} in the ${placement}: ${verb} ${path} ${options?.body ?? ''}`
    assert.equal(echo.placement, where, what)
    assert.equal(echo.signatureMethod, method, what)
    assert.deepEqual(sorted(echo.parameters), sorted(expected), what)
    return echo
  }
  // Only forms can hold the parameters in the body; other requests have the header field.
  const elsewhere = placement === 'body' ? 'header' : placement
  for (const [query, expected] of queries) await check('GET', `/things${query}`, expected, {}, elsewhere)
  for (const [query, expected] of queries) {
    if (query.slice(1)) await check('POST', '/things', expected, form(query.slice(1)))
    await check('PUT', `/things${query}`, [...expected, ['f', 'ö 1']], form('f=%C3%B6+1'))
  }
  await check('DELETE', '/things/1?a=1', [['a', '1']], {}, elsewhere)
  await check('GET', "/a%20path//with%2Fslash/~%7e%C3%BC/;b=c/d,e:f@g!$&'()*+=", [], {}, elsewhere)
  await check('GET', '/things?q=%7Bjson%7D&d%5B%5D=1&&e=1&', [['q', '{json}'], ['d[]', '1'], ['e', '1']], {}, elsewhere)
  if (placement !== 'body') await check('POST', '/things', [], {})
  const echo = await check('PATCH', '/things?q=1', [['q', '1']], json({ name: 'Grüße' }), elsewhere)
  assert.deepEqual(JSON.parse(echo.body), { name: 'Grüße' })
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' }
  await check('POST', '/things', [['f', '1 2']], { headers, body: Readable.from(['f=', '1+2']) })
  const streamed = { headers: { 'content-type': 'application/octet-stream' }, body: Readable.from(['a=', '1']) }
  assert.equal((await check('PUT', '/things?a=1', [['a', '1']], streamed, elsewhere)).body, 'a=1')
}

for (const placement of placements) {
  for (const method of methods) {
    test(`${method} in the ${placement}: tokens, the test, and whatever is requested`, async () => {
      const key = `${method}-${placement}`.toLowerCase()
      const config = { signatureMethod: method, parameterTransmission: placement }
      await bench.install(key, config, { whose: consumerOf(method) })
      const connection = await bench.connected(key, 'ada')
      for (const path of ['/request-token', '/access-token', '/api/me']) {
        assert.deepEqual((await bench.asked(path)).map(({ status }) => status), [200], path)
      }
      await checkRequests(connection, 'ada', method, placement)
    })
  }
}

for (const method of methods) {
  test(`bodies with a hash: ${method}`, async () => {
    const key = `hashed-${method.toLowerCase()}`
    await bench.install(key, { signatureMethod: method, bodyHash: true }, { whose: consumerOf(method) })
    const connection = await bench.connected(key, 'hugo')
    const isHashed = method !== 'PLAINTEXT'
    const echo = await bench.verified(connection, 'hugo', 'POST', '/things?a=1', json({ name: 'Grüße' }))
    assert.equal(echo.hadBodyHash, isHashed)
    assert.equal((await bench.verified(connection, 'hugo', 'GET', '/things')).hadBodyHash, isHashed)
    assert.equal((await bench.verified(connection, 'hugo', 'POST', '/things', form('a=1'))).hadBodyHash, false)
    const large = { headers: { 'content-type': 'text/plain' }, body: Readable.from(Array(50).fill('x'.repeat(20_000))) }
    assert.equal((await bench.verified(connection, 'hugo', 'PUT', '/things', large)).length, 1_000_000)
  })
}

test('a large body that is no form is streamed, and verified', { timeout: 120_000 }, async () => {
  const connection = await bench.connected('oauth1', 'lara')
  await upload(connection, MiB)
  const before = await peakMemory(bench.environment)
  await upload(connection, 128 * MiB)
  const growth = (await peakMemory(bench.environment)) - before
  assert.ok(growth < 24 * MiB, `the peak grew by ${(growth / MiB).toFixed(1)} MiB`)
})

async function upload(connection, length) {
  const block = Buffer.alloc(64 * 1024, 'signed')
  const digest = createHash('sha256')
  const blocks = function* () {
    for (let sent = 0; sent < length; sent += block.length) {
      digest.update(block)
      yield block
    }
  }
  const body = Readable.from(blocks())
  const headers = { 'content-type': 'application/octet-stream' }
  const echo = await bench.verified(connection, 'lara', 'POST', '/upload?a=1', { headers, body })
  assert.equal(echo.length, length)
  assert.equal(echo.sha256, digest.digest('hex'))
}

test('a large form is refused, and not sent unsigned', async () => {
  const connection = await bench.connected('oauth1', 'lena')
  const response = await bench.proxied(connection, 'lena', 'POST', '/upload', form(`a=${'x'.repeat(64 * MiB)}`))
  assert.equal(response.status, 413, response.text)
  assert.deepEqual(await bench.asked('/api/upload'), [])
})

test('parameters that only a signature may add are refused, and not sent', async () => {
  const connection = await bench.connected('oauth1', 'olaf')
  const response = await bench.proxied(connection, 'olaf', 'GET', '/things?oauth_token=mine')
  assert.equal(response.status, 400, response.text)
  assert.match(response.text, /oauth_token/)
  assert.deepEqual(await bench.asked('/api/things'), [])
})

test('requests that are made at once have nonces of their own', async () => {
  const connection = await bench.connected('oauth1', 'nina')
  const get = () => bench.proxied(connection, 'nina', 'GET', '/things')
  const answers = await Promise.all(Array.from({ length: 64 }, get))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
})

test('what the provider refuses is passed on as it says it', async () => {
  const connection = await bench.connected('oauth1', 'nora')
  const response = await bench.proxied(connection, 'nora', 'GET', '/forbidden')
  assert.equal(response.status, 401)
  assert.match(response.headers['www-authenticate'], /oauth_problem="permission_denied"/)
  assert.equal((await bench.asked('/api/forbidden')).length, 1)
})
