// A whole grievance, sealed where it is written: docs/formats.md, "Sealed submission".

import { concat, context, random, subtle, toHex, unsigned, utf8, uuid } from "./bytes.mjs";
import { sealColumn, sealField } from "./field.mjs";
import { sealIdentity } from "./identity.mjs";
import { publicKey, sealTo } from "./key.mjs";
import { receiptKeys, signingPublicKey } from "./receipt.mjs";

const VERSION = 1;
const BASE64 = (bytes) => Buffer.from(bytes).toString("base64");

/** A UUIDv7 of the first instant of a day, given as 2026-03-02. */
function idOf(day) {
  const bytes = concat(unsigned(Date.parse(`${day}T00:00:00Z`), 6), random(10));
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return bytes;
}

function spell(id) {
  const hex = toHex(id);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** JSON as "Statement" has it: keys in rising order at every depth, no blanks, letters not escaped. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join(",")}}`;
}

async function commit(salt, organisation, grievance, said) {
  const key = await subtle.importKey("raw", salt, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const bound = context("statement", organisation, grievance, canonical(said));
  return toHex(new Uint8Array(await subtle.sign("HMAC", key, bound)));
}

/**
 * The body of a sealed submission. `said` has headline, narrative, capacity, confidentiality and allegations of label and
 * statement; `to` has organisation, officers of account and publicKey, custodians of id and publicKey, and threshold.
 */
export async function sealSubmission(said, person, to, receipt, salt, day) {
  const reporter = await receiptKeys(receipt, salt);
  const inboxKey = await publicKey(reporter.inboxSeed);
  const organisation = uuid(to.organisation);
  const [caseId, grievanceId, identityId] = [idOf(day), idOf(day), idOf(day)];
  const [caseKey, key, statementSalt] = [random(32), random(32), random(32)];

  const text = async (table, column, row, value) => {
    if (value === null) return null;
    return BASE64(await sealColumn(key, VERSION, [organisation, grievanceId, table, column, row], utf8(value)));
  };
  const ofGrievance = (column, value) => text("grievances", column, grievanceId, value);
  const grant = async ({ account, publicKey: officer }) => {
    const bound = context("grant", organisation, caseId, VERSION, uuid(account), officer);
    return { account_id: account, sealed_key: BASE64(await sealTo(officer, bound, caseKey)) };
  };
  const raised = async ({ label, statement }) => {
    const row = idOf(day);
    return {
      id: spell(row),
      label: await text("raised_allegations", "label", row, label),
      statement: await text("raised_allegations", "statement", row, statement),
    };
  };
  const custodians = [...to.custodians].sort((one, other) => (one.id < other.id ? -1 : 1));
  const shredKey = random(32);
  const reference = context("identity-reference", organisation, caseId, identityId);
  const holders = custodians.map((one) => ({ id: uuid(one.id), publicKey: one.publicKey }));
  const sealed = await sealIdentity(person, reference, holders, to.threshold, shredKey);
  const forCase = context("conversation-for-case", organisation, caseId, grievanceId);
  const forSender = context("conversation", organisation, grievanceId, inboxKey);

  return {
    case_id: spell(caseId),
    grievance_id: spell(grievanceId),
    reporter_keys: {
      lookup: BASE64(reporter.lookup),
      inbox_public_key: BASE64(inboxKey),
      signing_public_key: BASE64(await signingPublicKey(reporter.signingSeed)),
    },
    grants: await Promise.all(to.officers.map(grant)),
    key_for_case: BASE64(await sealField(caseKey, forCase, key)),
    key_for_sender: BASE64(await sealTo(inboxKey, forSender, key)),
    texts: {
      confidentiality: await ofGrievance("confidentiality", said.confidentiality[0]),
      headline: await ofGrievance("headline", said.headline),
      narrative: await ofGrievance("narrative", said.narrative),
      capacity: await ofGrievance("capacity", said.capacity),
      statement_salt: await ofGrievance("statement_salt", toHex(statementSalt)),
    },
    allegations: await Promise.all(said.allegations.map(raised)),
    identity: {
      id: spell(identityId),
      ciphertext: BASE64(sealed.ciphertext),
      check: BASE64(sealed.check),
      commitments: sealed.commitments.map(BASE64),
      shares: sealed.shares.map((share, at) => ({ custodian_id: custodians[at].id, share: BASE64(share) })),
      shred_key: BASE64(shredKey),
    },
    statement: await commit(statementSalt, organisation, grievanceId, { ...said, headcount_claims: [] }),
  };
}
