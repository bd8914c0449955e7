// createHash and createHmac. The data is gathered here and digested by the host when the digest is wanted.
const host = require('../host.js');
const { input, output } = require('./bytes.js');
const { secret } = require('./key.js');
const { HASH, HMAC } = host.operations;

const HASHES = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];

const checked = name => {
  const plain = `${name}`.replace(/[^A-Za-z0-9]/g, '').toLowerCase().replace(/^rsa/, '');
  if (HASHES.includes(plain)) return plain;
  throw Object.assign(new Error('Digest method not supported'), { code: 'ERR_CRYPTO_INVALID_DIGEST' });
};

class Gathered {
  #parts;
  #digest;
  #done = false;

  constructor(digest, parts = []) {
    this.#digest = digest;
    this.#parts = parts;
  }
  update(data, encoding) {
    if (this.#done) throw new Error('Digest already called');
    // A copy: what is in the buffer later is not what was hashed.
    this.#parts.push(input(data, encoding).slice());
    return this;
  }
  digest(encoding) {
    if (this.#done) throw new Error('Digest already called');
    this.#done = true;
    return output(this.#digest(host.join(this.#parts).bytes), encoding);
  }
  copy() {
    if (this.#done) throw new Error('Digest already called');
    return new Gathered(this.#digest, [...this.#parts]);
  }
  // Hashes are streams in Node; these two are what scripts use of that.
  write(data, encoding) {
    this.update(data, encoding);
    return true;
  }
  end(data, encoding) {
    if (data !== undefined) this.update(data, encoding);
    return this;
  }
  read() {
    return this.digest();
  }
}

const hashBytes = (exports.hashBytes = (name, bytes) => host.callText(HASH, name, bytes));
const hmacBytes = (exports.hmacBytes = (hash, key, data) => {
  const { bytes, sizes } = host.join([key, data]);
  return host.call(HMAC, { hash, sizes }, bytes);
});

exports.createHash = name => {
  const hash = checked(name);
  return new Gathered(bytes => hashBytes(hash, bytes));
};
exports.createHmac = (name, key) => {
  const hash = checked(name);
  const bytes = secret(key).slice();
  return new Gathered(data => hmacBytes(hash, bytes, data));
};
exports.hash = (name, data, encoding = 'hex') => exports.createHash(name).update(data).digest(encoding);
exports.getHashes = () => HASHES.flatMap(name => (name === 'md5' ? [name] : [name, `RSA-${name.toUpperCase()}`]));
exports.checked = checked;
