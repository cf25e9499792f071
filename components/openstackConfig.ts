/** The reference stack's `openstack` section: from what Pulumi.<stack>.yaml says to the components' arguments. Pure. */
import { isAbsolute, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { ClusterTarget } from "./esxiCluster";
import type { OpenStackComputeArgs } from "./openstackArgs";
import { computeRules, openstackVmRules } from "./openstackRules";
import type { OpenStackVmArgs } from "./openstackVm";
import { read } from "./stackForm";
import { plain, Problem, problemsOf } from "./validation";
import { GuestOs } from "./values";

const text = z.string();
const number = z.number();

export const openstackSchema = z.strictObject({
  vcenter: z
    .strictObject({
      server: text.optional(),
      port: number.optional(),
      username: text.optional(),
      caFile: text.optional(),
      insecure: z.boolean().optional(),
      datastorePattern: text.optional(),
    })
    .optional(),
  node: z
    .strictObject({
      host: text.optional(),
      port: number.optional(),
      user: text.optional(),
      hostKey: text.optional(),
      configDirectory: text.optional(),
      stateDirectory: text.optional(),
    })
    .optional(),
  controller: z.strictObject({ host: text, port: number.optional(), user: text.optional(), hostKey: text }).optional(),
  serviceName: text.optional(),
  computeHost: text.optional(),
  availabilityZone: text.optional(),
  aggregateName: text.optional(),
  flavors: z.array(z.strictObject({ name: text, vcpus: number, memoryMb: number, diskGb: number })).optional(),
  images: z
    .array(
      z.strictObject({
        name: text,
        guestOs: z.enum(GuestOs),
        file: text.optional(),
        url: text.optional(),
        convert: z.boolean().optional(),
      }),
    )
    .optional(),
  networks: z
    .array(
      z.strictObject({
        name: text,
        cidr: text,
        enableDhcp: z.boolean().optional(),
        portGroup: text.optional(),
        virtualSwitch: text.optional(),
        vlanId: number.optional(),
      }),
    )
    .optional(),
  securityGroup: z.strictObject({ probesFrom: text, probePorts: z.array(number).optional() }).optional(),
  publicKey: text.optional(),
  quota: z
    .strictObject({ instances: number.optional(), vcpus: number.optional(), memoryMb: number.optional() })
    .optional(),
  syncPowerStateInterval: number.optional(),
  timeoutSeconds: number.optional(),
  deleteInstances: z.boolean().optional(),
  vms: z
    .array(
      z.strictObject({
        name: text.describe("Name of the virtual machine in nova, stated once in the stack."),
        image: text,
        flavor: text,
        network: text,
        address: text.optional(),
        probePort: number.optional(),
        bootSeconds: number.optional(),
      }),
    )
    .optional()
    .describe("Test instances. Default: none."),
});

/** A virtual machine of the section: OpenStackVmArgs but for the target, which the program adds. */
export type StackOpenStackVm = Omit<OpenStackVmArgs, "target"> & { name: string };

/** What the program hands to the components. */
export interface OpenStackConfig {
  compute: Omit<OpenStackComputeArgs, "target">;
  vms: StackOpenStackVm[];
}

/** What comes from the stack's secrets and from files. */
export interface OpenStackSecrets {
  /** Password of nova's user in vCenter. Default: VSPHERE_HA_NOVA_PASSWORD, or else VSPHERE_PASSWORD. */
  novaPassword?: pulumi.Input<string> | undefined;
  /** Content of the key that logs in to the compute node, and to the controller. */
  privateKey?: pulumi.Input<string> | undefined;
}

type Environment = Record<string, string | undefined>;

/** What the section leaves out comes by the environment: where vCenter and the node are, and who logs in. */
function withEnvironment(
  section: z.output<typeof openstackSchema>,
  { novaPassword, privateKey }: OpenStackSecrets,
  environment: Environment,
): OpenStackConfig["compute"] {
  const { vcenter = {}, node = {}, controller, images } = section;
  const of = (name: string): string | undefined => environment[name] || undefined;
  const [server, port] = (of("VSPHERE_SERVER") ?? "").split(":");
  const given = <T extends object>(values: T): T =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
  const password = novaPassword ?? of("VSPHERE_HA_NOVA_PASSWORD") ?? of("VSPHERE_PASSWORD");
  const sshPort = of("VSPHERE_HA_COMPUTE_PORT");
  const imageDir = of("VSPHERE_HA_IMAGE_DIR");
  return {
    ...Object.fromEntries(Object.entries(section).filter(([key]) => key !== "vms")),
    vcenter: given({
      username: of("VSPHERE_USER"),
      caFile: vcenter.insecure === true ? undefined : of("VSPHERE_HA_COMPUTE_CA_FILE"),
      ...(vcenter.server === undefined && {
        server: server || undefined,
        port: port === undefined ? undefined : Number(port),
      }),
      ...vcenter,
      password: pulumi.secret(password ?? ""),
    }),
    node: given({
      host: of("VSPHERE_HA_COMPUTE_HOST"),
      port: sshPort === undefined ? undefined : Number(sshPort),
      user: of("VSPHERE_HA_COMPUTE_USER"),
      hostKey: of("VSPHERE_HA_COMPUTE_HOST_KEY"),
      configDirectory: of("VSPHERE_HA_COMPUTE_CONFIG_DIR"),
      stateDirectory: of("VSPHERE_HA_COMPUTE_STATE_DIR"),
      ...node,
      privateKey: pulumi.secret(privateKey ?? ""),
    }),
    ...(controller && { controller: given({ ...controller, privateKey: pulumi.secret(privateKey ?? "") }) }),
    images: (images ?? []).map((image) => ({
      ...image,
      ...(image.file !== undefined &&
        imageDir !== undefined && { file: isAbsolute(image.file) ? image.file : join(imageDir, image.file) }),
    })),
  } as OpenStackConfig["compute"];
}

/** What must come from somewhere: the section, the environment or the stack's secrets. */
function absent(
  { vcenter, node }: OpenStackConfig["compute"],
  { novaPassword, privateKey }: OpenStackSecrets,
  environment: Environment,
): Problem[] {
  const problem = (path: string, rule: string, remedy: string): Problem => ({ path, value: undefined, rule, remedy });
  const needed: [found: unknown, path: string, variable: string][] = [
    [vcenter.server, "openstack.vcenter.server", "VSPHERE_SERVER"],
    [vcenter.username, "openstack.vcenter.username", "VSPHERE_USER"],
    [node.host, "openstack.node.host", "VSPHERE_HA_COMPUTE_HOST"],
    [node.hostKey, "openstack.node.hostKey", "VSPHERE_HA_COMPUTE_HOST_KEY"],
  ];
  const password = novaPassword ?? (environment.VSPHERE_HA_NOVA_PASSWORD || environment.VSPHERE_PASSWORD);
  return [
    ...needed
      .filter(([found]) => found === undefined || found === "")
      .map(([, path, variable]) => problem(path, "must be known", `set it, or ${variable}`)),
    ...(password
      ? []
      : [
          problem(
            "novaPassword",
            "nova logs in to vCenter with a password",
            "set VSPHERE_HA_NOVA_PASSWORD, or pulumi config set --secret novaPassword",
          ),
        ]),
    ...(privateKey
      ? []
      : [
          problem(
            "computePrivateKey",
            "the compute node is reached with a private key",
            "set VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE, or pulumi config set --secret computePrivateKey",
          ),
        ]),
  ];
}

/** Where the stack's configuration says what the components take from the cluster. */
const inStack: Record<string, string> = {
  "openstack.target.declared.drsEnabled": "cluster.drs.enabled",
  "openstack.target.declared.drsAutomationLevel": "cluster.drs.automationLevel",
};

/** The section as arguments, or every problem that it has. @param target stands for the cluster that is not there yet */
export function openstackConfig(
  section: unknown,
  secrets: OpenStackSecrets,
  environment: Environment,
  target: ClusterTarget,
): { data: OpenStackConfig | undefined; problems: Problem[] } {
  const form = read(openstackSchema, section, "openstack");
  if (!form.data) return { data: undefined, problems: form.problems };
  const compute = withEnvironment(form.data, secrets, environment);
  const vms = (form.data.vms ?? []) as StackOpenStackVm[];
  const names = (list: { name: string }[] | undefined): Record<string, string> =>
    Object.fromEntries((list ?? []).map(({ name }) => [name, ""]));
  const futureTarget = {
    availabilityZone: "",
    flavorIds: names(compute.flavors),
    images: Object.fromEntries((compute.images ?? []).map(({ name, guestOs }) => [name, { id: "", guestOs }])),
    networkIds: names(compute.networks),
    securityGroupIds: [],
    cloud: { computeHost: "", availabilityZone: "", aggregate: "", flavors: [], images: [], service: "", novaConf: [] },
    digest: "",
  };
  return {
    data: { compute, vms },
    problems: [
      ...form.problems,
      ...absent(compute, secrets, environment),
      ...problemsOf(plain({ ...compute, target }), computeRules, "openstack.").map((problem) => ({
        ...problem,
        path: inStack[problem.path] ?? problem.path,
      })),
      ...vms.flatMap((vm, index) =>
        problemsOf(plain({ ...vm, target: futureTarget }), openstackVmRules, `openstack.vms[${String(index)}].`),
      ),
    ],
  };
}
