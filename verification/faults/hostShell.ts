import { readFileSync } from "node:fs";
import type { Environment, HostConfig } from "../config";
import type { HostSshConfig } from "../config/hostSsh";
import { connectSsh, type SshConnection, type SshLogin, type SshServer } from "../net/ssh";
import { knownHostKeys } from "../net/knownHosts";
import { CouldNotRun, messageOf } from "../problems";

/** Gives a command's standard output. Throws when the command fails. @param what for the error: `list the paths` */
export type Ask = (command: string, what: string) => Promise<string>;

/** A host's ESXi Shell. All errors are CouldNotRun and name the host. */
export interface HostShell {
  /** Logs in for one command. */
  ask: Ask;
  /** Logs in for several. */
  open(): Promise<OpenShell>;
  /** A login of its own, for commands that cut it. */
  connect(): Promise<SshConnection>;
}

/** A login that is kept. */
export interface OpenShell {
  ask: Ask;
  end(): void;
}

/** Logs in for the time of the work. */
export async function during<T>(shell: OpenShell | Promise<OpenShell>, work: (ask: Ask) => Promise<T>): Promise<T> {
  const open = await shell;
  try {
    return await work(open.ask);
  } finally {
    open.end();
  }
}

/** @param connect replaced in tests */
export function hostShell(host: HostConfig, env: Environment, connect = connectSsh): HostShell {
  const server = sshServer(host, env);

  async function open(): Promise<OpenShell> {
    const connection = await connect(server);
    return {
      async ask(command, what) {
        const { code, stdout, stderr } = await connection.run(command);
        if (code === 0) return stdout;
        // esxcli tells its errors on standard output.
        const said = `${stdout}\n${stderr}`.trim().replace(/\n.*/s, "").slice(0, 200);
        throw new CouldNotRun(`cannot ${what} on ${host.name} over SSH: ${said || "it says nothing"}`);
      },
      end: () => {
        connection.end();
      },
    };
  }

  return {
    open,
    ask: (command, what) => during(open(), (ask) => ask(command, what)),
    connect: () => connect(server),
  };
}

function sshServer({ name, ssh }: HostConfig, env: Environment): SshServer {
  if (ssh === undefined) {
    throw new CouldNotRun(
      `host ${name} has no SSH in the configuration; this drill acts in its ESXi Shell: set hosts[].ssh`,
    );
  }
  const setting = `hosts[].ssh of ${name}`;
  return {
    host: ssh.host,
    port: ssh.port,
    user: ssh.user,
    hostKeys: hostKeys(ssh, setting),
    login: login(ssh, name, env),
    settings: {
      address: `host and port in ${setting}`,
      keyFile: `keyFile in ${setting}`,
      hostKey: `${ssh.hostKey === undefined ? "knownHostsFile" : "hostKey"} in ${setting}`,
    },
  };
}

function login({ keyFile, passwordEnv }: HostSshConfig, name: string, env: Environment): SshLogin {
  if (keyFile !== undefined) return { kind: "key", file: keyFile };
  const password = env[passwordEnv];
  if (password === undefined || password === "") {
    throw new CouldNotRun(
      `${passwordEnv} is not set; export the SSH password of ${name} in it, or set its ssh.keyFile`,
    );
  }
  return { kind: "password", password, variable: passwordEnv };
}

function hostKeys({ host, port, hostKey, knownHostsFile = "" }: HostSshConfig, setting: string): string[] {
  if (hostKey !== undefined) return [hostKey];
  let text: string;
  try {
    text = readFileSync(knownHostsFile, "utf8");
  } catch (error) {
    const reason = messageOf(error);
    throw new CouldNotRun(`cannot read knownHostsFile in ${setting}: ${reason}`);
  }
  const keys = knownHostKeys(text, host, port);
  if (keys.length > 0) return keys;
  const server = port === 22 ? host : `[${host}]:${port.toString()}`;
  throw new CouldNotRun(
    `${knownHostsFile}, knownHostsFile in ${setting}, has no key of ${server}; compare the host's key at its console and ` +
      "add it, or set hostKey",
  );
}
