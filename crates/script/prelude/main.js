// What the host says arrives here; the numbers are those of `Entry` in `src/run.rs`.
require('./globals.js');
const host = require('./host.js');
const { compile } = require('./compile.js');
const { run } = require('./run.js');
const timers = require('./timers.js');

const CALL = 1;
const RESPONSE = 2;
const TIMER = 3;
const COMPILE = 4;
const { parse } = require('./json.js');

door.register((kind, text, bytes) => {
  switch (kind) {
    case CALL: {
      const { program, call } = parse(text);
      run(program, call, new Uint8Array(bytes));
      break;
    }
    case RESPONSE:
      host.receive(text, bytes);
      break;
    case TIMER:
      timers.fire(+text);
      break;
    case COMPILE:
      compile(parse(text));
      break;
  }
});
