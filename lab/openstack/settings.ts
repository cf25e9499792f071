import { join } from "node:path";
import type { OpenstackAddresses } from "./addresses";

/** Keystone's only region in the lab. */
export const REGION = "RegionOne";

/** Files and folders of a lab's OpenStack. */
export interface OpenstackPaths {
  /** State of the services: configuration, databases, images, keys. */
  dir: string;
  /** Root folder of the compute node: what `/` is on a real one. */
  node: string;
  logs: string;
  /** Description of the lab for the launcher; holds passwords. */
  launcherConfig: string;
  /** Processes and passwords of a running lab. */
  record: string;
  tls: { ca: string; cert: string; key: string };
  images: string;
  sshdConfig: string;
  hostKey: string;
  clientKey: string;
  authorizedKeys: string;
  session: string;
  systemctl: string;
  novaManage: string;
}

/** @param lab folder of the lab */
export function openstackPaths(lab: string): OpenstackPaths {
  const dir = join(lab, "openstack");
  const node = join(lab, "compute");
  return {
    dir,
    node,
    logs: join(lab, "logs", "openstack"),
    launcherConfig: join(dir, "launcher.json"),
    record: join(dir, "record.json"),
    tls: {
      ca: join(dir, "tls", "ca.pem"),
      cert: join(dir, "tls", "server.pem"),
      key: join(dir, "tls", "server-key.pem"),
    },
    images: join(dir, "images"),
    sshdConfig: join(node, "etc", "ssh", "sshd_config"),
    hostKey: join(node, "etc", "ssh", "ssh_host_ed25519_key"),
    clientKey: join(dir, "compute_ed25519_key"),
    authorizedKeys: join(node, "etc", "ssh", "authorized_keys"),
    session: join(node, "bin", "session"),
    systemctl: join(node, "bin", "systemctl"),
    novaManage: join(node, "bin", "nova-manage"),
  };
}

/** Passwords of one lab: keystone's users, and the services' user of the message broker. */
export interface OpenstackPasswords {
  admin: string;
  service: string;
  broker: string;
}

/** What the launcher is told (see launcher.py). */
export function launcherSettings(
  paths: OpenstackPaths,
  addresses: OpenstackAddresses,
  passwords: OpenstackPasswords,
  seed: string,
): object {
  const { dir, node, logs, tls } = paths;
  return { dir, node, logs, seed, address: addresses.api, region: REGION, tls, passwords };
}

/**
 * sshd on one loopback address, for one user with one key. A client gets the node's own PATH, whatever its shell sets, so
 * that `systemctl` is the node's; nothing but commands and file transfer is allowed.
 */
export function sshdSettings(
  paths: OpenstackPaths,
  addresses: OpenstackAddresses,
  user: { name: string; root: boolean },
): string {
  return [
    `ListenAddress ${addresses.node}:${addresses.nodePort}`,
    `HostKey ${paths.hostKey}`,
    `AuthorizedKeysFile ${paths.authorizedKeys}`,
    "PidFile none",
    `AllowUsers ${user.name}`,
    ...(user.root ? ["PermitRootLogin prohibit-password"] : []),
    "AuthenticationMethods publickey",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "UsePAM no",
    // The key file lies in the checkout, which may well be writable for a group; only this user can log in anyway.
    "StrictModes no",
    "DisableForwarding yes",
    "PrintMotd no",
    "LogLevel VERBOSE",
    `ForceCommand ${paths.session}`,
    "Subsystem sftp /usr/lib/openssh/sftp-server",
    "",
  ].join("\n");
}

/** The unit that a distribution's nova-compute package brings, for one service a cluster. */
export function computeUnit(paths: OpenstackPaths, python: string, pythonPath: string): string {
  const config = (file: string): string => join(paths.node, "etc", "nova", file);
  return `[Unit]
Description=OpenStack Nova Compute for the vSphere cluster %i

[Service]
Environment=PYTHONPATH=${pythonPath} PYTHONWARNINGS=ignore NO_PROXY=* no_proxy=* TMPDIR=${join(paths.node, "tmp")} XDG_CACHE_HOME=${join(paths.node, "cache")}
ExecStart=${python} -m vsphere_ha_lab.compute --config-file ${config("nova.conf")} --config-file ${config("nova-compute-%i.conf")}
Restart=on-failure
RestartSec=2
TimeoutStopSec=20

[Install]
WantedBy=multi-user.target
`;
}

/**
 * The environment of OpenStack's clients, and of whoever configures the compute node.
 *
 * @param projectId id of the project admin: gophercloud wants it beside the name
 */
export function clientEnvironment(
  paths: OpenstackPaths,
  addresses: OpenstackAddresses,
  { password, projectId, hostKey, user }: { password: string; projectId: string; hostKey: string; user: string },
): Record<string, string> {
  return {
    OS_AUTH_URL: `https://${addresses.api}:5000/v3`,
    OS_IDENTITY_API_VERSION: "3",
    OS_USERNAME: "admin",
    OS_PASSWORD: password,
    OS_PROJECT_ID: projectId,
    OS_PROJECT_NAME: "admin",
    OS_DOMAIN_NAME: "Default",
    OS_USER_DOMAIN_NAME: "Default",
    OS_PROJECT_DOMAIN_NAME: "Default",
    OS_REGION_NAME: REGION,
    OS_CACERT: paths.tls.ca,
    VSPHERE_HA_COMPUTE_HOST: addresses.node,
    VSPHERE_HA_COMPUTE_PORT: String(addresses.nodePort),
    VSPHERE_HA_COMPUTE_USER: user,
    VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE: paths.clientKey,
    VSPHERE_HA_COMPUTE_HOST_KEY: hostKey,
    VSPHERE_HA_COMPUTE_CONFIG_DIR: join(paths.node, "etc", "nova"),
    VSPHERE_HA_COMPUTE_STATE_DIR: join(paths.node, "var", "lib", "nova"),
    VSPHERE_HA_IMAGE_DIR: paths.images,
  };
}
