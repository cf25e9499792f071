import { z } from "zod";
import type { GuestOs } from "../model";
import { isLoopback } from "../net/loopback";
import { hostKeyForm, isHostKey } from "../net/sshHostKey";
import { secret, type Problem } from "../problems";
import { caFile, check, port, say, text, thumbprint } from "./rules";

/** The cloud whose compute service runs on the cluster; defaults filled in. */
export interface OpenStackConfig {
  /** Keystone's v3 address, `https://keystone.example.com:5000/v3`. */
  authUrl: string;
  username: string;
  projectName: string;
  userDomainName: string;
  projectDomainName: string;
  /** Undefined: the catalog's only region. */
  region: string | undefined;
  caFile: string | undefined;
  thumbprint: string | undefined;
  /** Host name under which the cluster's nova-compute reports (nova.conf, `[DEFAULT] host`). */
  computeHost: string;
  availabilityZone: string;
  /** Name of the zone's host aggregate; undefined: any that sets the zone. */
  aggregate: string | undefined;
  /** Names of flavors that the quota must have room for. */
  flavors: string[];
  images: { name: string; guestOs: GuestOs }[];
  /** nova-compute's unit in the service manager of its node. */
  service: string;
  /** Configuration files that nova-compute reads, in its order. */
  novaConf: string[];
  /** How to reach the node that nova-compute runs on; undefined: not at all. */
  ssh: SshConfig | undefined;
}

export interface SshConfig {
  host: string;
  port: number;
  user: string;
  /** File of the private key; undefined: the agent's keys (SSH_AUTH_SOCK). */
  keyFile: string | undefined;
  /** The server's public key, `ssh-ed25519 AAAA…`, or its fingerprint, `SHA256:…`. */
  hostKey: string;
}

const instanceId = check(
  text("the id of the instance in nova", "write it as `openstack server show` prints it"),
  /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/,
  "must be a UUID",
  "write it as `openstack server show` prints it",
);

/** What makes a VM of the target an instance of nova. */
export const vmOpenstack = z.strictObject({ instanceId }, say("must be an object", "write {instanceId}"));

const urlRule = "must be an HTTPS address without user, password or query; HTTP only on a loopback address";
const urlRemedy = "write for example https://keystone.example.com:5000/v3";
const hostKeyRule = "must be the server's public key (ssh-ed25519 AAAA…) or its fingerprint (SHA256:…)";
const hostKeyRemedy = "take it from /etc/ssh/ssh_host_ed25519_key.pub on the node";
const names = (what: string, remedy: string): z.ZodArray<z.ZodString> => {
  return z.array(text(what, remedy), say(`must be a list: each ${what}`, remedy));
};

const ssh = z.strictObject(
  {
    host: text("the name or address of nova-compute's node", "name the node").optional(),
    port: port("VSPHERE_HA_COMPUTE_PORT, or else 22").optional(),
    user: text("a user of the node", "name a user that may read nova.conf").optional(),
    keyFile: text("the path of a private key", "leave it out to use the SSH agent").optional(),
    hostKey: check(text("the node's SSH host key", hostKeyRemedy), hostKeyForm, hostKeyRule, hostKeyRemedy).optional(),
  },
  say("must be an object", "write {host, user, hostKey}"),
);

