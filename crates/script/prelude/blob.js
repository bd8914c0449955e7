// Blob, File and FormData, and FormData as multipart/form-data.
const { join } = require('./host.js');
const utf8 = require('./utf8.js');
const { bytesOf } = require('./encoding.js');
const { BodyStream } = require('./stream.js');

class Blob {
  #bytes;
  constructor(parts = [], { type = '' } = {}) {
    this.#bytes = join([...parts].map(part => {
      if (part instanceof Blob) return part.#bytes;
      return typeof part === 'object' && part !== null ? bytesOf(part) : utf8.encode(part);
    })).bytes;
    this.type = `${type}`.toLowerCase();
  }
  get size() {
    return this.#bytes.length;
  }
  slice(start, end, type) {
    return new Blob([this.#bytes.slice(start, end)], { type });
  }
  async bytes() {
    return this.#bytes.slice();
  }
  async arrayBuffer() {
    return this.#bytes.slice().buffer;
  }
  async text() {
    return utf8.decode(this.#bytes);
  }
  stream() {
    return new BodyStream(this.#bytes);
  }
  static bytesOf(blob) {
    return blob.#bytes;
  }
}
const blobBytes = (exports.blobBytes = Blob.bytesOf);
delete Blob.bytesOf;

class File extends Blob {
  constructor(parts, name, options = {}) {
    super(parts, options);
    this.name = `${name}`;
    this.lastModified = options.lastModified ?? Date.now();
  }
}

class FormData {
  #entries = [];

  #entry(name, value, filename) {
    if (!(value instanceof Blob)) return [`${name}`, `${value}`];
    const file = filename === undefined && value instanceof File ? value : new File([value], filename ?? 'blob', { type: value.type });
    return [`${name}`, file];
  }
  append(name, value, filename) {
    this.#entries.push(this.#entry(name, value, filename));
  }
  set(name, value, filename) {
    this.delete(name);
    this.append(name, value, filename);
  }
  delete(name) {
    this.#entries = this.#entries.filter(entry => entry[0] !== `${name}`);
  }
  get(name) {
    return this.#entries.find(entry => entry[0] === `${name}`)?.[1] ?? null;
  }
  getAll(name) {
    return this.#entries.filter(entry => entry[0] === `${name}`).map(entry => entry[1]);
  }
  has(name) {
    return this.#entries.some(entry => entry[0] === `${name}`);
  }
  *entries() {
    for (const entry of this.#entries) yield [...entry];
  }
  *keys() {
    for (const [name] of this.#entries) yield name;
  }
  *values() {
    for (const [, value] of this.#entries) yield value;
  }
  [Symbol.iterator]() {
    return this.entries();
  }
  forEach(callback, thisArg) {
    for (const [name, value] of this.#entries) callback.call(thisArg, value, name, this);
  }
}

const escapeName = name => name.replace(/\r\n|\r|\n/g, '%0D%0A').replace(/"/g, '%22');

// The body and the content type that names its boundary.
exports.encodeForm = form => {
  const boundary = `----form-${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;
  const parts = [];
  for (const [name, value] of form) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"`;
    if (typeof value === 'string') parts.push(utf8.encode(`${head}\r\n\r\n${value}\r\n`));
    else {
      const type = value.type || 'application/octet-stream';
      parts.push(utf8.encode(`${head}; filename="${escapeName(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`));
      parts.push(blobBytes(value), utf8.encode('\r\n'));
    }
  }
  parts.push(utf8.encode(`--${boundary}--\r\n`));
  return { bytes: join(parts).bytes, contentType: `multipart/form-data; boundary=${boundary}` };
};

exports.globals = { Blob, File, FormData };
