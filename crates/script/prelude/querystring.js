// Node's querystring.
const { Buffer } = require('./buffer.js');

const escape = text => encodeURIComponent(`${text}`.toWellFormed()).replace(/[!'()*]/g, character => (character === "'" ? '%27' : character));
const unescape = text => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%[0-9a-f]{2}/gi, hex => Buffer.from(hex.slice(1), 'hex').toString('latin1'));
  }
};

const scalar = value => {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return `${value}`;
  return typeof value === 'number' && Number.isFinite(value) ? `${value}` : '';
};

const stringify = (object, separator = '&', equals = '=') => {
  if (typeof object !== 'object' || object === null) return '';
  const pairs = [];
  for (const name of Object.keys(object)) {
    const values = Array.isArray(object[name]) ? object[name] : [object[name]];
    for (const value of values) pairs.push(`${escape(name)}${equals}${escape(scalar(value))}`);
  }
  return pairs.join(separator);
};

const parse = (text, separator = '&', equals = '=', { maxKeys = 1000 } = {}) => {
  const object = Object.create(null);
  const pairs = `${text}`.split(separator).filter(pair => pair !== '');
  for (const pair of maxKeys > 0 ? pairs.slice(0, maxKeys) : pairs) {
    const at = pair.indexOf(equals);
    const decode = part => unescape(part.replace(/\+/g, ' '));
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? '' : decode(pair.slice(at + equals.length));
    if (!(name in object)) object[name] = value;
    else if (Array.isArray(object[name])) object[name].push(value);
    else object[name] = [object[name], value];
  }
  return object;
};

module.exports = { stringify, parse, escape, unescape, encode: stringify, decode: parse };
