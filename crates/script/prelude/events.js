// Node's EventEmitter, its common part.
class EventEmitter {
  #listeners = new Map();

  on(name, listener) {
    return this.#add(name, listener, false);
  }
  prependListener(name, listener) {
    return this.#add(name, listener, true);
  }
  #add(name, listener, first) {
    if (typeof listener !== 'function') throw new TypeError('a listener must be a function');
    const list = this.#listeners.get(name) ?? [];
    this.#listeners.set(name, first ? [listener, ...list] : [...list, listener]);
    return this;
  }
  once(name, listener) {
    const wrapped = (...args) => {
      this.off(name, wrapped);
      return listener.apply(this, args);
    };
    wrapped.listener = listener;
    return this.on(name, wrapped);
  }
  off(name, listener) {
    const list = this.#listeners.get(name) ?? [];
    const at = list.findLastIndex(item => item === listener || item.listener === listener);
    if (at >= 0) this.#listeners.set(name, list.filter((_, index) => index !== at));
    return this;
  }
  emit(name, ...args) {
    const list = this.#listeners.get(name) ?? [];
    if (list.length === 0 && name === 'error') throw args[0] instanceof Error ? args[0] : new Error(`Unhandled error: ${args[0]}`);
    for (const listener of list) listener.apply(this, args);
    return list.length > 0;
  }
  removeAllListeners(name) {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }
  listeners(name) {
    return (this.#listeners.get(name) ?? []).map(listener => listener.listener ?? listener);
  }
  listenerCount(name) {
    return (this.#listeners.get(name) ?? []).length;
  }
  eventNames() {
    return [...this.#listeners.keys()].filter(name => this.listenerCount(name) > 0);
  }
  setMaxListeners() {
    return this;
  }
}
EventEmitter.prototype.addListener = EventEmitter.prototype.on;
EventEmitter.prototype.removeListener = EventEmitter.prototype.off;

// As in Node, the module is the class.
EventEmitter.EventEmitter = EventEmitter;
EventEmitter.default = EventEmitter;
module.exports = EventEmitter;
