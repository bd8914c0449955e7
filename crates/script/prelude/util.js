// The module `util`.
const { inspect, format } = require('./inspect.js');
const { globals: { TextEncoder, TextDecoder } } = require('./encoding.js');

const custom = Symbol.for('nodejs.util.promisify.custom');

const promisify = original => {
  if (typeof original !== 'function') throw new TypeError('The "original" argument must be a function');
  if (typeof original[custom] === 'function') return original[custom];
  return function (...args) {
    return new Promise((resolve, reject) => {
      original.call(this, ...args, (error, value) => (error ? reject(error) : resolve(value)));
    });
  };
};

promisify.custom = custom;

const callbackify = original => (...args) => {
  const callback = args.pop();
  original(...args).then(value => queueMicrotask(() => callback(null, value)), error => queueMicrotask(() => callback(error)));
};

const inherits = (constructor, parent) => {
  Object.defineProperty(constructor, 'super_', { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(constructor.prototype, parent.prototype);
};

const deprecate = original => original;

const AsyncFunction = (async () => {}).constructor;
const GeneratorFunction = function* () {}.constructor;
const types = {
  isPromise: value => value instanceof Promise,
  isDate: value => value instanceof Date,
  isRegExp: value => value instanceof RegExp,
  isMap: value => value instanceof Map,
  isSet: value => value instanceof Set,
  isWeakMap: value => value instanceof WeakMap,
  isWeakSet: value => value instanceof WeakSet,
  isNativeError: value => value instanceof Error,
  isArrayBuffer: value => value instanceof ArrayBuffer,
  isAnyArrayBuffer: value => value instanceof ArrayBuffer,
  isArrayBufferView: ArrayBuffer.isView,
  isTypedArray: value => ArrayBuffer.isView(value) && !(value instanceof DataView),
  isUint8Array: value => value instanceof Uint8Array,
  isDataView: value => value instanceof DataView,
  isAsyncFunction: value => value instanceof AsyncFunction,
  isGeneratorFunction: value => value instanceof GeneratorFunction,
  isBoxedPrimitive: value => [Number, String, Boolean, Symbol, BigInt].some(Class => value instanceof Class),
};

const tag = value => Object.prototype.toString.call(value);

const deepEqual = (left, right, seen) => {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (tag(left) !== tag(right) || Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (seen.get(left) === right) return true;
  seen.set(left, right);
  if (left instanceof Date) return Object.is(left.getTime(), right.getTime());
  if (left instanceof RegExp) return `${left}` === `${right}`;
  if (left instanceof Error && (left.message !== right.message || left.name !== right.name)) return false;
  if (left instanceof Map) {
    return left.size === right.size && [...left].every(([key, value]) => right.has(key) && deepEqual(value, right.get(key), seen));
  }
  if (left instanceof Set) {
    const others = [...right];
    return left.size === right.size && [...left].every(value => right.has(value) || others.some(other => deepEqual(value, other, seen)));
  }
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every(key => Object.hasOwn(right, key) && deepEqual(left[key], right[key], seen));
};

const isDeepStrictEqual = (left, right) => deepEqual(left, right, new Map());

module.exports = {
  promisify, callbackify, inherits, deprecate, types, inspect, format, isDeepStrictEqual, TextEncoder, TextDecoder,
  isArray: Array.isArray,
};
