import { readFileSync } from "node:fs";
import { z } from "zod";
import { fillInHostSsh, type HostSshConfig } from "./config/hostSsh";
import { fillInOpenStack, openStackProblems, type OpenStackConfig } from "./config/openstack";
import { fillInGuests, type GuestConfig } from "./config/guests";
import { layOver, type Json } from "./config/layers";
import { documentProblems, schema, type ConfigDocument } from "./config/schema";
import { isServer, serverRemedy, serverRule } from "./config/server";
import type { GuestOs, SettingValue } from "./model";
import { normalThumbprint } from "./net/thumbprint";
import { Problems, secret, type Problem, messageOf } from "./problems";

/** What to verify; defaults filled in. */
export interface VerificationConfig {
  vcenter: VCenterConfig;
  cluster: ClusterConfig;
  hosts: HostConfig[];
  vms: VmConfig[];
  guests: Record<GuestOs, GuestConfig>;
  /** The cloud that runs on the cluster; undefined: none. */
  openstack: OpenStackConfig | undefined;
  /** What ends a drill early: see StopConditions. Seconds of the Clock; absent: its defaults. */
  stop?: { vcenterSilentSeconds?: number; totalSeconds?: number };
  /** Seconds of the Clock per second of wall time; 1 on real hardware. */
  timeScale: number;
  /** Seconds of the Clock. */
  probeIntervalSeconds: number;
}

export interface VCenterConfig {
  /** Host and port, `vcenter.example.com:443`. */
  server: string;
  user: string;
  caFile: string | undefined;
  thumbprint: string | undefined;
}

export interface ClusterConfig {
  datacenter: string;
  name: string;
  /** Declared HA and DRS settings by the provider's ComputeCluster field names. */
  declared: Record<string, SettingValue>;
}

export interface HostConfig {
  name: string;
  bmc: BmcConfig | undefined;
  /** Its ESXi Shell, for faults of its network and storage. */
  ssh: HostSshConfig | undefined;
}

export interface BmcConfig {
  url: string;
  systemId: string | undefined;
  username: string;
  /** Name of the environment variable that holds the password. */
  passwordEnv: string;
  thumbprint: string | undefined;
  caFile: string | undefined;
}

export interface VmConfig {
  name: string;
  guestOs: GuestOs;
  /** Undefined: the address that VMware Tools report. */
  address: string | undefined;
  probe: { port: number };
  /** Budget from power-on to an answering service, seconds of the Clock. */
  bootSeconds: number;
  /** Undefined: no instance of nova, found in vCenter by its name. */
  openstack: { instanceId: string } | undefined;
}

export type Environment = Record<string, string | undefined>;

/** What a guest OS offers: port of the probed service, and the default boot budget in seconds. */
const guestDefaults: Record<GuestOs, { port: number; bootSeconds: number }> = {
  ubuntu: { port: 22, bootSeconds: 120 },
  windowsxp: { port: 3389, bootSeconds: 180 },
};

/**
 * Reads configuration files (`-` is stdin), later ones laid over earlier ones, and over all the file that VSPHERE_HA_CONFIG
 * names. That last file describes hosts and VMs that the others name; it adds none.
 * Throws Problems with everything that is wrong.
 *
 * @example
 * ```ts
 * import { loadConfig, Problems } from "vsphere-ha/verification";
 *
 * try {
 *   console.log(loadConfig(["cluster.json"], process.env).cluster.name);
 * } catch (error) {
 *   if (!(error instanceof Problems)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export function loadConfig(files: readonly string[], env: Environment): VerificationConfig {
  return parseConfig(readDocuments(files, env), env);
}

/** As loadConfig, with the files laid over a document that is there already, as the output of a stack. */
export function loadConfigOver(document: Json, files: readonly string[], env: Environment): VerificationConfig {
  return parseConfig(readDocuments(files, env, [document]), env);
}

/** Throws Problems with every file that cannot be read. */
export function readDocuments(files: readonly string[], env: Environment, below: readonly Json[] = []): Json {
  const problems: Problem[] = [];
  const read = (file: string, path: string): Json | undefined => {
    const document = readDocument(file, path);
    if ("problem" in document) problems.push(document.problem);
    return "json" in document ? document.json : undefined;
  };
  const documents = files.flatMap((file) => read(file, "--config") ?? []);
  const ambient = env.VSPHERE_HA_CONFIG ? read(env.VSPHERE_HA_CONFIG, "VSPHERE_HA_CONFIG") : undefined;
  if (problems.length > 0) throw new Problems(problems);
  return layOver([...below, ...documents], ambient);
}

/** Validates one document and fills in defaults, those from the environment included. */
export function parseConfig(document: Json, env: Environment): VerificationConfig {
  const parsed = schema.safeParse(document);
  const problems = [
    ...documentProblems(document, parsed.error),
    ...environmentProblems(document, env),
    ...openStackProblems(member(document, "openstack"), env),
  ];
  if (!parsed.success || problems.length > 0) throw new Problems(problems);
  return fillIn(parsed.data, env);
}

/** Where vCenter is and who logs in, when nothing else is known yet. Throws Problems with everything that is wrong. */
export function loadVCenter(files: readonly string[], env: Environment): VCenterConfig {
  const document = readDocuments(files, env);
  const parsed = z.looseObject({ vcenter: schema.shape.vcenter }).safeParse(document);
  const problems = [...documentProblems(document, parsed.error), ...environmentProblems(document, env)];
  if (!parsed.success || problems.length > 0) throw new Problems(problems);
  return fillInVCenter(parsed.data.vcenter, env);
}

