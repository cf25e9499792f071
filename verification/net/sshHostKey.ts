import { createHash } from "node:crypto";
import type { ServerHostKeyAlgorithm } from "ssh2";

const fingerprint = /^SHA256:[A-Za-z0-9+/]{43}=?$/;
const publicKey = /^(ssh-|ecdsa-|sk-)\S+ +([A-Za-z0-9+/]+=*)( .*)?$/;

/** A server's public key as in its `.pub` file, or the SHA-256 fingerprint that `ssh-keygen -l` prints. */
export const hostKeyForm = new RegExp(
  `^\\s*(${[fingerprint, publicKey].map(({ source }) => source.slice(1, -1)).join("|")})\\s*$`,
);

export function isHostKey(text: string): boolean {
  return hostKeyForm.test(text);
}

/** The fingerprint that OpenSSH prints for a key in its wire format: `SHA256:…`. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** True when a server shows the expected key. @param key in its wire format */
export function matchesHostKey(expected: string, key: Buffer): boolean {
  const text = expected.trim();
  const shown = fingerprint.test(text) ? text.replace(/=$/, "") : undefined;
  if (shown !== undefined) return shown === fingerprintOf(key);
  const encoded = publicKey.exec(text)?.[2];
  return encoded !== undefined && Buffer.from(encoded, "base64").equals(key);
}

/** Signature algorithms with which a server proves the expected key; undefined: a fingerprint does not tell. */
export function algorithmsOf(expected: string): ServerHostKeyAlgorithm[] | undefined {
  const type = publicKey.test(expected.trim()) ? expected.trim().split(" ")[0] : undefined;
  if (type === "ssh-rsa") return ["rsa-sha2-512", "rsa-sha2-256"];
  return type === undefined ? undefined : [type as ServerHostKeyAlgorithm];
}
