// Upstreams over TLS, without --dev: the certificate decides, and plain http is refused.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'

import { connect, customerToken, http, workspace } from './harness.mjs'

const run = promisify(execFile)
const token = customerToken()
let directory
let upstream

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'authbridge-tls-'))
  await certificates()
  const [key, cert] = await Promise.all(['server.key', 'server.pem'].map((name) => readFile(join(directory, name))))
  upstream = createServer({ key, cert }, (request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ url: request.url, key: request.headers['x-api-key'] }))
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const { port } = upstream.address()
  await connector('tls', `https://localhost:${port}/v1`)
  await connector('plain', `http://localhost:${port}/v1`)
})

after(async () => {
  upstream?.close()
  upstream?.closeAllConnections()
  await rm(directory, { recursive: true })
})

test('a certificate of a trusted authority is accepted', { timeout: 30_000 }, async () => {
  const environment = await serve({ SSL_CERT_FILE: join(directory, 'ca.pem') })
  try {
    await connect(environment, 'tls', { apiKey: 'k-1' })
    const answer = await http(environment, 'GET', '/connections/tls/proxy/things?a=1', { token })
    assert.deepEqual(answer.json, { url: '/v1/things?a=1', key: 'k-1' })
  } finally {
    await environment.stop()
  }
})

test('a certificate that nobody trusts is refused, and nothing is sent', { timeout: 30_000 }, async () => {
  const environment = await serve({ SSL_CERT_FILE: join(directory, 'other.pem') })
  try {
    await connect(environment, 'tls', { apiKey: 'k-1' })
    const answer = await http(environment, 'GET', '/connections/tls/proxy/things', { token })
    assert.equal(answer.status, 502)
    assert.equal(answer.json.type, 'connection')
  } finally {
    await environment.stop()
  }
})

test('an upstream on this machine is refused unless its network is allowed', { timeout: 30_000 }, async () => {
  const environment = await serve({ AUTHBRIDGE_ALLOW_NETWORK: '10.0.0.0/8' })
  try {
    for (const integration of ['tls', 'plain']) {
      await connect(environment, integration, { apiKey: 'k-1' })
      const path = `/connections/${integration}/proxy/things`
      const answer = await http(environment, 'GET', path, { token })
      assert.equal(answer.status, 403)
      assert.match(answer.json.message, /--allow-network/)
    }
  } finally {
    await environment.stop()
  }
})

/** A private authority, a certificate for localhost by it, and an authority that signed nothing. */
async function certificates() {
  const openssl = (...args) => run('openssl', args, { cwd: directory })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const authority = ['-addext', 'keyUsage=critical,keyCertSign']
  for (const name of ['ca', 'other']) {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
    await openssl('req', '-x509', ...newKey, ...files, '-subj', `/CN=${name}`, '-days', '2', ...authority)
  }
  await openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost')
  await writeFile(join(directory, 'extensions'), 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n')
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'extensions']
  await openssl('x509', '-req', '-in', 'server.csr', ...signing, '-out', 'server.pem', '-days', '2')
}

async function connector(key, baseUri) {
  const definition = {
    key,
    name: key,
    type: 'client-credentials',
    inputSchema: { type: 'object', properties: { apiKey: { type: 'string' } }, required: ['apiKey'] },
    makeApiClient: {
      type: 'mapping',
      mapping: { baseUri, headers: { 'X-Api-Key': { $var: 'credentials.apiKey' } } },
    },
  }
  const files = { [`connectors/${key}.json`]: definition, [`integrations/${key}.json`]: { key, connectorKey: key } }
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, 'workspace', name)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, JSON.stringify(content))
  }
}

/** The executable without --dev; this machine's own addresses are allowed unless `env` says otherwise. */
async function serve(env) {
  const data = await mkdtemp(join(directory, 'data-'))
  const args = ['serve', join(directory, 'workspace'), '--listen', '127.0.0.1:0', '--data-dir', data]
  const child = spawn(process.env.AUTHBRIDGE_BIN, args, {
    env: {
      PATH: process.env.PATH,
      AUTHBRIDGE_WORKSPACE_KEY: workspace.key,
      AUTHBRIDGE_WORKSPACE_SECRET: workspace.secret,
      AUTHBRIDGE_ALLOW_NETWORK: '127.0.0.0/8,::1/128',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout })) {
    const uri = line.match(/^listening on (http:\S+)/)?.[1]
    if (!uri) continue
    const stop = async () => {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    return { uri, stop }
  }
  throw new Error('authbridge did not start')
}
