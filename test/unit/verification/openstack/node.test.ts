import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, utils, type ParsedKey } from "ssh2";
import type { SshConfig } from "../../../../verification/config/openstack";
import type { SshResult } from "../../../../verification/net/ssh";
import { fingerprintOf, isHostKey, matchesHostKey } from "../../../../verification/net/sshHostKey";
import { computeNode } from "../../../../verification/openstack/node";
import { nodeSsh as ssh } from "../../../../verification/openstack/nodeSsh";
import { CouldNotRun } from "../../../../verification/problems";
import { makeSshKey } from "../sshKeys";

function parsed(text: string): ParsedKey {
  const key = utils.parseKey(text);
  if (key instanceof Error) throw key;
  return key;
}

describe("SSH to nova-compute's node", () => {
  const host = makeSshKey();
  const user = makeSshKey();
  const stranger = makeSshKey();
  let dir: string;
  let server: Server;
  let port = 0;
  let commands: string[] = [];
  let answer: { code: number; stdout: string; stderr: string };

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "ssh-"));
    writeFileSync(join(dir, "user"), user.private);
    writeFileSync(join(dir, "stranger"), stranger.private);
    writeFileSync(join(dir, "none"), "no key");
    const allowed = parsed(user.public);
    server = new Server({ hostKeys: [host.private] }, (client) => {
      client.on("error", () => undefined);
      client.on("authentication", (context) => {
        if (context.method !== "publickey" || !context.key.data.equals(allowed.getPublicSSH()))
          context.reject(["publickey"]);
        else if (context.signature === undefined) context.accept();
        else if (allowed.verify(context.blob ?? Buffer.alloc(0), context.signature, context.hashAlgo) === true)
          context.accept();
        else context.reject();
      });
      client.on("session", (accept) => {
        accept().on("exec", (acceptExec, _reject, { command }) => {
          commands.push(command);
          const channel = acceptExec();
          channel.write(answer.stdout);
          channel.stderr.write(answer.stderr);
          channel.exit(answer.code);
          channel.end();
        });
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.close();
    rmSync(dir, { recursive: true });
  });
  beforeEach(() => {
    commands = [];
    answer = { code: 0, stdout: "", stderr: "" };
  });

  function config(changes: Partial<SshConfig> = {}): SshConfig {
    return { host: "127.0.0.1", port, user: "nova", keyFile: join(dir, "user"), hostKey: host.public, ...changes };
  }

  function refused(work: Promise<unknown>, pattern: RegExp): Promise<void> {
    return assert.rejects(work, (error) => {
      assert.ok(error instanceof CouldNotRun, String(error));
      assert.match(error.message, pattern);
      assert.equal(commands.length, 0);
      return true;
    });
  }

  it("runs a command and gives exit code and output", async () => {
    answer = { code: 3, stdout: "out", stderr: "err" };
    assert.deepEqual(await ssh(config(), {})("a command"), answer);
    assert.deepEqual(commands, ["a command"]);
  });

  it("takes the host key's fingerprint too", async () => {
    const hostKey = fingerprintOf(parsed(host.public).getPublicSSH());
    assert.equal((await ssh(config({ hostKey }), {})("x")).code, 0);
  });

  it("sends nothing to a server with another key, and shows that", async () => {
    const shown = fingerprintOf(parsed(host.public).getPublicSSH()).replaceAll("+", "\\+");
    const wrong = ssh(config({ hostKey: stranger.public }), {})("x");
    await refused(wrong, new RegExp(`shows another host key than the expected one, ${shown}; nothing was sent`));
  });

  it("says that the key is not let in, not there, or none", async () => {
    await refused(ssh(config({ keyFile: join(dir, "stranger") }), {})("x"), /does not take the key .*stranger/);
    await refused(ssh(config({ keyFile: join(dir, "gone") }), {})("x"), /cannot read openstack\.ssh\.keyFile .*ENOENT/);
    await refused(ssh(config({ keyFile: join(dir, "none") }), {})("x"), /no private key that can be used/);
    await refused(ssh(config({ keyFile: undefined }), {})("x"), /has no key: set openstack\.ssh\.keyFile/);
  });

  it("says that nothing listens there", async () => {
    await refused(ssh(config({ port: 1 }), {})("x"), /SSH to nova@127\.0\.0\.1:1 was refused: nothing listens there/);
  });
});

