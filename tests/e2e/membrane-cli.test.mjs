// @integration-app/membrane-cli 1.2.3, unmodified: a directory goes up, comes back, and what went up works.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { adminToken, client, connect, customerToken, endWithUs, http, startEnvironment, workspace } from './harness.mjs'
import { accepted } from './workspace.mjs'

const MEMBRANE = fileURLToPath(new URL('node_modules/@integration-app/membrane-cli/dist/index.js', import.meta.url))

/** Where the command looks for a connector: under its name and id, whatever the directory of its record. */
const CONNECTOR = 'Acme_source-connector'
const SPEC = `connectors/${CONNECTOR}/development/src/spec.yml`

let environment
let directory
before(async () => {
  environment = await startEnvironment()
  directory = join(environment.directory, 'cli')
  await write(directory, files(environment.provider.uri))
})
after(() => environment?.stop())

test('a directory is pushed, and pushed again without any change', async () => {
  await membrane(directory, 'init', '--key', workspace.key, '--secret', workspace.secret, '--api-uri', environment.uri)
  await membrane(directory, 'push')
  const pushed = await elements()
  const names = pushed.elements.map(({ type, key, integrationKey, version }) =>
    [type, integrationKey, key, version].filter(Boolean).join(' '),
  )
  for (const name of [
    'connectors acme',
    'connectors acme 1.0.0',
    'integrations acme',
    'integrations acme-pinned',
    'actions create-thing',
    'actions acme create-thing',
    'actions acme own',
    'flows sync',
    'flows acme sync',
    'data-sources things',
    'field-mappings things',
    'field-mappings acme things',
    'app-data-schemas thing',
    'app-event-types thing-created',
    'data-link-tables links',
  ]) {
    assert.ok(names.includes(name), `${name} is missing in ${names.join(', ')}`)
  }
  await membrane(directory, 'push')
  assert.deepEqual(await elements(), pushed)
})

test('levels and parents are as the files say', async () => {
  const customised = await get('/actions/create-thing?integrationKey=acme')
  const universal = await get('/actions/create-thing')
  assert.equal(customised.parentId, universal.id)
  assert.equal(customised.isCustomized, true)
  assert.equal(customised.config.request.path, '/acme/things')
  assert.equal(universal.config.request.path, '/things')
  assert.equal(universal.customMember, 'kept')
  const applied = await get('/integrations/acme/field-mappings/things')
  assert.equal(applied.isCustomized, false)
  assert.deepEqual(applied.appSchema, (await get('/field-mappings/things')).appSchema)
  const pinned = await get('/integrations/acme-pinned')
  assert.equal(pinned.connectorVersion, '1.0.0')
})

test('what was pushed connects and sends', async () => {
  for (const integration of ['acme', 'acme-pinned']) {
    await connect(environment, integration, { apiKey: accepted.apiKey })
    assert.equal((await me(integration)).authenticatedBy, 'api-key-header')
  }
  const acme = client(environment).connection('acme')
  assert.equal((await acme.action('own').run({})).output, 1)
  // The provider has no such path, and says so: it was asked with the integration's own version.
  await assert.rejects(acme.action('create-thing').run({ name: 'x' }), ({ data }) => data.data.response.status === 404)
})

test('what was pushed is pulled, with and without all connectors', async () => {
  for (const [name, options] of [['pulled', []], ['pulled-all', ['--all-connectors']]]) {
    const target = join(environment.directory, name)
    await mkdir(target)
    await membrane(target, 'init', '--key', workspace.key, '--secret', workspace.secret, '--api-uri', environment.uri)
    await membrane(target, 'pull', ...options)
    const read = (path) => readFile(join(target, 'membrane', path), 'utf8')
    assert.match(await read('actions/create-thing/create-thing.yaml'), /path: \/things/)
    assert.match(await read('actions/create-thing/acme/acme.yaml'), /path: \/acme\/things/)
    assert.match(await read('flows/sync/sync.yaml'), /api-trigger/)
    const connectors = await readdir(join(target, 'membrane/connectors'))
    const acme = connectors.find((name) => name.startsWith('Acme_'))
    const zip = await readFile(join(target, 'membrane/connectors', acme, '1.0.0/src.zip'))
    assert.equal(zip.subarray(0, 2).toString(), 'PK')
    await readFile(join(target, 'membrane/connectors', acme, 'development/src.zip'))
  }
})

test('what was pulled can be pushed', async () => {
  const { revision } = await elements()
  const target = join(environment.directory, 'pulled')
  await membrane(target, 'push')
  assert.equal((await elements()).revision, revision)
})

test('a saved file of a connector is live', async () => {
  const watching = start(directory, 'push', '--watch')
  try {
    await watching.said(/watch/i)
    const client = join(directory, 'membrane/connectors', CONNECTOR, 'development/src/auth/make-api-client.map.yml')
    await writeFile(client, `baseUri: ${environment.provider.uri}\nquery: {api_key: {$var: credentials.apiKey}}\n`)
    await until(async () => (await me('acme')).authenticatedBy === 'api-key-query')
    // The published version is what it was.
    assert.equal((await me('acme-pinned')).authenticatedBy, 'api-key-header')
    const extra = join(dirname(client), 'extra.md')
    await writeFile(extra, 'Notes')
    await until(async () => (await development())['auth/extra.md'] === 'Notes')
    await rm(extra)
    await until(async () => !('auth/extra.md' in (await development())))
  } finally {
    watching.child.kill('SIGKILL')
  }
})

