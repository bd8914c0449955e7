// Values as text, about as Node shows them, within bounds: for `console` and `util`.
const DEPTH = 3;
const MEMBERS = 100;
const LONGEST = 10_000;
const LONGEST_STRING = 2_000;

const { getPrototypeOf, getOwnPropertyDescriptor } = Object;

const quote = text => {
  const short = text.length > LONGEST_STRING ? `${text.slice(0, LONGEST_STRING)}…` : text;
  const inner = short.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t');
  return inner.includes("'") ? `"${inner.replace(/"/g, '\\"')}"` : `'${inner}'`;
};

const primitive = value => {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'bigint':
      return `${value}n`;
    case 'symbol':
      return Symbol.prototype.toString.call(value);
    default:
      return Object.is(value, -0) ? '-0' : `${value}`;
  }
};

const nameOf = object => {
  for (let proto = object; proto; proto = getPrototypeOf(proto)) {
    const constructor = getOwnPropertyDescriptor(proto, 'constructor')?.value;
    if (typeof constructor === 'function' && constructor.name) return constructor.name;
  }
  return '';
};

class Inspector {
  #seen = new Set();
  #left = LONGEST;

  constructor(depth) {
    this.depth = depth;
  }

  show(value, depth) {
    if (this.#left <= 0) return '…';
    const text = this.#show(value, depth);
    this.#left -= text.length;
    return text;
  }

  #show(value, depth) {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return primitive(value);
    if (typeof value === 'function') return this.#function(value);
    if (this.#seen.has(value)) return '[Circular]';
    if (value instanceof Error) return this.#error(value, depth);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof RegExp) return `${value}`;
    if (depth > this.depth) return Array.isArray(value) ? '[Array]' : `[${nameOf(value) || 'Object'}]`;
    this.#seen.add(value);
    try {
      return this.#container(value, depth);
    } finally {
      this.#seen.delete(value);
    }
  }

  #function(value) {
    // The prototype of a class cannot be replaced.
    const kind = getOwnPropertyDescriptor(value, 'prototype')?.writable === false ? 'class' : 'Function';
    return value.name ? `[${kind}: ${value.name}]` : `[${kind} (anonymous)]`;
  }

  #error(error, depth) {
    const head = `${error.name}: ${error.message}`;
    const stack = typeof error.stack === 'string' && error.stack ? `\n${error.stack.trimEnd()}` : '';
    const members = depth > this.depth ? [] : this.#members(error, depth, new Set(['stack', 'message', 'cause']));
    return `${head}${stack}${members.length ? ` { ${members.join(', ')} }` : ''}`;
  }

  #container(value, depth) {
    const name = nameOf(value);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return this.#bytes(value, name);
    if (Array.isArray(value)) return this.#wrap(name === 'Array' ? '' : `${name} `, '[', this.#items(value, depth), ']');
    if (value instanceof Map) {
      const items = [...value].slice(0, MEMBERS).map(([key, item]) => `${this.show(key, depth + 1)} => ${this.show(item, depth + 1)}`);
      return this.#wrap(`Map(${value.size}) `, '{', items, '}');
    }
    if (value instanceof Set) {
      const items = [...value].slice(0, MEMBERS).map(item => this.show(item, depth + 1));
      return this.#wrap(`Set(${value.size}) `, '{', items, '}');
    }
    if (value instanceof Promise) return 'Promise {}';
    const prefix = name === 'Object' ? '' : name === '' ? '[Object: null prototype] ' : `${name} `;
    return this.#wrap(prefix, '{', this.#members(value, depth, new Set()), '}');
  }

  #bytes(value, name) {
    const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    const shown = Array.from(bytes.subarray(0, 50), byte => byte.toString(16).padStart(2, '0')).join(' ');
    return `<${name} ${shown}${bytes.length > 50 ? ` … ${bytes.length - 50} more bytes` : ''}>`;
  }

  #items(array, depth) {
    const items = [];
    for (let index = 0; index < Math.min(array.length, MEMBERS); index++) items.push(this.show(array[index], depth + 1));
    if (array.length > MEMBERS) items.push(`… ${array.length - MEMBERS} more items`);
    return items;
  }

  #members(object, depth, hidden) {
    const members = [];
    for (const key of Object.keys(object)) {
      if (hidden.has(key)) continue;
      if (members.length >= MEMBERS) {
        members.push('…');
        break;
      }
      const descriptor = getOwnPropertyDescriptor(object, key);
      const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
      members.push(`${name}: ${descriptor?.get ? '[Getter]' : this.show(descriptor?.value, depth + 1)}`);
    }
    return members;
  }

  #wrap(prefix, open, items, close) {
    if (items.length === 0) return `${prefix}${open}${close}`;
    const joined = items.join(', ');
    return open === '[' ? `${prefix}[ ${joined} ]` : `${prefix}{ ${joined} }`;
  }
}

const inspect = (exports.inspect = (value, options) => {
  const depth = options?.depth === null ? 20 : (options?.depth ?? DEPTH);
  try {
    const text = new Inspector(depth).show(value, 0);
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  } catch {
    return '[something that cannot be shown]';
  }
});
inspect.custom = Symbol.for('nodejs.util.inspect.custom');

const shown = value => (typeof value === 'string' ? value : inspect(value));

const placeholder = (kind, value) => {
  switch (kind) {
    case 's':
      return shown(value);
    case 'd':
    case 'i': {
      const number = Number(value);
      return `${kind === 'i' ? Math.trunc(number) : number}`;
    }
    case 'f':
      return `${parseFloat(value)}`;
    case 'j':
      return JSON.stringify(value);
    default:
      return inspect(value);
  }
};

exports.format = (first, ...rest) => {
  if (typeof first !== 'string') return [first, ...rest].map(shown).join(' ');
  let used = 0;
  const head = first.replace(/%([sdifjoO%])/g, (match, kind) => {
    if (kind === '%') return '%';
    return used < rest.length ? placeholder(kind, rest[used++]) : match;
  });
  return [head, ...rest.slice(used).map(shown)].join(' ');
};
