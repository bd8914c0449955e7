// Keys in the forms that Node and WebCrypto take them in, as bytes with a format that the host reads.
const { Buffer } = require('../buffer.js');
const { input } = require('./bytes.js');
const { join } = require('../host.js');
const utf8 = require('../utf8.js');

// What createSecretKey, createPrivateKey and createPublicKey give.
class KeyObject {
  constructor(type, key) {
    this.type = type;
    Object.defineProperty(this, 'key', { value: key });
  }
  export(options) {
    if (this.type === 'secret') return Buffer.from(this.key.bytes);
    if (this.key.format === 'pem' && (options?.format ?? 'pem') === 'pem') return utf8.decode(this.key.bytes);
    throw new Error('a key can be exported in the form it came in only');
  }
}
exports.KeyObject = KeyObject;

exports.secret = key => {
  if (key instanceof KeyObject) return key.key.bytes;
  return input(key);
};

// DER (X.690): just enough to write keys that come as numbers.
const length = size => {
  if (size < 0x80) return [size];
  const bytes = [];
  for (let rest = size; rest > 0; rest >>= 8) bytes.unshift(rest & 0xff);
  return [0x80 | bytes.length, ...bytes];
};
const tagged = (tag, ...parts) => {
  const content = join(parts).bytes;
  return join([new Uint8Array([tag, ...length(content.length)]), content]).bytes;
};
const integer = bytes => {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  return tagged(0x02, digits[0] & 0x80 ? new Uint8Array([0]) : new Uint8Array(0), digits);
};

const CURVES = {
  'P-256': [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
  'P-384': [0x2b, 0x81, 0x04, 0x00, 0x22],
  'P-521': [0x2b, 0x81, 0x04, 0x00, 0x23],
  secp256k1: [0x2b, 0x81, 0x04, 0x00, 0x0a],
};

const fromJwk = jwk => {
  const number = name => Buffer.from(`${jwk[name]}`, 'base64url');
  const one = new Uint8Array([1]);
  if (jwk.kty === 'oct') return { format: 'secret', bytes: number('k') };
  if (jwk.kty === 'RSA') {
    if (jwk.d === undefined) return { format: 'spki', bytes: tagged(0x30, integer(number('n')), integer(number('e'))) };
    const members = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map(name => integer(number(name)));
    return { format: 'pkcs1', bytes: tagged(0x30, integer(new Uint8Array([0])), ...members) };
  }
  if (jwk.kty === 'EC') {
    const point = join([new Uint8Array([4]), number('x'), number('y')]).bytes;
    if (jwk.d === undefined) return { format: 'raw', bytes: point };
    const curve = CURVES[jwk.crv];
    if (!curve) throw new Error(`the curve ${jwk.crv} is not supported`);
    const oid = tagged(0xa0, tagged(0x06, new Uint8Array(curve)));
    const bits = tagged(0xa1, tagged(0x03, new Uint8Array([0]), point));
    return { format: 'sec1', bytes: tagged(0x30, integer(one), tagged(0x04, number('d')), oid, bits) };
  }
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') {
    if (jwk.d === undefined) return { format: 'raw', bytes: number('x') };
    const algorithm = tagged(0x30, tagged(0x06, new Uint8Array([0x2b, 0x65, 0x70])));
    return { format: 'pkcs8', bytes: tagged(0x30, integer(new Uint8Array([0])), algorithm, tagged(0x04, tagged(0x04, number('d')))) };
  }
  throw new Error(`keys of type ${jwk.kty} are not supported`);
};
exports.fromJwk = fromJwk;

// A private or public key: PEM text, `{key, format, type}`, a JWK or a KeyObject.
const asymmetric = (exports.asymmetric = key => {
  if (key instanceof KeyObject) return key.key;
  if (typeof key === 'string') return { format: 'pem', bytes: utf8.encode(key) };
  if (key instanceof ArrayBuffer || ArrayBuffer.isView(key)) return { format: 'pem', bytes: input(key) };
  if (typeof key !== 'object' || key === null) throw new TypeError('a key must be PEM text, an object or a KeyObject');
  if (key.format === 'jwk') return fromJwk(key.key);
  if (key.format === 'der') return { format: key.type === 'pkcs1' && key.public ? 'spki' : (key.type ?? 'spki'), bytes: input(key.key) };
  if (key.passphrase !== undefined) throw new Error('encrypted private keys are not supported');
  return asymmetric(key.key);
});

exports.createSecretKey = (key, encoding) => new KeyObject('secret', { format: 'secret', bytes: input(key, encoding).slice() });
exports.createPrivateKey = key => new KeyObject('private', asymmetric(key));
exports.createPublicKey = key => new KeyObject('public', asymmetric(key?.format === 'der' ? { ...key, public: true } : key));
