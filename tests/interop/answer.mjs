// Answers one line of JSON with another: {"call": name in candour.mjs, "with": [arguments]} with {"made": …}, with
// {"broken": [liars]} where a seal does not open, or with {"refused": why} where an argument is of no use. Bytes are text
// that begins with "hex:". Any other error ends the process.

import { createInterface } from "node:readline";

import { fromHex, toHex } from "./bytes.mjs";
import * as candour from "./candour.mjs";

const HEX = "hex:";

const read = (_, value) =>
  typeof value === "string" && value.startsWith(HEX) ? fromHex(value.slice(HEX.length)) : value;

const write = (_, value) => (value instanceof Uint8Array ? HEX + toHex(value) : value);

async function answer(line) {
  const { call, with: given } = JSON.parse(line, read);
  try {
    return { made: await candour[call](...given) };
  } catch (error) {
    if (error instanceof candour.SealBroken) return { broken: error.liars };
    if (error instanceof RangeError) return { refused: error.message };
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line), write)}\n`);
}
