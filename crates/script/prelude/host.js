// What the rest of the prelude calls the host with. The numbers are those of `src/operations/mod.rs`.
const { parse, stringify } = require('./json.js');

const operations = (exports.operations = {
  FINISH: 2, LOG: 3, CLOCK: 4, RANDOM: 5, FETCH: 6, CLIENT: 7, TIMER: 8, CANCEL: 9,
  URL_PARSE: 10, URL_SET: 11, HASH: 12, HMAC: 13, PBKDF2: 14, SIGN: 15, VERIFY: 16, ENCRYPT: 17, DECRYPT: 18,
  BASE64_ENCODE: 19, BASE64_DECODE: 20,
});

const view = bytes => (bytes === undefined ? undefined : new Uint8Array(bytes));

// A synchronous call. `text` goes as it is; the answer is its text, or its bytes when it has any.
const callText = (exports.callText = (operation, text, bytes) => {
  const answer = door.call(operation, text, bytes);
  if (answer[0]) throw new Error(answer[1]);
  return answer[2] === undefined ? answer[1] : view(answer[2]);
});

exports.call = (operation, args, bytes) => callText(operation, stringify(args), bytes);

// Several byte strings as one, with their lengths, for operations that need more than one.
exports.join = parts => {
  let size = 0;
  for (const part of parts) size += part.length;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes, sizes: parts.map(part => part.length) };
};

exports.random = size => callText(operations.RANDOM, `${size}`);
exports.now = () => +callText(operations.CLOCK, '');

// Errors that stand for a request which the host refused, and the makers of the SDK's error classes by name.
const blocked = new WeakSet();
exports.isBlocked = error => blocked.has(error);
const errorMakers = (exports.errorMakers = new Map());

const errorOf = (description, bytes) => {
  const make = errorMakers.get(description.class);
  const { response } = description;
  if (response && bytes !== undefined) response.data = view(bytes);
  const error = make ? make(description) : new Error(description.message);
  if (response && error.response === undefined) {
    Object.defineProperty(error, 'response', { value: response, enumerable: false, configurable: true, writable: true });
  }
  if (description.requestBlocked) blocked.add(error);
  return error;
};

for (const Class of [TypeError, RangeError, SyntaxError]) {
  errorMakers.set(Class.name, ({ message }) => new Class(message));
}

// Asynchronous operations: begun with an id, settled by `receive`.
const open = new Map();
let lastId = 0;

exports.request = (operation, args, bytes) =>
  new Promise((resolve, reject) => {
    const id = ++lastId;
    callText(operation, stringify({ id, ...args }), bytes);
    open.set(id, { resolve, reject });
  });

exports.receive = (text, bytes) => {
  const { id, response, error } = parse(text);
  const waiting = open.get(id);
  if (!waiting) return;
  open.delete(id);
  if (error) waiting.reject(errorOf(error, bytes));
  else waiting.resolve({ ...response, bytes: view(bytes) });
};

// The call's last word. What happens after it is not run.
let finished = false;
exports.finish = (text, bytes) => {
  if (finished) return;
  finished = true;
  callText(operations.FINISH, text, bytes);
  door.finish();
};
