// A service that knows contacts, as its owner would write it: whoever calls is told by the token that the workspace
// signed.

import { createServer } from 'node:http'

import jsonwebtoken from 'jsonwebtoken'

/** Serves on a free port. Each customer has contacts of its own. */
export async function startContactsService({ key, secret }) {
  const contacts = new Map()
  const server = createServer(async (request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    let caller
    try {
      const token = request.headers['x-integration-app-token']
      caller = jsonwebtoken.verify(token, secret, { algorithms: ['HS256'], issuer: key })
    } catch (error) {
      return answer(401, { error: error.message })
    }
    const own = contacts.get(caller.sub) ?? new Map()
    contacts.set(caller.sub, own)
    const { pathname, searchParams } = new URL(request.url, 'http://service')
    const [, , id] = pathname.split('/')
    if (!pathname.startsWith('/contacts')) return answer(404, { error: 'there is no such path' })
    if (request.method === 'POST') {
      const contact = { id: `c-${own.size + 1}`, ...JSON.parse(await text(request)), plan: caller.fields.plan }
      own.set(contact.id, contact)
      return answer(201, contact)
    }
    if (id) return own.has(id) ? answer(200, own.get(id)) : answer(404, { error: 'there is no such contact' })
    const email = searchParams.get('email')
    const found = [...own.values()].filter((contact) => !email || contact.email === email)
    return answer(200, { contacts: found, total: found.length })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    uri: `http://127.0.0.1:${server.address().port}`,
    contacts,
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

async function text(request) {
  let body = ''
  for await (const piece of request.setEncoding('utf8')) body += piece
  return body
}