describe("an SSH host key", () => {
  const { public: line } = makeSshKey();
  const wire = parsed(line).getPublicSSH();

  it("is a line of a .pub file or a SHA-256 fingerprint", () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    assert.ok(isHostKey(line) && isHostKey(`${line} a comment`) && isHostKey(fingerprintOf(wire)));
    for (const bad of ["", "AA:BB", "SHA256:short", publicKey.export({ format: "pem", type: "spki" }).toString()]) {
      assert.ok(!isHostKey(bad), bad);
    }
  });

  it("matches that key only", () => {
    const other = parsed(makeSshKey().public).getPublicSSH();
    for (const expected of [line, `${line} comment`, fingerprintOf(wire), `${fingerprintOf(wire)}=`]) {
      assert.ok(matchesHostKey(expected, wire));
      assert.ok(!matchesHostKey(expected, other));
    }
    assert.ok(!matchesHostKey("", wire));
  });
});

describe("nova-compute's node", () => {
  let asked: string[] = [];
  let answers: (command: string) => Partial<SshResult> = () => ({});
  const config = {
    ssh: { host: "node", port: 22, user: "nova", keyFile: undefined, hostKey: "" },
    service: "nova-compute@c",
    novaConf: ["/etc/nova/nova.conf", "/etc/nova/it's.conf"],
  };
  const node = computeNode(config, {}, (command) => {
    asked.push(command);
    return Promise.resolve({ code: 0, stdout: "", stderr: "", ...answers(command) });
  });

  beforeEach(() => {
    asked = [];
    answers = () => ({});
  });

  it("reads its files in their order, by sudo where need be", async () => {
    answers = (command) => ({
      stdout: `[DEFAULT]\nsync_power_state_interval = ${command.includes("nova.conf") ? "30" : "-1"}\n`,
    });
    assert.equal((await node.settings()).syncPowerStateInterval, -1);
    assert.match(asked[0] ?? "", /cat -- '\/etc\/nova\/nova\.conf'.*sudo -n cat -- '\/etc\/nova\/nova\.conf'/);
    assert.match(asked[1] ?? "", /'\/etc\/nova\/it'\\''s\.conf'/);
  });

  it("stops and starts the service, and tells whether it runs", async () => {
    answers = (command) => (command.includes("is-active") ? { code: 3, stdout: "inactive\n" } : {});
    await node.stop();
    await node.start();
    assert.equal(await node.isActive(), false);
    assert.match(asked[0] ?? "", /systemctl stop 'nova-compute@c'/);
    assert.match(asked[1] ?? "", /systemctl start 'nova-compute@c'/);
  });

  it("says what could not be done, and that sudo asks", async () => {
    answers = () => ({ code: 1, stderr: "sudo: a password is required\n" });
    await assert.rejects(
      node.stop(),
      /cannot stop nova-compute@c on node: sudo: a password.*; let nova run it by sudo/,
    );
    answers = () => ({ code: 5, stderr: "Unit nova-compute@c.service not found.\n" });
    await assert.rejects(node.stop(), /cannot stop nova-compute@c on node: Unit nova-compute@c\.service not found\.$/);
  });

  it("restarts after it changed the configuration, and not when there is nothing to put back", async () => {
    await node.addConfiguration(["[DEFAULT]", "x = 1"]);
    assert.match(asked[1] ?? "", /systemctl restart/);
    asked = [];
    await node.restoreConfiguration();
    assert.equal(asked.length, 1);
    answers = () => ({ stdout: "restored\n" });
    await node.restoreConfiguration();
    assert.match(asked.at(-1) ?? "", /systemctl restart/);
  });

  it("keeps the file as it was, through a drill that was killed, in a real shell", async () => {
    const dir = mkdtempSync(join(tmpdir(), "node-"));
    try {
      const file = join(dir, "nova's.conf");
      writeFileSync(file, "[DEFAULT]\nhost = c\n", { mode: 0o600 });
      writeFileSync(join(dir, "systemctl"), `#!/bin/sh\necho "$*" >> '${join(dir, "log")}'\n`, { mode: 0o755 });
      const env = { ...process.env, PATH: `${dir}:${process.env.PATH ?? ""}` };
      const real = computeNode({ ...config, novaConf: [file] }, {}, (command) => {
        const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", command], { env, encoding: "utf8" });
        return Promise.resolve({ code: status ?? undefined, stdout, stderr });
      });
      await real.addConfiguration(["[DEFAULT]", "sync_power_state_interval = 1"]);
      await real.addConfiguration(["[DEFAULT]", "sync_power_state_interval = 2"]);
      assert.equal((await real.settings()).syncPowerStateInterval, 2);
      await real.restoreConfiguration();
      await real.restoreConfiguration();
      assert.equal(readFileSync(file, "utf8"), "[DEFAULT]\nhost = c\n");
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(dir).sort(), ["log", "nova's.conf", "systemctl"]);
      assert.equal(readFileSync(join(dir, "log"), "utf8"), "restart nova-compute@c\n".repeat(3));
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("cannot be acted on without SSH", () => {
    assert.throws(
      () => computeNode({ ...config, ssh: undefined }, {}),
      /set openstack\.ssh, or VSPHERE_HA_COMPUTE_HOST/,
    );
  });
});
