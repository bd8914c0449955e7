// fetch, Request and Response over the host's client.
const host = require('./host.js');
const utf8 = require('./utf8.js');
const { untilAborted, globals: { AbortSignal } } = require('./abort.js');
const { Headers } = require('./headers.js');
const { blobBytes, encodeForm, globals: { Blob, FormData } } = require('./blob.js');
const { bytesOf, globals: { TextDecoder } } = require('./encoding.js');
const { globals: { URL, URLSearchParams } } = require('./url.js');
const { BodyStream, Readable } = require('./stream.js');
const { parse, stringify } = JSON;

// A body as bytes, and the content type that goes with it.
const encodeBody = (exports.encodeBody = body => {
  if (body === undefined || body === null) return { bytes: undefined, contentType: undefined };
  if (body instanceof URLSearchParams) {
    return { bytes: utf8.encode(body.toString()), contentType: 'application/x-www-form-urlencoded;charset=UTF-8' };
  }
  if (body instanceof FormData) return encodeForm(body);
  if (body instanceof Blob) return { bytes: blobBytes(body), contentType: body.type || undefined };
  if (body instanceof Readable) return { bytes: body.content, contentType: undefined };
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return { bytes: bytesOf(body), contentType: undefined };
  return { bytes: utf8.encode(`${body}`), contentType: 'text/plain;charset=UTF-8' };
});

class Body {
  #bytes;
  #used = false;

  constructor(bytes) {
    this.#bytes = bytes;
  }
  #take() {
    if (this.#used) throw new TypeError('the body was read already');
    this.#used = this.#bytes !== undefined;
    return this.#bytes ?? new Uint8Array(0);
  }
  get bodyUsed() {
    return this.#used;
  }
  get body() {
    return this.#bytes === undefined ? null : new BodyStream(this.#take());
  }
  async bytes() {
    return this.#take();
  }
  async arrayBuffer() {
    return this.#take().slice().buffer;
  }
  async text() {
    return new TextDecoder().decode(this.#take());
  }
  async json() {
    return parse(await this.text());
  }
  async blob() {
    return new Blob([this.#take()], { type: this.headers.get('content-type') ?? '' });
  }
  async formData() {
    if (!(this.headers.get('content-type') ?? '').startsWith('application/x-www-form-urlencoded')) {
      throw new TypeError('only urlencoded bodies can be read as form data');
    }
    const form = new FormData();
    for (const [name, value] of new URLSearchParams(await this.text())) form.append(name, value);
    return form;
  }
  static contentOf(body) {
    if (body.#used) throw new TypeError('the body was read already');
    return body.#bytes;
  }
}
const { contentOf } = Body;
delete Body.contentOf;

const NORMALISED = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH']);
const method = value => {
  const upper = `${value}`.toUpperCase();
  return NORMALISED.has(upper) ? upper : `${value}`;
};

class Request extends Body {
  constructor(input, init = {}) {
    const from = input instanceof Request ? input : undefined;
    const encoded = init.body === undefined && from ? { bytes: contentOf(from) } : encodeBody(init.body);
    super(encoded.bytes);
    const url = from ? from.url : new URL(`${input}`).href;
    const headers = new Headers(init.headers ?? from?.headers);
    if (encoded.contentType && !headers.has('content-type')) headers.set('content-type', encoded.contentType);
    Object.assign(this, {
      url,
      headers,
      method: method(init.method ?? from?.method ?? 'GET'),
      redirect: init.redirect ?? from?.redirect ?? 'follow',
      signal: init.signal ?? from?.signal ?? null,
    });
    if (encoded.bytes !== undefined && (this.method === 'GET' || this.method === 'HEAD')) {
      throw new TypeError('Request with GET/HEAD method cannot have body.');
    }
  }
  clone() {
    return new Request(this);
  }
}

class Response extends Body {
  constructor(body, init = {}) {
    const { bytes, contentType } = encodeBody(body);
    super(bytes);
    const status = init.status ?? 200;
    const headers = new Headers(init.headers);
    if (contentType && !headers.has('content-type')) headers.set('content-type', contentType);
    const own = { status, statusText: init.statusText ?? '', headers, url: '', redirected: false, type: 'default' };
    Object.assign(this, own);
  }
  get ok() {
    return this.status >= 200 && this.status < 300;
  }
  clone() {
    const copy = new Response(contentOf(this), this);
    return Object.assign(copy, { url: this.url, redirected: this.redirected });
  }
  static json(data, init = {}) {
    const headers = new Headers(init.headers);
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    return new Response(stringify(data), { ...init, headers });
  }
  static error() {
    return Object.assign(new Response(), { status: 0, type: 'error' });
  }
}

// The host's client, as `fetch` and `axios` use it.
const send = (exports.send = ({ method, url, headers, body, redirect, timeout, signal }) => {
  signal?.throwIfAborted();
  const args = { method, url, headers, body: body !== undefined, redirect, timeout };
  return untilAborted(host.request(host.operations.FETCH, args, body), signal);
});

const fetch = async (input, init) => {
  const request = new Request(input, init);
  if (!/^https?:/.test(request.url)) throw new TypeError(`fetch failed: ${request.url.split(':')[0]}: is no scheme for requests`);
  if (request.signal && !(request.signal instanceof AbortSignal)) throw new TypeError('`signal` must be an AbortSignal');
  const response = await send({
    method: request.method,
    url: request.url,
    headers: [...request.headers],
    body: contentOf(request),
    redirect: request.redirect,
    signal: request.signal,
  });
  const empty = response.status === 204 || response.status === 205 || response.status === 304;
  const result = new Response(empty ? null : response.bytes, response);
  return Object.assign(result, { url: response.url, redirected: response.url !== request.url, type: 'basic' });
};

exports.globals = { fetch, Request, Response };
