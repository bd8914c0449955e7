// The API clients in a function's argument. The host knows base URI, credentials and response handlers; this only puts
// the request into words, and the response into what the script asked for.
const host = require('./host.js');
const { Buffer } = require('./buffer.js');
const { plainHeaders } = require('./headers.js');
const { Readable } = require('./stream.js');
const { encodeBody } = require('./fetch.js');
const { globals: { Blob, FormData } } = require('./blob.js');
const { globals: { URLSearchParams } } = require('./url.js');

const isBytes = data =>
  data instanceof ArrayBuffer || ArrayBuffer.isView(data) || data instanceof URLSearchParams ||
  data instanceof FormData || data instanceof Blob || data instanceof Readable;

// The body: ready-made bytes, or data that the host writes as JSON.
const body = data => {
  if (data === undefined) return {};
  if (!isBytes(data)) return { data };
  const { bytes, contentType } = encodeBody(data);
  return { body: true, contentType, bytes };
};

const wrap = bytes => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

const received = (response, responseType) => {
  if (response.bytes === undefined) return response.data;
  return responseType === 'stream' ? new Readable(response.bytes) : wrap(response.bytes);
};

const queryObject = query => {
  if (!(query instanceof URLSearchParams)) return query;
  const object = {};
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    object[name] = values.length > 1 ? values : values[0];
  }
  return object;
};

// `client` is the name of a client of the argument, or undefined for one that `own`, its options, describes.
const makeRequest = (exports.makeRequest = async (client, { path = '', method = 'GET', ...options }, own) => {
  const { bytes, ...content } = body(options.data);
  const args = {
    client: client ?? '',
    options: own,
    method: `${method}`.toUpperCase(),
    path: `${path}`,
    baseUri: options.baseUri ?? options.baseUrl,
    query: queryObject(options.query ?? options.params),
    headers: options.headers,
    auth: options.auth,
    responseType: options.responseType ?? (options.stream ? 'stream' : options.binary ? 'arraybuffer' : 'json'),
    timeout: options.timeout,
    fullResponse: Boolean(options.returnFullResponse),
    ...content,
  };
  const response = await host.request(host.operations.CLIENT, args, bytes);
  const data = received(response, args.responseType);
  if (!options.returnFullResponse) return data;
  return { data, status: response.status, statusCode: response.status, headers: plainHeaders(response.headers) };
});

exports.client = name => {
  const withData = method => (path, data, options) => makeRequest(name, { ...options, path, method, data });
  return {
    get: (path, query, options) => makeRequest(name, { ...options, path, method: 'GET', query: query ?? options?.query }),
    post: withData('POST'),
    put: withData('PUT'),
    patch: withData('PATCH'),
    delete: withData('DELETE'),
    makeApiRequest: options => makeRequest(name, options ?? {}),
  };
};
