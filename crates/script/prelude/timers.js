// Timers. The host keeps the time; what a callback throws ends the call, as it would end a process.
const host = require('./host.js');
const { TIMER, CANCEL } = host.operations;

const running = new Map();
let lastId = 0;
let uncaught;
exports.onUncaught = handler => {
  uncaught = handler;
};

const guarded = (exports.guarded = (callback, args) => {
  try {
    Reflect.apply(callback, undefined, args);
  } catch (error) {
    uncaught(error);
  }
});

class Timeout {
  #id;
  constructor(id) {
    this.#id = id;
  }
  ref() {
    return this;
  }
  unref() {
    return this;
  }
  hasRef() {
    return true;
  }
  refresh() {
    const timer = running.get(this.#id);
    if (timer) start(this.#id, timer.ms);
    return this;
  }
  close() {
    stop(this);
    return this;
  }
  [Symbol.toPrimitive]() {
    return this.#id;
  }
}

const start = (id, ms) => host.call(TIMER, { id, ms });

const begin = (callback, delay, args, repeats) => {
  if (typeof callback !== 'function') throw new TypeError('the callback of a timer must be a function');
  const id = ++lastId;
  const ms = delay >= 1 ? +delay : 1;
  start(id, ms);
  running.set(id, { callback, args, ms, repeats });
  return new Timeout(id);
};

const stop = timeout => {
  if (timeout === undefined || timeout === null) return;
  const id = +timeout;
  if (running.delete(id)) host.call(CANCEL, id);
};

exports.fire = id => {
  const timer = running.get(id);
  if (!timer) return;
  if (timer.repeats) start(id, timer.ms);
  else running.delete(id);
  guarded(timer.callback, timer.args);
};

// What `util.promisify` makes of them: their callback comes first and gets no error.
const promised = Symbol.for('nodejs.util.promisify.custom');
const after = (start, wait) => Object.defineProperty(start, promised, { value: wait });
const setTimeout = (callback, delay, ...args) => begin(callback, delay, args, false);
const setImmediate = (callback, ...args) => begin(callback, 0, args, false);
after(setTimeout, (delay, value) => new Promise(resolve => setTimeout(resolve, delay, value)));
after(setImmediate, value => new Promise(resolve => setImmediate(resolve, value)));

exports.globals = {
  setTimeout,
  setInterval: (callback, delay, ...args) => begin(callback, delay, args, true),
  setImmediate,
  clearTimeout: stop,
  clearInterval: stop,
  clearImmediate: stop,
  queueMicrotask: callback => {
    if (typeof callback !== 'function') throw new TypeError('the callback of a microtask must be a function');
    Promise.resolve().then(() => guarded(callback, []));
  },
};
