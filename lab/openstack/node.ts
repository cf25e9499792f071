import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import type { OpenstackAddresses } from "./addresses";
import { computeUnit, sshdSettings, type OpenstackPaths } from "./settings";

// sshd's privilege separation needs this folder when it runs as root (sshd(8), FILES); it holds nothing.
const PRIVSEP_DIR = "/run/sshd";

/** Programs of the machine that the compute node is made of. */
export interface NodePrograms {
  sshKeygen: string;
  python: string;
  /** Folder of systemctl.py. */
  tools: string;
  /** Folder of the Python package vsphere_ha_lab. */
  pythonPath: string;
}

/**
 * Lays out the compute node: its service manager and unit, its SSH server with a new host key, and a new key for the
 * client. nova's configuration is the launcher's to write.
 */
export function prepareNode(paths: OpenstackPaths, addresses: OpenstackAddresses, programs: NodePrograms): void {
  const user = userInfo();
  const system = join(paths.node, "etc", "systemd", "system");
  for (const dir of [
    system,
    dirname(paths.sshdConfig),
    dirname(paths.session),
    join(paths.node, "tmp"),
    paths.images,
  ]) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }
  // What the node's services write is kept with the lab's other logs.
  mkdirSync(join(paths.node, "var"), { recursive: true });
  symlinkSync(paths.logs, join(paths.node, "var", "log"));
  for (const key of [paths.hostKey, paths.clientKey]) {
    execFileSync(programs.sshKeygen, ["-q", "-t", "ed25519", "-N", "", "-C", "vsphere-ha lab", "-f", key]);
  }
  copyFileSync(`${paths.clientKey}.pub`, paths.authorizedKeys);
  const isRoot = user.uid === 0;
  if (isRoot) mkdirSync(PRIVSEP_DIR, { recursive: true, mode: 0o755 });
  writeFileSync(paths.sshdConfig, sshdSettings(paths, addresses, { name: user.username, root: isRoot }), {
    mode: 0o600,
  });
  writeFileSync(join(system, "nova-compute@.service"), computeUnit(paths, programs.python, programs.pythonPath));
  const manager = `exec ${programs.python} ${join(programs.tools, "systemctl.py")} --root ${paths.node} "$@"`;
  writeFileSync(paths.systemctl, `#!/bin/sh\n${manager}\n`, { mode: 0o755 });
  // A controller too: where nova's databases are known.
  const manage = `NO_PROXY='*' no_proxy='*' PYTHONWARNINGS=ignore PYTHONPATH=${programs.pythonPath} exec ${programs.python} -m vsphere_ha_lab.manage`;
  const settings = `--config-file ${join(paths.dir, "etc", "nova", "nova.conf")} "$@"`;
  writeFileSync(paths.novaManage, `#!/bin/sh\n${manage} ${settings}\n`, { mode: 0o755 });
  const session = `PATH=${dirname(paths.systemctl)}:$PATH\nexport PATH\ncd ${paths.node}\nexec /bin/sh -c "$SSH_ORIGINAL_COMMAND"`;
  writeFileSync(paths.session, `#!/bin/sh\n${session}\n`, { mode: 0o755 });
}
