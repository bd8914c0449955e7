// One call: link the modules, find the function, call it, say what came of it.
const host = require('./host.js');
const { Linker, exported } = require('./link.js');
const { serialise } = require('./outcome.js');
const { describe } = require('./thrown.js');
const { client } = require('./client.js');
const { stringify } = require('./json.js');

const isObject = value => (typeof value === 'object' && value !== null) || typeof value === 'function';

class Missing {
  #text;
  constructor(wanted, exports) {
    this.#text = `n${stringify({ wanted, exports })}`;
  }
  // Unlike `instanceof`, this asks nothing of a value that may be a hostile proxy.
  static textOf(value) {
    return isObject(value) && #text in value ? value.#text : undefined;
  }
}

// Where a connector's author may have put the function, in order of precedence.
const find = ({ namespace, value }, wanted) => {
  const fallback = isObject(namespace) ? namespace.default : undefined;
  if (typeof fallback === 'function') return fallback;
  if (isObject(namespace) && typeof namespace[wanted] === 'function') return namespace[wanted];
  if (typeof value === 'function') return value;
  if (isObject(value) && typeof value[wanted] === 'function') return value[wanted];
  if (isObject(fallback) && typeof fallback[wanted] === 'function') return fallback[wanted];
  const names = exported(namespace);
  const functions = names.filter(name => typeof namespace[name] === 'function');
  if (functions.length === 1) return namespace[functions[0]];
  throw new Missing(wanted, names);
};

const method = (result, path) => {
  let owner;
  let value = result;
  for (const name of path.split('.')) {
    owner = value;
    value = isObject(owner) ? owner[name] : undefined;
  }
  if (typeof value !== 'function') throw new Missing(path, isObject(result) ? Object.keys(result) : []);
  return { owner, value };
};

const perform = async (program, call, bytes) => {
  const entry = await new Linker(program, bytes).entry();
  const wanted = find(entry, call.function);
  const argument = isObject(call.argument) || call.clients.length === 0 ? call.argument : {};
  for (const name of call.clients) argument[name] = client(name);
  const result = await wanted(argument);
  if (!call.then) return result;
  const { owner, value } = method(result, call.then.method);
  return await Reflect.apply(value, owner, call.then.arguments);
};

// Ends the call with an error, wherever it was thrown.
const fail = (exports.fail = error => {
  host.finish(Missing.textOf(error) ?? `t${stringify(describe(error))}`);
});

exports.run = async (program, call, bytes) => {
  try {
    host.finish(serialise(await perform(program, call, bytes), call.outputBytes, call.plain));
  } catch (error) {
    fail(error);
  }
};

require('./timers.js').onUncaught(fail);
