// All of Candour's formats that are made and opened here.

export { context, SealBroken, uuid } from "./bytes.mjs";
export { derive, openColumn, openField, sealColumn, sealField } from "./field.mjs";
export { keyId, openWith, publicKey, sealTo } from "./key.mjs";
export { combineIdentity, openRelease, openShare, releaseShare, sealIdentity } from "./identity.mjs";
export { receiptKeys, signingPublicKey } from "./receipt.mjs";
export { sealSubmission } from "./submission.mjs";
export { blindToken, finishToken, signBlinded, verifyToken } from "./token.mjs";
