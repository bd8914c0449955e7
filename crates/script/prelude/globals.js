// The global object as scripts find it. Ours come as the platform's do: writable, configurable, not enumerable.
const define = (name, value) =>
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });

const defineAll = values => {
  for (const name of Object.keys(values)) define(name, values[name]);
};

// Shared memory has nobody to share it with, and would only be a finer clock.
delete globalThis.SharedArrayBuffer;
delete globalThis.Atomics;

define('global', globalThis);
// Harmless, and what libraries look at first: an environment without variables.
define('process', { env: {} });

defineAll(require('./timers.js').globals);
defineAll(require('./url.js').globals);
defineAll({ Buffer: require('./buffer.js').Buffer });
defineAll(require('./encoding.js').globals);
defineAll({ console: require('./console.js').console });
defineAll(require('./abort.js').globals);
defineAll(require('./structured-clone.js').globals);
defineAll(require('./headers.js').globals);
defineAll(require('./blob.js').globals);
defineAll(require('./fetch.js').globals);
defineAll({ crypto: require('./crypto/webcrypto.js').crypto });

const start = Symbol('start');
const performance = {
  now() {
    const time = Date.now();
    this[start] ??= time;
    return time - this[start];
  },
  get timeOrigin() {
    this[start] ??= Date.now();
    return this[start];
  },
  toJSON() {
    return { timeOrigin: this.timeOrigin };
  },
};
Object.defineProperty(performance, start, { writable: true, enumerable: false });
define('performance', performance);
