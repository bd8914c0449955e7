// What every test file needs: the executable serving a workspace, a simulated provider behind it, and tokens.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

import { IntegrationAppClient } from '@integration-app/sdk'
import jsonwebtoken from 'jsonwebtoken'
import { Agent } from 'undici'

import { workspaceFiles } from './workspace.mjs'

export const workspace = { key: 'e2e-workspace', secret: 'a-workspace-secret-of-the-end-to-end-suite' }

// How long a process may take to start or to stop.
const PATIENCE = 20_000

const children = new Set()
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')))

/** Whatever happens to the test, `child` does not outlive it. */
export function endWithUs(child) {
  children.add(child)
  child.once('exit', () => children.delete(child))
}

/**
 * A provider and an Authbridge in front of it; `stop()` ends both, `restart(port)` only Authbridge, and starts it again,
 * on this port or a free one. `variables` are more
 * environment variables for the latter.
 */
export async function startEnvironment(variables = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'authbridge-e2e-'))
  const provider = await startProvider()
  const environment = { directory, provider }
  environment.restart = async (port) => {
    await environment.authbridge?.stop()
    environment.authbridge = await startAuthbridge(directory, variables, port)
    environment.uri = environment.authbridge.uri
  }
  environment.stop = async () => {
    try {
      await environment.authbridge?.stop()
    } finally {
      await provider.stop()
      await rm(directory, { recursive: true })
    }
  }
  try {
    await writeWorkspace(directory, provider.uri)
    await environment.restart()
    return environment
  } catch (error) {
    await environment.stop()
    throw error
  }
}

