// What the functions of `crypto` take as bytes, and how they give bytes back.
const { Buffer } = require('../buffer.js');
const { bytesOf } = require('../encoding.js');

exports.input = (value, encoding) => {
  if (typeof value === 'string') return Buffer.from(value, encoding === undefined || encoding === 'buffer' ? 'utf8' : encoding);
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return bytesOf(value);
  throw new TypeError('The "data" argument must be a string, a Buffer, a TypedArray or a DataView');
};

exports.wrap = bytes => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

exports.output = (bytes, encoding) => {
  const buffer = exports.wrap(bytes);
  return encoding === undefined || encoding === 'buffer' ? buffer : buffer.toString(encoding);
};
