// The back end of an app whose users connect accounts. It signs its users' tokens with the workspace's secret, which never
// leaves it, and calls APIs for them through Authbridge.

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { build } from 'esbuild'
import jwt from 'jsonwebtoken'

/** Who can sign in; a real app knows that from its own session. */
const USERS = { grace: 'Grace Hopper', alan: 'Alan Turing' }

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }

/** Listens on `port`, as an app in front of the `engine` ({url, workspaceKey, workspaceSecret}). */
export async function startApp(engine, port) {
  const react = await bundled('public/react.jsx')
  const sdk = await readFile(new URL('node_modules/@integration-app/sdk/dist/bundle.js', import.meta.url))
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://app')
    try {
      if (pathname === '/session') return json(response, session(request, engine))
      if (pathname.startsWith('/me/')) return json(response, await me(request, engine, pathname.slice(4)))
      if (pathname === '/sdk.js') return answer(response, 200, '.js', sdk)
      if (pathname === '/react.js') return answer(response, 200, '.js', react)
      await file(response, pathname === '/' ? '/index.html' : pathname)
    } catch (error) {
      json(response, { message: error.message }, 500)
    }
  })
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() }
}

/** What the front end starts with: where Authbridge is, who is signed in, and a token that says so for ten minutes. */
function session(request, engine) {
  const id = user(request)
  return { engine: engine.url, user: { id, name: USERS[id] }, users: USERS, token: token(engine, id) }
}

/** A request to somebody else's API, as the user whose account it is. */
async function me(request, engine, integration) {
  const url = `${engine.url}/connections/${encodeURIComponent(integration)}/proxy/me`
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token(engine, user(request))}` } })
  return { status: answer.status, body: await answer.json() }
}

function token({ workspaceKey, workspaceSecret }, id) {
  const claims = { id, name: USERS[id], fields: { plan: 'pro' } }
  return jwt.sign(claims, workspaceSecret, { issuer: workspaceKey, expiresIn: 600, algorithm: 'HS256' })
}

function user(request) {
  const [, name] = /(?:^|; )user=(\w+)/.exec(request.headers.cookie ?? '') ?? []
  return Object.hasOwn(USERS, name) ? name : 'grace'
}

async function bundled(path) {
  const entry = new URL(path, import.meta.url).pathname
  const define = { 'process.env.NODE_ENV': '"production"' }
  const result = await build({ entryPoints: [entry], bundle: true, minify: true, write: false, jsx: 'automatic', define, logLevel: 'warning' })
  return result.outputFiles[0].contents
}

async function file(response, pathname) {
  const name = /^\/[\w-]+\.(html|js|css|svg)$/.exec(pathname)?.[0]
  const content = name && (await readFile(new URL(`public${name}`, import.meta.url)).catch(() => undefined))
  if (!content) return answer(response, 404, '.html', '<h1>There is no such page</h1>')
  answer(response, 200, extname(name), content)
}

function json(response, value, status = 200) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(value))
}

function answer(response, status, extension, content) {
  response.writeHead(status, { 'content-type': TYPES[extension] }).end(content)
}
