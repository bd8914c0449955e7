// The workspace that is served: one connector and one integration per kind of authentication.

/** What the simulated provider accepts unless told otherwise. */
export const accepted = {
  apiKey: 'simulated-api-key',
  bearerToken: 'simulated-bearer-token',
  username: 'ada',
  password: 'simulated-password',
}

/** The files of the workspace by their path, for a provider at `baseUri`. */
export function workspaceFiles(baseUri) {
  const credentials = [
    ['api-key', { apiKey: 'API key' }, 'headers: {X-Api-Key: {$var: credentials.apiKey}}'],
    ['query-key', { apiKey: 'API key' }, 'query: {api_key: {$var: credentials.apiKey}}'],
    [
      'bearer',
      { token: 'Token' },
      'headers: {Authorization: {$concat: ["Bearer ", {$var: credentials.token}]}}',
    ],
    [
      'basic',
      { username: 'User name', password: 'Password' },
      'auth: {username: {$var: credentials.username}, password: {$var: credentials.password}}',
    ],
  ]
  const tokens = ['integration-app-token', 'membrane-token']
  return Object.assign(
    {},
    ...credentials.map(([key, fields, client]) =>
      credentialsConnector(key, fields, `baseUri: ${baseUri}\n${client}\n`),
    ),
    ...tokens.map((type) => tokenConnector(type, `baseUri: ${baseUri}\n`)),
  )
}

function credentialsConnector(key, fields, apiClient) {
  const properties = Object.entries(fields).map(
    ([name, title]) => `        ${name}: {type: string, title: ${title}}`,
  )
  const spec = `key: ${key}
name: The ${key} API
auth:
  type: client-credentials
  ui:
    schema:
      type: object
      properties:
${properties.join('\n')}
      required: [${Object.keys(fields).join(', ')}]
  makeApiClient: {implementationType: mapping}
  test: {implementationType: rest-api-mapping}
`
  return {
    [`connectors/${key}/spec.yml`]: spec,
    [`connectors/${key}/auth/make-api-client.map.yml`]: apiClient,
    [`connectors/${key}/auth/test.rest.yml`]: 'path: /me\nmethod: GET\n',
    ...integration(key),
  }
}

function tokenConnector(type, apiClient) {
  const spec = `key: ${type}
name: A service that knows ${type}
auth:
  type: ${type}
  makeApiClient: {implementationType: mapping}
`
  return {
    [`connectors/${type}/spec.yml`]: spec,
    [`connectors/${type}/auth/make-api-client.map.yml`]: apiClient,
    ...integration(type),
  }
}

function integration(key) {
  return {
    [`integrations/${key}/${key}.yaml`]: `key: ${key}\nname: ${key} integration\nconnectorKey: ${key}\n`,
  }
}
