// An authorization server that is not oidc-provider (npm @node-oauth/oauth2-server): its rules on codes, clients and
// rotation are its own. In front of it stands what a test wants to go wrong.

import { once } from 'node:events'
import { createServer } from 'node:http'

import OAuth2Server from '@node-oauth/oauth2-server'

const { Request, Response } = OAuth2Server

/**
 * Starts a server that knows one client and one user. `fault(grant)` answers in its place where it gives something;
 * `alter(answer)` changes what it says; `log` tells every token request.
 */
export async function startOAuth2Server(redirectUri, { lifetime = 3600 } = {}) {
  const http = createServer()
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const uri = `http://127.0.0.1:${http.address().port}`
  const server = {
    uri,
    clientId: 'bridge',
    clientSecret: 'second-opinion',
    user: { id: 'ada', password: 'correct horse' },
    log: [],
    fault: () => undefined,
    alter: (answer) => answer,
  }
  const model = inMemory(server, redirectUri)
  const oauth = new OAuth2Server({ model, accessTokenLifetime: lifetime, allowEmptyState: false })
  http.on('request', (request, response) => answer(server, oauth, request, response))
  server.forget = () => model.tokens.clear()
  // Access tokens end before their time; refresh tokens do not.
  server.expireAll = () => {
    for (const token of model.tokens.values()) token.accessTokenExpiresAt = new Date(0)
  }
  server.stop = async () => {
    http.closeAllConnections()
    http.close()
    await once(http, 'close')
  }
  return server
}

/** Everything that the library wants to be kept. */
function inMemory(server, redirectUri) {
  const codes = new Map()
  const tokens = new Map()
  const grants = ['authorization_code', 'refresh_token', 'client_credentials', 'password']
  const client = () => ({ id: server.clientId, grants, redirectUris: [redirectUri] })
  const find = (member, value) => [...tokens.values()].find((token) => token[member] === value)
  return {
    tokens,
    getClient: async (id, secret) =>
      id === server.clientId && (secret === null || secret === server.clientSecret) ? client() : undefined,
    getUser: async (name, password) =>
      name === server.user.id && password === server.user.password ? server.user : undefined,
    getUserFromClient: async () => ({ id: 'the machine' }),
    saveAuthorizationCode: async (code, client, user) => {
      const kept = { ...code, client, user }
      codes.set(code.authorizationCode, kept)
      return kept
    },
    getAuthorizationCode: async (code) => codes.get(code),
    revokeAuthorizationCode: async ({ authorizationCode }) => codes.delete(authorizationCode),
    saveToken: async (token, client, user) => {
      const kept = { ...token, client, user }
      tokens.set(token.accessToken, kept)
      return kept
    },
    getAccessToken: async (token) => tokens.get(token),
    getRefreshToken: async (token) => find('refreshToken', token),
    // The old refresh token is of no use after this; a client that loses the new one has nothing.
    revokeToken: async ({ accessToken }) => tokens.delete(accessToken),
  }
}

async function answer(server, oauth, request, response) {
  const { pathname, searchParams } = new URL(request.url, server.uri)
  const form = new URLSearchParams(await text(request))
  const asked = new Request({
    method: request.method,
    headers: request.headers,
    query: Object.fromEntries(searchParams),
    body: Object.fromEntries(form),
  })
  const said = new Response()
  if (pathname === '/token') {
    const grant = form.get('grant_type')
    const client = request.headers.authorization ? 'basic' : form.has('client_secret') ? 'body' : 'none'
    const faulty = server.fault(grant)
    server.log.push({ grant, client, isFaulty: Boolean(faulty) })
    if (faulty) return faulty(response)
    await oauth.token(asked, said).catch(() => {})
    server.log.at(-1).status = said.status
    if (said.status === 200) return send(response, server.alter(said.body))
  } else if (pathname === '/authorize') {
    const authenticateHandler = { handle: () => server.user }
    await oauth.authorize(asked, said, { authenticateHandler }).catch(() => {})
  } else {
    const known = await oauth.authenticate(asked, said).catch((error) => error)
    if (known.user) said.body = { name: known.user.id }
    else said.status = known.code
  }
  response.writeHead(said.status, said.headers).end(JSON.stringify(said.body ?? {}))
}

/** An object as JSON, a text as a form. */
function send(response, body) {
  const isText = typeof body === 'string'
  const type = isText ? 'application/x-www-form-urlencoded' : 'application/json'
  response.writeHead(200, { 'content-type': type }).end(isText ? body : JSON.stringify(body))
}

async function text(stream) {
  let all = ''
  for await (const piece of stream.setEncoding('utf8')) all += piece
  return all
}

/** Faults of a token endpoint. */
export const faults = {
  status: (status, body = '', headers = {}) => (response) => response.writeHead(status, headers).end(body),
  json: (status, body, headers = {}) => (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body)),
  html: (status) => (response) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end('<html><h1>Down for <b>maintenance</b></h1></html>'),
  reset: (response) => response.destroy(),
  silence: () => {},
}
