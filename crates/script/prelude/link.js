// Modules of a program, evaluated anew in every call. ECMAScript modules evaluate what they import before themselves;
// CommonJS modules evaluate what they require when they require it. In a cycle a module sees what is there so far.
const builtins = require('./builtins.js');
const { decode } = require('./utf8.js');
const { parse } = require('./json.js');

const isObject = value => (typeof value === 'object' && value !== null) || typeof value === 'function';

exports.exported = namespace =>
  isObject(namespace) ? Object.keys(namespace).filter(name => name !== '__esModule') : [];

// What `import` sees of a value that `require` would return.
const namespaceOf = value => {
  if (isObject(value) && value.__esModule) return value;
  const namespace = isObject(value) ? { ...value } : {};
  namespace.default = value;
  return namespace;
};

const notFound = specifier => {
  const error = new Error(`Cannot find module '${specifier}'`);
  error.code = 'MODULE_NOT_FOUND';
  return error;
};

class Linker {
  #modules = new Map();
  #entry;
  #bytes;

  constructor({ entry, modules }, bytes) {
    this.#entry = entry;
    this.#bytes = bytes;
    for (const module of modules) {
      const namespace = Object.defineProperty({}, '__esModule', { value: true });
      const exports = module.format === 'esm' ? namespace : {};
      const own = { exports, id: module.name };
      this.#modules.set(module.name, { ...module, namespace, module: own, begun: false, prepared: false });
    }
  }

  // The entry's namespace, and the value of its `module.exports`.
  async entry() {
    const module = this.#modules.get(this.#entry);
    if (!module) throw notFound(this.#entry);
    await this.#evaluate(module);
    const value = module.module.exports;
    return { namespace: module.format === 'esm' ? module.namespace : value, value };
  }

  #load(module) {
    const { start, size } = module;
    return this.#bytes.subarray(start, start + size);
  }

  #imported(module) {
    return Object.values(module.imports).map(name => this.#modules.get(name)).filter(Boolean);
  }

  async #evaluate(module) {
    if (module.begun) return module.ended;
    if (module.format !== 'esm') {
      await this.#prepare(module);
      this.#require(module);
      return;
    }
    module.begun = true;
    for (const other of this.#imported(module)) {
      // One that has begun and not ended is in a cycle with this one: to wait for it would be to wait for ever.
      if (!other.begun) await this.#evaluate(other);
    }
    module.ended = this.#runEsm(module);
    await module.ended;
  }

  // Evaluates what a CommonJS module may require but cannot wait for.
  async #prepare(module) {
    if (module.prepared) return;
    module.prepared = true;
    for (const other of this.#imported(module)) {
      if (other.format === 'cjs') await this.#prepare(other);
      else if (other.format === 'esm' && !other.begun) await this.#evaluate(other);
    }
  }

  #runEsm(module) {
    const { namespace } = module;
    const exportAll = other => {
      if (!isObject(other)) return;
      for (const name of Object.keys(other)) {
        if (name === 'default' || name === '__esModule' || name in namespace) continue;
        Object.defineProperty(namespace, name, { enumerable: true, configurable: true, get: () => other[name] });
      }
    };
    const body = door.load(this.#load(module));
    return body(
      namespace,
      specifier => this.#resolve(module, specifier, other => this.#import(other), namespaceOf),
      specifier => this.#dynamicImport(module, specifier),
      exportAll,
      { url: `connector:///${module.name}` },
      module.module,
      namespace,
      this.#requireFunction(module),
    );
  }

  async #dynamicImport(module, specifier) {
    const evaluated = this.#resolve(module, specifier, other => this.#evaluate(other), () => undefined);
    await evaluated;
    return this.#resolve(module, specifier, other => this.#import(other), namespaceOf);
  }

  #resolve(module, specifier, own, builtin) {
    const name = Object.hasOwn(module.imports, specifier) ? module.imports[specifier] : specifier;
    const other = this.#modules.get(name);
    if (other) return own(other);
    const found = builtins.find(name);
    if (found === undefined) throw notFound(specifier);
    return builtin(found);
  }

  // What `require` of a module returns; evaluates it when it can be evaluated at once.
  #require(module) {
    if (module.format === 'esm' || module.begun) return module.module.exports;
    module.begun = true;
    if (module.format === 'json') {
      module.module.exports = parse(decode(this.#load(module)));
      return module.module.exports;
    }
    const { exports } = module.module;
    const directory = module.name.split('/').slice(0, -1).join('/') || '.';
    const body = door.load(this.#load(module));
    body.call(exports, exports, this.#requireFunction(module), module.module, module.name, directory);
    return module.module.exports;
  }

  #import(module) {
    if (module.format === 'esm') return module.namespace;
    return namespaceOf(this.#require(module));
  }

  #requireFunction(module) {
    return specifier => this.#resolve(module, `${specifier}`, other => this.#require(other), value => value);
  }
}

exports.Linker = Linker;