export const openstack = z.strictObject(
  {
    authUrl: check(
      text("Keystone's address", urlRemedy),
      isAuthUrl,
      urlRule,
      urlRemedy,
      /^[hH][tT][tT][pP][sS]?:/,
    ).optional(),
    username: text("a user name", "leave it out to take OS_USERNAME").optional(),
    projectName: text("the name of a project", "leave it out to take OS_PROJECT_NAME").optional(),
    userDomainName: text("the name of the user's domain", "leave it out to take OS_USER_DOMAIN_NAME").optional(),
    projectDomainName: text(
      "the name of the project's domain",
      "leave it out to take OS_PROJECT_DOMAIN_NAME",
    ).optional(),
    region: text("the name of a region", "leave it out to take OS_REGION_NAME").optional(),
    caFile: caFile.optional().describe("PEM file with the CA of the services' certificates. Default: OS_CACERT."),
    thumbprint: thumbprint.optional(),
    computeHost: text("the host name of the cluster's nova-compute", "see `openstack compute service list`"),
    availabilityZone: text("the name of the cluster's availability zone", "see `openstack availability zone list`"),
    aggregate: text("the name of the zone's aggregate", "leave it out for any that sets the zone").optional(),
    flavors: names("the name of a flavor", "see `openstack flavor list`")
      .optional()
      .describe("Flavors that the quota must have room for. Default: none."),
    images: z
      .array(
        z.strictObject(
          {
            name: text("the name of an image", "see `openstack image list`"),
            guestOs: z
              .enum(["ubuntu", "windowsxp"], say("must be ubuntu or windowsxp", "name the image's operating system"))
              .describe("Operating system on the image."),
          },
          say("must be an object", "write {name, guestOs}"),
        ),
        say("must be the list of images", "write [{name, guestOs}, …]"),
      )
      .optional()
      .describe("Images whose properties must fit their guests. Default: none."),
    service: check(
      text("the unit of nova-compute on its node", "write for example nova-compute"),
      /^[A-Za-z0-9@_.:][A-Za-z0-9@_.:-]*$/,
      "must be the name of a systemd unit",
      "write for example nova-compute or nova-compute@cluster-1",
    )
      .optional()
      .describe("The unit of nova-compute on its node. Default: nova-compute."),
    novaConf: names("a configuration file of nova-compute", "write for example nova.conf")
      .optional()
      .describe("Configuration files that nova-compute reads, in its order. Default: nova.conf in /etc/nova."),
    ssh: ssh.optional().describe("SSH to nova-compute's node. Default: as VSPHERE_HA_COMPUTE_HOST and so on say."),
  },
  say("must be an object", "write {computeHost, availabilityZone}"),
);

export type OpenStackDocument = z.infer<typeof openstack>;
type Environment = Record<string, string | undefined>;

/** Fills in what the environment of OpenStack's clients tells. */
export function fillInOpenStack(document: OpenStackDocument, env: Environment): OpenStackConfig {
  const of = (value: string | undefined, variable: string): string | undefined => value ?? given(env, variable);
  const directory = (given(env, "VSPHERE_HA_COMPUTE_CONFIG_DIR") ?? "/etc/nova").replace(/\/+$/, "");
  return {
    authUrl: versioned(of(document.authUrl, "OS_AUTH_URL") ?? ""),
    username: of(document.username, "OS_USERNAME") ?? "",
    projectName: of(document.projectName, "OS_PROJECT_NAME") ?? "",
    userDomainName: of(document.userDomainName, "OS_USER_DOMAIN_NAME") ?? "Default",
    projectDomainName: of(document.projectDomainName, "OS_PROJECT_DOMAIN_NAME") ?? "Default",
    region: of(document.region, "OS_REGION_NAME"),
    caFile: of(document.caFile, "OS_CACERT"),
    thumbprint: document.thumbprint,
    computeHost: document.computeHost,
    availabilityZone: document.availabilityZone,
    aggregate: document.aggregate,
    flavors: document.flavors ?? [],
    images: document.images ?? [],
    service: document.service ?? "nova-compute",
    novaConf: (document.novaConf ?? ["nova.conf"]).map((file) =>
      file.startsWith("/") ? file : `${directory}/${file}`,
    ),
    ssh: fillInSsh(document.ssh ?? {}, env),
  };
}

