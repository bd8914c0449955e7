// One request: configuration to the host's words, and the response back.
const { AxiosError, CanceledError } = require('./error.js');
const { AxiosHeaders } = require('./headers.js');
const { buildUrl } = require('./config.js');
const { Buffer } = require('../buffer.js');
const { globals: { URL, URLSearchParams } } = require('../url.js');
const { globals: { Blob, FormData } } = require('../blob.js');
const { globals: { TextDecoder } } = require('../encoding.js');
const { globals: { AbortController, AbortSignal } } = require('../abort.js');
const { encodeBody, send } = require('../fetch.js');
const { plainHeaders } = require('../headers.js');
const { Readable } = require('../stream.js');
const { parse, stringify } = JSON;

const isBinary = data => data instanceof ArrayBuffer || ArrayBuffer.isView(data) || data instanceof Blob || data instanceof Readable;

const formOf = (Form, data) => {
  const form = new Form();
  for (const name of Object.keys(data)) for (const value of [].concat(data[name])) form.append(name, value);
  return form;
};

// The body and the content type it brings, unless the headers have one.
const transform = (data, headers) => {
  const type = headers.get('Content-Type') ?? '';
  if (data === undefined || data === null) return { body: undefined };
  if (typeof data === 'string') {
    if (!type.startsWith('application/json')) return { body: data, type: 'application/x-www-form-urlencoded' };
    return { body: data };
  }
  if (data instanceof URLSearchParams) return { body: data, type: 'application/x-www-form-urlencoded;charset=utf-8' };
  if (data instanceof FormData) return { body: data, overwrites: true };
  if (isBinary(data)) return { body: data, type: data.type || undefined };
  if (typeof data === 'object' && type.startsWith('application/x-www-form-urlencoded')) return { body: formOf(URLSearchParams, data) };
  if (typeof data === 'object' && type.startsWith('multipart/form-data')) return { body: formOf(FormData, data), overwrites: true };
  return { body: stringify(data), type: 'application/json' };
};

const list = value => (value === undefined ? [] : [].concat(value));

const requestParts = config => {
  const { auth } = config;
  // An interceptor may have put a plain object there.
  const headers = AxiosHeaders.from(config.headers);
  let { data } = config;
  for (const step of list(config.transformRequest)) data = step.call(config, data, headers);
  const { body, type, overwrites } = transform(data, headers);
  const { bytes, contentType } = encodeBody(body);
  if (overwrites) headers.set('Content-Type', contentType);
  else if (type) headers.set('Content-Type', type, false);
  if (bytes === undefined) headers.delete('Content-Type');
  if (auth) {
    const pair = `${auth.username ?? ''}:${auth.password ?? ''}`;
    headers.set('Authorization', `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`);
  }
  return { headers, bytes };
};

const parseText = (text, config) => {
  if (config.responseType === 'text') return text;
  const strict = config.responseType === 'json' && config.transitional?.silentJSONParsing === false;
  try {
    return text === '' ? text : parse(text);
  } catch (error) {
    if (strict) throw error;
    return text;
  }
};

const responseData = (bytes, config) => {
  switch (config.responseType) {
    case 'arraybuffer':
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    case 'stream':
      return new Readable(bytes);
    case 'blob':
      return new Blob([bytes]);
    default:
      return config.transformResponse ? new TextDecoder().decode(bytes) : parseText(new TextDecoder().decode(bytes), config);
  }
};

const settle = (response, config) => {
  const { validateStatus } = config;
  if (!validateStatus || validateStatus(response.status)) return response;
  const code = response.status >= 500 ? 'ERR_BAD_RESPONSE' : 'ERR_BAD_REQUEST';
  throw new AxiosError(`Request failed with status code ${response.status}`, code, config, response.request, response);
};

const failure = (error, config, request, timedOut) => {
  if (timedOut()) return new AxiosError(config.timeoutErrorMessage ?? `timeout of ${config.timeout}ms exceeded`, 'ECONNABORTED', config, request);
  if (config.signal?.aborted) return new CanceledError(undefined, config);
  const failed = new AxiosError(error.message, error.code ?? 'ERR_NETWORK', config, request, error.response);
  // The host knows refused requests by the error it made: it stays visible as the cause.
  return Object.defineProperty(failed, 'cause', { value: error, enumerable: false, configurable: true, writable: true });
};

exports.dispatch = async config => {
  if (config.signal?.aborted) throw new CanceledError(undefined, config);
  const { headers, bytes } = requestParts(config);
  config.headers = headers;
  const target = buildUrl(config);
  if (!URL.canParse(target)) throw new AxiosError(`Invalid URL: ${target}`, 'ERR_INVALID_URL', config);
  const request = { method: config.method.toUpperCase(), url: new URL(target).href, path: new URL(target).pathname };
  const timeout = config.timeout > 0 ? new AbortController() : undefined;
  const timer = timeout && setTimeout(() => timeout.abort(), config.timeout);
  const signals = [timeout?.signal, config.signal].filter(Boolean);
  let answer;
  try {
    answer = await send({
      ...request,
      headers: Object.entries(headers).flatMap(([name, value]) => list(value).map(item => [name, item])),
      body: bytes,
      redirect: config.maxRedirects === 0 ? 'manual' : 'follow',
      timeout: config.timeout > 0 ? +config.timeout : undefined,
      signal: signals.length > 1 ? AbortSignal.any(signals) : signals[0],
    });
  } catch (error) {
    throw failure(error, config, request, () => timeout?.signal.aborted === true);
  } finally {
    if (timer) clearTimeout(timer);
  }
  let data = responseData(answer.bytes, config);
  const received = new AxiosHeaders(plainHeaders(answer.headers));
  for (const step of list(config.transformResponse)) data = step.call(config, data, received, answer.status);
  const { status, statusText } = answer;
  return settle({ data, status, statusText, headers: received, config, request: { ...request, res: { responseUrl: answer.url } } }, config);
};
