// Modules to bytecode: one blob after the other, and a manifest that says where each is. JSON stays text.
const host = require('./host.js');
const { encode } = require('./utf8.js');
const { parse, stringify } = require('./json.js');

exports.compile = ({ entry, modules }) => {
  const blobs = [];
  const manifest = [];
  let start = 0;
  for (const { name, format, imports, code } of modules) {
    let blob;
    try {
      if (format === 'json') parse(code);
      blob = format === 'json' ? encode(code) : new Uint8Array(door.compile(name, code));
    } catch (error) {
      const { message, stack } = error;
      host.finish(`x${stringify({ message: `${message}`, stack: `${stack}`, module: name })}`);
      return;
    }
    blobs.push(blob);
    manifest.push({ name, format, imports, start, size: blob.length });
    start += blob.length;
  }
  host.finish(`c${stringify({ entry, modules: manifest })}`, host.join(blobs).bytes);
};