function fillInSsh(document: NonNullable<OpenStackDocument["ssh"]>, env: Environment): SshConfig | undefined {
  const host = document.host ?? given(env, "VSPHERE_HA_COMPUTE_HOST");
  if (host === undefined) return undefined;
  return {
    host,
    port: document.port ?? Number(given(env, "VSPHERE_HA_COMPUTE_PORT") ?? 22),
    user: document.user ?? given(env, "VSPHERE_HA_COMPUTE_USER") ?? "",
    keyFile: document.keyFile ?? given(env, "VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE"),
    hostKey: document.hostKey ?? given(env, "VSPHERE_HA_COMPUTE_HOST_KEY") ?? "",
  };
}

/** What the environment must give where an `openstack` does not. */
export function openStackProblems(document: unknown, env: Environment): Problem[] {
  if (!isObject(document)) return [];
  const sshDocument = isObject(document.ssh) ? document.ssh : {};
  const problems: Problem[] = [];
  const require = (within: Record<string, unknown>, path: string, variable: string, rule: string): void => {
    const name = path.split(".").at(-1) ?? "";
    if (within[name] !== undefined || given(env, variable) !== undefined) return;
    problems.push({
      path: variable,
      value: undefined,
      rule,
      remedy: `set ${variable}, or ${path} in the configuration`,
    });
  };
  require(document, "openstack.authUrl", "OS_AUTH_URL", "the Keystone to ask must be named");
  require(document, "openstack.username", "OS_USERNAME", "Keystone asks for a user name");
  require(document, "openstack.projectName", "OS_PROJECT_NAME", "Keystone asks for a project");
  const authUrl = given(env, "OS_AUTH_URL");
  if (document.authUrl === undefined && authUrl !== undefined && !isAuthUrl(authUrl)) {
    const value = authUrl.includes("@") ? secret : authUrl;
    problems.push({ path: "OS_AUTH_URL", value, rule: urlRule, remedy: urlRemedy });
  }
  if (given(env, "OS_PASSWORD") === undefined) {
    const rule = "Keystone asks for a password, and it comes only by the environment";
    problems.push({ path: "OS_PASSWORD", value: undefined, rule, remedy: "set OS_PASSWORD" });
  }
  if (sshDocument.host === undefined && given(env, "VSPHERE_HA_COMPUTE_HOST") === undefined) {
    if (document.ssh !== undefined) {
      require(sshDocument, "openstack.ssh.host", "VSPHERE_HA_COMPUTE_HOST", "the node to reach must be named");
    }
    return problems;
  }
  require(sshDocument, "openstack.ssh.user", "VSPHERE_HA_COMPUTE_USER", "an SSH server asks for a user");
  require(sshDocument, "openstack.ssh.hostKey", "VSPHERE_HA_COMPUTE_HOST_KEY", "an SSH server is known by its key");
  const hostKey = given(env, "VSPHERE_HA_COMPUTE_HOST_KEY");
  if (sshDocument.hostKey === undefined && hostKey !== undefined && !isHostKey(hostKey)) {
    problems.push({ path: "VSPHERE_HA_COMPUTE_HOST_KEY", value: hostKey, rule: hostKeyRule, remedy: hostKeyRemedy });
  }
  const sshPort = given(env, "VSPHERE_HA_COMPUTE_PORT");
  if (sshDocument.port === undefined && sshPort !== undefined && !port().safeParse(Number(sshPort)).success) {
    const rule = "must be a TCP port, 1 to 65535";
    problems.push({ path: "VSPHERE_HA_COMPUTE_PORT", value: sshPort, rule, remedy: "write for example 22" });
  }
  return problems;
}

function isAuthUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(value);
  if (username !== "" || password !== "" || search !== "" || hash !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

/** Clients take Keystone's address with and without its version. */
function versioned(authUrl: string): string {
  const bare = authUrl.replace(/\/+$/, "");
  return bare.endsWith("/v3") || bare === "" ? bare : `${bare}/v3`;
}

function given(env: Environment, variable: string): string | undefined {
  const value = env[variable];
  return value === "" ? undefined : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
