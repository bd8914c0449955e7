// Signatures by the host.
const host = require('../host.js');
const { input, output, wrap } = require('./bytes.js');
const { asymmetric } = require('./key.js');
const { checked } = require('./hash.js');
const { SIGN, VERIFY } = host.operations;

const constants = (exports.constants = { RSA_PKCS1_PADDING: 1, RSA_PKCS1_PSS_PADDING: 6, RSA_PSS_SALTLEN_DIGEST: -1 });

// `key` is {format, bytes}; `hash` is undefined for Ed25519.
exports.signBytes = ({ key, hash, pss, fixed }, data) => {
  const { bytes, sizes } = host.join([key.bytes, data]);
  return host.call(SIGN, { format: key.format, hash, pss, fixed, sizes }, bytes);
};
exports.verifyBytes = ({ key, hash, pss, fixed }, data, signature) => {
  const { bytes, sizes } = host.join([key.bytes, data, signature]);
  return host.call(VERIFY, { format: key.format, hash, pss, fixed, sizes }, bytes) === '1';
};

// Node's options of a key say how to sign with it.
const how = (algorithm, key) => ({
  key: asymmetric(key),
  hash: algorithm === null || algorithm === undefined ? undefined : checked(algorithm),
  pss: key?.padding === constants.RSA_PKCS1_PSS_PADDING,
  fixed: key?.dsaEncoding === 'ieee-p1363',
});

class Signer {
  #algorithm;
  #parts = [];
  constructor(algorithm) {
    this.#algorithm = checked(algorithm);
  }
  update(data, encoding) {
    this.#parts.push(input(data, encoding).slice());
    return this;
  }
  write(data, encoding) {
    this.update(data, encoding);
    return true;
  }
  end(data, encoding) {
    return data === undefined ? this : this.update(data, encoding);
  }
  sign(key, encoding) {
    return output(exports.signBytes(how(this.#algorithm, key), host.join(this.#parts).bytes), encoding);
  }
  verify(key, signature, encoding) {
    return exports.verifyBytes(how(this.#algorithm, key), host.join(this.#parts).bytes, input(signature, encoding));
  }
}

exports.createSign = algorithm => new Signer(algorithm);
exports.createVerify = algorithm => new Signer(algorithm);
exports.sign = (algorithm, data, key) => wrap(exports.signBytes(how(algorithm, key), input(data)));
exports.verify = (algorithm, data, key, signature) => exports.verifyBytes(how(algorithm, key), input(data), input(signature));
