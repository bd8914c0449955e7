// Shaped like the npm package: `sign`, `verify` and `decode`, with signatures by the host.
const { Buffer } = require('./buffer.js');
const utf8 = require('./utf8.js');
const { hmacBytes } = require('./crypto/hash.js');
const { signBytes, verifyBytes } = require('./crypto/sign.js');
const { equal } = require('./crypto/webcrypto.js');
const { asymmetric, secret, KeyObject } = require('./crypto/key.js');
const { parse, stringify } = JSON;

class JsonWebTokenError extends Error {
  constructor(message, error) {
    super(message);
    this.name = 'JsonWebTokenError';
    if (error) this.inner = error;
  }
}
class TokenExpiredError extends JsonWebTokenError {
  constructor(message, expiredAt) {
    super(message);
    this.name = 'TokenExpiredError';
    this.expiredAt = expiredAt;
  }
}
class NotBeforeError extends JsonWebTokenError {
  constructor(message, date) {
    super(message);
    this.name = 'NotBeforeError';
    this.date = date;
  }
}

const hash = bits => `sha${bits}`;
const ALGORITHMS = new Map([['none', { kind: 'none' }], ['EdDSA', { kind: 'pair', how: {} }]]);
for (const bits of [256, 384, 512]) {
  ALGORITHMS.set(`HS${bits}`, { kind: 'secret', hash: hash(bits) });
  ALGORITHMS.set(`RS${bits}`, { kind: 'pair', how: { hash: hash(bits) } });
  ALGORITHMS.set(`PS${bits}`, { kind: 'pair', how: { hash: hash(bits), pss: true } });
  ALGORITHMS.set(`ES${bits}`, { kind: 'pair', how: { hash: hash(bits), fixed: true } });
}

const encode = value => Buffer.from(typeof value === 'string' ? value : stringify(value), 'utf8').toString('base64url');

const signature = (name, key, input) => {
  const algorithm = ALGORITHMS.get(name);
  if (!algorithm) throw new Error('"algorithm" must be a valid string enum value');
  if (algorithm.kind === 'none') return '';
  if (key === undefined || key === null || key === '') throw new Error('secretOrPrivateKey must have a value');
  const data = utf8.encode(input);
  const bytes = algorithm.kind === 'secret'
    ? hmacBytes(algorithm.hash, secret(key), data)
    : signBytes({ key: asymmetric(key), ...algorithm.how }, data);
  return Buffer.from(bytes).toString('base64url');
};

const matches = (name, key, input, given) => {
  const algorithm = ALGORITHMS.get(name);
  const data = utf8.encode(input);
  const bytes = Buffer.from(given, 'base64url');
  if (algorithm.kind === 'secret') return equal(hmacBytes(algorithm.hash, secret(key), data), bytes);
  return verifyBytes({ key: asymmetric(key), ...algorithm.how }, data, bytes);
};

const UNITS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_557_600 };
const NAMES = { msec: 'ms', millisecond: 'ms', sec: 's', second: 's', min: 'm', minute: 'm', hr: 'h', hour: 'h', day: 'd', week: 'w', yr: 'y', year: 'y' };

// Seconds of a time span such as `"2 days"`; a plain number in a string is milliseconds, as with the package.
const span = (value, option) => {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const [, amount, word] = /^(-?\d*\.?\d+)\s*([a-z]*)$/i.exec(`${value}`.trim()) ?? [];
  const name = (word ?? '').toLowerCase();
  const unit = name === '' ? 'ms' : (NAMES[name] ?? NAMES[name.replace(/s$/, '')] ?? name);
  if (amount === undefined || !Object.hasOwn(UNITS, unit)) {
    throw new Error(`"${option}" should be a number of seconds or string representing a timespan eg: "1d", "20h", 60`);
  }
  return Math.floor(+amount * UNITS[unit]);
};

const CLAIMS = [['audience', 'aud'], ['issuer', 'iss'], ['subject', 'sub'], ['jwtid', 'jti']];

const timestamps = (payload, options, now) => {
  const issued = payload.iat ?? now;
  if (options.noTimestamp) delete payload.iat;
  else payload.iat = issued;
  for (const [option, claim] of [['expiresIn', 'exp'], ['notBefore', 'nbf']]) {
    if (options[option] === undefined) continue;
    if (payload[claim] !== undefined) throw new Error(`Bad "options.${option}" option the payload already has an "${claim}" property.`);
    payload[claim] = issued + span(options[option], option);
  }
};

const sync = (work, callback) => {
  if (typeof callback !== 'function') return work();
  let result;
  try {
    result = work();
  } catch (error) {
    callback(error);
    return undefined;
  }
  callback(null, result);
};

const sign = (payload, key, options, callback) => {
  if (typeof options === 'function') return sign(payload, key, {}, options);
  return sync(() => {
    const { algorithm = 'HS256', header = {}, keyid } = options ?? {};
    const isObject = typeof payload === 'object' && payload !== null && !ArrayBuffer.isView(payload);
    const head = { alg: algorithm, typ: isObject ? 'JWT' : undefined, kid: keyid, ...header };
    let body = ArrayBuffer.isView(payload) ? utf8.decode(payload) : payload;
    if (isObject) {
      body = options?.mutatePayload ? payload : { ...payload };
      timestamps(body, options ?? {}, Math.floor(Date.now() / 1000));
      for (const [option, claim] of CLAIMS) {
        if (options?.[option] === undefined) continue;
        if (body[claim] !== undefined) throw new Error(`Bad "options.${option}" option. The payload already has an "${claim}" property.`);
        body[claim] = options[option];
      }
    }
    const input = `${encode(head)}.${encode(body)}`;
    return `${input}.${signature(head.alg, key, input)}`;
  }, callback);
};

