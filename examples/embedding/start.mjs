// Starts everything: `authbridge demo`, unless AUTHBRIDGE_URL names another server, and the app.
//
//   node examples/embedding/start.mjs
//
// PORT is where the app listens (4810); AUTHBRIDGE_BIN is the executable, unless it is built in this repository.

import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const repository = fileURLToPath(new URL('../..', import.meta.url))

if (!existsSync(`${here}/node_modules`)) {
  console.log('Installing the SDK and React, which takes half a minute …')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: here, stdio: 'inherit' })
}

const engine = process.env.AUTHBRIDGE_URL ? ofTheEnvironment() : await demo()
const { startApp } = await import('./app.mjs')
const app = await startApp(engine, Number(process.env.PORT ?? 4810))
console.log(`\nThe app is at ${app.url}\nCtrl-C ends it.`)

/** A server that runs already, and the workspace whose secret this app has. */
function ofTheEnvironment() {
  const { AUTHBRIDGE_URL: url, AUTHBRIDGE_WORKSPACE_KEY: workspaceKey, AUTHBRIDGE_WORKSPACE_SECRET: workspaceSecret } = process.env
  if (!workspaceKey || !workspaceSecret) {
    console.error('AUTHBRIDGE_URL is set: set AUTHBRIDGE_WORKSPACE_KEY and AUTHBRIDGE_WORKSPACE_SECRET too, as that server printed them.')
    process.exit(2)
  }
  return { url, workspaceKey, workspaceSecret }
}

/** The demo, which says as JSON where it is and what its tokens are signed with. */
async function demo() {
  const [command, ...before] = executable()
  const child = spawn(command, [...before, 'demo', '--json'], { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] })
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      child.kill()
      process.exit(0)
    })
  }
  process.once('exit', () => child.kill())
  let said = ''
  for await (const piece of child.stdout.setEncoding('utf8')) {
    said += piece
    const found = parsed(said)
    if (found?.ok && !found.workspaceSecret) {
      console.error(`${command} is older than this example: build it anew, or set AUTHBRIDGE_BIN.`)
      process.exit(1)
    }
    if (found?.ok) return found
    if (found) break
  }
  console.error(`\`authbridge demo\` did not start.\n${said}`)
  process.exit(1)
}

function executable() {
  if (process.env.AUTHBRIDGE_BIN) return [process.env.AUTHBRIDGE_BIN]
  const built = ['release', 'debug'].map((profile) => `${repository}/target/${profile}/authbridge`).find(existsSync)
  if (built) return [built]
  console.log('Building authbridge, which takes some minutes the first time …')
  return ['cargo', 'run', '--release', '--quiet', '--']
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
