// Supporter tokens with @cloudflare/blindrsa-ts: docs/formats.md, "Supporter token".

import { RSABSSA } from "@cloudflare/blindrsa-ts";

import { subtle } from "./bytes.mjs";

const SUITES = {
  "RSABSSA-SHA384-PSS-Randomized": RSABSSA.SHA384.PSS.Randomized,
  "RSABSSA-SHA384-PSSZERO-Randomized": RSABSSA.SHA384.PSSZero.Randomized,
  "RSABSSA-SHA384-PSS-Deterministic": RSABSSA.SHA384.PSS.Deterministic,
  "RSABSSA-SHA384-PSSZERO-Deterministic": RSABSSA.SHA384.PSSZero.Deterministic,
};
const KIND = { name: "RSA-PSS", hash: "SHA-384" };

const publicKey = (spki) => subtle.importKey("spki", spki, KIND, true, ["verify"]);

/** The prepared message, what the signer is sent, and what takes the blinding off. */
export async function blindToken(name, spki, message) {
  const suite = SUITES[name]();
  const prepared = suite.prepare(message);
  const { blindedMsg, inv } = await suite.blind(await publicKey(spki), prepared);
  return { prepared, blinded: blindedMsg, inverse: inv };
}

/** The blind signature of a PKCS8 key. */
export async function signBlinded(name, pkcs8, blinded) {
  return SUITES[name]().blindSign(await subtle.importKey("pkcs8", pkcs8, KIND, true, ["sign"]), blinded);
}

/** The signature, its blinding taken off. */
export async function finishToken(name, spki, prepared, answer, inverse) {
  return SUITES[name]().finalize(await publicKey(spki), prepared, answer, inverse);
}

/** Whether a key signed a prepared message. */
export async function verifyToken(name, spki, prepared, signature) {
  return SUITES[name]().verify(await publicKey(spki), signature, prepared);
}
