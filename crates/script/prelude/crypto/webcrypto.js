// WebCrypto: digest, HMAC, RSA and ECDSA signatures, AES in GCM and CBC mode, PBKDF2. The promises settle at once.
const { encodeAlgorithm, CryptoKey, importKey, exportKey } = require('./webkeys.js');
const { bytesOf } = require('../encoding.js');
const host = require('../host.js');
const { hashBytes, hmacBytes } = require('./hash.js');
const { signBytes, verifyBytes } = require('./sign.js');
const { aes } = require('./cipher.js');
const { pbkdf2 } = require('./derive.js');
const random = require('./random.js');
const { ENCRYPT, DECRYPT } = host.operations;

const buffer = bytes => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
const unsupported = name => new DOMException(`the algorithm ${name} is not supported here`, 'NotSupportedError');

const allowed = (key, usage) => {
  if (!(key instanceof CryptoKey)) throw new TypeError('expected a CryptoKey');
  if (!key.usages.includes(usage)) throw new DOMException(`the key does not permit ${usage}`, 'InvalidAccessError');
  return key.material;
};

const how = (algorithm, key, material) => {
  const { name, hash } = encodeAlgorithm(algorithm);
  switch (name) {
    case 'RSASSA-PKCS1-V1_5':
      return { key: material, hash: key.algorithm.hash.name };
    case 'RSA-PSS':
      return { key: material, hash: key.algorithm.hash.name, pss: true };
    case 'ECDSA':
      return { key: material, hash, fixed: true };
    case 'ED25519':
      return { key: material };
    default:
      throw unsupported(name);
  }
};

const equal = (left, right) => {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index++) difference |= left[index] ^ right[index];
  return difference === 0;
};
exports.equal = equal;

const cipher = async (operation, usage, algorithm, key, data) => {
  const { name } = encodeAlgorithm(algorithm);
  const material = allowed(key, usage);
  if (name !== 'AES-GCM' && name !== 'AES-CBC') throw unsupported(name);
  if ((algorithm.tagLength ?? 128) !== 128) throw unsupported('AES-GCM with a short tag');
  const options = {
    mode: name.slice(4).toLowerCase(),
    key: material.bytes,
    iv: bytesOf(algorithm.iv),
    additional: algorithm.additionalData && bytesOf(algorithm.additionalData),
  };
  try {
    return buffer(aes(operation, options, bytesOf(data)));
  } catch {
    throw new DOMException('The operation failed', 'OperationError');
  }
};

const subtle = {
  async digest(algorithm, data) {
    return buffer(hashBytes(encodeAlgorithm(algorithm).name, bytesOf(data)));
  },
  importKey,
  exportKey,
  async sign(algorithm, key, data) {
    const material = allowed(key, 'sign');
    if (encodeAlgorithm(algorithm).name === 'HMAC') {
      return buffer(hmacBytes(key.algorithm.hash.name, material.bytes, bytesOf(data)));
    }
    return buffer(signBytes(how(algorithm, key, material), bytesOf(data)));
  },
  async verify(algorithm, key, signature, data) {
    const material = allowed(key, 'verify');
    if (encodeAlgorithm(algorithm).name === 'HMAC') {
      return equal(hmacBytes(key.algorithm.hash.name, material.bytes, bytesOf(data)), bytesOf(signature));
    }
    return verifyBytes(how(algorithm, key, material), bytesOf(data), bytesOf(signature));
  },
  encrypt: (algorithm, key, data) => cipher(ENCRYPT, 'encrypt', algorithm, key, data),
  decrypt: (algorithm, key, data) => cipher(DECRYPT, 'decrypt', algorithm, key, data),
  async deriveBits(algorithm, key, length) {
    const { name, hash } = encodeAlgorithm(algorithm);
    if (name !== 'PBKDF2') throw unsupported(name);
    const { bytes } = allowed(key, 'deriveBits');
    return buffer(pbkdf2(bytes, bytesOf(algorithm.salt), algorithm.iterations, length / 8, hash));
  },
};

exports.crypto = { subtle, getRandomValues: random.getRandomValues, randomUUID: random.randomUUID };
