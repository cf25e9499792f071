import { matches, nonEmpty, Rule, wholeNumber } from "./validation";
import type { ShellArgs } from "./verificationDocument";

/** What must hold of a host's ESXi Shell in the stack's configuration. */
export const shellRules: Rule<ShellArgs>[] = [
  nonEmpty(["host", "user", "keyFile", "knownHostsFile"], "it, or leave it out"),
  wholeNumber("port", "a TCP port", 1, 65535),
  matches(
    "passwordEnv",
    "must be the name of an environment variable, not the password",
    "leave it out for VSPHERE_HA_HOST_PASSWORD",
    /^[A-Za-z_][A-Za-z0-9_]*$/,
  ),
  matches(
    "hostKey",
    "must be the host's public SSH key (ssh-ed25519 AAAA…) or its fingerprint (SHA256:…)",
    "take it on the host: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
    /^(SHA256:[A-Za-z0-9+/]{43}=?|(ssh-|ecdsa-|sk-)[^ ]+ +[A-Za-z0-9+/]+=*( .*)?)$/,
  ),
  {
    rule: "must have exactly one of hostKey and knownHostsFile: an SSH server is known by its key",
    remedy: "say where the key stands, once",
    broken: (shell) =>
      "hostKey" in shell === "knownHostsFile" in shell ? [{ path: "hostKey", value: shell.hostKey }] : [],
    limits: { paths: [""], schema: { oneOf: [{ required: ["hostKey"] }, { required: ["knownHostsFile"] }] } },
  },
];
