// `console`: one line of the call's log each.
const host = require('./host.js');
const { format, inspect } = require('./inspect.js');
const { LOG } = host.operations;

const LONGEST_LINE = 20_000;

const write = (level, text) => {
  host.callText(LOG, `${level}${text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text}`);
};

const writer = level => (...values) => {
  try {
    write(level, values.length === 0 ? '' : format(...values));
  } catch {
    write(level, '[something that cannot be shown]');
  }
};

const counts = new Map();
const times = new Map();
const info = writer('i');

exports.console = {
  log: info,
  info,
  debug: writer('d'),
  trace: writer('d'),
  warn: writer('w'),
  error: writer('e'),
  dir: value => info(inspect(value)),
  table: value => info(inspect(value)),
  assert: (holds, ...values) => {
    if (!holds) exports.console.error('Assertion failed', ...values);
  },
  count: (label = 'default') => {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    info(`${label}: ${counts.get(label)}`);
  },
  time: (label = 'default') => void times.set(label, Date.now()),
  timeEnd: (label = 'default') => info(`${label}: ${Date.now() - (times.get(label) ?? Date.now())}ms`),
  group: info,
  groupEnd: () => {},
};
