// What was thrown, as plain data. Nothing here may throw again, whatever getters and proxies the thrown value has.
const host = require('./host.js');
const { inspect } = require('./inspect.js');
const { plain } = require('./outcome.js');

const LONGEST_TEXT = 10_000;
const LARGEST_DATA = 256 * 1024;
const DEEPEST_CAUSE = 8;

const read = (object, name) => {
  try {
    return object[name];
  } catch {
    return undefined;
  }
};

const text = value => (typeof value === 'string' ? value.slice(0, LONGEST_TEXT) : undefined);
const number = value => (Number.isInteger(value) && value >= 0 && value <= 999 ? value : undefined);

const isError = value => {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
};

const isThing = value => (typeof value === 'object' && value !== null) || typeof value === 'function';

const asText = value => {
  try {
    return text(typeof value === 'string' ? value : inspect(value));
  } catch {
    return 'something that cannot be shown';
  }
};

// The SDK's errors carry `type`, `key`, `doc` and `data` in an object called `data`.
const details = error => {
  const data = read(error, 'data');
  if (read(error, 'isIntegrationAppError') === true && isThing(data)) return data;
  return error;
};

const status = error => {
  const response = read(error, 'response');
  const own = number(read(error, 'status')) ?? number(read(error, 'statusCode'));
  return own ?? (isThing(response) ? number(read(response, 'status')) : undefined);
};

const describe = (exports.describe = (error, depth = 0) => {
  if (!isThing(error)) return { name: '', message: asText(error), isError: false };
  const fields = details(error);
  const cause = read(error, 'cause') ?? read(fields, 'causedByError');
  const constructor = read(error, 'constructor');
  const name = text(read(error, 'name'));
  return {
    // Classes of errors seldom set `name`: their own says more than `Error`.
    name: (name === 'Error' && isThing(constructor) ? text(read(constructor, 'name')) : name) ?? '',
    message: text(read(error, 'message')) ?? asText(error),
    type: text(read(fields, 'type')),
    key: text(read(fields, 'key')) ?? text(read(error, 'code')),
    data: plain(read(fields, 'data'), LARGEST_DATA),
    doc: text(read(fields, 'doc')),
    status: status(error),
    requestBlocked: host.isBlocked(error),
    stack: text(read(error, 'stack')) ?? '',
    isError: isError(error),
    cause: cause !== undefined && cause !== null && depth < DEEPEST_CAUSE ? describe(cause, depth + 1) : undefined,
  };
});
