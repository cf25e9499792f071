import { z } from "zod";
import { hostKeyForm } from "../net/sshHostKey";
import type { Problem } from "../problems";
import { check, port, say, text, variable } from "./rules";

/** How to log in to a host's ESXi; defaults filled in. Its key stands here or in a known_hosts file, never in neither. */
export interface HostSshConfig {
  host: string;
  port: number;
  user: string;
  /** File of the private key; undefined: the password in `passwordEnv`. */
  keyFile: string | undefined;
  /** Name of the environment variable that holds the password. */
  passwordEnv: string;
  /** The host's public key, `ssh-ed25519 AAAA…`, or its fingerprint, `SHA256:…`. */
  hostKey: string | undefined;
  /** OpenSSH's file of known hosts. */
  knownHostsFile: string | undefined;
}

const hostKeyRule = "must be the host's public SSH key (ssh-ed25519 AAAA…) or its fingerprint (SHA256:…)";
const hostKeyRemedy = "take it on the host: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub";

export const hostSsh = z.strictObject(
  {
    host: check(
      text("a name or an address", "leave it out to take the host's name"),
      /^[A-Za-z0-9_.:%-]+$/,
      "must be a name or an address, without user or port",
      "leave it out to take the host's name",
    ).optional(),
    port: port().optional(),
    user: text("a user of the host that may run esxcli", "leave it out for root").optional(),
    keyFile: text("the path of a private key", "leave it out to log in with a password").optional(),
    passwordEnv: variable("VSPHERE_HA_HOST_PASSWORD").optional(),
    hostKey: check(text("the host's SSH key", hostKeyRemedy), hostKeyForm, hostKeyRule, hostKeyRemedy).optional(),
    knownHostsFile: text(
      "the path of a known_hosts file",
      "write for example /home/operator/.ssh/known_hosts",
    ).optional(),
  },
  say("must be an object", "write {hostKey} or {knownHostsFile}"),
);

export type HostSshDocument = z.infer<typeof hostSsh>;

export function fillInHostSsh(hostName: string, document: HostSshDocument): HostSshConfig {
  return {
    host: document.host ?? hostName,
    port: document.port ?? 22,
    user: document.user ?? "root",
    keyFile: document.keyFile,
    passwordEnv: document.passwordEnv ?? "VSPHERE_HA_HOST_PASSWORD",
    hostKey: document.hostKey,
    knownHostsFile: document.knownHostsFile,
  };
}

/** What the schema cannot say: the key has one place. @param path of the object, such as `hosts[0].ssh` */
export function hostSshProblems(document: object, path: string): Problem[] {
  const stated = ["hostKey", "knownHostsFile"].filter((name) => Object.hasOwn(document, name));
  if (stated.length === 1) return [];
  if (stated.length === 0) {
    const rule = "an SSH server is known by its key";
    return [{ path: `${path}.hostKey`, value: undefined, rule, remedy: "set it, or knownHostsFile beside it" }];
  }
  const rule = "says where the host's key stands, and so does hostKey";
  return [
    {
      path: `${path}.knownHostsFile`,
      value: (document as { knownHostsFile: unknown }).knownHostsFile,
      rule,
      remedy: "remove one of them",
    },
  ];
}
