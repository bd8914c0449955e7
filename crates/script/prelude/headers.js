// Headers: names are compared without case; several values of one name are joined, but for Set-Cookie.
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const checkName = name => {
  const text = `${name}`;
  if (!NAME.test(text)) throw new TypeError(`Invalid header name: ${JSON.stringify(text)}`);
  return text.toLowerCase();
};

const checkValue = value => {
  const text = `${value}`.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  if (/[\0\n\r]/.test(text)) throw new TypeError('Invalid header value');
  return text;
};

class Headers {
  #entries = [];

  constructor(init) {
    if (init === undefined || init === null) return;
    const pairs = typeof init[Symbol.iterator] === 'function' ? init : Object.entries(init);
    for (const [name, value] of pairs) this.append(name, value);
  }
  append(name, value) {
    this.#entries.push([checkName(name), checkValue(value)]);
  }
  set(name, value) {
    const key = checkName(name);
    const text = checkValue(value);
    this.#entries = this.#entries.filter(entry => entry[0] !== key);
    this.#entries.push([key, text]);
  }
  delete(name) {
    const key = checkName(name);
    this.#entries = this.#entries.filter(entry => entry[0] !== key);
  }
  has(name) {
    const key = checkName(name);
    return this.#entries.some(entry => entry[0] === key);
  }
  get(name) {
    const key = checkName(name);
    const values = this.#entries.filter(entry => entry[0] === key).map(entry => entry[1]);
    return values.length ? values.join(', ') : null;
  }
  getSetCookie() {
    return this.#entries.filter(entry => entry[0] === 'set-cookie').map(entry => entry[1]);
  }
  *entries() {
    const names = [...new Set(this.#entries.map(entry => entry[0]))].sort();
    for (const name of names) {
      if (name === 'set-cookie') for (const cookie of this.getSetCookie()) yield [name, cookie];
      else yield [name, this.get(name)];
    }
  }
  *keys() {
    for (const [name] of this.entries()) yield name;
  }
  *values() {
    for (const [, value] of this.entries()) yield value;
  }
  [Symbol.iterator]() {
    return this.entries();
  }
  forEach(callback, thisArg) {
    for (const [name, value] of this.entries()) callback.call(thisArg, value, name, this);
  }
}

exports.globals = { Headers };
exports.Headers = Headers;

// Headers of a response as a plain object: lower-case names, repeated ones joined, cookies as a list.
exports.plainHeaders = pairs => {
  const plain = {};
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    if (key === 'set-cookie') (plain[key] ??= []).push(value);
    else plain[key] = Object.hasOwn(plain, key) ? `${plain[key]}, ${value}` : value;
  }
  return plain;
};
