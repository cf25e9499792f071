import { readFileSync } from "node:fs";
import { Client, utils, type ConnectConfig, type ServerHostKeyAlgorithm } from "ssh2";
import { CouldNotRun, messageOf } from "../problems";
import { algorithmsOf, fingerprintOf, matchesHostKey } from "./sshHostKey";

/** An SSH server, the keys that prove it, and the login. */
export interface SshServer {
  host: string;
  port: number;
  user: string;
  /** Public keys as in `.pub` files, or fingerprints `SHA256:…`; the server must show one of them. */
  hostKeys: readonly string[];
  login: SshLogin;
  /** What the user calls these settings, for messages. */
  settings: { address: string; keyFile: string; hostKey: string };
}

export type SshLogin =
  | { kind: "key"; file: string }
  | { kind: "agent"; socket: string }
  /** `variable` is where the password came from. */
  | { kind: "password"; password: string; variable: string };

export interface SshResult {
  /** Exit code; undefined when a signal ended the command. */
  code: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs a command on a node. Throws CouldNotRun when it could not be run to its end; every exit code is an answer. */
export type Ssh = (command: string) => Promise<SshResult>;

/** A login that is kept. */
export interface SshConnection {
  /**
   * @param limitMs wall ms
   * @throws NoAnswer when the command was sent, and neither its end nor an error came back in that time
   */
  run(command: string, limitMs?: number): Promise<SshResult>;
  end(): void;
}

/** The command was sent; what became of it is not known. */
export class NoAnswer extends CouldNotRun {
  override name = "NoAnswer";
}

/** Limits of connecting, and of one command, in wall ms. */
const connectLimitMs = 15_000;
const commandLimitMs = 120_000;

/** Commands over SSH, a connection each. Nothing is sent to a server that does not show an expected key. */
export function ssh(server: SshServer): Ssh {
  return async (command) => {
    const connection = await connectSsh(server);
    try {
      return await connection.run(command);
    } finally {
      connection.end();
    }
  };
}

/** Logs in. Nothing is sent to a server that does not show an expected key. All errors are CouldNotRun. */
export function connectSsh(server: SshServer): Promise<SshConnection> {
  const where = `SSH to ${server.user}@${server.host}:${server.port.toString()}`;
  return new Promise((resolve, reject) => {
    const client = new Client();
    /** Of the commands that run. */
    const lost = new Set<(error: CouldNotRun) => void>();
    let shown: string | undefined;
    const fail = (text: string): void => {
      client.destroy();
      reject(new CouldNotRun(`${where} ${text}`)); // Nothing happens when it is open already.
      for (const end of lost) end(new NoAnswer(`${where} ${text}`));
    };
    client.on("error", (error) => {
      fail(shown === undefined ? reasonOf(error, server) : refusal(shown, server));
    });
    client.on("close", () => {
      fail("ended before the command did; look at the node");
    });
    const { login } = server;
    if (login.kind === "password") {
      client.on("keyboard-interactive", (_name, _instructions, _language, prompts, answer) => {
        answer(prompts.map(() => login.password));
      });
    }
    client.on("ready", () => {
      resolve({
        run: (command, limitMs = commandLimitMs) =>
          new Promise((done, failed) => {
            const finish = (): void => {
              clearTimeout(timer);
              lost.delete(end);
            };
            const end = (error: CouldNotRun): void => {
              finish();
              failed(error);
            };
            const timer = setTimeout(() => {
              end(new NoAnswer(`${where}: no answer within ${(limitMs / 1000).toString()} s; look at the node`));
            }, limitMs);
            lost.add(end);
            run(client, command).then(
              (result) => {
                finish();
                done(result);
              },
              (error: Error) => {
                end(new CouldNotRun(`${where} refuses to run a command: ${error.message}`));
              },
            );
          }),
        end: () => {
          client.destroy();
        },
      });
    });
    try {
      client.connect({
        ...connectConfig(server),
        hostVerifier: (key: Buffer) => {
          if (server.hostKeys.some((expected) => matchesHostKey(expected, key))) return true;
          shown = fingerprintOf(key);
          return false;
        },
      });
    } catch (error) {
      reject(error instanceof CouldNotRun ? error : new CouldNotRun(`${where} failed: ${String(error)}`));
    }
  });
}

function run(client: Client, command: string): Promise<SshResult> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error !== undefined) {
        reject(error);
        return;
      }
      const output = { stdout: "", stderr: "" };
      let ended = false;
      let code: number | undefined;
      channel.on("data", (part: Buffer) => (output.stdout += part.toString("utf8")));
      channel.stderr.on("data", (part: Buffer) => (output.stderr += part.toString("utf8")));
      channel.on("exit", (exit: number | null) => {
        ended = true;
        code = exit ?? undefined;
      });
      channel.on("close", () => {
        // A connection that breaks closes its channels, too; only a command that ended told so.
        if (ended) resolve({ code, ...output });
      });
      channel.end();
    });
  });
}

function connectConfig({ host, port, user, hostKeys, login, settings }: SshServer): ConnectConfig {
  const common = {
    host,
    port,
    username: user,
    readyTimeout: connectLimitMs,
    ...algorithms(hostKeys),
  };
  switch (login.kind) {
    case "key":
      return { ...common, privateKey: readKey(login.file, settings.keyFile) };
    case "agent":
      return { ...common, agent: login.socket };
    case "password":
      // ESXi asks by keyboard-interactive, and takes no plain password.
      return { ...common, password: login.password, tryKeyboard: true };
  }
}

/** A server with several keys must show one that is expected; a fingerprint does not tell its kind. */
function algorithms(hostKeys: readonly string[]): Pick<ConnectConfig, "algorithms"> {
  const known = hostKeys.map(algorithmsOf);
  if (known.some((one) => one === undefined)) return {};
  const serverHostKey = [...new Set(known.flatMap((one): ServerHostKeyAlgorithm[] => one ?? []))];
  return serverHostKey.length === 0 ? {} : { algorithms: { serverHostKey } };
}

function readKey(file: string, setting: string): Buffer {
  let key: Buffer;
  try {
    key = readFileSync(file);
  } catch (error) {
    const reason = messageOf(error);
    throw new CouldNotRun(`cannot read ${setting} ${file}: ${reason}`);
  }
  if (utils.parseKey(key) instanceof Error) {
    throw new CouldNotRun(
      `${setting} ${file} is no private key that can be used; a key with a passphrase goes through an SSH agent`,
    );
  }
  return key;
}

function refusal(shown: string, { settings }: SshServer): string {
  return (
    `was ended: the server shows another host key than the expected one, ${shown}; nothing was sent. Compare it on the ` +
    `node with ssh-keygen -lf of its public host key, then set ${settings.hostKey}`
  );
}

function reasonOf(error: Error & { level?: string; code?: string }, { login, settings }: SshServer): string {
  if (error.level === "client-authentication") {
    if (login.kind === "password") {
      return `was refused: the server does not take the password in ${login.variable} for this user; check both`;
    }
    const key = login.kind === "key" ? login.file : "of the agent";
    return `was refused: the server does not take the key ${key} for this user; check user and key`;
  }
  if (error.level === "client-timeout") return "did not answer in time; check the node and the network to it";
  const code = error.code ?? "";
  if (code === "ECONNREFUSED") return `was refused: nothing listens there; check ${settings.address}`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return `found no such host (${code}); check ${settings.address} and the DNS`;
  }
  return `failed: ${error.message}`;
}
