// JSON as it was when the prelude was evaluated: a script may replace the global one, and must not change ours.
// Lone surrogates, which JavaScript escapes and the host's parser refuses, become U+FFFD.
const { parse, stringify } = JSON;
const includes = Function.prototype.call.bind(String.prototype.includes);
const replace = Function.prototype.call.bind(String.prototype.replace);

// An escaped backslash is matched as well, so that what follows it is not taken for an escape.
const ESCAPES = /\\(?:\\|ud[89a-f][0-9a-f]{2})/g;

exports.parse = parse;
exports.stringify = value => {
  const text = stringify(value);
  if (text === undefined || !includes(text, '\\ud')) return text;
  return replace(text, ESCAPES, escape => (escape === '\\\\' ? escape : '\ufffd'));
};
