// Bytes as the formats join them, and contexts: docs/formats.md, its first lines and "Context".

import { webcrypto } from "node:crypto";

export const { subtle } = webcrypto;

/** What was sealed does not open. `liars` are the numbers of custodians who gave false pieces. */
export class SealBroken extends Error {
  constructor(liars = []) {
    super("what was sealed cannot be opened");
    this.liars = liars;
  }
}

export const random = (length) => webcrypto.getRandomValues(new Uint8Array(length));

export const utf8 = (text) => new TextEncoder().encode(text);

export const fromHex = (text) => Uint8Array.from(Buffer.from(text, "hex"));

export const toHex = (bytes) => Buffer.from(bytes).toString("hex");

/** The 16 bytes of a UUID in its usual spelling. */
export const uuid = (text) => fromHex(text.replaceAll("-", ""));

/** An unsigned integer, big endian, in so many bytes. */
export function unsigned(number, length) {
  const bytes = new Uint8Array(length);
  let left = BigInt(number);
  for (let at = length - 1; at >= 0; at -= 1) {
    bytes[at] = Number(left & 0xffn);
    left >>= 8n;
  }
  if (left !== 0n) throw new RangeError("the integer is negative or needs more bytes");
  return bytes;
}

export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Whether both are the same bytes; how long it takes tells only their lengths. */
export function equal(one, other) {
  if (one.length !== other.length) return false;
  return one.reduce((difference, byte, at) => difference | (byte ^ other[at]), 0) === 0;
}

export const sha256 = async (...parts) => new Uint8Array(await subtle.digest("SHA-256", concat(...parts)));

/** "Context": a part is bytes (a UUID is its 16), text, or an integer, which is u64. */
export function context(label, ...parts) {
  const items = [utf8(`candour/1/${label}`), ...parts.map(bytesOf)];
  return concat(...items.flatMap((item) => [unsigned(item.length, 4), item]));
}

function bytesOf(part) {
  if (part instanceof Uint8Array) return part;
  return typeof part === "string" ? utf8(part) : unsigned(part, 8);
}
