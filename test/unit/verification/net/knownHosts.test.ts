import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { knownHostKeys } from "../../../../verification/net/knownHosts";

const key = "ssh-ed25519 AAAAone";
const other = "ecdsa-sha2-nistp256 AAAAtwo";

function hashed(name: string): string {
  const salt = Buffer.from("0123456789abcdefghij");
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

describe("a known_hosts file", () => {
  const cases: [string, string, string, number, string[]][] = [
    ["a name", `esx-1 ${key}`, "esx-1", 22, [key]],
    ["a name in capitals", `ESX-1 ${key}`, "esx-1", 22, [key]],
    ["another name", `esx-1 ${key}`, "esx-10", 22, []],
    ["a name and an address", `esx-1,10.0.0.1 ${key} a comment`, "10.0.0.1", 22, [key]],
    ["another port", `[10.0.0.1]:2222 ${key}`, "10.0.0.1", 2222, [key]],
    ["a port that is not stated", `10.0.0.1 ${key}`, "10.0.0.1", 2222, []],
    ["the usual port where another is stated", `[10.0.0.1]:2222 ${key}`, "10.0.0.1", 22, []],
    ["several keys of a host", `esx-1 ${key}\nesx-1 ${other}`, "esx-1", 22, [key, other]],
    ["a pattern", `*.example.com ${key}`, "esx-1.example.com", 22, [key]],
    ["a pattern's dot as itself", `*.example.com ${key}`, "esx-1xexample.com", 22, []],
    ["one character", `esx-? ${key}`, "esx-1", 22, [key]],
    ["an exception", `*.example.com,!esx-1.example.com ${key}`, "esx-1.example.com", 22, []],
    ["a hashed name", `${hashed("[esx-1]:2222")} ${key}`, "esx-1", 2222, [key]],
    ["another hashed name", `${hashed("esx-2")} ${key}`, "esx-1", 22, []],
    ["a revoked key", `esx-1 ${key}\nesx-1 ${other}\n@revoked * ${key}`, "esx-1", 22, [other]],
    ["a certificate authority", `@cert-authority *.example.com ${key}`, "esx-1.example.com", 22, []],
    ["comments and broken lines", `# esx-1 ${key}\n\nesx-1\nesx-1 ssh-ed25519`, "esx-1", 22, []],
  ];
  for (const [name, text, host, port, keys] of cases) {
    it(`is read for ${name}`, () => {
      assert.deepEqual(knownHostKeys(text, host, port), keys);
    });
  }
});
