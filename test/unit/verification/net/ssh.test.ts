import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ssh, type SshServer } from "../../../../verification/net/ssh";
import { algorithmsOf } from "../../../../verification/net/sshHostKey";
import { CouldNotRun } from "../../../../verification/problems";
import { makeSshKey } from "../sshKeys";

const settings = { address: "the.address", keyFile: "the.keyFile", hostKey: "the.hostKey" };

describe("SSH that cannot begin", () => {
  const key = makeSshKey();
  let dir: string;
  let keyFile: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "ssh-"));
    keyFile = join(dir, "key");
    writeFileSync(keyFile, key.private);
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  async function refused(pattern: RegExp, changes: Partial<SshServer>): Promise<void> {
    const login = { kind: "key", file: keyFile } as const;
    const server = { host: "127.0.0.1", port: 9, user: "u", hostKeys: [key.public], login, settings, ...changes };
    await assert.rejects(ssh(server)("true"), (error) => {
      assert.ok(error instanceof CouldNotRun, String(error));
      assert.match(error.message, pattern);
      return true;
    });
  }

  it("names the setting of the address where nothing listens, or no such host is known", async () => {
    await refused(/^SSH to u@127\.0\.0\.1:9 was refused: nothing listens there; check the\.address$/, {});
    await refused(/found no such host \((ENOTFOUND|EAI_AGAIN)\); check the\.address and the DNS$/, {
      host: "node.invalid",
    });
  });

  it("names a key file that is not there, or is none", async () => {
    await refused(/cannot read the\.keyFile .*nowhere: ENOENT/, { login: { kind: "key", file: join(dir, "nowhere") } });
    const file = join(dir, "text");
    writeFileSync(file, "not a key");
    await refused(/the\.keyFile .*text is no private key that can be used/, { login: { kind: "key", file } });
  });

  it("tells a server that speaks something else", async () => {
    const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await refused(/^SSH to u@127\.0\.0\.1:\d+ (failed|was ended): ./, { port });
    server.close();
  });

  it("asks an RSA key to sign by SHA-2, any other as it is, and leaves a fingerprint open", () => {
    assert.deepEqual(algorithmsOf("ssh-rsa AAAAB3Nza me@node"), ["rsa-sha2-512", "rsa-sha2-256"]);
    assert.deepEqual(algorithmsOf("ssh-ed25519 AAAAC3Nza"), ["ssh-ed25519"]);
    assert.equal(algorithmsOf(`SHA256:${"A".repeat(43)}`), undefined);
  });
});
