// The door to the modules of WebAssembly: lays a request into a module's memory, reads what comes back. Decides nothing.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const modules = {};

/** Loads and compiles a module once. It imports nothing: it can compute and nothing else. */
async function loaded(path) {
  modules[path] ??= await WebAssembly.compileStreaming(fetch(path));
  return modules[path];
}

/** One exchange: the request is written by `write` into `length` bytes, the answer's bytes come back. A fresh instance each
 *  time, so that nothing of one file is left when the next is checked. */
function exchange(module, length, write) {
  const { memory, xuefen_request, xuefen_answer, xuefen_place } = new WebAssembly.Instance(module, {}).exports;
  const at = xuefen_request(length) >>> 0;
  write(new Uint8Array(memory.buffer, at, length));
  const size = xuefen_answer() >>> 0;
  return new Uint8Array(memory.buffer, xuefen_place() >>> 0, size);
}

const CORE = "/web/xuefen.wasm";
const WARM = 4;

/** A log that there is not, a checkpoint that it did not sign, and its key for an authority's. */
const NOBODY = [
  "log xuefen.example/qinghai+dae3fcb0+AVSP3DGh5foyXrrdQVkoHB4cu+mhaGjVM8FrpSbmhhW0 xuefen.example\nquorum none\n",
  "xuefen.example/qinghai\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— xuefen.example/qinghai 2uP8sFhmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
  "xuefen.example/qinghai+dae3fcb0+AVSP3DGh5foyXrrdQVkoHB4cu+mhaGjVM8FrpSbmhhW0\n",
];

/** Loads core and lets it refuse something a few times: a browser translates code when it first runs, and makes it fast once it
 *  has run for a while. Nothing is kept of it. */
export async function load() {
  await loaded(CORE);
  for (let round = 0; round < WARM; round += 1) call("checkpoint", NOBODY[0], NOBODY[1]);
  call("verify", NOBODY[0], NOBODY[2], '{"format":""}', 0, 0, "", "", "");
}

/** One call of core: arguments are texts, numbers or bytes, each sent behind its length as u32be. */
export function call(name, ...given) {
  const parts = [name, ...given].map((part) => (part instanceof Uint8Array ? part : encoder.encode(String(part))));
  const length = parts.reduce((sum, part) => sum + 4 + part.length, 0);
  const bytes = exchange(modules[CORE], length, (request) => {
    const view = new DataView(request.buffer, request.byteOffset);
    let at = 0;
    for (const part of parts) {
      view.setUint32(at, part.length);
      request.set(part, at + 4);
      at += 4 + part.length;
    }
  });
  const answer = JSON.parse(decoder.decode(bytes));
  if (answer.error) throw Object.assign(new Error(`${answer.error.argument}: ${answer.error.problem}`), answer.error);
  return answer;
}

/** The text of a QR code in a picture ({ width, data } of a canvas), or "". */
export async function readQr({ width, data }) {
  const module = await loaded("/web/scan.wasm");
  const pixels = data.length / 4;
  const bytes = exchange(module, 4 + pixels, (request) => {
    new DataView(request.buffer, request.byteOffset).setUint32(0, width);
    // Luma of BT.601 in whole numbers.
    for (let at = 0; at < pixels; at += 1) request[4 + at] = (77 * data[4 * at] + 150 * data[4 * at + 1] + 29 * data[4 * at + 2]) >> 8;
  });
  return decoder.decode(bytes);
}
