// TextEncoder, TextDecoder, btoa and atob.
const { Buffer } = require('./buffer.js');
const utf8 = require('./utf8.js');

const bytesOf = input => {
  if (input === undefined) return new Uint8Array(0);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  throw new TypeError('expected an ArrayBuffer or a view of one');
};
exports.bytesOf = bytesOf;

class TextEncoder {
  get encoding() {
    return 'utf-8';
  }
  encode(text = '') {
    return utf8.encode(text);
  }
  encodeInto(text, target) {
    let read = 0;
    let written = 0;
    for (const character of `${text}`) {
      const bytes = utf8.encode(character);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }
}

const encodings = new Map([
  ['utf-8', 'utf-8'], ['utf8', 'utf-8'], ['unicode-1-1-utf-8', 'utf-8'],
  ['latin1', 'windows-1252'], ['iso-8859-1', 'windows-1252'], ['ascii', 'windows-1252'], ['us-ascii', 'windows-1252'],
  ['windows-1252', 'windows-1252'],
  ['utf-16le', 'utf-16le'], ['utf-16', 'utf-16le'], ['ucs-2', 'utf-16le'],
]);

// The 32 characters that windows-1252 has where Latin-1 has control codes.
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

// How many bytes at the end of `bytes` begin a character that is not complete.
const incomplete = bytes => {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? back : 0;
  }
  return 0;
};

class TextDecoder {
  #rest = new Uint8Array(0);
  #begun = false;

  constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
    this.encoding = encodings.get(`${label}`.trim().toLowerCase());
    if (!this.encoding) throw new RangeError(`The "${label}" encoding is not supported`);
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
  }

  decode(input, { stream = false } = {}) {
    let bytes = bytesOf(input);
    if (this.#rest.length) {
      const joined = new Uint8Array(this.#rest.length + bytes.length);
      joined.set(this.#rest);
      joined.set(bytes, this.#rest.length);
      bytes = joined;
    }
    const kept = stream ? this.#unfinished(bytes) : 0;
    this.#rest = bytes.slice(bytes.length - kept);
    let text = this.#decode(bytes.subarray(0, bytes.length - kept));
    if (!this.#begun && text.length) {
      this.#begun = true;
      if (!this.ignoreBOM && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    if (!stream) this.#begun = false;
    return text;
  }

  #unfinished(bytes) {
    if (this.encoding === 'utf-8') return incomplete(bytes);
    return this.encoding === 'utf-16le' ? bytes.length % 2 : 0;
  }

  #decode(bytes) {
    if (this.encoding === 'windows-1252') {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
      return text.replace(/[\x80-\x9f]/g, character => WINDOWS_1252[character.charCodeAt(0) - 0x80]);
    }
    if (this.encoding === 'utf-16le') return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf16le');
    const text = utf8.decode(bytes);
    if (this.fatal && !utf8.encode(text).every((byte, index) => byte === bytes[index])) {
      throw new TypeError('The encoded data was not valid for encoding utf-8');
    }
    return text;
  }
}

const invalid = message => new DOMException(message, 'InvalidCharacterError');

const btoa = text => {
  const string = `${text}`;
  if (/[^\x00-\xff]/.test(string)) throw invalid('The string contains characters outside of the Latin1 range');
  return Buffer.from(string, 'latin1').toString('base64');
};

const atob = text => {
  const string = `${text}`.replace(/[\t\n\f\r ]/g, '').replace(/==?$/, '');
  if (/[^A-Za-z0-9+/]/.test(string) || string.length % 4 === 1) {
    throw invalid('The string to be decoded is not correctly encoded');
  }
  return Buffer.from(string, 'base64').toString('latin1');
};

exports.globals = { TextEncoder, TextDecoder, btoa, atob };
