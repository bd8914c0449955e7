// URL and URLSearchParams. The host parses and writes URLs by the WHATWG's rules.
const host = require('./host.js');
const utf8 = require('./utf8.js');
const { URL_PARSE, URL_SET } = host.operations;
const { parse } = JSON;

const invalid = input => {
  const error = new TypeError(`Invalid URL: ${input}`);
  error.code = 'ERR_INVALID_URL';
  error.input = input;
  return error;
};

// application/x-www-form-urlencoded
const encodePart = text => {
  let out = '';
  for (const byte of utf8.encode(text)) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9*\-._]/.test(character)) out += character;
    else if (byte === 0x20) out += '+';
    else out += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
};

const decodePart = text => {
  const plain = text.replace(/\+/g, ' ');
  if (!plain.includes('%')) return plain;
  const bytes = [];
  const raw = utf8.encode(plain);
  for (let index = 0; index < raw.length; index++) {
    const hex = raw[index] === 0x25 ? String.fromCharCode(raw[index + 1], raw[index + 2]) : '';
    if (/^[0-9A-Fa-f]{2}$/.test(hex)) {
      bytes.push(parseInt(hex, 16));
      index += 2;
    } else bytes.push(raw[index]);
  }
  return utf8.decode(new Uint8Array(bytes));
};

const parseQuery = text =>
  text
    .split('&')
    .filter(pair => pair !== '')
    .map(pair => {
      const at = pair.indexOf('=');
      return at < 0 ? [decodePart(pair), ''] : [decodePart(pair.slice(0, at)), decodePart(pair.slice(at + 1))];
    });

class URLSearchParams {
  #pairs = [];
  #changed;

  constructor(init = '', changed) {
    // The second parameter is ours: what to tell when the pairs change.
    this.#changed = typeof changed === 'function' ? changed : () => {};
    if (typeof init === 'string') this.#pairs = parseQuery(init.replace(/^\?/, ''));
    else if (typeof init?.[Symbol.iterator] === 'function') {
      for (const pair of init) {
        const both = [...pair];
        if (both.length !== 2) throw new TypeError('each query pair must be an iterable [name, value] tuple');
        this.#pairs.push([`${both[0]}`, `${both[1]}`]);
      }
    } else if (typeof init === 'object' && init !== null) {
      for (const name of Object.keys(init)) this.#pairs.push([name, `${init[name]}`]);
    } else this.#pairs = parseQuery(`${init}`);
  }
  get size() {
    return this.#pairs.length;
  }
  append(name, value) {
    this.#pairs.push([`${name}`, `${value}`]);
    this.#changed();
  }
  delete(name, value) {
    this.#pairs = this.#pairs.filter(pair => pair[0] !== `${name}` || (value !== undefined && pair[1] !== `${value}`));
    this.#changed();
  }
  get(name) {
    return this.#pairs.find(pair => pair[0] === `${name}`)?.[1] ?? null;
  }
  getAll(name) {
    return this.#pairs.filter(pair => pair[0] === `${name}`).map(pair => pair[1]);
  }
  has(name, value) {
    return this.#pairs.some(pair => pair[0] === `${name}` && (value === undefined || pair[1] === `${value}`));
  }
  set(name, value) {
    const at = this.#pairs.findIndex(pair => pair[0] === `${name}`);
    if (at < 0) this.#pairs.push([`${name}`, `${value}`]);
    else {
      this.#pairs[at] = [`${name}`, `${value}`];
      this.#pairs = this.#pairs.filter((pair, index) => index <= at || pair[0] !== `${name}`);
    }
    this.#changed();
  }
  sort() {
    this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    this.#changed();
  }
  forEach(callback, thisArg) {
    for (const [name, value] of this.#pairs) callback.call(thisArg, value, name, this);
  }
  *entries() {
    for (const pair of this.#pairs) yield [...pair];
  }
  *keys() {
    for (const pair of this.#pairs) yield pair[0];
  }
  *values() {
    for (const pair of this.#pairs) yield pair[1];
  }
  [Symbol.iterator]() {
    return this.entries();
  }
  toString() {
    return this.#pairs.map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`).join('&');
  }
  // Not of the standard: takes the pairs of a query without telling.
  static refill(params, query) {
    params.#pairs = parseQuery(query);
  }
}
const { refill } = URLSearchParams;
delete URLSearchParams.refill;

const parseUrl = (input, base) => {
  try {
    return parse(host.call(URL_PARSE, base === undefined ? { url: `${input}` } : { url: `${input}`, base: `${base}` }));
  } catch {
    return undefined;
  }
};

class URL {
  #parts;
  #params;

  constructor(input, base) {
    this.#parts = parseUrl(input, base);
    if (!this.#parts) throw invalid(`${input}`);
  }
  #set(name, value) {
    this.#parts = parse(host.call(URL_SET, { url: this.#parts.href, name, value: `${value}` }));
    if (this.#params) refill(this.#params, this.#parts.search.slice(1));
  }
  get href() {
    return this.#parts.href;
  }
  set href(value) {
    const parts = parseUrl(value);
    if (!parts) throw invalid(`${value}`);
    this.#parts = parts;
    if (this.#params) refill(this.#params, parts.search.slice(1));
  }
  get origin() {
    return this.#parts.origin;
  }
  get searchParams() {
    this.#params ??= new URLSearchParams(this.#parts.search, () => {
      const query = this.#params.toString();
      this.#parts = parse(host.call(URL_SET, { url: this.#parts.href, name: 'search', value: query }));
    });
    return this.#params;
  }
  toString() {
    return this.#parts.href;
  }
  toJSON() {
    return this.#parts.href;
  }
  static canParse(input, base) {
    return parseUrl(input, base) !== undefined;
  }
  static parse(input, base) {
    return parseUrl(input, base) ? new URL(input, base) : null;
  }
  static {
    for (const name of ['protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash']) {
      Object.defineProperty(URL.prototype, name, {
        enumerable: true,
        configurable: true,
        get() {
          return this.#parts[name];
        },
        set(value) {
          this.#set(name, value);
        },
      });
    }
  }
}

exports.globals = { URL, URLSearchParams };
