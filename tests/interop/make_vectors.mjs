// Makes tests/crypto/vectors/javascript.json, if there is none: vectors that are checked in are never made anew.

import { readFileSync, writeFileSync } from "node:fs";

import { sha256, toHex, utf8 } from "./bytes.mjs";
import * as candour from "./candour.mjs";

const beside = (path) => new URL(path, import.meta.url);
const counted = (first, length = 32) => Uint8Array.from({ length }, (_, at) => first + at);
const id = (last) => `0197a000-0000-7000-8000-${last.toString(16).padStart(12, "0")}`;
const hex = (_, value) => (value instanceof Uint8Array ? toHex(value) : value);

const { packages } = JSON.parse(readFileSync(beside("package-lock.json"), "utf8"));
const versions = Object.entries(packages).filter(([path]) => path !== "");
const example = candour.context("example", candour.uuid(id(1)), "statement", 1);

async function field(text) {
  const plaintext = utf8(text);
  const key = counted(0);
  return { key, context: example, plaintext, sealed: await candour.sealField(key, example, plaintext) };
}

async function message(text) {
  const seed = counted(0x20);
  const publicKey = await candour.publicKey(seed);
  const plaintext = utf8(text);
  return {
    seed,
    public_key: publicKey,
    key_id: await candour.keyId(publicKey),
    info: example,
    plaintext,
    sealed: await candour.sealTo(publicKey, example, plaintext),
  };
}

async function derived(part) {
  const key = counted(0);
  return { key, label: "example", part, derived: await candour.derive(key, "example", part) };
}

async function column() {
  const key = counted(0x80);
  const text = "The rota was altered.";
  const place = [candour.uuid(id(1)), candour.uuid(id(2)), "findings", "reasons", candour.uuid(id(3))];
  return {
    key,
    version: 1,
    organisation: id(1),
    scope: id(2),
    table: "findings",
    column: "reasons",
    row: id(3),
    text,
    sealed: await candour.sealColumn(key, 1, place, utf8(text)),
  };
}

async function identity(person, threshold, holders) {
  const reference = candour.context("identity-reference", ...[1, 2, 7].map((last) => candour.uuid(id(last))));
  const spelled = Array.from({ length: holders }, (_, number) => id(0xc0 + number));
  const seeds = await Promise.all(spelled.map((_, number) => sha256(Uint8Array.of(number))));
  const ids = spelled.map(candour.uuid);
  const keys = await Promise.all(seeds.map(candour.publicKey));
  const custodians = ids.map((one, number) => ({ id: one, publicKey: keys[number] }));
  const shredKey = counted(0x40);
  const sealed = await candour.sealIdentity(utf8(person), reference, custodians, threshold, shredKey);
  const of = { reference, threshold, custodians: ids, commitments: sealed.commitments };
  const request = await sha256(utf8("a request"));
  const requesterSeed = counted(0x60);
  const requesterKey = await candour.publicKey(requesterSeed);
  const releases = spelled.slice(0, threshold).map(async (one, number) => {
    const pieces = await candour.openShare(seeds[number], of, number, sealed.shares[number]);
    return [one, await candour.releaseShare(pieces, of, number, request, requesterKey)];
  });
  const byId = (values) => Object.fromEntries(spelled.map((one, number) => [one, values[number]]));
  return {
    identity: utf8(person),
    reference,
    threshold,
    shred_key: shredKey,
    custodians: byId(seeds),
    ...sealed,
    shares: byId(sealed.shares),
    request,
    requester_seed: requesterSeed,
    releases: Object.fromEntries(await Promise.all(releases)),
  };
}

async function receipt(words) {
  const salt = counted(0, 16);
  const { lookup, inboxSeed, signingSeed } = await candour.receiptKeys(words, salt);
  return { typed: words, receipt: words, salt, lookup, inbox_seed: inboxSeed, signing_seed: signingSeed };
}

const vectors = {
  made_by: {
    script: "tests/interop/make_vectors.mjs",
    on: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    packages: Object.fromEntries(
      versions.map(([path, { version }]) => [path.replace("node_modules/", ""), version]),
    ),
  },
  contexts: [{ label: "example", parts: [{ uuid: id(1) }, { text: "statement" }, { int: 1 }], encoded: example }],
  fields: [await field(""), await field("They altered the rota.")],
  derived: [await derived("one"), await derived("")],
  hpke: [await message(""), await message("They altered the rota.")],
  columns: [await column()],
  identities: [await identity('{"name":"Ann Example"}', 2, 3), await identity("", 1, 1), await identity("…", 3, 4)],
  receipts: [await receipt("abacus abdomen abdominal zoology zone zoom zips")],
};
writeFileSync(beside("../crypto/vectors/javascript.json"), `${JSON.stringify(vectors, hex, 1)}\n`, { flag: "wx" });
