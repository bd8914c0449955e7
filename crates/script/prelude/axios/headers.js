// Headers of a request or response: a plain object to look at, with methods that know no case.
const find = (headers, name) => Object.keys(headers).find(key => key.toLowerCase() === `${name}`.toLowerCase());

class AxiosHeaders {
  constructor(init) {
    if (init) this.set(init);
  }
  set(name, value, overwrite = true) {
    if (typeof name === 'object' && name !== null) {
      const pairs = typeof name[Symbol.iterator] === 'function' ? name : Object.entries(name);
      for (const [key, item] of pairs) this.set(key, item, value ?? true);
      return this;
    }
    const key = find(this, name);
    if (key !== undefined && overwrite === false) return this;
    if (key !== undefined && key !== name) delete this[key];
    if (value !== undefined && value !== null && value !== false) this[name] = Array.isArray(value) ? value.map(String) : `${value}`;
    return this;
  }
  get(name) {
    const key = find(this, name);
    return key === undefined ? undefined : this[key];
  }
  has(name) {
    return find(this, name) !== undefined;
  }
  delete(name) {
    const key = find(this, name);
    if (key !== undefined) delete this[key];
    return key !== undefined;
  }
  setContentType(value, overwrite) {
    return this.set('Content-Type', value, overwrite);
  }
  getContentType() {
    return this.get('Content-Type');
  }
  setAuthorization(value, overwrite) {
    return this.set('Authorization', value, overwrite);
  }
  toJSON() {
    return { ...this };
  }
  static from(value) {
    return value instanceof AxiosHeaders ? value : new AxiosHeaders(value);
  }
}

exports.AxiosHeaders = AxiosHeaders;
