// Who somebody is, for custodians together: docs/formats.md, "Pieces" and "Identity".
//
// A sharing is { reference, threshold, custodians, commitments }, where custodians are the 16 bytes of their UUIDs, rising.
// Custodians are named by their number in it. Pieces that somebody holds are a list of [number, piece], rising.

import { concat, context, equal, random, sha256, SealBroken, unsigned } from "./bytes.mjs";
import { hkdfSha256, openField, sealField } from "./field.mjs";
import { openWith, publicKey, sealTo } from "./key.mjs";

const PIECE = 32;

/** All groups of `size` of the numbers from `first` to `end` - 1, in lexicographic order. */
function groups(size, end, first = 0) {
  if (size === 0) return [[]];
  const found = [];
  for (let one = first; one < end; one += 1) {
    found.push(...groups(size - 1, end, one + 1).map((rest) => [one, ...rest]));
  }
  return found;
}

/** The numbers of the pieces that a holder has. */
const heldBy = (holder, threshold, holders) =>
  groups(threshold - 1, holders).flatMap((group, number) => (group.includes(holder) ? [] : [number]));

const xor = (parts) => parts.reduce((total, part) => total.map((byte, at) => byte ^ part[at]), new Uint8Array(PIECE));

function split(secret, threshold, holders) {
  const pieces = groups(threshold - 1, holders).slice(1).map(() => random(PIECE));
  return [...pieces, xor([secret, ...pieces])];
}

const commit = (bound, number, piece) => sha256(context("piece", bound, number), piece);

const encode = (pieces) => concat(...pieces.flatMap(([number, piece]) => [Uint8Array.of(number), piece]));

function decode(encoded) {
  if (encoded.length % (1 + PIECE) !== 0) throw new SealBroken();
  const starts = Array.from({ length: encoded.length / (1 + PIECE) }, (_, at) => at * (1 + PIECE));
  return starts.map((start) => [encoded[start], encoded.slice(start + 1, start + 1 + PIECE)]);
}

const contextOf = ({ reference, threshold, custodians }) =>
  context("sharing", reference, threshold, custodians.length, ...custodians);

async function shareInfo(of, number, itsPublicKey) {
  return context("share", contextOf(of), of.custodians[number], itsPublicKey, await sha256(...of.commitments));
}

const releaseInfo = (of, number, request) => context("release", contextOf(of), request, of.custodians[number]);

async function keys(secret, reference, shredKey) {
  const okm = await hkdfSha256(secret, shredKey, context("identity-key", reference), 48);
  return { key: okm.subarray(0, 32), check: okm.subarray(32) };
}

function pad(data) {
  const bucket = [1, 2, 4, 8, 16, 32].map((kib) => 1024 * kib).find((size) => 4 + data.length <= size);
  if (bucket === undefined) throw new RangeError("an identity has at most 32764 bytes");
  return concat(unsigned(data.length, 4), data, new Uint8Array(bucket - 4 - data.length));
}

function unpad(padded) {
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  const data = padded.slice(4, 4 + length);
  if (data.length !== length || !equal(pad(data), padded)) throw new SealBroken();
  return data;
}

/** `custodians` are { id, publicKey }, rising by id; what comes back is all there is to be stored, but the shred key. */
export async function sealIdentity(identity, reference, custodians, threshold, shredKey) {
  const secret = random(PIECE);
  const { key, check } = await keys(secret, reference, shredKey);
  const pieces = split(secret, threshold, custodians.length);
  const of = { reference, threshold, custodians: custodians.map(({ id }) => id) };
  of.commitments = await Promise.all(pieces.map((piece, number) => commit(contextOf(of), number, piece)));
  const shares = custodians.map(async ({ publicKey: to }, number) => {
    const dealt = heldBy(number, threshold, custodians.length).map((held) => [held, pieces[held]]);
    return sealTo(to, await shareInfo(of, number, to), encode(dealt));
  });
  return {
    ciphertext: await sealField(key, context("identity", reference), pad(identity)),
    check,
    commitments: of.commitments,
    shares: await Promise.all(shares),
  };
}

/** Whether these are the very pieces that were dealt to the custodian. */
async function areDealt(of, number, pieces) {
  const held = heldBy(number, of.threshold, of.custodians.length);
  if (pieces.length !== held.length) return false;
  const each = pieces.map(async ([at, piece], i) => {
    return at === held[i] && equal(await commit(contextOf(of), at, piece), of.commitments[at]);
  });
  return (await Promise.all(each)).every(Boolean);
}

/** The pieces in a custodian's own share, each checked. */
export async function openShare(seed, of, number, share) {
  const pieces = decode(await openWith(seed, await shareInfo(of, number, await publicKey(seed)), share));
  if (!(await areDealt(of, number, pieces))) throw new SealBroken();
  return pieces;
}

/** A custodian's pieces, sealed again to whoever asked, for this one request. */
export const releaseShare = (pieces, of, number, request, requesterKey) =>
  sealTo(requesterKey, releaseInfo(of, number, request), encode(pieces));

export const openRelease = async (seed, of, number, request, release) =>
  decode(await openWith(seed, releaseInfo(of, number, request), release));

/** The identity, from { ciphertext, check } and a list of [number of a custodian, the pieces they released]. */
export async function combineIdentity(sealed, of, released, shredKey) {
  const liars = [];
  for (const [number, pieces] of released) {
    if (!(await areDealt(of, number, pieces))) liars.push(number);
  }
  if (liars.length > 0) throw new SealBroken(liars);
  const pieces = new Map(released.flatMap(([, each]) => each));
  if (pieces.size !== of.commitments.length) throw new SealBroken();
  const { key, check } = await keys(xor([...pieces.values()]), of.reference, shredKey);
  if (!equal(check, sealed.check)) throw new SealBroken();
  return unpad(await openField(key, context("identity", of.reference), sealed.ciphertext));
}
