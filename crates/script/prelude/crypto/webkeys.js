// Keys of WebCrypto.
const { bytesOf } = require('../encoding.js');
const { fromJwk } = require('./key.js');
const { Buffer } = require('../buffer.js');

// The name in upper case, and the name of its hash.
exports.encodeAlgorithm = algorithm => {
  const name = `${typeof algorithm === 'string' ? algorithm : algorithm.name}`.toUpperCase();
  const hash = algorithm.hash === undefined ? undefined : `${algorithm.hash.name ?? algorithm.hash}`;
  return { name, hash };
};

class CryptoKey {
  constructor(type, extractable, algorithm, usages, material) {
    Object.assign(this, { type, extractable, algorithm, usages });
    Object.defineProperty(this, 'material', { value: material });
  }
}
exports.CryptoKey = CryptoKey;

const NAMES = {
  HMAC: 'secret', PBKDF2: 'secret', 'AES-GCM': 'secret', 'AES-CBC': 'secret',
  'RSASSA-PKCS1-V1_5': 'pair', 'RSA-PSS': 'pair', ECDSA: 'pair', ED25519: 'pair',
};

const read = (format, data) => {
  switch (format) {
    case 'raw':
    case 'pkcs8':
    case 'spki':
      return { format, bytes: bytesOf(data).slice() };
    case 'jwk':
      return fromJwk(data);
    default:
      throw new TypeError(`unknown key format ${format}`);
  }
};

const PRIVATE = new Set(['pkcs8', 'pkcs1', 'sec1']);

exports.importKey = async (format, data, algorithm, extractable, usages) => {
  const { name, hash } = exports.encodeAlgorithm(algorithm);
  const kind = NAMES[name];
  if (!kind) throw new DOMException(`the algorithm ${name} is not supported here`, 'NotSupportedError');
  const material = read(format, data);
  const type = kind === 'secret' ? 'secret' : PRIVATE.has(material.format) ? 'private' : 'public';
  const own = { ...(typeof algorithm === 'string' ? {} : algorithm), name: typeof algorithm === 'string' ? algorithm : algorithm.name };
  if (hash !== undefined) own.hash = { name: hash };
  return new CryptoKey(type, Boolean(extractable), own, [...usages], material);
};

exports.exportKey = async (format, key) => {
  if (!key.extractable) throw new DOMException('the key is not extractable', 'InvalidAccessError');
  const { material } = key;
  if (format === 'jwk' && key.type === 'secret') return { kty: 'oct', k: Buffer.from(material.bytes).toString('base64url'), ext: true };
  if (format !== material.format && !(format === 'raw' && key.type === 'secret')) {
    throw new DOMException('a key can be exported in the form it came in only', 'NotSupportedError');
  }
  return material.bytes.slice().buffer;
};
