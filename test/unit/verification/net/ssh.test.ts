import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, utils, type Connection, type ParsedKey, type ServerChannel } from "ssh2";
import { connectSsh, NoAnswer, ssh, type SshLogin, type SshServer } from "../../../../verification/net/ssh";
import { algorithmsOf, fingerprintOf } from "../../../../verification/net/sshHostKey";
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
    assert.deepEqual(algorithmsOf(" ssh-ed25519 AAAAC3Nza\n"), ["ssh-ed25519"]);
    assert.equal(algorithmsOf(`SHA256:${"A".repeat(43)}`), undefined);
  });
});

describe("SSH to a server", () => {
  const [hostKey, userKey, stranger] = [makeSshKey(), makeSshKey(), makeSshKey()];
  let dir: string;
  let server: Server;
  let port = 0;
  const clients: Connection[] = [];
  let commands: string[] = [];
  let logins: string[] = [];
  let answer: (channel: ServerChannel) => void;
  let refusesCommands = false;

  function parsed(text: string): ParsedKey {
    const key = utils.parseKey(text);
    if (key instanceof Error) throw key;
    return key;
  }

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "ssh-"));
    writeFileSync(join(dir, "user"), userKey.private);
    writeFileSync(join(dir, "stranger"), stranger.private);
    const allowed = parsed(userKey.public);
    server = new Server({ hostKeys: [hostKey.private] }, (client) => {
      clients.push(client);
      client.on("error", () => undefined);
      client.on("authentication", (context) => {
        logins.push(context.method);
        if (context.method === "publickey" && context.key.data.equals(allowed.getPublicSSH())) context.accept();
        else context.reject(["publickey"]);
      });
      client.on("session", (accept) => {
        accept().on("exec", (acceptExec, reject, { command }) => {
          commands.push(command);
          if (refusesCommands) reject();
          else answer(acceptExec());
        });
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });
  after(() => {
    for (const client of clients) client.end();
    server.close();
    rmSync(dir, { recursive: true });
  });
  beforeEach(() => {
    [commands, logins] = [[], []];
    refusesCommands = false;
    answer = (channel) => {
      channel.exit(0);
      channel.end();
    };
  });

  function at(changes: Partial<SshServer> = {}): SshServer {
    const login: SshLogin = { kind: "key", file: join(dir, "user") };
    return { host: "127.0.0.1", port, user: "u", hostKeys: [hostKey.public], login, settings, ...changes };
  }

  function couldNot(pattern: RegExp): (error: unknown) => true {
    return (error) => {
      assert.ok(error instanceof CouldNotRun && !(error instanceof NoAnswer), String(error));
      assert.match(error.message, pattern);
      return true;
    };
  }

  it("gives all that a command wrote, and its exit code", async () => {
    answer = (channel) => {
      channel.write("eins ä\n");
      channel.stderr.write("oh");
      channel.stderr.write(" je ö");
      channel.write("zwei\n");
      channel.exit(3);
      channel.end();
    };
    assert.deepEqual(await ssh(at())("a command"), { code: 3, stdout: "eins ä\nzwei\n", stderr: "oh je ö" });
    assert.deepEqual(commands, ["a command"]);
  });

  it("gives no exit code where a signal ended the command", async () => {
    answer = (channel) => {
      channel.exit("KILL");
      channel.end();
    };
    assert.deepEqual(await ssh(at())("x"), { code: undefined, stdout: "", stderr: "" });
  });

  it("closes a connection made for one command, and keeps one that is asked for until its end", async () => {
    const before = clients.length;
    await ssh(at())("x");
    const closed = clients[before];
    assert.ok(closed !== undefined);
    const connection = await connectSsh(at());
    await connection.run("one");
    await connection.run("two");
    assert.deepEqual(commands, ["x", "one", "two"]);
    assert.equal(clients.length, before + 2);
    const last = clients.at(-1) ?? assert.fail();
    const end = once(last, "close");
    connection.end();
    await end;
  });

  it("takes a server that shows one of the expected keys", async () => {
    const expected = [stranger.public, fingerprintOf(parsed(hostKey.public).getPublicSSH())];
    assert.equal((await ssh(at({ hostKeys: expected }))("x")).code, 0);
    assert.equal((await ssh(at({ hostKeys: expected.reverse() }))("x")).code, 0);
  });

  it("does not log in where another key is shown, or none is expected; tells how to compare", async () => {
    const shown = fingerprintOf(parsed(hostKey.public).getPublicSSH()).replaceAll("+", "\\+");
    for (const hostKeys of [[stranger.public], []]) {
      await assert.rejects(
        ssh(at({ hostKeys }))("x"),
        couldNot(
          new RegExp(
            `^SSH to u@127\\.0\\.0\\.1:${port.toString()} was ended: the server shows another host key than the expected ` +
              `one, ${shown}; nothing was sent\\. Compare it on the node with ssh-keygen -lf .*, then set the\\.hostKey$`,
          ),
        ),
      );
    }
    assert.deepEqual([logins, commands], [[], []]);
  });

  it("names the login that is not taken", async () => {
    await assert.rejects(
      ssh(at({ login: { kind: "key", file: join(dir, "stranger") } }))("x"),
      couldNot(/was refused: the server does not take the key \S+stranger for this user; check user and key$/),
    );
    await assert.rejects(
      ssh(at({ login: { kind: "password", password: "hunter2", variable: "A_PASSWORD" } }))("x"),
      couldNot(/was refused: the server does not take the password in A_PASSWORD for this user; check both$/),
    );
    await assert.rejects(
      ssh(at({ login: { kind: "agent", socket: join(dir, "no-agent") } }))("x"),
      couldNot(/^SSH to u@127\.0\.0\.1:\d+ (was refused: the server does not take the key of the agent|failed: )/),
    );
    assert.deepEqual(commands, []);
  });

  it("says that a server lets in but runs nothing", async () => {
    refusesCommands = true;
    await assert.rejects(ssh(at())("x"), couldNot(/^SSH to u@127\.0\.0\.1:\d+ refuses to run a command: ./));
  });

  it("does not take silence for an answer: neither within the limit, nor when the connection ends", async () => {
    answer = () => undefined;
    const silent = await connectSsh(at());
    await assert.rejects(silent.run("x", 100), {
      name: "NoAnswer",
      message: `SSH to u@127.0.0.1:${port.toString()}: no answer within 0.1 s; look at the node`,
    });
    silent.end();
    answer = (channel) => {
      channel.write("half an ans");
      clients.at(-1)?.end();
    };
    const cut = await connectSsh(at());
    await assert.rejects(cut.run("x"), {
      name: "NoAnswer",
      message: `SSH to u@127.0.0.1:${port.toString()} ended before the command did; look at the node`,
    });
    cut.end();
  });
});
