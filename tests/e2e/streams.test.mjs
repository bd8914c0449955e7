// Bodies of any size and streams of any kind, through the proxy, with curl and a WebSocket client.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, test } from 'node:test'

import { WebSocket } from 'ws'

import { connect, customerToken, http, peakMemory, startEnvironment } from './harness.mjs'
import { accepted } from './workspace.mjs'

const MiB = 1 << 20
const GiB = 1 << 30

// The server's memory may not follow the size of what passes through it: this much more than after a first request
// is fine.
const MEMORY_GROWTH = 24 * MiB

let environment
let peakAtFirst
const token = customerToken()
const proxied = (path) => `/connections/api-key/proxy${path}`

before(async () => {
  environment = await startEnvironment()
  await connect(environment, 'api-key', { apiKey: accepted.apiKey })
  await curl('/bytes/1000000', [], { digest: true })
  peakAtFirst = await peakMemory(environment)
})
after(() => environment?.stop())

/** Runs curl; resolves to its standard output, or to the digest and length of it. */
async function curl(path, args = [], { input, digest = false } = {}) {
  const common = [
    '--silent',
    '--show-error',
    '--fail',
    '--max-time',
    '240',
    '-H',
    `Authorization: Bearer ${token}`,
  ]
  const child = spawn('curl', [...common, ...args, environment.uri + proxied(path)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const sending = input ? pipeline(input, child.stdin) : child.stdin.end()
  const hash = createHash('sha256')
  let length = 0
  const chunks = []
  for await (const chunk of child.stdout) {
    hash.update(chunk)
    length += chunk.length
    if (!digest) chunks.push(chunk)
  }
  await sending
  const [code] = await exited
  assert.equal(code, 0, 'curl failed')
  return digest ? { length, sha256: hash.digest('hex') } : Buffer.concat(chunks).toString()
}

/** The bytes of the provider's `/bytes/{n}`: offset modulo 251. */
function* pattern(length) {
  const block = Buffer.alloc(
    251 * 4096,
    Uint8Array.from({ length: 251 }, (_, value) => value),
  )
  for (let sent = 0; sent < length; sent += block.length)
    yield block.subarray(0, Math.min(block.length, length - sent))
}

function digestOf(length) {
  const hash = createHash('sha256')
  for (const block of pattern(length)) hash.update(block)
  return hash.digest('hex')
}

test('a download of 1 GiB is byte-exact, and memory stays flat', { timeout: 300_000 }, async () => {
  const received = await curl(`/bytes/${GiB}`, [], { digest: true })
  assert.deepEqual(received, { length: GiB, sha256: digestOf(GiB) })
  await memoryIsFlat()
})

test('an upload of 1 GiB in chunks is byte-exact, and memory stays flat', { timeout: 300_000 }, async () => {
  const answer = await curl('/sink', ['--request', 'POST', '--upload-file', '-'], {
    input: Readable.from(pattern(GiB)),
  })
  assert.deepEqual(JSON.parse(answer), { length: GiB, sha256: digestOf(GiB) })
  await memoryIsFlat()
})

test('an upload with a length is byte-exact', { timeout: 60_000 }, async () => {
  const length = 5 * MiB + 7
  const args = ['--request', 'PUT', '--data-binary', '@-', '-H', 'Content-Type: application/octet-stream']
  const answer = await curl('/echo', args, { input: Readable.from(pattern(length)) })
  const echo = JSON.parse(answer)
  assert.equal(echo.bodySha256, digestOf(length))
  const headers = Object.fromEntries(echo.headers)
  assert.equal(headers['content-length'], String(length))
  assert.equal(headers['transfer-encoding'], undefined)
})

test('a body goes there and back at the same time', { timeout: 60_000 }, async () => {
  const length = 20 * MiB
  const args = ['--request', 'POST', '--upload-file', '-', '-H', 'Expect:']
  const received = await curl('/mirror', args, { input: Readable.from(pattern(length)), digest: true })
  assert.deepEqual(received, { length, sha256: digestOf(length) })
})

test('a small form arrives as curl sent it', async () => {
  const echo = JSON.parse(await curl('/echo', ['--data-raw', 'q=a%20b%26c']))
  assert.equal(echo.body, 'q=a%20b%26c')
  assert.equal(Object.fromEntries(echo.headers)['content-type'], 'application/x-www-form-urlencoded')
})

// The second chunk comes after ten minutes: these pass only if the first is not held back.
for (const path of ['/sse?n=2&ms=600000', '/drip?n=2&ms=600000']) {
  test(`the beginning of ${path} arrives before its end exists`, { timeout: 20_000 }, async () => {
    const abort = new AbortController()
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(environment.uri + proxied(path), { headers, signal: abort.signal })
    assert.equal(response.status, 200)
    const { value } = await response.body.getReader().read()
    assert.match(new TextDecoder().decode(value), /^(id: 0\nevent: tick\n|chunk 0\n)/)
    abort.abort()
  })
}

test('Server-Sent Events keep their content type and all their events', async () => {
  const { headers, text } = await http(environment, 'GET', proxied('/sse?n=50'), { token })
  assert.match(headers['content-type'], /^text\/event-stream/)
  assert.equal(text.match(/^data: /gm).length, 50)
})

test('a WebSocket passes, with the credentials of the connection', { timeout: 20_000 }, async () => {
  const socket = await open('/ws?headers', ['one', 'two'])
  assert.equal(socket.protocol, 'one')
  const headers = Object.fromEntries(JSON.parse(await socket.next()))
  assert.equal(headers['x-api-key'], accepted.apiKey)
  assert.equal(headers.authorization, undefined)
  assert.equal(headers.host, environment.provider.host)

  socket.send('hello')
  assert.equal(String(await socket.next()), 'hello')
  const bytes = Buffer.concat([...pattern(MiB)])
  socket.send(bytes)
  assert.ok(bytes.equals(await socket.next()))
  await socket.closeWith(1000)
})

test('many WebSocket messages keep their order', { timeout: 20_000 }, async () => {
  const socket = await open('/ws')
  for (let number = 0; number < 500; number += 1) socket.send(`message ${number}`)
  for (let number = 0; number < 500; number += 1)
    assert.equal(String(await socket.next()), `message ${number}`)
  await socket.closeWith(1000)
})

test('a WebSocket without a token is refused', { timeout: 20_000 }, async () => {
  const socket = new WebSocket(environment.uri.replace('http', 'ws') + proxied('/ws'))
  const [error] = await once(socket, 'error')
  assert.match(error.message, /401/)
})

test('an upgrade that the provider refuses is an ordinary answer', { timeout: 20_000 }, async () => {
  const headers = { Authorization: `Bearer ${token}` }
  const socket = new WebSocket(environment.uri.replace('http', 'ws') + proxied('/status/404'), { headers })
  const [error] = await once(socket, 'error')
  assert.match(error.message, /404/)
})

test('the server is still well', async () => {
  assert.equal((await http(environment, 'GET', '/self', { token })).status, 200)
  await memoryIsFlat()
})

async function memoryIsFlat() {
  const growth = (await peakMemory(environment)) - peakAtFirst
  assert.ok(growth < MEMORY_GROWTH, `the peak grew by ${(growth / MiB).toFixed(1)} MiB`)
}

/** An open WebSocket whose messages are waited for with `next()`. */
async function open(path, protocols = []) {
  const headers = { Authorization: `Bearer ${token}` }
  const socket = new WebSocket(environment.uri.replace('http', 'ws') + proxied(path), protocols, { headers })
  const arrived = []
  const waiting = []
  socket.on('message', (data) => (waiting.length ? waiting.shift()(data) : arrived.push(data)))
  await once(socket, 'open')
  return {
    protocol: socket.protocol,
    send: (data) => socket.send(data),
    next: () =>
      arrived.length ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve)),
    closeWith: async (code) => {
      socket.close(code)
      const [closed] = await once(socket, 'close')
      assert.equal(closed, code)
    },
  }
}
