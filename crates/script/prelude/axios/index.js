// Shaped like the npm package axios: callable, with methods, instances and interceptors.
const { AxiosError, CanceledError, isAxiosError, isCancel } = require('./error.js');
const { AxiosHeaders } = require('./headers.js');
const { merge, buildUrl, defaults, layers } = require('./config.js');
const { dispatch } = require('./dispatch.js');

class Interceptors {
  #handlers = [];
  use(fulfilled, rejected) {
    this.#handlers.push({ fulfilled, rejected });
    return this.#handlers.length - 1;
  }
  eject(id) {
    this.#handlers[id] = null;
  }
  clear() {
    this.#handlers = [];
  }
  static of(interceptors) {
    return interceptors.#handlers.filter(Boolean);
  }
}
const handlersOf = Interceptors.of;
delete Interceptors.of;

class Axios {
  constructor(config) {
    this.defaults = config;
    this.interceptors = { request: new Interceptors(), response: new Interceptors() };
  }
  async request(first, second) {
    const given = typeof first === 'string' ? { ...second, url: first } : (first ?? {});
    const config = merge(this.defaults, given);
    config.method = `${config.method ?? 'get'}`.toLowerCase();
    const { headers = {} } = config;
    config.headers = new AxiosHeaders(headers.common).set(headers[config.method] ?? {}).set(layers(headers));
    let chain = Promise.resolve(config);
    // Interceptors of requests run in reverse order, as axios documents.
    for (const { fulfilled, rejected } of handlersOf(this.interceptors.request).reverse()) chain = chain.then(fulfilled, rejected);
    chain = chain.then(dispatch);
    for (const { fulfilled, rejected } of handlersOf(this.interceptors.response)) chain = chain.then(fulfilled, rejected);
    return chain;
  }
  getUri(config) {
    return buildUrl(merge(this.defaults, config ?? {}));
  }
}
for (const method of ['get', 'delete', 'head', 'options']) {
  Axios.prototype[method] = function (url, config) {
    return this.request({ ...config, method, url });
  };
}
for (const method of ['post', 'put', 'patch']) {
  Axios.prototype[method] = function (url, data, config) {
    return this.request({ ...config, method, url, data });
  };
  Axios.prototype[`${method}Form`] = function (url, data, config) {
    return this.request({ ...config, method, url, data, headers: { ...config?.headers, 'Content-Type': 'multipart/form-data' } });
  };
}

const METHODS = ['request', 'getUri', 'get', 'delete', 'head', 'options', 'post', 'put', 'patch', 'postForm', 'putForm', 'patchForm'];

const create = config => {
  const instance = new Axios(config);
  const callable = (first, second) => instance.request(first, second);
  for (const method of METHODS) callable[method] = Axios.prototype[method].bind(instance);
  callable.defaults = instance.defaults;
  callable.interceptors = instance.interceptors;
  callable.create = more => create(merge(instance.defaults, more ?? {}));
  return callable;
};

const axios = create(defaults());
module.exports = Object.assign(axios, {
  Axios, AxiosError, AxiosHeaders, CanceledError, isAxiosError, isCancel,
  all: promises => Promise.all(promises),
  spread: callback => values => callback(...values),
});
axios.default = axios;
axios.axios = axios;
