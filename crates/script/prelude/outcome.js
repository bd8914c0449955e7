// A result as JSON. For the engine, what JSON has no word for is written so that it can be seen: functions as
// {"$function": true}, bytes as {"$bytes": "<base64>"}, and instances of a script's own classes with their methods. For
// everybody else (`plain`) functions are left out, as by `JSON.stringify`, bytes are their base64, and errors have their
// name and message. The size is counted on the way, so that a huge result is not built first.
const { toBase64 } = require('./base64.js');
const { parse, stringify } = require('./json.js');
const restClient = require('./sdk/connector.js');

// How serialising ends early. Told apart by identity: `instanceof` would ask a thrown proxy.
const TOO_LARGE = { toString: () => 'the value is too large' };
class Unfit {
  #reason;
  constructor(reason) {
    this.#reason = reason;
  }
  static reasonOf(value) {
    return typeof value === 'object' && value !== null && #reason in value ? value.#reason : undefined;
  }
}

// The host's JSON parser goes to 128.
const DEEPEST = 120;
const FUNCTION = { $function: true };

const bytesOf = value => {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return undefined;
};

// Prototypes of the language, whose methods say nothing about a value.
const known = new Set([null]);
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const { value } = Object.getOwnPropertyDescriptor(globalThis, name);
  if (typeof value === 'function' && value.prototype) known.add(value.prototype);
}

const methodsOf = object => {
  const names = [];
  // A client that only has options makes no requests itself.
  const last = restClient.isPlainClient(object) ? restClient.prototype : undefined;
  for (let proto = Object.getPrototypeOf(object); !known.has(proto) && proto !== last; proto = Object.getPrototypeOf(proto)) {
    for (const name of Object.getOwnPropertyNames(proto)) {
      const { value } = Object.getOwnPropertyDescriptor(proto, name);
      if (name !== 'constructor' && typeof value === 'function') names.push(name);
    }
  }
  return names;
};

// An error as data; anything else as it is.
const shownError = value => {
  if (!(value instanceof Error)) return value;
  const { name, message } = value;
  return { name, message };
};

class Converter {
  #left;
  #path = new Set();
  #plain;

  constructor(limit, plain) {
    this.#left = limit;
    this.#plain = plain;
  }

  #count(size) {
    this.#left -= size;
    if (this.#left < 0) throw TOO_LARGE;
  }

  // A value that `JSON.stringify` writes as we want it; the same one when there is nothing to change.
  convert(value, key) {
    switch (typeof value) {
      case 'string':
        this.#count(value.length + 2);
        return value;
      case 'function':
        if (this.#plain) return undefined;
        this.#count(18);
        return FUNCTION;
      case 'bigint':
        throw new Unfit(`${key === '' ? 'it' : `\`${key}\``} is a BigInt`);
      case 'object':
        return value === null ? value : this.#object(value, key);
      default:
        this.#count(1);
        return value;
    }
  }

  #object(value, key) {
    const bytes = bytesOf(value);
    if (bytes) {
      this.#count(12 + Math.ceil(bytes.length / 3) * 4);
      return this.#plain ? toBase64(bytes) : { $bytes: toBase64(bytes) };
    }
    if (typeof value.toJSON === 'function') return this.convert(value.toJSON(key), key);
    if (this.#path.has(value)) throw new Unfit(`${key === '' ? 'it' : `\`${key}\``} contains itself`);
    if (this.#path.size >= DEEPEST) throw new Unfit(`it is nested more than ${DEEPEST} levels deep`);
    this.#path.add(value);
    this.#count(2);
    const converted = Array.isArray(value) ? this.#array(value) : this.#members(this.#plain ? shownError(value) : value);
    this.#path.delete(value);
    return converted;
  }

  #array(array) {
    let copy;
    const { length } = array;
    for (let index = 0; index < length; index++) {
      const value = array[index];
      this.#count(1);
      const converted = this.convert(value, index);
      if (converted !== value && !copy) copy = array.slice(0, index);
      if (copy) copy[index] = converted;
    }
    return copy ?? array;
  }

  #members(object) {
    const copy = {};
    let changed = false;
    for (const name of Object.keys(object)) {
      const value = object[name];
      if (value === undefined || typeof value === 'symbol') continue;
      this.#count(name.length + 4);
      const converted = this.convert(value, name);
      if (converted === undefined) {
        changed = true;
        continue;
      }
      changed ||= converted !== value;
      Object.defineProperty(copy, name, { value: converted, enumerable: true });
    }
    for (const name of this.#plain ? [] : methodsOf(object)) {
      if (Object.hasOwn(copy, name)) continue;
      changed = true;
      this.#count(name.length + 22);
      Object.defineProperty(copy, name, { value: FUNCTION, enumerable: true });
    }
    // An object whose members are read twice could answer differently, so the copy is what counts.
    return changed || !known.has(Object.getPrototypeOf(object)) ? copy : object;
  }
}

const json = (value, limit, plain) => {
  const text = stringify(new Converter(limit, plain).convert(value, ''));
  if (text !== undefined && text.length > limit) throw TOO_LARGE;
  return text;
};

// The call's last word for a result: one character that says what follows (see `src/wire.rs`).
exports.serialise = (value, limit, plain) => {
  try {
    const text = json(value, limit, plain);
    return text === undefined ? 'u' : `v${text}`;
  } catch (error) {
    if (error === TOO_LARGE) return 'o';
    const reason = Unfit.reasonOf(error);
    if (reason === undefined) throw error;
    return `s${reason}`;
  }
};

// The value as plain data, or undefined when it has no such form or is too large.
exports.plain = (value, limit) => {
  try {
    const text = json(value, limit, true);
    return text === undefined ? undefined : parse(text);
  } catch {
    return undefined;
  }
};
