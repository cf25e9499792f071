import { readFileSync } from "node:fs";
import { Client, utils, type ConnectConfig } from "ssh2";
import type { Environment } from "../config";
import type { SshConfig } from "../config/openstack";
import { CouldNotRun } from "../problems";
import { algorithmsOf, fingerprintOf, matchesHostKey } from "./sshHostKey";

export interface SshResult {
  /** Exit code; undefined when a signal ended the command. */
  code: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs a command on a node. Throws CouldNotRun when it could not be run to its end; every exit code is an answer. */
export type Ssh = (command: string) => Promise<SshResult>;

/** Limits of connecting, and of one command, in wall ms. */
const connectLimitMs = 15_000;
const commandLimitMs = 120_000;

/**
 * Commands over SSH, a connection each, with a key of the user's or the agent's. Nothing is sent to a server that does
 * not show the expected key.
 */
export function ssh(config: SshConfig, env: Environment): Ssh {
  const where = `${config.user}@${config.host}:${config.port.toString()}`;
  return (command) =>
    new Promise((resolve, reject) => {
      const client = new Client();
      let shown: string | undefined;
      const timer = setTimeout(() => {
        fail(`did not end within ${(commandLimitMs / 1000).toString()} s; look at the node`);
      }, commandLimitMs);
      const finish = (): void => {
        clearTimeout(timer);
        client.destroy();
      };
      const fail = (text: string): void => {
        finish();
        reject(new CouldNotRun(`SSH to ${where} ${text}`));
      };
      client.on("error", (error) => {
        fail(shown === undefined ? reasonOf(error, config) : refusal(shown));
      });
      client.on("close", () => {
        fail("ended before the command did; look at the node");
      });
      client.on("ready", () => {
        client.exec(command, (error, channel) => {
          if (error !== undefined) {
            fail(`refuses to run a command: ${error.message}`);
            return;
          }
          const output = { stdout: "", stderr: "" };
          let code: number | undefined;
          channel.on("data", (part: Buffer) => (output.stdout += part.toString("utf8")));
          channel.stderr.on("data", (part: Buffer) => (output.stderr += part.toString("utf8")));
          channel.on("exit", (exit: number | null) => (code = exit ?? undefined));
          channel.on("close", () => {
            finish();
            resolve({ code, ...output });
          });
          channel.end();
        });
      });
      try {
        client.connect({
          ...login(config, env),
          hostVerifier: (key: Buffer) => {
            if (matchesHostKey(config.hostKey, key)) return true;
            shown = fingerprintOf(key);
            return false;
          },
        });
      } catch (error) {
        finish();
        reject(error instanceof CouldNotRun ? error : new CouldNotRun(`SSH to ${where} failed: ${String(error)}`));
      }
    });
}

function login({ host, port, user, keyFile, hostKey }: SshConfig, env: Environment): ConnectConfig {
  const serverHostKey = algorithmsOf(hostKey);
  const common = {
    host,
    port,
    username: user,
    readyTimeout: connectLimitMs,
    ...(serverHostKey && { algorithms: { serverHostKey } }),
  };
  if (keyFile !== undefined) return { ...common, privateKey: readKey(keyFile) };
  const agent = env.SSH_AUTH_SOCK;
  if (agent !== undefined && agent !== "") return { ...common, agent };
  throw new CouldNotRun(
    `SSH to ${user}@${host} has no key: set openstack.ssh.keyFile or VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE, or run an SSH agent`,
  );
}

function readKey(file: string): Buffer {
  const setting = "openstack.ssh.keyFile";
  let key: Buffer;
  try {
    key = readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CouldNotRun(`cannot read ${setting} ${file}: ${reason}`);
  }
  if (utils.parseKey(key) instanceof Error) {
    throw new CouldNotRun(
      `${setting} ${file} is no private key that can be used; a key with a passphrase goes through an SSH agent`,
    );
  }
  return key;
}

function refusal(shown: string): string {
  return (
    `was ended: the server shows another host key than the expected one, ${shown}; nothing was sent. Compare it on the ` +
    "node with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub, then set openstack.ssh.hostKey or VSPHERE_HA_COMPUTE_HOST_KEY"
  );
}

function reasonOf(error: Error & { level?: string; code?: string }, { keyFile }: SshConfig): string {
  if (error.level === "client-authentication") {
    return `was refused: the server does not take the key ${keyFile ?? "of the agent"} for this user; check user and key`;
  }
  if (error.level === "client-timeout") return "did not answer in time; check the node and the network to it";
  const code = error.code ?? "";
  if (code === "ECONNREFUSED") return "was refused: nothing listens there; check openstack.ssh.host and port";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return `found no such host (${code}); check openstack.ssh.host and the DNS`;
  }
  return `failed: ${error.message}`;
}
