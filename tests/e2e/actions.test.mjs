// Actions and interfaces: the files of examples/contacts-api are validated and pushed in every layout, and the real SDKs
// run what they describe against a service that verifies the workspace's token.

import assert from 'node:assert/strict'
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { MembraneClient } from '@membranehq/sdk'

import {
  adminToken,
  cli,
  client,
  customerToken,
  http,
  sign,
  startEnvironment,
  workspace,
} from './harness.mjs'
import { startContactsService } from './contacts-service.mjs'

const EXAMPLE = fileURLToPath(new URL('../../examples/contacts-api', import.meta.url))
const INTERFACE = 'interfaces/contacts-api.yaml'

let environment
let service
before(async () => {
  service = await startContactsService(workspace)
  environment = await startEnvironment()
})
after(async () => {
  await environment?.stop()
  await service?.stop()
})

/** The example for the running service, with its interface at `path` of the directory that is pushed. */
async function example(name, path) {
  const directory = join(environment.directory, name)
  await rm(directory, { recursive: true, force: true })
  await cp(EXAMPLE, directory, { recursive: true })
  const from = join(directory, INTERFACE)
  const text = await readFile(from, 'utf8')
  // The editor's line is about the place in the examples.
  const lines = text.replaceAll('http://127.0.0.1:4800', service.uri).split('\n').slice(1)
  await writeFile(from, lines.join('\n'))
  await mkdir(dirname(join(directory, path)), { recursive: true })
  await rename(from, join(directory, path))
  return directory
}

async function run(...args) {
  const ended = await cli(environment, args).ended
  assert.equal(ended.code, 0, ended.stdout + ended.stderr)
  return ended.stdout
}

describe('the interface works wherever its file is', () => {
  const places = {
    'in interfaces/': 'interfaces/contacts-api.yaml',
    'at the root of the directory': 'contacts-api.yaml',
    'in membrane/interfaces/': 'membrane/interfaces/contacts-api.yaml',
  }
  for (const [where, path] of Object.entries(places)) {
    test(where, async () => {
      const directory = await example('membrane-files', path)
      await run('validate', directory, '--strict')
      await run('push', directory)
      const input = { email: `${encodeURIComponent(where)}@example.com` }
      const ran = await client(environment).connection('contacts-api').action('create-contact').run(input)
      assert.equal(ran.output.name, input.email)
      const again = JSON.parse(await run('push', directory, '--json'))
      assert.ok(JSON.stringify(again).includes('unchanged') && !JSON.stringify(again).includes('"changed"'))
      await http(environment, 'DELETE', '/interfaces/contacts-api', { token: adminToken() })
    })
  }
})

