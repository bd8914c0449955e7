// `authbridge connect`: the executable, a browser, and an authorization server.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { install, mapping, oauth2Connector, oidcConnector, until } from './flows.mjs'
import { cli, client, customerToken, required, startEnvironment } from './harness.mjs'
import { Browser, startIssuer } from './oidc.mjs'
import { accepted } from './workspace.mjs'

let environment
let issuer
before(async () => {
  environment = await startEnvironment()
  issuer = await startIssuer(`${environment.uri}/oauth-callback`)
  await install(environment, oidcConnector('oidc', issuer.uri), issuer)
  const machine = { issuer: issuer.uri, grantType: 'client_credentials' }
  await install(environment, oauth2Connector('machine', issuer.uri, machine, { test: mapping({}) }), issuer)
})
after(async () => {
  await environment?.stop()
  await issuer?.stop()
})

const start = (args, options) => cli(environment, ['connect', ...args], options)
const run = (args, options) => start(args, options).ended

/** The page that the command serves, taken through the external app by `user`. */
const visit = (url, user, browser = new Browser()) => browser.go(url, {}, { login: user, password: 'any' })

/** The URL that the command prints when it opens no browser. */
const printed = async (command) => (await command.said(/^(http\S+)\n/m))[1]

test('a browser opens, the user consents, the connection is printed', async () => {
  // What opens URLs on a desktop, as far as the executable can tell.
  const bin = join(environment.directory, 'bin')
  const opened = join(environment.directory, 'opened')
  await mkdir(bin)
  await writeFile(join(bin, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > ${opened}\n`, { mode: 0o755 })
  const variables = { DISPLAY: ':0', PATH: `${bin}:${process.env.PATH}` }
  const command = start(['oidc', '--customer', 'ada'], { variables })
  await command.said(/a browser opens/)
  const url = await until(() => readFile(opened, 'utf8').catch(() => ''))
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}$/)
  const page = await visit(url, 'ada')
  assert.match(page.text, /Connected/)
  assert.match(page.url.href, /\/oauth-callback\?/)
  const { code, stdout, stderr } = await command.ended
  assert.equal(code, 0, stderr)
  for (const row of [/^id +con_/m, /^customer +ada$/m, /^integration +oidc$/m, /^state +READY$/m]) assert.match(stdout, row)
  assert.doesNotMatch(stdout + stderr + url, /eyJ/, 'no token is shown')
  assert.equal((await client(environment, customerToken('ada')).connection('oidc').proxy.get('/me')).sub, 'ada')
})

test('without a desktop the URL is printed, and works once', async () => {
  const command = start(['oidc', '--customer', 'bob', '--json'])
  const url = await printed(command)
  const page = await fetch(url)
  assert.match(page.headers.get('content-security-policy'), /default-src 'none'/)
  assert.equal(page.headers.get('cache-control'), 'no-store')
  assert.equal((await fetch(url)).status, 410)
  assert.equal((await fetch(new URL('/favicon.ico', url))).status, 404)
  command.child.kill('SIGINT')
  const { code, stdout } = await command.ended
  assert.equal(code, 1)
  assert.match(JSON.parse(stdout).message, /interrupted/)
})

test('a link of the server works in a browser anywhere, and holds no secret input', async () => {
  const command = start(['oidc', '--customer', 'carol', '--link', '--json', '--name', 'Mine & yours'])
  const url = await printed(command)
  assert.ok(url.startsWith(`${environment.uri}/connect?`))
  await visit(url, 'carol')
  const { code, stdout, stderr } = await command.ended
  assert.equal(code, 0, stdout + stderr)
  assert.equal(JSON.parse(stdout).name, 'Mine & yours')
  const refused = await run(['api-key', '--customer', 'carol', '--link', '-i', 'apiKey=k'])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /the secret `apiKey` would stand in a URL/)
  const variables = { AUTHBRIDGE_TOKEN: customerToken('carol') }
  const given = await run(['oidc', '--link'], { variables })
  assert.equal(given.code, 2)
  assert.match(given.stderr, /a ready-made token would stand in a URL/)
})

test('a reconnect keeps the id, and needs no customer to be named', async () => {
  const ada = client(environment, customerToken('ada'))
  const { id } = await ada.get('/connections/oidc')
  const command = start(['--connection', id, '--no-browser', '--json', '--custom-state', 'mine'])
  const url = await printed(command)
  const page = await visit(url, 'ada')
  assert.match(page.url.searchParams.get('state'), /^[\w-]{43}:mine$/)
  const { stdout } = await command.ended
  assert.equal(JSON.parse(stdout).id, id)
  const other = await run(['api-key', '--connection', id])
  assert.equal(other.code, 2)
  assert.match(other.stderr, /is through `oidc`, not `api-key`/)
})

test('with a token of the customer nothing else is needed', async () => {
  const variables = { AUTHBRIDGE_TOKEN: customerToken('olga'), AUTHBRIDGE_WORKSPACE_SECRET: '' }
  const command = start(['oidc', '--json'], { variables })
  await visit(await printed(command), 'olga')
  const { code, stdout } = await command.ended
  assert.equal(code, 0, stdout)
})

test('connector parameters of one connection are given by an admin', async () => {
  const parameters = JSON.stringify({ clientId: 'nobody', clientSecret: 'nothing' })
  const args = ['machine', '--customer', 'erin', '--connector-parameters', parameters]
  const { code, stderr } = await run(args)
  assert.equal(code, 1)
  assert.match(stderr, /invalid_client/)
  assert.match(stderr, /hint: whoever runs this workspace/)
})

test('a failure says who can act', async () => {
  const command = start(['oidc', '--customer', 'dave'])
  const url = await printed(command)
  const away = new URL((await submitted(url)).headers.get('location'))
  const back = new URL(`${environment.uri}/oauth-callback`)
  back.search = new URLSearchParams({ state: away.searchParams.get('state'), code: 'c', iss: issuer.uri })
  await fetch(back)
  const { code, stderr } = await command.ended
  assert.equal(code, 1)
  assert.match(stderr, /error: the answer came from another browser/)
  assert.match(stderr, /hint: nothing was kept/)
})

/** The server's answer to the form of the page at `url`. */
async function submitted(url) {
  const text = await (await fetch(url)).text()
  const payload = /name="payload" value="([^"]*)"/.exec(text)[1].replaceAll('&quot;', '"')
  return fetch(`${environment.uri}/connect`, {
    method: 'POST',
    body: new URLSearchParams({ payload }),
    redirect: 'manual',
  })
}

test('types that need no browser are connected at once', async () => {
  const given = await run(['api-key', '--customer', 'erin', '-i', `apiKey=${accepted.apiKey}`])
  assert.equal(given.code, 0, given.stderr)
  assert.match(given.stdout, /READY/)
  const fromFile = await run(['basic', '--customer', 'erin', '--input-file', '-', '--json'], {
    input: JSON.stringify({ username: accepted.username, password: accepted.password }),
  })
  assert.equal(JSON.parse(fromFile.stdout).state, 'READY', fromFile.stderr)
  for (const integration of ['integration-app-token', 'machine']) {
    const connected = await run([integration, '--customer', 'erin', '--json'])
    assert.equal(connected.code, 0, connected.stdout + connected.stderr)
    assert.equal(JSON.parse(connected.stdout).state, 'READY')
  }
})

test('what is missing or wrong is named', async () => {
  const missing = await run(['basic', '--customer', 'frank'])
  assert.equal(missing.code, 2)
  assert.match(missing.stderr, /`username`, `password` are missing/)
  assert.match(missing.stderr, /-i username=…/)
  const unknown = await run(['basic', '--customer', 'frank', '-i', 'user=x'])
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /it asks for `username`, `password`/)
  const wrong = await run(['api-key', '--customer', 'frank', '-i', 'apiKey=wrong'])
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /hint: the account's owner/)
  const nobody = await run(['api-key', '-i', 'apiKey=k'])
  assert.equal(nobody.code, 2)
  assert.match(nobody.stderr, /whose account is it/)
  const nothing = await run(['nothing', '--customer', 'frank'])
  assert.equal(nothing.code, 1)
  assert.match(nothing.stderr, /Integration not found: nothing/)
  const away = await run(['api-key', '--customer', 'frank'], { variables: { AUTHBRIDGE_URL: 'http://127.0.0.1:1' } })
  assert.equal(away.code, 3)
})

test('a user who never comes is waited for as long as was said', async () => {
  const { code, stderr } = await run(['oidc', '--customer', 'grace', '--timeout', '300ms', '--no-browser'])
  assert.equal(code, 1)
  assert.match(stderr, /nothing was heard from the browser/)
})

test('on a terminal it is asked for what is missing, and a secret is not shown', async () => {
  const connect = `${required('AUTHBRIDGE_BIN')} connect basic --customer heidi`
  const terminal = cli(environment, [], { terminal: connect })
  const output = { text: '' }
  terminal.child.stdout.on('data', (text) => (output.text += text))
  const type = async (question, answer) => {
    await until(() => output.text.includes(question))
    terminal.child.stdin.write(`${answer}\r`)
  }
  await type('User name', accepted.username)
  await type('typed unseen', accepted.password)
  const { code } = await terminal.ended
  assert.equal(code, 0, output.text)
  assert.ok(output.text.includes(accepted.username))
  assert.ok(!output.text.includes(accepted.password), output.text)
  assert.match(output.text, /state +READY/)
})

test('interrupted while it asks for a secret, the terminal is left as it was', async () => {
  const connect = `${required('AUTHBRIDGE_BIN')} connect bearer --customer ivan`
  const terminal = cli(environment, [], { terminal: `trap : INT; ${connect}; stty -a` })
  let text = ''
  terminal.child.stdout.on('data', (piece) => (text += piece))
  await until(() => text.includes('typed unseen'))
  terminal.child.stdin.write('\u0003')
  await once(terminal.child, 'close')
  assert.match(text, /interrupted/)
  assert.match(text, /[^-]echo /)
})