test('an error of the server ends the push with its message', async () => {
  const target = join(environment.directory, 'broken')
  const spec = files(environment.provider.uri)[SPEC]
  const broken = spec.replace('client-credentials', 'client-credential')
  const both = { ...files(environment.provider.uri), [SPEC]: broken }
  await write(target, both)
  await membrane(target, 'init', '--key', workspace.key, '--secret', workspace.secret, '--api-uri', environment.uri)
  const { code, output } = await start(target, 'push').ended
  assert.equal(code, 1)
  assert.match(output, /client-credential/)
})

async function me(integration) {
  const { json, text } = await http(environment, 'GET', `/connections/${integration}/proxy/me`, { token: customerToken() })
  assert.ok(json, text)
  return json
}

async function development() {
  const { elements: all } = await elements()
  return all.find(({ type, key, version }) => type === 'connectors' && key === 'acme' && !version).files
}

const elements = () => get('/workspace/elements')

async function get(path) {
  const { status, json, text } = await http(environment, 'GET', path, { token: adminToken() })
  assert.equal(status, 200, text)
  return json
}

/** Runs the command to its end, which must be a good one. */
async function membrane(cwd, ...args) {
  const { code, output } = await start(cwd, ...args).ended
  assert.equal(code, 0, `membrane ${args.join(' ')} ended with ${code}:\n${output}`)
  return output
}

function start(cwd, ...args) {
  const child = spawn(process.execPath, [MEMBRANE, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  endWithUs(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const ended = once(child, 'close').then(([code]) => ({ code, output }))
  const said = (pattern) => until(() => pattern.test(output), () => output)
  return { child, ended, said }
}

async function until(condition, explain = () => '') {
  const deadline = Date.now() + 20_000
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `it did not happen: ${explain()}`)
    await pause(25)
  }
}

async function write(target, all) {
  for (const [name, text] of Object.entries(all)) {
    const path = join(target, 'membrane', name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

function files(providerUri) {
  const auth = `auth:
  type: client-credentials
  ui:
    schema:
      type: object
      properties:
        apiKey: {type: string, title: API key}
      required: [apiKey]
  makeApiClient: {implementationType: mapping}
  test: {implementationType: rest-api-mapping}
`
  const version = (name) => ({
    [`connectors/${CONNECTOR}/${name}/src/spec.yml`]: auth,
    [`connectors/${CONNECTOR}/${name}/src/auth/make-api-client.map.yml`]: `baseUri: ${providerUri}
headers: {X-Api-Key: {$var: credentials.apiKey}}
`,
    [`connectors/${CONNECTOR}/${name}/src/auth/test.rest.yml`]: 'path: /me\nmethod: GET\n',
  })
  const action = (path, more = '') => `key: create-thing
name: Create thing
type: api-request-to-external-app
inputSchema: {type: object, properties: {name: {type: string}}}
config:
  request: {method: POST, path: ${path}}
${more}`
  return {
    [`connectors/${CONNECTOR}/${CONNECTOR}.yml`]: `id: source-connector
uuid: 8e0a4b66-9c1f-4f0e-8f0c-6a4f4d6f2d11
key: acme
name: Acme
${auth}`,
    ...version('development'),
    ...version('1.0.0'),
    'integrations/acme/acme.yaml': 'key: acme\nname: Acme\nconnectorId: source-connector\n',
    'integrations/acme-pinned/acme-pinned.yaml':
      'key: acme-pinned\nname: Acme, pinned\nconnectorId: source-connector\nconnectorVersion: 1.0.0\n',
    // One without a connector: its `connectorId` is undefined, and the command asks for a connector of that name.
    'integrations/bare/bare.yaml': 'key: bare\nname: Bare\n',
    'actions/create-thing/create-thing.yaml': action('/things', 'customMember: kept\n'),
    'integrations/acme/actions/create-thing/create-thing.yaml': action(
      '/acme/things',
      'parentId: of-another-workspace\nisCustomized: true\n',
    ),
    'integrations/acme/actions/own/own.yaml':
      'key: own\nname: Own\ntype: run-javascript\nconfig: {code: "export default () => 1"}\n',
    'flows/sync/sync.yaml':
      'key: sync\nname: Sync\nnodes:\n  trigger: {type: api-trigger, links: [{key: next}]}\n  next: {type: run-javascript}\n',
    'integrations/acme/flows/sync/sync.yaml':
      'key: sync\nname: Sync\nuniversalFlowId: of-another-workspace\nnodes: {}\n',
    'data-sources/things/things.yaml': 'key: things\nname: Things\ncollectionKey: things\n',
    'field-mappings/things/things.yaml':
      'key: things\nname: Things\nappSchema: {type: object}\ndefaultImportValue: {name: {$var: $.title}}\n',
    'integrations/acme/field-mappings/things/things.yaml':
      'key: things\nname: Things\nuniversalFieldMappingId: of-another-workspace\n',
    'app-data-schemas/thing/thing.yaml': 'key: thing\nname: Thing\nschema: {type: object}\n',
    'app-event-types/thing-created/thing-created.yaml': 'key: thing-created\nname: Thing created\nschema: {type: object}\n',
    'data-link-tables/links/links.yaml': 'key: links\nname: Links\n',
  }
}
