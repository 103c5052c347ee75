// Sealing under a shared key: docs/formats.md, "Field", "Derived key" and "Sealed column".

import { concat, context, equal, random, SealBroken, subtle, unsigned, utf8 } from "./bytes.mjs";

const FORMAT = Uint8Array.of(1);
const LABEL = utf8("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM");
const CHUNK = 16384;
const TAG = 16;
const SALT = 24;
const HEAD = 1 + SALT + 32;

export async function sealField(key, bound, plaintext) {
  const salt = random(SALT);
  const { aead, baseNonce, commitment } = await schedule(key, salt, bound);
  const chunks = [];
  for (let i = 0; i <= Math.floor(plaintext.length / CHUNK); i += 1) {
    const chunk = plaintext.subarray(i * CHUNK, (i + 1) * CHUNK);
    chunks.push(new Uint8Array(await subtle.encrypt(parameters(baseNonce, i), aead, chunk)));
  }
  return concat(FORMAT, salt, commitment, ...chunks);
}

export async function openField(key, bound, sealed) {
  const body = sealed.subarray(HEAD);
  if (sealed[0] !== FORMAT[0] || body.length % (CHUNK + TAG) < TAG) throw new SealBroken();
  const { aead, baseNonce, commitment } = await schedule(key, sealed.subarray(1, 1 + SALT), bound);
  if (!equal(commitment, sealed.subarray(1 + SALT, HEAD))) throw new SealBroken();
  const chunks = [];
  for (let i = 0; i * (CHUNK + TAG) < body.length; i += 1) {
    const chunk = body.subarray(i * (CHUNK + TAG), (i + 1) * (CHUNK + TAG));
    chunks.push(await decrypt(aead, parameters(baseNonce, i), chunk));
  }
  return concat(...chunks);
}

async function decrypt(aead, how, chunk) {
  try {
    return new Uint8Array(await subtle.decrypt(how, aead, chunk));
  } catch {
    throw new SealBroken();
  }
}

/** Cobblestone-256: what follows from key, salt and context. */
async function schedule(key, salt, bound) {
  if (key.length !== 32) throw new RangeError("a key is 32 bytes");
  const okm = await expandSha512(key, concat(LABEL, Uint8Array.of(0), salt, bound), 76);
  const aead = await subtle.importKey("raw", okm.subarray(0, 32), "AES-GCM", false, ["encrypt", "decrypt"]);
  return { aead, baseNonce: okm.subarray(32, 44), commitment: okm.subarray(44) };
}

function parameters(baseNonce, number) {
  const counter = unsigned(number, baseNonce.length);
  return { name: "AES-GCM", iv: baseNonce.map((byte, at) => byte ^ counter[at]) };
}

/** HKDF-Expand alone (RFC 5869, section 2.3), which WebCrypto has only together with HKDF-Extract. */
async function expandSha512(key, info, length) {
  const hmac = await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-512" }, false, ["sign"]);
  const blocks = [new Uint8Array(0)];
  for (let counter = 1; (counter - 1) * 64 < length; counter += 1) {
    const input = concat(blocks.at(-1), info, Uint8Array.of(counter));
    blocks.push(new Uint8Array(await subtle.sign("HMAC", hmac, input)));
  }
  return concat(...blocks).subarray(0, length);
}

export async function hkdfSha256(key, salt, info, length) {
  const ikm = await subtle.importKey("raw", key, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, ikm, 8 * length));
}

/** "Derived key". */
export const derive = (key, label, ...parts) => hkdfSha256(key, new Uint8Array(0), context(label, ...parts), 32);

/** "Sealed column": `place` is organisation, scope, table, column and row. */
export async function sealColumn(key, version, place, value) {
  return concat(unsigned(version, 4), await sealField(key, context("field", ...place, version), value));
}

export async function openColumn(key, place, sealed) {
  const version = new DataView(sealed.buffer, sealed.byteOffset).getUint32(0);
  return openField(key, context("field", ...place, version), sealed.subarray(4));
}
