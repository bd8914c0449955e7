// Randomness from the host.
const host = require('../host.js');
const { wrap } = require('./bytes.js');

const MOST = 1024 * 1024;

const bytes = size => {
  if (!Number.isInteger(size) || size < 0 || size > MOST) throw new RangeError(`"size" must be a number from 0 to ${MOST}`);
  return host.random(size);
};

exports.randomBytes = (size, callback) => {
  const random = wrap(bytes(size));
  if (typeof callback !== 'function') return random;
  queueMicrotask(() => callback(null, random));
};

exports.getRandomValues = array => {
  if (!ArrayBuffer.isView(array)) throw new TypeError('expected a typed array');
  if (array.byteLength > 65536) throw new DOMException('more than 65536 bytes at once', 'QuotaExceededError');
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(bytes(array.byteLength));
  return array;
};

exports.randomFillSync = exports.getRandomValues;

exports.randomUUID = () => {
  const random = bytes(16);
  random[6] = (random[6] & 0x0f) | 0x40;
  random[8] = (random[8] & 0x3f) | 0x80;
  const hex = wrap(random).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};

exports.randomInt = (low, high, callback) => {
  if (high === undefined || typeof high === 'function') return exports.randomInt(0, low, high);
  const range = high - low;
  if (!(range > 0 && range <= 2 ** 48)) throw new RangeError('The range of randomInt must be from 1 to 2 ** 48');
  // Values of the last, incomplete run of `range` are drawn again: they would favour small results.
  const bound = 2 ** 48 - (2 ** 48 % range);
  let value;
  do value = wrap(bytes(6)).readUIntBE(0, 6);
  while (value >= bound);
  const result = low + (value % range);
  if (typeof callback !== 'function') return result;
  queueMicrotask(() => callback(null, result));
};
