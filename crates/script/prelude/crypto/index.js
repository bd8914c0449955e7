// The module `crypto`.
const { createHash, createHmac, getHashes, hash } = require('./hash.js');
const { createSign, createVerify, sign, verify, constants } = require('./sign.js');
const { createCipheriv, createDecipheriv, getCiphers } = require('./cipher.js');
const { createSecretKey, createPrivateKey, createPublicKey, KeyObject } = require('./key.js');
const { pbkdf2Sync } = require('./derive.js');
const { crypto: webcrypto, equal } = require('./webcrypto.js');
const { input } = require('./bytes.js');
const random = require('./random.js');

const timingSafeEqual = (left, right) => {
  const [a, b] = [input(left), input(right)];
  if (a.length !== b.length) throw new RangeError('Input buffers must have the same byte length');
  return equal(a, b);
};

const pbkdf2 = (password, salt, iterations, size, digest, callback) => {
  queueMicrotask(() => {
    let key;
    try {
      key = pbkdf2Sync(password, salt, iterations, size, digest);
    } catch (error) {
      callback(error);
      return;
    }
    callback(null, key);
  });
};

module.exports = {
  createHash, createHmac, getHashes, hash, createSign, createVerify, sign, verify, constants, createCipheriv,
  createDecipheriv, getCiphers, createSecretKey, createPrivateKey, createPublicKey, KeyObject, pbkdf2, pbkdf2Sync,
  timingSafeEqual, ...random, webcrypto, subtle: webcrypto.subtle,
};
