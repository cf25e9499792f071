import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openstackAddresses } from "../../lab/openstack/addresses";
import { openstackPaths } from "../../lab/openstack/settings";
import type { CloudLab } from "./cloudLab";
import { eventually } from "./cloudLab";

/** A user of the compute node who is not root. */
const user = "stack";

/** What sudo lets that user do: everything, everything with a password, or there is no sudo. */
export type Sudo = "without a password" | "with a password" | "missing";

/** Another way onto a lab's compute node: as a user who is not root. */
export interface SudoNode {
  host: string;
  port: number;
  user: string;
  stop(): void;
}

/**
 * The node's own SSH server once more, in a mount namespace where /etc/passwd has one user more and sudo is set up for
 * them: the machine's own files stay as they are. A start takes root.
 */
export async function startSudoNode(cloud: CloudLab, sudo: Sudo): Promise<SudoNode> {
  assert.equal(process.getuid?.(), 0, "run as root: the test gives the node a user of its own, in a mount namespace");
  const paths = openstackPaths(cloud.lab.dir);
  const dir = mkdtempSync(join(tmpdir(), "sudo-node-"));
  // sshd reads the keys as the user who logs in.
  chmodSync(dir, 0o755);
  const file = (name: string): string => join(dir, name);
  for (const name of ["sudoers.d", "bin"]) mkdirSync(file(name), { mode: 0o755 });
  const line = {
    passwd: `${user}:x:64999:64999::/:/bin/sh`,
    group: `${user}:x:64999:`,
    shadow: `${user}:*:19000::::::`,
  };
  for (const [name, text] of Object.entries(line)) {
    writeFileSync(file(name), `${readFileSync(`/etc/${name}`, "utf8").trimEnd()}\n${text}\n`, {
      mode: name === "shadow" ? 0o640 : 0o644,
    });
  }
  const rights = `${user} ALL=(ALL:ALL) ${sudo === "without a password" ? "NOPASSWD: " : ""}ALL\n`;
  writeFileSync(file("sudoers.d/stack"), rights, { mode: 0o440 });
  copyFileSync(paths.systemctl, file("bin/systemctl"));
  chmodSync(file("bin/systemctl"), 0o755);
  copyFileSync(paths.authorizedKeys, file("keys"));
  chmodSync(file("keys"), 0o644);
  const { node: address, nodePort } = openstackAddresses(cloud.openstack.octet);
  const host = address.replace(/\.20$/, ".21");
  const settings = [
    `ListenAddress ${host}:${String(nodePort)}`,
    `HostKey ${paths.hostKey}`,
    `AuthorizedKeysFile ${file("keys")}`,
    "PidFile none",
    `AllowUsers ${user}`,
    "AuthenticationMethods publickey",
    "UsePAM no",
    "StrictModes no",
    "SetEnv PATH=/usr/local/sbin:/usr/bin:/bin",
  ];
  writeFileSync(file("sshd_config"), `${settings.join("\n")}\n`, { mode: 0o600 });
  const mounts = [
    ...Object.keys(line).map((name) => `mount --bind ${file(name)} /etc/${name}`),
    `mount --bind ${file("sudoers.d")} /etc/sudoers.d`,
    `mount --bind ${file("bin")} /usr/local/sbin`,
    ...(sudo === "missing" ? ["mount --bind /dev/null /usr/bin/sudo"] : []),
  ];
  const sshd = execFileSync("sh", ["-c", "PATH=$PATH:/usr/sbin command -v sshd"], { encoding: "utf8" }).trim();
  const script = `set -e\n${mounts.join("\n")}\nexec ${sshd} -D -e -f ${file("sshd_config")}`;
  const child = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", script], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said += part.toString()));
  const stop = (): void => {
    child.kill();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await eventually(
      "the node's second SSH server listens",
      async () => {
        assert.equal(child.exitCode, null, said);
        return (await listens(host, nodePort)) || undefined;
      },
      10_000,
    );
  } catch (error) {
    stop();
    throw error;
  }
  return { host, port: nodePort, user, stop };
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port });
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", end(true)).on("error", end(false));
  });
}
