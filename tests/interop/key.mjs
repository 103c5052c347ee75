// Sealing to a public key, by @hpke/core and @hpke/hybridkem-x-wing: docs/formats.md, "Key pair" and "Sealed to a key".

import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";

import { concat, equal, fromHex, sha256, SealBroken } from "./bytes.mjs";

const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const FORMAT_AND_SUITE = fromHex("01647a00010002");
const HEADER = FORMAT_AND_SUITE.length + 8;
const ENC = 1120;

export async function publicKey(seed) {
  const pair = await suite.kem.generateKeyPairDerand(seed.slice());
  return new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey));
}

export const keyId = async (publicKey) => (await sha256(publicKey)).subarray(0, 8);

const header = async (publicKey) => concat(FORMAT_AND_SUITE, await keyId(publicKey));

export async function sealTo(publicKey, info, plaintext) {
  const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey.slice());
  const { enc, ct } = await suite.seal({ recipientPublicKey, info }, plaintext);
  return concat(await header(publicKey), new Uint8Array(enc), new Uint8Array(ct));
}

export async function openWith(seed, info, sealed) {
  if (!equal(await header(await publicKey(seed)), sealed.subarray(0, HEADER))) throw new SealBroken();
  const recipientKey = await suite.kem.deserializePrivateKey(seed.slice());
  const enc = sealed.slice(HEADER, HEADER + ENC);
  try {
    return new Uint8Array(await suite.open({ recipientKey, enc, info }, sealed.slice(HEADER + ENC)));
  } catch {
    throw new SealBroken();
  }
}
