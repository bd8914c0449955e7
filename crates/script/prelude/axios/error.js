class AxiosError extends Error {
  constructor(message, code, config, request, response) {
    super(message);
    this.name = 'AxiosError';
    this.isAxiosError = true;
    if (code) this.code = code;
    if (response) this.status = response.status;
    // Not enumerable, so that an error in a log or a result does not show the request's credentials.
    for (const [name, value] of Object.entries({ config, request, response })) {
      if (value) Object.defineProperty(this, name, { value, enumerable: false, writable: true, configurable: true });
    }
  }
  toJSON() {
    const { name, message, code, stack, status = null } = this;
    return { name, message, code, stack, status };
  }
}
for (const code of ['ERR_BAD_OPTION', 'ECONNABORTED', 'ETIMEDOUT', 'ERR_NETWORK', 'ERR_FR_TOO_MANY_REDIRECTS',
  'ERR_BAD_RESPONSE', 'ERR_BAD_REQUEST', 'ERR_CANCELED', 'ERR_INVALID_URL']) {
  AxiosError[code] = code;
}

class CanceledError extends AxiosError {
  constructor(message = 'canceled', config) {
    super(message, 'ERR_CANCELED', config);
    this.name = 'CanceledError';
  }
}

exports.AxiosError = AxiosError;
exports.CanceledError = CanceledError;
exports.isAxiosError = error => error?.isAxiosError === true;
exports.isCancel = error => error instanceof CanceledError;
