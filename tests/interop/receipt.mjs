// What follows from a receipt, with Argon2id by hash-wasm: docs/formats.md, "Receipt".

import { argon2id } from "hash-wasm";

import { concat, fromHex, subtle } from "./bytes.mjs";
import { derive } from "./field.mjs";

/** The keys of a receipt that is spelled as it was issued. */
export async function receiptKeys(receipt, salt) {
  const root = await argon2id({
    password: receipt,
    salt,
    memorySize: 19456,
    iterations: 2,
    parallelism: 1,
    hashLength: 32,
    outputType: "binary",
  });
  return {
    lookup: await derive(root, "receipt-lookup"),
    inboxSeed: await derive(root, "receipt-inbox"),
    signingSeed: await derive(root, "receipt-signing"),
  };
}

const PKCS8_OF_A_SEED = fromHex("302e020100300506032b657004220420");

/** The Ed25519 public key of a seed. */
export async function signingPublicKey(seed) {
  const key = await subtle.importKey("pkcs8", concat(PKCS8_OF_A_SEED, seed), "Ed25519", true, ["sign"]);
  const { x } = await subtle.exportKey("jwk", key);
  return Uint8Array.from(Buffer.from(x, "base64url"));
}
