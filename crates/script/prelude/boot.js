// The loader of the prelude: evaluated once, when the crate is built, with the door to the host (quickjs/shim.c).
// Each other file is a little CommonJS module that also gets the door. What they leave in memory is what every call
// starts from.
(door => {
  'use strict';
  const SOURCES = 1;
  const sources = JSON.parse(door.call(SOURCES, '')[1]);
  const loaded = new Map();

  const resolve = (from, specifier) => {
    const parts = from.split('/').slice(0, -1);
    for (const part of specifier.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '.') parts.push(part);
    }
    const name = parts.join('/');
    // The vendored packages name each other without the ending.
    return name.endsWith('.js') ? name : `${name}.js`;
  };

  const load = name => {
    const known = loaded.get(name);
    if (known) return known.exports;
    const source = sources[name];
    if (source === undefined) throw new Error(`the prelude has no ${name}`);
    const module = { exports: {} };
    loaded.set(name, module);
    const code = `(function (exports, require, module, door) {'use strict';${source}\n})`;
    const factory = door.load(new Uint8Array(door.compile(`authbridge:${name}`, code)));
    factory(module.exports, specifier => load(resolve(name, specifier)), module, door);
    return module.exports;
  };

  load('main.js');
})
