// An external app whose sessions can be ended at will: log in, use, log out, GraphQL.

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'

/** Starts the app; `log` tells every request, `expire()` ends all sessions. */
export async function startApp() {
  const app = { log: [], logins: 0, refreshes: 0, logouts: 0, delay: 0, sessions: new Set() }
  app.expire = () => app.sessions.clear()
  const server = createServer(async (request, response) => {
    const body = await text(request)
    app.log.push({ method: request.method, url: request.url, headers: request.headers, body })
    const { status = 200, headers = {}, ...answer } = await route(app, request, body)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(answer.raw ?? JSON.stringify(answer.data ?? null))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  app.uri = `http://127.0.0.1:${server.address().port}`
  app.stop = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return app
}

async function text(stream) {
  let all = ''
  for await (const piece of stream.setEncoding('utf8')) all += piece
  return all
}

function newSession(app) {
  const token = `session-${randomUUID()}`
  app.sessions.add(token)
  return { data: { token, refresh: `refresh-${randomUUID()}`, expires_in: 3600 } }
}

async function route(app, request, body) {
  const { pathname, searchParams } = new URL(request.url, app.uri)
  if (pathname === '/login') {
    const { email, password } = JSON.parse(body)
    if (password !== 'correct horse') return { status: 403, data: { reason: `no account for ${email}` } }
    app.logins += 1
    return newSession(app)
  }
  if (pathname === '/refresh') {
    app.refreshes += 1
    await new Promise((resolve) => setTimeout(resolve, app.delay))
    return newSession(app)
  }
  const token = request.headers.authorization?.replace('Bearer ', '')
  if (!app.sessions.has(token)) return { status: 401, data: { reason: 'no such session' } }
  if (pathname === '/logout') {
    app.logouts += 1
    return { data: { bye: true } }
  }
  if (pathname === '/me') return { data: { name: 'Ada' } }
  if (pathname === '/echo') return { data: { body, type: request.headers['content-type'] } }
  if (pathname === '/bytes') return { raw: Buffer.from([0, 1, 2, 255]), headers: { 'content-type': 'application/octet-stream' } }
  if (pathname === '/limited') return { status: 429, data: { slow: 'down' } }
  if (pathname === '/things') {
    const limit = Number(searchParams.get('limit') ?? 2)
    return { data: { things: Array.from({ length: limit }, (_, index) => ({ id: index + 1 })) } }
  }
  if (pathname === '/graphql') return graphql(JSON.parse(body))
  return { status: 404, data: { reason: 'nothing here' } }
}

function graphql({ query, variables = {} }) {
  if (query.includes('broken')) return { data: { data: null, errors: [{ message: 'no field `broken`' }] } }
  return { data: { data: { thing: { id: variables.id ?? '7', query } } } }
}
