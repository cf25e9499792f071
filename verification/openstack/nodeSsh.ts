import type { Environment } from "../config";
import type { SshConfig } from "../config/openstack";
import { ssh, type Ssh } from "../net/ssh";
import { CouldNotRun } from "../problems";

const settings = {
  address: "openstack.ssh.host and port",
  keyFile: "openstack.ssh.keyFile",
  hostKey: "openstack.ssh.hostKey or VSPHERE_HA_COMPUTE_HOST_KEY",
};

/** Commands on nova-compute's node, with a key of the user's or the agent's. */
export function nodeSsh({ host, port, user, keyFile, hostKey }: SshConfig, env: Environment): Ssh {
  const server = { host, port, user, hostKeys: [hostKey], settings };
  if (keyFile !== undefined) return ssh({ ...server, login: { kind: "key", file: keyFile } });
  const socket = env.SSH_AUTH_SOCK;
  if (socket !== undefined && socket !== "") return ssh({ ...server, login: { kind: "agent", socket } });
  return () => {
    const text = `SSH to ${user}@${host} has no key: set openstack.ssh.keyFile or VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE, or run an SSH agent`;
    return Promise.reject(new CouldNotRun(text));
  };
}
