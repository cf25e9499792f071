import { z } from "zod";
import type { SettingValue } from "../model";
import type { Json } from "./layers";
import { secret, type Problem } from "../problems";
import { guests } from "./guests";
import { hostSsh, hostSshProblems } from "./hostSsh";
import { openstack, vmOpenstack } from "./openstack";
import { caFile, check, numberIn, port, say, separator, text, thumbprint, variable } from "./rules";
import { isServer, serverRemedy, serverRule } from "./server";
import { settings, type SettingKind } from "../vcenter/settings";

const bmc = z.strictObject(
  {
    url: check(
      text("the HTTPS address of the host's management controller", "write for example https://bmc-01.example.com"),
      isHttpsUrl,
      "must be an HTTPS address without user, password or query",
      "write for example https://bmc-01.example.com",
      /^[hH][tT][tT][pP][sS]:/,
    ),
    systemId: text("the id of the system in Redfish", "leave it out to take the only system").optional(),
    username: text("a user name", "name a user of the controller that may reset the host"),
    passwordEnv: variable("VSPHERE_HA_BMC_PASSWORD").optional(),
    thumbprint: thumbprint.optional(),
    caFile: caFile.optional(),
  },
  say("must be an object", "write {url, username}"),
);

const host = z.strictObject(
  {
    name: text("the host's name in vCenter", "name the host as vCenter shows it"),
    bmc: bmc.optional().describe("Its management controller (Redfish), for drills."),
    ssh: hostSsh.optional().describe("Its ESXi Shell, for the drills that act in it."),
  },
  say("must be an object", "write {name}, with bmc or ssh where a drill needs them"),
);

const vm = z.strictObject(
  {
    name: text("the VM's name in vCenter", "name the VM as vCenter shows it"),
    guestOs: z
      .enum(["ubuntu", "windowsxp"], say("must be ubuntu or windowsxp", "name the guest operating system"))
      .describe("Operating system of the guest."),
    address: check(
      text("an IP address or a name", "leave it out to take what VMware Tools report"),
      /^[A-Za-z0-9_.:%-]+$/,
      "must be an IP address or a name, without port",
      "leave it out to take what VMware Tools report",
    ).optional(),
    probe: z
      .strictObject({ port: port("22 (Ubuntu) or 3389 (Windows XP)") }, say("must be an object", "write {port}"))
      .optional()
      .describe("The service of the guest that is probed."),
    bootSeconds: numberIn(
      1,
      86_400,
      "the boot budget in seconds",
      "leave it out for 120 (Ubuntu) or 180 (Windows XP)",
    ).optional(),
    openstack: vmOpenstack.optional().describe("It is an instance of nova. Default: it is not."),
  },
  say("must be an object", "write {name, guestOs}"),
);

/** A declared setting is read by its kind; unknown names are problems. */
const kinds: Record<SettingKind, () => z.ZodType<SettingValue>> = {
  boolean: () => z.boolean(say("must be true or false", "write it as the provider's ComputeCluster takes it")),
  integer: () => z.int(say("must be a whole number", "write it as the provider's ComputeCluster takes it")),
  string: () => z.string(say("must be a string", "write it as the provider's ComputeCluster takes it")),
  ids: () =>
    z.array(
      z.string(say("must be an id", "write managed object ids")),
      say("must be a list of ids", "write managed object ids"),
    ),
  options: () =>
    z.record(
      z.string(),
      z.string(say("must be a string", "write the option's value as a string")),
      say("must be an object", "write {option: value}"),
    ),
};

const declared = z.strictObject(
  Object.fromEntries(
    settings.map(({ name, kind }) => {
      const text = `What ${name} of the provider's ComputeCluster was declared as: vCenter must have the same. Default: not compared.`;
      return [name, kinds[kind]().optional().describe(text)];
    }),
  ),
  say("must be an object", "write {haEnabled: true, …}"),
);

