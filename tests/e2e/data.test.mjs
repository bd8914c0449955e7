// What is kept between two runs, and what is never written in the clear.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import {
  adminToken,
  client,
  connect,
  customerToken,
  spawnAuthbridge,
  startEnvironment,
  workspace,
} from './harness.mjs'
import { accepted } from './workspace.mjs'

const planted = 'planted-secret-of-the-customer-7f3a'

let environment
let connection
before(async () => {
  environment = await startEnvironment()
  connection = await connect(environment, 'api-key', { apiKey: accepted.apiKey })
  await connect(environment, 'basic', { username: accepted.username, password: accepted.password })
  await client(environment).self.patch({ credentials: { token: planted } })
})
after(() => environment?.stop())

test('secrets are in no file of the data directory and in no output', async () => {
  const { output } = environment.authbridge
  await environment.restart()
  const directory = join(environment.directory, 'data')
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  )
  assert.ok(files.length > 0)
  const contents = await Promise.all(
    files.map((file) => readFile(join(file.parentPath ?? file.path, file.name))),
  )
  const secrets = [accepted.apiKey, accepted.password, planted, workspace.secret]
  for (const secret of secrets) {
    for (const text of [secret, Buffer.from(secret).toString('base64').replaceAll('=', '')]) {
      const found = files.filter((_, index) => contents[index].includes(text)).map((file) => file.name)
      assert.deepEqual(found, [])
      assert.equal(output().includes(text) || environment.authbridge.output().includes(text), false)
    }
  }
})

test('connections survive a restart, with their credentials', async () => {
  await environment.restart()
  const user = client(environment)
  assert.equal((await user.connection('api-key').get()).id, connection.id)
  assert.equal((await user.connection('api-key').proxy.get('/me')).authenticatedBy, 'api-key-header')
  const admin = client(environment, adminToken())
  const { credentials } = await admin.connection(connection.id).get({ includeSecrets: true })
  assert.equal(credentials.apiKey, accepted.apiKey)
})

test(
  'a second server on the same data directory is refused, and the first goes on',
  { timeout: 30_000 },
  async () => {
    const second = await spawnAuthbridge(environment.directory)
    const [code] = await once(second.child, 'exit')
    assert.notEqual(code, 0)
    assert.match(second.output(), /data/i)
    assert.equal((await client(environment, customerToken()).self.get()).internalId, 'customer-42')
  },
)
