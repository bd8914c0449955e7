// Node's Buffer: the npm package `buffer` (vendor/), with base64 and UTF-8 done outside of the engine's interpreter.
const { Buffer } = require('./vendor/buffer.js');
const { toBase64, fromBase64 } = require('./base64.js');
const utf8 = require('./utf8.js');

// Below this size the vendored code is as fast as the way to the host and back.
const SMALL = 48;

const { toString, write } = Buffer.prototype;
const { from } = Buffer;
const isEncoding = Buffer.isEncoding;
const wrap = bytes => Object.setPrototypeOf(bytes, Buffer.prototype);

Buffer.isEncoding = encoding => encoding === 'base64url' || isEncoding(encoding);

Buffer.from = function (value, encoding, length) {
  if (typeof value === 'string') {
    const name = `${encoding ?? 'utf8'}`.toLowerCase();
    if (name === 'utf8' || name === 'utf-8') return wrap(utf8.encode(value));
    if (name === 'base64' || name === 'base64url') return wrap(fromBase64(value));
  }
  return from.call(Buffer, value, encoding, length);
};

const urlSafe = text => text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

Buffer.prototype.toString = function (encoding, start, end) {
  const name = `${encoding ?? 'utf8'}`.toLowerCase();
  if (name === 'base64url') return urlSafe(this.toString('base64', start, end));
  const whole = start === undefined && end === undefined;
  if (name === 'utf8' || name === 'utf-8') return utf8.decode(whole ? this : this.subarray(start ?? 0, end));
  if (name === 'base64' && this.length > SMALL) return toBase64(whole ? this : this.subarray(start ?? 0, end));
  return toString.call(this, encoding, start, end);
};

Buffer.prototype.write = function (text, ...rest) {
  const encoding = rest.findLast(value => typeof value === 'string');
  if (encoding !== 'base64url') return write.call(this, text, ...rest);
  const offset = typeof rest[0] === 'number' ? rest[0] : 0;
  const bytes = fromBase64(text).subarray(0, this.length - offset);
  this.set(bytes, offset);
  return bytes.length;
};

const byteLength = Buffer.byteLength;
Buffer.byteLength = (value, encoding) => {
  if (typeof value !== 'string') return byteLength(value, encoding);
  const name = `${encoding ?? 'utf8'}`.toLowerCase();
  return name === 'base64url' || name === 'utf8' || name === 'utf-8'
    ? Buffer.from(value, name).length
    : byteLength(value, encoding);
};

module.exports = {
  Buffer,
  get btoa() {
    return globalThis.btoa;
  },
  get atob() {
    return globalThis.atob;
  },
};
