// Bodies as streams. The whole body is here already; what reads it gets it in pieces, in the ways of Node and of the web.
const EventEmitter = require('./events.js');
const { Buffer } = require('./buffer.js');
const utf8 = require('./utf8.js');

const PIECE = 64 * 1024;

function* pieces(bytes) {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

// What `response.body` and `blob.stream()` are: the reading half of a ReadableStream.
exports.BodyStream = class BodyStream {
  #pieces;
  locked = false;

  constructor(bytes) {
    this.#pieces = pieces(bytes);
  }
  getReader() {
    if (this.locked) throw new TypeError('the stream is locked');
    this.locked = true;
    return {
      read: async () => {
        const { done, value } = this.#pieces.next();
        return { done: done === true, value };
      },
      releaseLock: () => {
        this.locked = false;
      },
      cancel: async () => void this.#pieces.return(),
    };
  }
  async cancel() {
    this.#pieces.return();
  }
  async *[Symbol.asyncIterator]() {
    yield* this.#pieces;
  }
};

// What `responseType: 'stream'` gives: the reading half of a stream of Node's.
exports.Readable = class Readable extends EventEmitter {
  #bytes;
  #flowing = false;
  #encoding;
  readable = true;

  constructor(bytes) {
    super();
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  on(name, listener) {
    super.on(name, listener);
    if (name === 'data') this.resume();
    return this;
  }
  resume() {
    if (this.#flowing) return this;
    this.#flowing = true;
    queueMicrotask(() => {
      for (const piece of pieces(this.#bytes)) this.emit('data', this.#encoding ? piece.toString(this.#encoding) : piece);
      this.#end();
    });
    return this;
  }
  #end() {
    this.readable = false;
    this.emit('end');
    this.emit('close');
  }
  setEncoding(encoding) {
    this.#encoding = encoding;
    return this;
  }
  pipe(target) {
    this.on('data', piece => target.write(piece));
    this.once('end', () => target.end());
    return target;
  }
  pause() {
    return this;
  }
  destroy() {
    return this;
  }
  async *[Symbol.asyncIterator]() {
    yield* pieces(this.#bytes);
    this.readable = false;
  }
  async text() {
    return utf8.decode(this.#bytes);
  }
  async json() {
    return JSON.parse(utf8.decode(this.#bytes));
  }
  async arrayBuffer() {
    return this.#bytes.slice().buffer.slice(0);
  }
  async buffer() {
    return this.#bytes;
  }
  // For whoever sends it on: the body without reading it piece by piece.
  get content() {
    return this.#bytes;
  }
};
