// A provider of OAuth 1.0a that is not ours: oauth1_server.py, where PyPI `oauthlib` issues tokens and verifies.

import { execFile, spawn } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { endWithUs } from './harness.mjs'

const path = (name) => fileURLToPath(new URL(name, import.meta.url))
const run = promisify(execFile)

/** A consumer whose secret has to be escaped, and one whose secret need not: oauthlib unescapes PLAINTEXT twice. */
export const consumer = { key: 'consumer0123456789consumer', secret: 'a secret & 50% more/=+ü' }
const plainConsumer = { key: 'plain0123456789plain012345', secret: 'simple-secret_1.2~3' }
/** The consumer that can sign by `method`. */
export const consumerOf = (method) => (method === 'PLAINTEXT' ? plainConsumer : consumer)

/** What the provider's own pages issued. */
export const issuedToken = { token: 'issued0123456789issued01', secret: 'its & secret' }

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })

/**
 * Starts it. `control(change)` sets what is to go wrong (`skew`, `tolerance`, `says`, `denial`; `forget` empties the
 * log) and tells the log of requests.
 */
export async function startOAuth1Server({ longestNonce = 30 } = {}) {
  const child = spawn(await python(), [path('oauth1_server.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
  endWithUs(child)
  const settings = {
    consumers: { [consumer.key]: consumer.secret, [plainConsumer.key]: plainConsumer.secret },
    tokens: { [issuedToken.token]: issuedToken.secret },
    publicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }),
    longestNonce,
  }
  child.stdin.write(`${JSON.stringify(settings)}\n`)
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const uri = line.replace('listening ', '')
  const control = async (change = {}) => {
    const response = await fetch(`${uri}/control`, { method: 'POST', body: JSON.stringify(change) })
    return response.json()
  }
  const stop = async () => {
    const exited = once(child, 'exit')
    child.stdin.end()
    await exited
  }
  return { uri, control, stop }
}

/** A Python with the pinned packages, in a directory of its own that later runs find again. */
async function python() {
  const requirements = path('oauth1-requirements.txt')
  const digest = createHash('sha256').update(await readFile(requirements)).digest('hex').slice(0, 16)
  const directory = path(`node_modules/.cache/oauth1-${digest}`)
  const executable = `${directory}/bin/python`
  const isThere = await stat(`${directory}/complete`).then(() => true, () => false)
  if (isThere) return executable
  await rm(directory, { recursive: true, force: true })
  await run('python3', ['-m', 'venv', directory])
  await run(executable, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--requirement', requirements])
  await writeFile(`${directory}/complete`, '')
  return executable
}
