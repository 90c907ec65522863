// The door to xuefen.wasm: lays a request into the module's memory, reads the JSON that comes back. Decides nothing.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
let module;

/** Loads and compiles the module once. It imports nothing: it can compute and nothing else. */
export async function load() {
  module ??= await WebAssembly.compileStreaming(fetch("/web/xuefen.wasm"));
  await WebAssembly.instantiate(module, {});
}

/** One call: arguments are texts, numbers or bytes, each sent behind its length as u32be. A fresh instance each time, so
 *  that nothing of one file is left when the next is checked. */
export function call(name, ...given) {
  const parts = [name, ...given].map((part) => (part instanceof Uint8Array ? part : encoder.encode(String(part))));
  const length = parts.reduce((sum, part) => sum + 4 + part.length, 0);
  const { memory, xuefen_request, xuefen_answer, xuefen_place } = new WebAssembly.Instance(module, {}).exports;
  let at = xuefen_request(length) >>> 0;
  for (const part of parts) {
    new DataView(memory.buffer).setUint32(at, part.length);
    new Uint8Array(memory.buffer).set(part, at + 4);
    at += 4 + part.length;
  }
  const size = xuefen_answer() >>> 0;
  const answer = JSON.parse(decoder.decode(new Uint8Array(memory.buffer, xuefen_place() >>> 0, size)));
  if (answer.error) throw Object.assign(new Error(`${answer.error.argument}: ${answer.error.problem}`), answer.error);
  return answer;
}
