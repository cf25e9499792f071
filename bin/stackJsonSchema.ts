/**
 * The JSON Schema of Pulumi.<stack>.yaml of the reference stack. Its form is what validates the configuration (zod), its
 * limits are those of the components' rules, its descriptions their docstrings: it repeats none of them.
 */
import { z } from "zod";
import { clusterRules } from "../components/clusterRules";
import { openstackSchema } from "../components/openstackConfig";
import { computeRules, openstackVmRules } from "../components/openstackRules";
import { placementRules } from "../components/placementRules";
import { shellRules } from "../components/shellRules";
import { bmcSchema, clusterSchema, placementSchema, sshSchema, vmSchema } from "../components/stackSchema";
import type { Limits } from "../components/validation";
import { GuestOs } from "../components/values";
import { vmRules } from "../components/vmRules";
import type { Docstrings } from "./docstrings";
import { type Schema, tidy } from "./jsonSchema";

/** A part of the configuration: its form, the interface that documents it, and the rules on it. */
interface Part {
  text: string;
  form: z.ZodType;
  documentedBy: string;
  rules: { limits?: Limits }[];
}

const parts: Record<string, Part> = {
  cluster: {
    text: "The cluster: hosts, shared datastores, networks, HA and DRS.",
    form: clusterSchema,
    documentedBy: "EsxiClusterArgs",
    rules: clusterRules,
  },
  vms: {
    text: "Test virtual machines. [] for none.",
    form: z.array(vmSchema),
    documentedBy: "VmArgs",
    rules: vmRules.ubuntu.map((rule) => beneath("[]", rule)),
  },
  placement: {
    text: "Overrides, groups and rules of the virtual machines. Default: none.",
    form: placementSchema,
    documentedBy: "VmPlacementArgs",
    rules: placementRules,
  },
  bmcs: {
    text: "Management controllers of the hosts, by host name, for drills. Default: none.",
    form: bmcSchema,
    documentedBy: "BmcArgs",
    rules: [],
  },
  ssh: {
    text: "ESXi Shells of the hosts, by host name, for the drills that act in them. Default: none.",
    form: sshSchema,
    documentedBy: "ShellArgs",
    rules: shellRules.map((rule) => beneath("{}", rule)),
  },
  openstack: {
    text: "OpenStack compute on the cluster. Default: none.",
    form: openstackSchema,
    documentedBy: "OpenStackComputeArgs",
    rules: [...computeRules, ...openstackVmRules.map((rule) => beneath("vms[]", rule))],
  },
};

/** What `pulumi config set --secret` writes; the schema refuses the same in plain text. */
const secrets = {
  hostPassword: "Password of the hosts' administrator. Default: VSPHERE_HA_HOST_PASSWORD.",
  novaPassword: "Password of nova's user in vCenter. Default: VSPHERE_HA_NOVA_PASSWORD, or else VSPHERE_PASSWORD.",
  computePrivateKey:
    "Private key that logs in to nova-compute's node. Default: the file that VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE names.",
};

function beneath(path: string, { limits }: { limits?: Limits }): { limits?: Limits } {
  if (limits === undefined) return {};
  return { limits: { ...limits, paths: limits.paths.map((one) => (one === "" ? path : `${path}.${one}`)) } };
}

/** The schemas of the values at a path such as `hosts[].name`; `{}` is any member of a table. None: not of this form. */
function at(schema: Schema, path: string): Schema[] {
  if (path === "") return [schema];
  const [step = "", ...rest] = path.replaceAll("[]", ".[]").split(".").filter(Boolean);
  const next =
    step === "[]" ? schema.items : step === "{}" ? schema.additionalProperties : schema.properties?.[nameOf(step)];
  return typeof next === "object" ? at(next, rest.join(".")) : [];
}

/** The stack calls the cluster's name so, the component `clusterName`. */
const nameOf = (step: string): string => (step === "clusterName" ? "name" : step);

function limit(schema: Schema, { limits }: { limits?: Limits }): void {
  for (const found of (limits?.paths ?? []).flatMap((path) => at(schema, path))) {
    // A second limit of a kind stands beside the first: a text may have two patterns.
    const taken = Object.keys(limits?.schema ?? {}).some((key) => key !== "type" && key in found);
    if (taken) found.allOf = [...(found.allOf ?? []), limits?.schema ?? {}];
    else Object.assign(found, limits?.schema);
  }
}

/** What holds of one guest operating system only: rules that the first one does not have. */
function limitsOfGuests(): Schema[] {
  return Object.values(GuestOs).flatMap((guestOs): Schema[] => {
    const own = vmRules[guestOs].filter((rule) => !vmRules.ubuntu.includes(rule));
    const limits = own.flatMap((rule) =>
      (rule.limits?.paths ?? []).map((path) => [path, rule.limits?.schema] as const),
    );
    const only = { properties: { guestOs: { const: guestOs } }, required: ["guestOs"] };
    return limits.length === 0 ? [] : [{ if: only, then: { properties: Object.fromEntries(limits) } }];
  });
}

function describe(schema: Schema, documentedBy: string | undefined, docs: Docstrings): void {
  for (const inner of [schema.items, schema.additionalProperties]) {
    if (typeof inner === "object") describe(inner, documentedBy, docs);
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const member = docs.get(documentedBy ?? "")?.get(name);
    if (member?.text) property.description ??= member.text;
    describe(property, member?.holds, docs);
  }
}

/** @param docs docstrings of the components */
export function stackJsonSchema(docs: Docstrings): Schema {
  const settings = Object.entries(parts).map(([name, { text, form, documentedBy, rules }]) => {
    const schema = tidy(z.toJSONSchema(form) as Schema);
    rules.forEach((rule) => {
      limit(schema, rule);
    });
    if (name === "vms") at(schema, "[]").forEach((vm) => (vm.allOf = [...(vm.allOf ?? []), ...limitsOfGuests()]));
    describe(schema, documentedBy, docs);
    if (name === "openstack") at(schema, "vms").forEach((vms) => describe(vms, "OpenStackVmArgs", docs));
    delete schema.$schema;
    // A key with nothing behind it is none of these.
    if (["placement", "bmcs", "ssh"].includes(name)) schema.type = ["object", "null"];
    return [`vsphere-ha:${name}`, { description: text, ...schema }] as const;
  });
  const secure = (description: string): Schema => ({
    description: `${description} Write it by pulumi config set --secret.`,
    type: "object",
    properties: { secure: { type: "string", description: "What Pulumi has encrypted." } },
    required: ["secure"],
    additionalProperties: false,
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "urn:vsphere-ha:stack:1",
    title: "Settings of the reference stack of vsphere-ha, in Pulumi.<stack>.yaml",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: {
          ...Object.fromEntries(settings),
          ...Object.fromEntries(Object.entries(secrets).map(([name, text]) => [`vsphere-ha:${name}`, secure(text)])),
        },
        required: ["vsphere-ha:cluster", "vsphere-ha:vms"],
        // Settings of providers and of Pulumi itself.
        patternProperties: { "^(?!vsphere-ha:)": {} },
        additionalProperties: false,
      },
    },
    required: ["config"],
  };
}