async function startProvider() {
  const executable = required('PROVIDER_BIN')
  const child = spawn(executable, ['--workspace-secret', workspace.secret], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const uri = line.replace('listening ', '')
  const stop = async () => {
    if (child.exitCode !== null) return
    const exited = once(child, 'exit')
    child.stdin.end()
    await exited
  }
  return { uri, host: new URL(uri).host, stop }
}

async function writeWorkspace(directory, providerUri) {
  for (const [name, text] of Object.entries(workspaceFiles(providerUri))) {
    const path = join(directory, 'workspace', name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

/** Starts `authbridge serve` on this port or a free one, and does not wait. */
export async function spawnAuthbridge(directory, variables = {}, port) {
  port ??= await freePort()
  const listen = ['--listen', `127.0.0.1:${port}`, '--data-dir', join(directory, 'data')]
  const child = spawn(
    required('AUTHBRIDGE_BIN'),
    ['serve', join(directory, 'workspace'), '--dev', ...listen],
    {
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        AUTHBRIDGE_WORKSPACE_KEY: workspace.key,
        AUTHBRIDGE_WORKSPACE_SECRET: workspace.secret,
        ...variables,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  endWithUs(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text))
  }
  return { child, uri: `http://127.0.0.1:${port}`, output: () => output }
}

async function startAuthbridge(directory, variables, port) {
  const { child, uri, output } = await spawnAuthbridge(directory, variables, port)
  try {
    await answering(uri, child)
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`${error.message}; it said:\n${output()}`)
  }
  return { uri, pid: child.pid, output, stop: () => stopAuthbridge(child, output) }
}

async function answering(uri, child) {
  const deadline = Date.now() + PATIENCE
  while (child.exitCode === null && Date.now() < deadline) {
    const healthy = await fetch(`${uri}/healthz`).then(
      (response) => response.ok,
      () => false,
    )
    if (healthy) return
    await pause(10)
  }
  throw new Error(
    child.exitCode === null ? 'authbridge does not answer' : `authbridge exited with ${child.exitCode}`,
  )
}

/** Asks it to stop; anything but a clean end is a failure. */
async function stopAuthbridge(child, output) {
  if (child.exitCode !== null) throw new Error(`authbridge had already exited; it said:\n${output()}`)
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
  const [code, signal] = await exited
  clearTimeout(timer)
  if (code !== 0) throw new Error(`authbridge ended with ${code ?? signal}; it said:\n${output()}`)
}

/**
 * Runs `authbridge` with `args` against the environment's server. `said(pattern)` waits for text on standard error,
 * `ended` gives exit code and output. `terminal` is a shell's command to run on a terminal instead.
 */
export function cli(environment, args, { variables = {}, input = '', terminal } = {}) {
  const [command, ...all] = terminal ? ['script', '-qec', terminal, '/dev/null'] : [required('AUTHBRIDGE_BIN'), ...args]
  const child = spawn(command, all, {
    env: {
      PATH: process.env.PATH,
      HOME: environment.directory,
      AUTHBRIDGE_URL: environment.uri,
      AUTHBRIDGE_WORKSPACE_KEY: workspace.key,
      AUTHBRIDGE_WORKSPACE_SECRET: workspace.secret,
      ...variables,
    },
  })
  endWithUs(child)
  const output = { stdout: '', stderr: '' }
  for (const name of Object.keys(output)) child[name].setEncoding('utf8').on('data', (text) => (output[name] += text))
  // A terminal is typed at; everything else reads what there is.
  if (!terminal) child.stdin.end(input)
  const ended = once(child, 'close').then(([code]) => ({ code, ...output }))
  const said = async (pattern) => {
    for (;;) {
      const found = pattern.exec(output.stderr)
      if (found) return found
      if (child.exitCode !== null) throw new Error(`it ended without ${pattern}: ${output.stdout}${output.stderr}`)
      await once(child.stderr, 'data', { signal: AbortSignal.timeout(PATIENCE) })
    }
  }
  return { child, ended, said }
}

export function required(name) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run the suite with \`cargo xtask e2e\``)
  return value
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** A token as the workspace's backend signs it for a customer. */
export function customerToken(id = 'customer-42', claims = {}, options = {}) {
  const payload = { id, name: 'Ada', fields: { plan: 'pro' }, ...claims }
  return sign(payload, { issuer: workspace.key, ...options })
}

export function adminToken(claims = { isAdmin: true }, options = {}) {
  return sign(claims, { issuer: workspace.key, ...options })
}

/** Signs anything; two hours and HS512 unless told otherwise. A value of `undefined` leaves an option out. */
export function sign(payload, options = {}, secret = workspace.secret) {
  const given = Object.entries({ expiresIn: 7200, algorithm: 'HS512', ...options })
  return jsonwebtoken.sign(
    payload,
    secret,
    Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  )
}

export function client(environment, token = customerToken()) {
  return new IntegrationAppClient({ apiUri: environment.uri, token })
}

const agent = new Agent()

/** One plain HTTP request with exactly this path; the body is read, and parsed when it is JSON. */
export async function http(environment, method, path, { token, headers = {}, ...options } = {}) {
  const authorization = token ? { authorization: `Bearer ${token}` } : {}
  const sent = {
    origin: environment.uri,
    path,
    method,
    headers: { ...authorization, ...headers },
    ...options,
  }
  const response = await agent.request(sent)
  const text = await response.body.text()
  const json = response.headers['content-type']?.includes('json') && text ? JSON.parse(text) : undefined
  return { status: response.statusCode, headers: response.headers, text, json }
}

/** Connects an account of `customer` through `integration`. */
export async function connect(environment, integration, input, token = customerToken()) {
  const body = JSON.stringify({ integrationKey: integration, name: `${integration} account`, input })
  const headers = { 'content-type': 'application/json' }
  const response = await http(environment, 'POST', '/connections', { token, headers, body })
  if (response.status >= 300) throw new Error(`not connected: ${response.status} ${response.text}`)
  return response.json
}

/** Highest resident memory of the server so far, in bytes. */
export async function peakMemory(environment) {
  const status = await readFile(`/proc/${environment.authbridge.pid}/status`, 'utf8')
  return Number(status.match(/VmHWM:\s+(\d+) kB/)[1]) * 1024
}