describe('with the interface pushed', () => {
  before(async () => {
    service.contacts.clear()
    await run('push', await example('membrane-files', INTERFACE))
  })

  test('the SDK runs, gets and lists the actions of a connection', async () => {
    const connection = client(environment).connection('contacts-api')
    const ran = await connection.action('create-contact').run({ email: 'ada@example.com', age: '36' })
    assert.deepEqual(ran.output, { id: 'c-1', name: 'ada@example.com', source: 'app' })
    const [contact] = service.contacts.get('customer-42').values()
    assert.equal(contact.age, 36, 'the input is cast')
    assert.equal(contact.plan, 'pro', 'the token carries the fields of the customer')
    const found = await connection.action('find-contacts').run({ email: 'ada@example.com' })
    assert.equal(found.output.contacts.length, 1)
    assert.equal((await connection.action('count-contacts').run()).output, 1)
    const invited = await connection.action('invite-contact').run({ id: 'c-1' })
    assert.deepEqual(invited.output, { invited: 'ada@example.com', by: 'customer-42' })

    const action = await connection.action('create-contact').get()
    assert.equal(action.key, 'create-contact')
    assert.ok(action.connectionId.startsWith('con_'))
    const keys = (await connection.actions.list()).items.map(({ key }) => key).sort()
    assert.deepEqual(keys, ['count-contacts', 'create-contact', 'find-contacts', 'invite-contact'])
    const ofOne = await connection.actions.list({ parentId: action.id })
    assert.deepEqual(ofOne.items.map(({ key }) => key), ['create-contact'])
    const instance = client(environment).actionInstance({ parentKey: 'count-contacts', integrationKey: 'contacts-api' })
    assert.equal((await instance.run()).output, 1)
    assert.equal((await instance.get()).key, 'count-contacts')
  })

  test('input that does not fit is refused field by field', async () => {
    const action = client(environment).connection('contacts-api').action('create-contact')
    await assert.rejects(action.run({ age: 'old' }), (error) => {
      const fields = error.data.data.fields.map(({ field }) => field).sort()
      assert.deepEqual(fields, ['age', 'email'])
      return true
    })
  })

  test('customers see their own contacts only', async () => {
    const other = client(environment, customerToken('customer-43'))
    assert.equal((await other.connection('contacts-api').action('count-contacts').run()).output, 0)
  })

  test('a connection has an action for itself: put, patch, reset, archive, and several by key', async () => {
    const connection = client(environment, customerToken('customer-44')).connection('contacts-api')
    const action = connection.action('create-contact')
    const input = { email: 'own@example.com' }
    const made = await action.create()
    assert.ok(made.id.startsWith('ain_'), made.id)
    assert.equal(made.isCustomized, false)
    const patched = await action.patch({ outputMapping: { status: { $var: 'output.status' } } })
    assert.equal(patched.id, made.id)
    assert.equal(patched.isCustomized, true)
    assert.deepEqual((await action.run(input)).output, { status: 201 })
    assert.equal((await action.get()).outputMapping.status.$var, 'output.status')
    const { inputSchema, type, config } = await connection.action('find-contacts').get()
    const second = connection.action('create-contact', { instanceKey: 'second' })
    await second.put({ inputSchema, type, config, outputMapping: { $var: 'actionInstance.instanceKey' } })
    assert.equal((await second.run({})).output, 'second')
    const instance = client(environment, customerToken('customer-44')).actionInstance({
      parentKey: 'create-contact',
      integrationKey: 'contacts-api',
      instanceKey: 'third',
      autoCreate: true,
    })
    assert.equal((await instance.get()).instanceKey, 'third')
    assert.equal((await instance.run(input)).output.name, input.email)
    const listed = (await connection.actions.list()).items.filter(({ key }) => key === 'create-contact')
    assert.deepEqual(listed.map(({ instanceKey }) => instanceKey).sort(), ['second', 'third', undefined])
    await action.setup()
    const reset = await action.reset()
    assert.equal(reset.isCustomized, false)
    assert.equal((await action.run(input)).output.name, input.email)
    await second.archive()
    await assert.rejects(second.get(), (error) => error.data.key === 'not_found')
    // Nobody else has it so, and code is the workspace owner's.
    const other = await client(environment).connection('contacts-api').action('create-contact').get()
    assert.ok(!('instanceKey' in other) && !other.id.startsWith('ain_'))
    const code = connection.action('invite-contact').patch({ config: { code: 'export default () => 1' } })
    await assert.rejects(code, (error) => error.data.key === 'access_denied')
  })

  test('the newer SDK runs an action by its key alone', async () => {
    const newer = new MembraneClient({ apiUri: environment.uri, token: customerToken() })
    const ran = await newer.action('find-contacts').run({}, { integrationKey: 'contacts-api' })
    assert.ok(Array.isArray(ran.output.contacts))
  })

  test('`act` runs an action, a request, and code of an admin', async () => {
    const act = async (token, body) => {
      const headers = { 'content-type': 'application/json' }
      return http(environment, 'POST', '/act?logs=1', { token, headers, body: JSON.stringify(body) })
    }
    const integrationKey = 'contacts-api'
    const byKey = await act(customerToken(), { key: 'count-contacts', integrationKey })
    assert.equal(byKey.status, 200, byKey.text)
    assert.ok(byKey.json.actionRunId)
    const request = await act(customerToken(), { api: { method: 'GET', path: '/nowhere' }, integrationKey })
    assert.equal(request.json.output.status, 404, 'a refusal is an output')
    const code = 'export default async ({ input, apiClient }) => { console.log("hi"); return (await apiClient.get("/contacts")).total + input.n }'
    const body = { code, input: { n: 1 }, integrationKey, customerId: 'customer-43' }
    const ran = await act(adminToken(), body)
    assert.equal(ran.json.output, 1, ran.text)
    assert.equal(ran.json._logs[0].message, 'hi')
    assert.equal((await act(customerToken(), body)).status, 403)
  })

  test('exposed actions are called with a customer token, or the token that a service got', async () => {
    const path = '/interfaces/contacts-api/actions/count-contacts'
    const post = (options) => http(environment, 'POST', path, options)
    assert.equal((await post({ token: customerToken() })).status, 200)
    const token = sign({ sub: 'customer-42', fields: {} }, { issuer: workspace.key, algorithm: 'HS256', expiresIn: 300 })
    const answered = await post({ headers: { 'x-integration-app-token': token } })
    assert.equal(answered.json.output, 1, answered.text)
    const forged = sign({ sub: 'customer-42' }, { issuer: workspace.key }, 'another-secret-of-somebody-else')
    assert.equal((await post({ headers: { 'x-integration-app-token': forged } })).status, 401)
    assert.equal((await post({})).status, 401)
  })
})

test('an action that nothing authenticates says what to add, to the SDK and to whoever validates', async () => {
  const directory = join(environment.directory, 'without-auth')
  const files = {
    'connectors/crm/spec.yml': 'key: crm\nname: CRM\nbaseUri: https://crm.example.com\nauth:\n  type: client-credentials\n  enabled: false\n  makeApiClient: {implementationType: mapping, mapping: {baseUri: https://crm.example.com}}\n',
    'integrations/crm/crm.yaml': 'name: CRM\nconnectorKey: crm\n',
    'integrations/crm/actions/find/find.yaml':
      'name: Find\ntype: api-request-to-external-app\nconfig: {request: {method: GET, path: /contacts}}\n',
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
  }
  const words = 'authentication not configured: action `find` of integration `crm`: all auth options of connector `crm` are disabled by `enabled`'
  const validated = await cli(environment, ['validate', directory]).ended
  assert.equal(validated.code, 1)
  assert.ok((validated.stdout + validated.stderr).includes(words), validated.stdout + validated.stderr)

  const elements = [
    { type: 'connectors', key: 'crm', files: { 'spec.yml': files['connectors/crm/spec.yml'] } },
    { type: 'integrations', key: 'crm', content: { connectorKey: 'crm' } },
    { type: 'actions', key: 'find', integrationKey: 'crm', content: { type: 'api-request-to-external-app', config: { request: { path: '/contacts' } } } },
  ]
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ elements })
  const pushed = await http(environment, 'POST', '/workspace/push', { token: adminToken(), headers, body })
  assert.equal(pushed.status, 200, pushed.text)
  await assert.rejects(client(environment).connection('crm').action('find').run({}), (error) => {
    assert.equal(error.data.type, 'configuration')
    assert.ok(error.data.message.startsWith(words), error.data.message)
    assert.equal(error.data.data.file, 'connectors/crm/spec.yml')
    assert.ok(error.data.data.fix.includes('remove `enabled`'))
    return true
  })
})