export const schema = z.strictObject(
  {
    $schema: z.string().optional().describe("The JSON Schema that an editor completes this file by."),
    vcenter: z
      .strictObject(
        {
          server: check(
            text("the vCenter's host or host:port", "write for example vcenter.example.com"),
            isServer,
            serverRule,
            serverRemedy,
            /^([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/,
          )
            .optional()
            .describe("vCenter's host or host:port. Default: VSPHERE_SERVER."),
          user: text("a user name", "leave it out to take VSPHERE_USER").optional(),
          caFile: caFile
            .optional()
            .describe(
              "PEM file with the CA of vCenter's certificate. Default: VSPHERE_HA_CA_FILE, or what the system trusts.",
            ),
          thumbprint: thumbprint
            .optional()
            .describe(
              "SHA-256 or SHA-1 thumbprint of vCenter's certificate. Default: VSPHERE_HA_THUMBPRINT, or it is verified.",
            ),
        },
        say("must be an object", "write {server, user} or leave it out"),
      )
      .optional()
      .describe("Which vCenter, and who logs in. Default: as the environment says."),
    cluster: z
      .strictObject(
        {
          datacenter: text("the name of the datacenter", "name the datacenter that the cluster is in"),
          name: text("the name of the cluster", "name the cluster as vCenter shows it"),
          declared: declared
            .optional()
            .describe("HA and DRS settings as declared, which vCenter's are compared with. Default: none."),
        },
        say("must be an object", "write {datacenter, name}"),
      )
      .describe("The cluster to verify."),
    hosts: z
      .array(host, say("must be the list of hosts", "write [{name}, …]; [] checks none by name"))
      .describe("Hosts of the cluster. [] checks none by name."),
    vms: z
      .array(vm, say("must be the list of test VMs", "write [{name, guestOs}, …]; [] checks none"))
      .describe("Test VMs: on, protected and reachable. [] checks none."),
    guests: guests.optional().describe("What is the same in all guests of one operating system."),
    openstack: openstack.optional().describe("OpenStack on the cluster. Default: none."),
    stop: z
      .strictObject(
        {
          vcenterSilentSeconds: numberIn(
            10,
            86_400,
            "a time without an answer of vCenter in seconds",
            "leave it out for 300 s",
          ).optional(),
          totalSeconds: numberIn(
            10,
            86_400,
            "the longest time of a drill in seconds",
            "leave it out for 3600 s",
          ).optional(),
        },
        say("must be an object", "write {vcenterSilentSeconds, totalSeconds}, or leave it out"),
      )
      .optional()
      .describe("What ends a drill early, and puts back what it broke."),
    timeScale: numberIn(0.01, 1000, "a factor", "leave it out: only a simulated vCenter has one")
      .optional()
      .describe("Seconds of a simulated cluster in one second on the wall. Default: 1, as it is on real hardware."),
    probeIntervalSeconds: numberIn(0.1, 3600, "an interval of probes in seconds", "leave it out for 1 s").optional(),
  },
  say("must be an object", "write {cluster, hosts, vms}"),
);

export type ConfigDocument = z.infer<typeof schema>;

/** All problems of a document: zod's issues, and what its rules cannot say. */
export function documentProblems(document: Json, error: z.ZodError | undefined): Problem[] {
  return [
    ...(error?.issues ?? []).flatMap((issue) => toProblems(document, issue)),
    ...duplicates(document),
    ...hostKeys(document),
  ];
}

function toProblems(document: Json, issue: z.core.$ZodIssue): Problem[] {
  const names = issue.path.map((step) => (typeof step === "symbol" ? "" : step));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey([...names, key], valueAt(document, [...names, key])));
  }
  const [rule = "", remedy = ""] = issue.message.split(separator);
  const value = valueAt(document, names);
  return [{ path: pathText(names), value: mayBeSecret(names, value) ? secret : value, rule, remedy }];
}

type Steps = (string | number)[];

function unknownKey(path: Steps, value: unknown): Problem {
  const base = { path: pathText(path), value: mayBeSecret(path, value) ? secret : value };
  if (isSecretName(String(path.at(-1)))) {
    return {
      ...base,
      rule: "passwords stand in no file",
      remedy:
        "remove it and set VSPHERE_PASSWORD, OS_PASSWORD or the variable of hosts[].bmc.passwordEnv, hosts[].ssh.passwordEnv or guests.*.passwordEnv",
    };
  }
  if (path[0] === "cluster" && path[1] === "declared") {
    return { ...base, rule: "is no HA or DRS setting of ComputeCluster", remedy: "check the spelling, or remove it" };
  }
  return { ...base, rule: "is no setting", remedy: "check the spelling, or remove it" };
}

function isSecretName(name: string): boolean {
  return /pass|secret|token|pwd|credential/i.test(name);
}

/** Shown values end in logs: anything under a telling name, and addresses with a user in them, are not shown. */
function mayBeSecret(path: Steps, value: unknown): boolean {
  if (path.some((step) => typeof step === "string" && isSecretName(step))) return true;
  const shown = JSON.stringify(value) as string | undefined;
  return shown !== undefined && (shown.includes("@") || isSecretName(shown));
}

function duplicates(document: Json): Problem[] {
  return ["hosts", "vms"].flatMap((list) => {
    const entries = valueAt(document, [list]);
    if (!Array.isArray(entries)) return [];
    const names = entries.map((_, index) => valueAt(document, [list, index, "name"]));
    return names.flatMap((name, index): Problem[] => {
      if (typeof name !== "string" || names.indexOf(name) === index) return [];
      const first = `${list}[${names.indexOf(name).toString()}]`;
      const path = pathText([list, index, "name"]);
      return [{ path, value: name, rule: `is the name of ${first} too`, remedy: "name each once" }];
    });
  });
}

function hostKeys(document: Json): Problem[] {
  const hosts = valueAt(document, ["hosts"]);
  if (!Array.isArray(hosts)) return [];
  return hosts.flatMap((_, index) => {
    const ssh = valueAt(document, ["hosts", index, "ssh"]);
    const isObject = typeof ssh === "object" && ssh !== null && !Array.isArray(ssh);
    return isObject ? hostSshProblems(ssh, pathText(["hosts", index, "ssh"])) : [];
  });
}

function valueAt(json: Json | undefined, path: Steps): unknown {
  return path.reduce<unknown>((parent, step) => {
    if (typeof parent !== "object" || parent === null || !Object.hasOwn(parent, step)) return undefined;
    return (parent as Record<string | number, unknown>)[step];
  }, json);
}

function pathText(path: Steps): string {
  const text = path.map((step) => (typeof step === "number" ? `[${step.toString()}]` : `.${step}`)).join("");
  return text === "" ? "(the whole document)" : text.replace(/^\./, "");
}

function isHttpsUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return protocol === "https:" && username === "" && password === "" && search === "" && hash === "";
}