/** Where vCenter is and who logs in: as stated, or by the environment. Nothing of it is checked. */
export function fillInVCenter(vcenter: ConfigDocument["vcenter"] = {}, env: Environment): VCenterConfig {
  return {
    server: vcenter.server ?? env.VSPHERE_SERVER ?? "",
    user: vcenter.user ?? env.VSPHERE_USER ?? "",
    caFile: vcenter.caFile ?? optional(env.VSPHERE_HA_CA_FILE),
    thumbprint: vcenter.thumbprint ?? optional(env.VSPHERE_HA_THUMBPRINT),
  };
}

function fillIn(document: ConfigDocument, env: Environment): VerificationConfig {
  const { vcenter, cluster, hosts, vms, openstack } = document;
  return {
    vcenter: fillInVCenter(vcenter, env),
    cluster: { datacenter: cluster.datacenter, name: cluster.name, declared: stated(cluster.declared ?? {}) },
    hosts: hosts.map(({ name, bmc, ssh }) => ({
      name,
      bmc: bmc && {
        url: bmc.url.replace(/\/+$/, ""),
        systemId: bmc.systemId,
        username: bmc.username,
        passwordEnv: bmc.passwordEnv ?? "VSPHERE_HA_BMC_PASSWORD",
        thumbprint: bmc.thumbprint,
        caFile: bmc.caFile,
      },
      ssh: ssh && fillInHostSsh(name, ssh),
    })),
    vms: vms.map(({ name, guestOs, address, probe, bootSeconds, openstack: instance }) => ({
      name,
      guestOs,
      address,
      probe: { port: probe?.port ?? guestDefaults[guestOs].port },
      bootSeconds: bootSeconds ?? guestDefaults[guestOs].bootSeconds,
      openstack: instance,
    })),
    guests: fillInGuests(document.guests),
    openstack: openstack && fillInOpenStack(openstack, env),
    ...(document.stop && { stop: present(document.stop) }),
    timeScale: document.timeScale ?? 1,
    probeIntervalSeconds: document.probeIntervalSeconds ?? 1,
  };
}

function present({
  vcenterSilentSeconds,
  totalSeconds,
}: NonNullable<ConfigDocument["stop"]>): VerificationConfig["stop"] {
  return {
    ...(vcenterSilentSeconds !== undefined && { vcenterSilentSeconds }),
    ...(totalSeconds !== undefined && { totalSeconds }),
  };
}

function stated(declared: Record<string, SettingValue | undefined>): Record<string, SettingValue> {
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** What the environment must give where the document does not. */
export function environmentProblems(document: Json, env: Environment): Problem[] {
  const vcenter = (member(document, "vcenter") ?? {}) as Json;
  const has = (name: string): boolean => member(vcenter, name) !== undefined;
  const problems: Problem[] = [];
  if (!has("server")) {
    const value = optional(env.VSPHERE_SERVER);
    if (value === undefined) {
      const remedy = "set VSPHERE_SERVER, or vcenter.server in the configuration";
      problems.push({ path: "VSPHERE_SERVER", value, rule: "the vCenter to ask must be named", remedy });
    } else if (!isServer(value)) {
      const shown = value.includes("@") ? secret : value;
      problems.push({ path: "VSPHERE_SERVER", value: shown, rule: serverRule, remedy: serverRemedy });
    }
  }
  if (!has("user") && optional(env.VSPHERE_USER) === undefined) {
    const remedy = "set VSPHERE_USER, or vcenter.user in the configuration";
    problems.push({ path: "VSPHERE_USER", value: undefined, rule: "vCenter asks for a user name", remedy });
  }
  const thumbprint = optional(env.VSPHERE_HA_THUMBPRINT);
  if (!has("thumbprint") && thumbprint !== undefined && normalThumbprint(thumbprint) === undefined) {
    const rule = "must be a SHA-256 or SHA-1 thumbprint in hex";
    problems.push({
      path: "VSPHERE_HA_THUMBPRINT",
      value: thumbprint,
      rule,
      remedy: "take it from vCenter's certificate",
    });
  }
  if (optional(env.VSPHERE_PASSWORD) === undefined) {
    const rule = "vCenter asks for a password, and it comes only by the environment";
    problems.push({ path: "VSPHERE_PASSWORD", value: undefined, rule, remedy: "set VSPHERE_PASSWORD" });
  }
  return problems;
}

function optional(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function member(json: Json | undefined, name: string): Json | undefined {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json[name] : undefined;
}

function readDocument(file: string, path: string): { json: Json } | { problem: Problem } {
  const name = file === "-" ? "standard input" : file;
  const remedy = file === "-" ? "pipe the configuration in" : "check the path and the file's permissions";
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const reason = messageOf(error);
    return { problem: { path, value: name, rule: `must be readable (${reason})`, remedy } };
  }
  try {
    return { json: JSON.parse(text) as Json };
  } catch (error) {
    return {
      problem: {
        path,
        value: name,
        rule: `must be JSON (${jsonFault(text, String(error))})`,
        remedy: "write one JSON object; see vsphere-ha check --help",
      },
    };
  }
}

/** V8 quotes the text around the fault, which may be a secret: only the kind and the position are told. */
function jsonFault(text: string, error: string): string {
  if (text.trim() === "") return "it is empty";
  if (error.includes("Unexpected end")) return "it ends too early";
  return /position \d+( \(line \d+ column \d+\))?/.exec(error)?.[0] ?? "it is not well-formed";
}
