// Messages of the kernel, with the arrays put back.

const TYPES = { f4: Float32Array, u1: Uint8Array, i4: Int32Array, f2: Uint16Array };

/** Numbers of 16 bits: sign, five bits of exponent, ten of fraction. */
function half(bits) {
  const sign = bits >> 15 ? -1 : 1, power = (bits >> 10) & 31, fraction = bits & 1023;
  if (power === 31) return fraction ? NaN : sign * Infinity;
  return sign * (power ? 2 ** (power - 25) * (1024 + fraction) : 2 ** -24 * fraction);
}
const typed = (kind, bytes) => (kind === "f2" ? Float32Array.from(new Uint16Array(bytes), half) : new TYPES[kind](bytes));

/** Put the arrays back into a message; a buffer that did not arrive raises. */
export function unpack(value, buffers) {
  if (Array.isArray(value)) return value.map((item) => unpack(item, buffers));
  if (!value || typeof value !== "object") return value;
  if ("$range" in value) { const [first, many, step] = value.$range; return Int32Array.from({ length: many }, (_, i) => first + i * step); }
  if ("$base64" in value) { const [text, kind] = value.$base64; return typed(kind, Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer); }
  if ("$buffer" in value) {
    const [start, kind, ...shape] = value.$buffer, raw = (buffers || [])[0];
    if (!raw) throw new Error("lost buffers");
    const [bytes, offset] = ArrayBuffer.isView(raw) ? [raw.buffer, raw.byteOffset] : [raw, 0], from = offset + start;
    return typed(kind, bytes.slice(from, from + shape.reduce((a, b) => a * b, TYPES[kind].BYTES_PER_ELEMENT)));
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item, buffers)]));
}
const flat = (x) => (!x ? [] : ArrayBuffer.isView(x) ? x : [x].flat(9).map((v) => v ?? NaN));
