// `RestApiClient` of the connector SDK. A connector makes one and returns it: its options are its members, which is how
// the engine finds them. It can make requests as well; the host makes them by the rules of a client with those options.
const { makeRequest } = require('../client.js');

// The members that are options of a client and data.
const OPTIONS = [
  'allowedHosts', 'auth', 'baseUri', 'baseUrl', 'defaultQueryParameters', 'headers', 'overrides', 'proxyUri', 'query',
  'responseHandlers',
];

const optionsOf = client => {
  const options = {};
  for (const name of OPTIONS) if (client[name] !== undefined && client[name] !== null) options[name] = client[name];
  return options;
};

// Options of one request over those of all.
const laidOver = (options, more) => ({
  ...options,
  ...more,
  headers: { ...options.headers, ...more.headers },
  query: { ...options.query, ...more.query },
  overrides: [...(options.overrides ?? []), ...(more.overrides ?? [])],
});

// What `dynamicOptions` gets; the engine's own requests say the same.
const described = request => {
  const path = `${request.path ?? ''}`;
  const rooted = path === '' || /^([/?]|https?:\/)/i.test(path) ? path : `/${path}`;
  const query = request.query ?? {};
  return {
    path: rooted, url: rooted, method: `${request.method ?? 'GET'}`.toUpperCase(), query, params: query,
    headers: request.headers ?? {}, data: request.data ?? null, returnFullResponse: Boolean(request.returnFullResponse),
  };
};

class RestApiClient {
  constructor(options = {}) {
    Object.assign(this, options);
  }
  get(path, query, options) {
    return this.makeApiRequest({ ...options, path, method: 'GET', query: query ?? options?.query });
  }
  post(path, data, options) {
    return this.makeApiRequest({ ...options, path, method: 'POST', data });
  }
  put(path, data, options) {
    return this.makeApiRequest({ ...options, path, method: 'PUT', data });
  }
  patch(path, data, options) {
    return this.makeApiRequest({ ...options, path, method: 'PATCH', data });
  }
  delete(path, data, options) {
    return this.makeApiRequest({ ...options, path, method: 'DELETE', data });
  }
  async makeApiRequest(request = {}) {
    let options = optionsOf(this);
    const returnFullResponse = request.returnFullResponse ?? this.returnFullResponse;
    if (typeof this.dynamicOptions === 'function') {
      const more = await this.dynamicOptions(described({ ...request, returnFullResponse }));
      if (typeof more === 'object' && more !== null) options = laidOver(options, optionsOf(more));
    }
    return makeRequest(undefined, { ...request, data: request.data ?? undefined, returnFullResponse }, options);
  }
}

// What a client's class adds to, or puts in place of, the methods above decides who makes its requests: without any of
// these, it is a client of options, and the engine makes them.
const REQUESTS = ['get', 'post', 'put', 'patch', 'delete', 'makeApiRequest', 'request'];
const own = RestApiClient.prototype;
exports.isPlainClient = value =>
  Object.prototype.isPrototypeOf.call(own, value) && REQUESTS.every(name => value[name] === own[name]);
exports.prototype = own;
exports.methods = REQUESTS.filter(name => Object.hasOwn(own, name));
exports.module = { RestApiClient };
