// AES in GCM and CBC mode. All output comes from `final`, since the host does the whole at once; put together, it is the
// same as Node's.
const host = require('../host.js');
const { Buffer } = require('../buffer.js');
const { input, output, wrap } = require('./bytes.js');
const { secret } = require('./key.js');
const { ENCRYPT, DECRYPT } = host.operations;

const TAG = 16;

// One operation of the host. In GCM mode the tag is at the end of the ciphertext.
const aes = (exports.aes = (operation, { mode, padding = true, key, iv, additional = new Uint8Array(0) }, data) => {
  const { bytes, sizes } = host.join([key, iv, additional, data]);
  return host.call(operation, { mode, padding, sizes }, bytes);
});

const parse = (algorithm, key, iv) => {
  const [, bits, mode] = /^aes-?(128|192|256)-(gcm|cbc)$/i.exec(`${algorithm}`) ?? [];
  if (!mode) throw Object.assign(new Error(`Unknown cipher: ${algorithm}`), { code: 'ERR_CRYPTO_UNKNOWN_CIPHER' });
  const bytes = secret(key);
  if (bytes.length * 8 !== +bits) throw new RangeError('Invalid key length');
  return { mode: mode.toLowerCase(), key: bytes, iv: input(iv) };
};

class Cipher {
  #options;
  #operation;
  #parts = [];
  #additional = [];
  #tag;
  #done = false;

  constructor(operation, algorithm, key, iv) {
    this.#operation = operation;
    this.#options = parse(algorithm, key, iv);
  }
  update(data, inputEncoding, outputEncoding) {
    this.#parts.push(input(data, inputEncoding).slice());
    return output(new Uint8Array(0), outputEncoding);
  }
  setAAD(data) {
    this.#additional.push(input(data).slice());
    return this;
  }
  setAutoPadding(padding = true) {
    this.#options.padding = padding;
    return this;
  }
  setAuthTag(tag, encoding) {
    this.#tag = input(tag, encoding);
    if (this.#tag.length !== TAG) throw new TypeError('Invalid authentication tag length');
    return this;
  }
  getAuthTag() {
    if (!this.#done || !this.#tag) throw new Error('Invalid state for operation getAuthTag');
    return wrap(this.#tag);
  }
  final(encoding) {
    if (this.#done) throw new Error('Unsupported state');
    const gcm = this.#options.mode === 'gcm';
    const decrypts = this.#operation === DECRYPT;
    if (gcm && decrypts && !this.#tag) throw new Error('Unsupported state or unable to authenticate data');
    const parts = gcm && decrypts ? [...this.#parts, this.#tag] : this.#parts;
    const additional = host.join(this.#additional).bytes;
    let result = aes(this.#operation, { ...this.#options, additional }, host.join(parts).bytes);
    this.#done = true;
    if (gcm && !decrypts) {
      this.#tag = result.slice(result.length - TAG);
      result = result.subarray(0, result.length - TAG);
    }
    return output(Buffer.from(result), encoding);
  }
}

exports.createCipheriv = (algorithm, key, iv) => new Cipher(ENCRYPT, algorithm, key, iv);
exports.createDecipheriv = (algorithm, key, iv) => new Cipher(DECRYPT, algorithm, key, iv);
exports.getCiphers = () => ['128', '192', '256'].flatMap(bits => [`aes-${bits}-cbc`, `aes-${bits}-gcm`]);
