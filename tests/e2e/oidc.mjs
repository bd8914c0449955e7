// A certified authorization server (npm oidc-provider), and a browser without a window.

import { once } from 'node:events'
import { createServer } from 'node:http'

import { Provider } from 'oidc-provider'

/**
 * Starts an issuer that knows one client: PKCE, rotating refresh tokens with reuse detection, revocation, `iss` in its
 * answers. `requests` counts by grant what came to its token endpoint. `features` and `grants` are more of the
 * provider's own, the latter by name with their parameters and handler.
 */
export async function startIssuer(redirectUri, { lifetime = 3600, host = '127.0.0.1', features = {}, grants = {} } = {}) {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const uri = `http://${host}:${server.address().port}`
  const issuer = { uri, clientId: 'bridge', clientSecret: 'secret of / the bridge', requests: {}, revoked: 0 }
  const provider = new Provider(uri, {
    clients: [
      {
        client_id: issuer.clientId,
        client_secret: issuer.clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials', ...Object.keys(grants)],
        response_types: ['code'],
      },
    ],
    features: {
      revocation: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      ...features,
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    ttl: { AccessToken: lifetime, RefreshToken: 86400, Grant: 86400, Interaction: 600, Session: 600, IdToken: 600 },
    findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, name: 'Ada' }) }),
  })
  for (const [name, { parameters, handler }] of Object.entries(grants)) {
    provider.registerGrantType(name, handler(provider), parameters)
  }
  provider.on('grant.success', ({ oidc }) => count(issuer, oidc.params.grant_type))
  provider.on('grant.error', ({ oidc }, error) => count(issuer, `${oidc.params?.grant_type} ${error.message}`))
  provider.on('access_token.destroyed', () => (issuer.revoked += 1))
  provider.on('grant.revoked', () => (issuer.revoked += 1))
  server.on('request', provider.callback())
  issuer.stop = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return issuer
}

function count(issuer, name) {
  issuer.requests[name] = (issuer.requests[name] ?? 0) + 1
}

/** Follows redirects, keeps cookies and submits the forms that `answers` has something for. */
export class Browser {
  #cookies = new Map()

  /**
   * Goes to `url` and on, until a page stays; gives its address, status and text. With `before` it stops at the door of
   * this path.
   */
  async go(url, init = {}, answers = {}, before = undefined) {
    let [at, options] = [new URL(url), init]
    for (let step = 0; step < 20; step += 1) {
      if (before && at.pathname === before) return { url: at }
      const response = await fetch(at, { ...options, redirect: 'manual', headers: this.#headers(at, options) })
      this.#remember(at, response)
      const location = response.headers.get('location')
      if (location) {
        ;[at, options] = [new URL(location, at), response.status === 307 ? options : {}]
        continue
      }
      const text = await response.text()
      const form = filled(text, answers)
      if (!form) return { url: at, status: response.status, headers: response.headers, text }
      ;[at, options] = [new URL(form.action, at), { method: 'POST', body: form.fields }]
    }
    throw new Error(`the browser goes round in circles at ${at}`)
  }

  forget() {
    this.#cookies.clear()
  }

  #headers(at, options) {
    const jar = this.#cookies.get(at.host) ?? new Map()
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    return { ...options.headers, ...(cookie && { cookie }) }
  }

  #remember(at, response) {
    const jar = this.#cookies.get(at.host) ?? new Map()
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(';')
      const [name, ...value] = pair.split('=')
      if (/expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name)
      else jar.set(name, value.join('='))
    }
    this.#cookies.set(at.host, jar)
  }
}

/** The form of a page with the answers filled in; nothing when the page has no form with a button. */
function filled(text, answers) {
  const form = /<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/.exec(text)
  if (!form) return undefined
  const fields = new URLSearchParams()
  for (const [input] of form[2].matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1]
    if (name) fields.set(name, answers[name] ?? unescaped(/value="([^"]*)"/.exec(input)?.[1] ?? ''))
  }
  return { action: unescaped(form[1]), fields }
}

function unescaped(text) {
  const named = { '&quot;': '"', '&lt;': '<', '&gt;': '>', '&#123;': '{', '&amp;': '&' }
  return text.replace(/&(quot|lt|gt|#123|amp);/g, (name) => named[name])
}