const isPem = key => {
  const text = typeof key === 'string' ? key : ArrayBuffer.isView(key) ? utf8.decode(key) : '';
  return text.includes('-----BEGIN ');
};

const decodeParts = token => {
  const parts = `${token}`.split('.');
  if (parts.length !== 3 || parts[0] === '') return undefined;
  const text = part => Buffer.from(part, 'base64url').toString('utf8');
  let header;
  try {
    header = parse(text(parts[0]));
  } catch {
    return undefined;
  }
  let payload = text(parts[1]);
  try {
    payload = parse(payload);
  } catch {
    // Not JSON: the payload is a string.
  }
  return { header, payload, signature: parts[2], input: `${parts[0]}.${parts[1]}` };
};

const decode = (token, options) => {
  const decoded = decodeParts(token);
  if (!decoded) return null;
  const { header, payload, signature } = decoded;
  return options?.complete ? { header, payload, signature } : payload;
};

// Without a list, the key decides what is accepted: a public key must never be taken for a secret.
const accepted = (key, algorithms) => {
  if (algorithms) return algorithms;
  if (key instanceof KeyObject ? key.type !== 'secret' : isPem(key) || key?.format) {
    return [...ALGORITHMS].filter(([, { kind }]) => kind === 'pair').map(([name]) => name);
  }
  return ['HS256', 'HS384', 'HS512'];
};

const includes = (wanted, values) =>
  [].concat(wanted).some(item => [].concat(values).some(value => (item instanceof RegExp ? item.test(value) : item === value)));

const checkClaims = (payload, options) => {
  const now = options.clockTimestamp ?? Math.floor(Date.now() / 1000);
  const tolerance = options.clockTolerance ?? 0;
  if (payload.nbf !== undefined && !options.ignoreNotBefore) {
    if (typeof payload.nbf !== 'number') throw new JsonWebTokenError('invalid nbf value');
    if (payload.nbf > now + tolerance) throw new NotBeforeError('jwt not active', new Date(payload.nbf * 1000));
  }
  if (payload.exp !== undefined && !options.ignoreExpiration) {
    if (typeof payload.exp !== 'number') throw new JsonWebTokenError('invalid exp value');
    if (now >= payload.exp + tolerance) throw new TokenExpiredError('jwt expired', new Date(payload.exp * 1000));
  }
  const expected = (option, claim) => {
    if (options[option] !== undefined && !includes(options[option], payload[claim] ?? [])) {
      throw new JsonWebTokenError(`jwt ${option} invalid. expected: ${[].concat(options[option]).join(' or ')}`);
    }
  };
  expected('audience', 'aud');
  expected('issuer', 'iss');
  expected('subject', 'sub');
  expected('jwtid', 'jti');
  if (options.nonce !== undefined && payload.nonce !== options.nonce) {
    throw new JsonWebTokenError(`jwt nonce invalid. expected: ${options.nonce}`);
  }
  if (options.maxAge !== undefined) {
    if (typeof payload.iat !== 'number') throw new JsonWebTokenError('iat required when maxAge is specified');
    const end = payload.iat + span(options.maxAge, 'maxAge');
    if (now >= end + tolerance) throw new TokenExpiredError('maxAge exceeded', new Date(end * 1000));
  }
};

const verifyWith = (decoded, key, options) => {
  const { header, payload, signature: given, input } = decoded;
  if (given === '') throw new JsonWebTokenError('jwt signature is required');
  if (key === undefined || key === null || key === '') throw new JsonWebTokenError('secret or public key must be provided');
  const known = ALGORITHMS.has(header.alg) && header.alg !== 'none';
  if (!known || !accepted(key, options.algorithms).includes(header.alg)) throw new JsonWebTokenError('invalid algorithm');
  if (ALGORITHMS.get(header.alg).kind === 'secret' && isPem(key)) throw new JsonWebTokenError('invalid algorithm');
  let valid;
  try {
    valid = matches(header.alg, key, input, given);
  } catch (error) {
    throw new JsonWebTokenError(error.message, error);
  }
  if (!valid) throw new JsonWebTokenError('invalid signature');
  if (typeof payload === 'object' && payload !== null) checkClaims(payload, options);
  return options.complete ? { header, payload, signature: given } : payload;
};

const verify = (token, key, options, callback) => {
  if (typeof options === 'function') return verify(token, key, {}, options);
  const begin = () => {
    if (!token) throw new JsonWebTokenError('jwt must be provided');
    if (typeof token !== 'string') throw new JsonWebTokenError('jwt must be a string');
    const decoded = decodeParts(token);
    if (!decoded) throw new JsonWebTokenError(token.split('.').length === 3 ? 'invalid token' : 'jwt malformed');
    return decoded;
  };
  if (typeof key !== 'function') return sync(() => verifyWith(begin(), key, options ?? {}), callback);
  // A function that finds the key by the token's header, with a callback.
  if (typeof callback !== 'function') throw new JsonWebTokenError('verify must be called asynchronous if secret or public key is provided as a callback');
  return sync(begin, (error, decoded) => {
    if (error) return callback(error);
    key(decoded.header, (failure, found) => {
      if (failure) callback(new JsonWebTokenError(`error in secret or public key callback: ${failure.message}`));
      else sync(() => verifyWith(decoded, found, options ?? {}), callback);
    });
  });
};

module.exports = { sign, verify, decode, JsonWebTokenError, TokenExpiredError, NotBeforeError };
module.exports.default = module.exports;
