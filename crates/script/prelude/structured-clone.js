// structuredClone of data: everything JSON has, and dates, maps, sets, errors, bytes and cycles.
const refuse = what => {
  throw new DOMException(`${what} could not be cloned.`, 'DataCloneError');
};

const errors = new Map([Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map(Class => [Class.name, Class]));

const clone = (value, seen) => {
  if (typeof value === 'function' || typeof value === 'symbol') refuse(typeof value === 'function' ? 'A function' : 'A symbol');
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const keep = copy => {
    seen.set(value, copy);
    return copy;
  };
  if (value instanceof Date) return keep(new Date(value.getTime()));
  if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
  if (value instanceof ArrayBuffer) return keep(value.slice(0));
  if (ArrayBuffer.isView(value)) {
    const buffer = value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
    const Class = value instanceof DataView ? DataView : globalThis[value[Symbol.toStringTag]];
    return keep(new Class(buffer));
  }
  if (value instanceof Error) {
    const copy = keep(new (errors.get(value.name) ?? Error)(value.message));
    Object.defineProperty(copy, 'stack', { value: value.stack, writable: true, configurable: true });
    if ('cause' in value) copy.cause = clone(value.cause, seen);
    return copy;
  }
  if (value instanceof Map) {
    const copy = keep(new Map());
    for (const [key, item] of value) copy.set(clone(key, seen), clone(item, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set());
    for (const item of value) copy.add(clone(item, seen));
    return copy;
  }
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) refuse('A promise or weak collection');
  if (value instanceof Boolean || value instanceof Number || value instanceof String) return keep(Object(value.valueOf()));
  const copy = keep(Array.isArray(value) ? new Array(value.length) : {});
  for (const key of Object.keys(value)) {
    Object.defineProperty(copy, key, { value: clone(value[key], seen), enumerable: true, writable: true, configurable: true });
  }
  return copy;
};

exports.globals = { structuredClone: value => clone(value, new Map()) };
