// `RestApiClient` of the connector SDK. A connector makes one and returns it: its options are its members, which is how
// the engine finds them. It can make requests as well, as a plain client.
const axios = require('../axios/index.js');

class RestApiClient {
  constructor(options = {}) {
    Object.assign(this, options);
  }
  async #send(request) {
    const own = {};
    for (const name of ['headers', 'query', 'auth']) own[name] = { ...this[name], ...request[name] };
    const response = await axios({
      method: request.method ?? 'GET',
      url: request.path,
      baseURL: request.baseUri ?? this.baseUri ?? this.baseUrl,
      headers: own.headers,
      params: own.query,
      auth: own.auth.username === undefined ? undefined : own.auth,
      data: request.data,
      responseType: request.responseType,
    });
    if (!(request.returnFullResponse ?? this.returnFullResponse)) return response.data;
    return { data: response.data, status: response.status, statusCode: response.status, headers: response.headers };
  }
  get(path, query, options) {
    return this.#send({ ...options, path, method: 'GET', query });
  }
  post(path, data, options) {
    return this.#send({ ...options, path, method: 'POST', data });
  }
  put(path, data, options) {
    return this.#send({ ...options, path, method: 'PUT', data });
  }
  patch(path, data, options) {
    return this.#send({ ...options, path, method: 'PATCH', data });
  }
  delete(path, data, options) {
    return this.#send({ ...options, path, method: 'DELETE', data });
  }
  makeApiRequest(options) {
    return this.#send(options ?? {});
  }
}

module.exports = { RestApiClient };
