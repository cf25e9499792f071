import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leaked, secretsOf } from "../../integration/secrets";

describe("the search for secrets", () => {
  const dir = mkdtempSync(join(tmpdir(), "secrets-"));
  const keyFile = join(dir, "key");
  writeFileSync(keyFile, "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\nAAAA\n-----END\n");
  const env = {
    OS_PASSWORD: "hunter2",
    VSPHERE_PASSWORD: "swordfish",
    VSPHERE_HA_HOST_PASSWORD: "",
    VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE: keyFile,
    VSPHERE_USER: "administrator",
  };
  const secrets = secretsOf(env);
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("knows passwords and keys, and nothing else", () => {
    assert.deepEqual([...secrets.keys()], ["OS_PASSWORD", "VSPHERE_PASSWORD", "VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE"]);
  });

  it("finds each, as it is, in JSON and in base64, and names it without telling it", () => {
    assert.deepEqual(leaked(secrets, "user administrator, password hunter2"), ["OS_PASSWORD"]);
    assert.deepEqual(leaked(secrets, JSON.stringify({ key: "-----BEGIN\nb3BlbnNzaC1rZXk\nAAAA" })), [
      "VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE",
    ]);
    assert.deepEqual(leaked(secrets, `Basic ${Buffer.from("swordfish").toString("base64")}`), ["VSPHERE_PASSWORD"]);
  });

  it("finds none in a text that holds none", () => {
    assert.deepEqual(leaked(secrets, "administrator Hunter2 swordfis h"), []);
  });
});
