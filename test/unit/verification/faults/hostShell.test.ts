import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, utils, type Connection, type ParsedKey, type ServerChannel } from "ssh2";
import type { HostConfig } from "../../../../verification/config";
import type { HostSshConfig } from "../../../../verification/config/hostSsh";
import { hostShell } from "../../../../verification/faults/hostShell";
import { NoAnswer } from "../../../../verification/net/ssh";
import { fingerprintOf } from "../../../../verification/net/sshHostKey";
import { CouldNotRun } from "../../../../verification/problems";
import { makeSshKey } from "../sshKeys";

const password = "hunter2";

function parsed(text: string): ParsedKey {
  const key = utils.parseKey(text);
  if (key instanceof Error) throw key;
  return key;
}

describe("SSH to a host", () => {
  const key = makeSshKey();
  const other = makeSshKey();
  const fingerprint = fingerprintOf(parsed(key.public).getPublicSSH());
  let dir: string;
  let server: Server;
  let port = 0;
  /** Every password that a client sent. */
  let sent: string[] = [];
  let commands: string[] = [];
  /** Fingerprints of the public keys that a client offered, and whether they let it in. */
  let offered: string[] = [];
  let takesKey: boolean;
  let closed: number;
  let answer: (channel: ServerChannel, client: Connection) => void;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "host-shell-"));
    server = new Server({ hostKeys: [key.private] }, (client) => {
      client.on("error", () => undefined);
      client.on("close", () => closed++);
      client.on("authentication", (context) => {
        if (context.method === "publickey") {
          offered.push(fingerprintOf(context.key.data));
          if (takesKey) {
            context.accept();
            return;
          }
        }
        // As ESXi: no plain passwords.
        if (context.method !== "keyboard-interactive") {
          context.reject(["keyboard-interactive"]);
          return;
        }
        context.prompt([{ prompt: "Password: ", echo: false }], (answers) => {
          sent.push(...answers);
          if (answers[0] === password) context.accept();
          else context.reject(["keyboard-interactive"]);
        });
      });
      client.on("session", (accept) => {
        accept().on("exec", (acceptExec, _reject, { command }) => {
          commands.push(command);
          answer(acceptExec(), client);
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
    [sent, commands, offered, closed, takesKey] = [[], [], [], 0, false];
    answer = (channel) => {
      channel.write("out\n");
      channel.exit(0);
      channel.end();
    };
  });

  function host(changes: Partial<HostSshConfig> = {}): HostConfig {
    const usual = { host: "127.0.0.1", port, user: "root", keyFile: undefined, passwordEnv: "ESX_PASSWORD" };
    const ssh = { ...usual, hostKey: fingerprint, knownHostsFile: undefined, ...changes };
    return { name: "esx-1", bmc: undefined, ssh };
  }

  const env = { ESX_PASSWORD: password };

  function knownHosts(text: string): Partial<HostSshConfig> {
    const file = join(dir, "known_hosts");
    writeFileSync(file, text);
    return { hostKey: undefined, knownHostsFile: file };
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((done) => setTimeout(done, 5));
  }

  async function refused(work: () => Promise<unknown>, pattern: RegExp): Promise<void> {
    await assert.rejects(work, (error) => {
      assert.ok(error instanceof CouldNotRun, String(error));
      assert.match(error.message, pattern);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  }

  it("logs in with the password of the environment, as ESXi asks for it", async () => {
    assert.equal(await hostShell(host(), env).ask("esxcli x", "x"), "out\n");
    assert.deepEqual(commands, ["esxcli x"]);
  });

  it("takes the host's key from a known_hosts file", async () => {
    const file = knownHosts(`esx-9 ${other.public}\n[127.0.0.1]:${port.toString()} ${key.public}\n`);
    assert.equal(await hostShell(host(file), env).ask("x", "x"), "out\n");
  });

  it("sends no password to a host with another key", async () => {
    const wrong = fingerprintOf(parsed(other.public).getPublicSSH());
    await refused(
      () => hostShell(host({ hostKey: wrong }), env).ask("x", "x"),
      /shows another host key than the expected one, SHA256:.*set hostKey in hosts\[\]\.ssh of esx-1/,
    );
    const file = knownHosts(`[127.0.0.1]:${port.toString()} ${other.public}\n`);
    await refused(() => hostShell(host(file), env).ask("x", "x"), /knownHostsFile in hosts\[\]\.ssh of esx-1/);
    assert.deepEqual([sent, commands], [[], []]);
  });

  it("connects to nobody whose key is not known", () => {
    const shell = (changes: Partial<HostSshConfig>) => () => hostShell(host(changes), env);
    assert.throws(
      shell(knownHosts(`127.0.0.1 ${key.public}\n`)),
      /known_hosts, knownHostsFile in hosts\[\]\.ssh of esx-1, has no key of \[127\.0\.0\.1\]:\d+; compare the host's key at its console and add it, or set hostKey$/,
    );
    assert.throws(shell({ ...knownHosts(""), port: 22 }), /has no key of 127\.0\.0\.1; compare/);
    assert.throws(
      shell({ hostKey: undefined, knownHostsFile: join(dir, "gone") }),
      /cannot read knownHostsFile .*ENOENT/,
    );
  });

  it("says that the password is wrong, or not there, or that nothing is configured, and never shows it", async () => {
    await refused(
      () => hostShell(host(), { ESX_PASSWORD: "hunter22" }).ask("x", "x"),
      /SSH to root@127\.0\.0\.1:\d+ was refused: the server does not take the password in ESX_PASSWORD for this user/,
    );
    assert.throws(() => hostShell(host(), { ESX_PASSWORD: "" }), /ESX_PASSWORD is not set/);
    assert.throws(() => hostShell(host(), {}), /ESX_PASSWORD is not set; export the SSH password of esx-1/);
    assert.throws(
      () => hostShell({ name: "esx-1", bmc: undefined, ssh: undefined }, env),
      /host esx-1 has no SSH in the configuration; .* set hosts\[\]\.ssh/,
    );
  });

  it("logs in with the key of a file, and sends no password then", async () => {
    takesKey = true;
    const keyFile = join(dir, "id_ed25519");
    writeFileSync(keyFile, other.private, { mode: 0o600 });
    assert.equal(await hostShell(host({ keyFile }), {}).ask("x", "x"), "out\n");
    assert.ok(offered.length > 0 && offered.every((one) => one === fingerprintOf(parsed(other.public).getPublicSSH())));
    assert.deepEqual(sent, []);
    await refused(
      () => hostShell(host({ keyFile: join(dir, "none") }), env).ask("x", "x"),
      /^cannot read keyFile in hosts\[\]\.ssh of esx-1 .*none: ENOENT/,
    );
  });

  it("logs out when its work is done, be it well or not", async () => {
    const shell = hostShell(host(), env);
    await shell.ask("x", "x");
    await until(() => closed === 1);
    answer = (channel) => {
      channel.exit(1);
      channel.end();
    };
    await refused(() => shell.ask("x", "try it"), /^cannot try it /);
    await until(() => closed === 2);
    const open = await shell.open();
    answer = (channel) => {
      channel.exit(0);
      channel.end();
    };
    await open.ask("x", "x");
    await open.ask("x", "x");
    assert.equal(closed, 2);
    open.end();
    await until(() => closed === 3);
  });

  const reasons: [what: string, out: string, error: string, told: string][] = [
    ["in esxcli's words", "Error: Unknown command\nUsage: esxcli\n", "", ": Error: Unknown command"],
    ["in the words of another program", "", "\nsh: no such thing\nmore\n", ": sh: no such thing"],
    ["at no more length than fits a line", "x".repeat(300), "", `: ${"x".repeat(200)}`],
    ["where the host says nothing", "", "", ": it says nothing"],
  ];
  for (const [what, out, error, told] of reasons) {
    it(`says what failed and why, ${what}`, async () => {
      answer = (channel) => {
        channel.write(out);
        channel.stderr.write(error);
        channel.exit(1);
        channel.end();
      };
      await assert.rejects(
        hostShell(host(), env).ask("x", "list the paths"),
        new CouldNotRun(`cannot list the paths on esx-1 over SSH${told}`),
      );
    });
  }

  it("says which setting has the address where nobody listens", async () => {
    const gone = new Server({ hostKeys: [key.private] }, () => undefined);
    gone.listen(0, "127.0.0.1");
    await once(gone, "listening");
    const free = (gone.address() as AddressInfo).port;
    gone.close();
    await once(gone, "close");
    await refused(
      () => hostShell(host({ port: free }), env).ask("x", "x"),
      /nothing listens there; check host and port in hosts\[\]\.ssh of esx-1$/,
    );
  });

  it("tells a command without an answer from one that failed", async () => {
    answer = () => undefined;
    const silent = await hostShell(host(), env).connect();
    await assert.rejects(silent.run("x", 100), NoAnswer);
    silent.end();
    answer = (channel, client) => {
      channel.write("half an ans");
      setTimeout(() => client.end(), 20);
    };
    const cut = await hostShell(host(), env).connect();
    await assert.rejects(cut.run("x", 5000), NoAnswer);
    cut.end();
  });
});
