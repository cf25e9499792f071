import type { ImageArgs, OpenStackComputeArgs } from "./openstackArgs";
import type { OpenStackVmArgs } from "./openstackVm";
import { namesOf } from "./openstackNames";
import {
  each,
  hidden,
  known,
  matches,
  memory,
  nonEmpty,
  oneOf,
  orMinusOne,
  Plain,
  Rule,
  unique,
  wholeNumber,
} from "./validation";
import { GuestOs } from "./values";
import { headOf, vmdkDefect } from "./vmdk";

type Args = Plain<OpenStackComputeArgs>;

/** As in OpenSSH's .pub files. */
const publicKey = /^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/]+=*( .*)?$/;
const unitInstance = /^[A-Za-z0-9][A-Za-z0-9-]*$/;
const oneLine = (value: unknown): boolean => typeof value === "string" && !/[\r\n\0]/.test(value);

/** Addresses with a prefix length: 192.0.2.0/24, 2001:db8::/64. */
const byte = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const cidr = new RegExp(
  `^(${byte}(\\.${byte}){3}/(3[0-2]|[12]?\\d)|[0-9a-fA-F]*:[0-9a-fA-F:]*/(12[0-8]|1[01]\\d|[1-9]?\\d))$`,
);

const access: Rule<OpenStackComputeArgs>[] = [
  nonEmpty(
    ["vcenter.server", "vcenter.username", "node.host", "node.user", "controller.host", "controller.user"],
    "it",
  ),
  matches(
    "vcenter.server",
    "must be a name or an address without scheme, port or path",
    "write the port in vcenter.port",
    /^[A-Za-z0-9.-]*$|^[0-9a-fA-F:]+$/,
  ),
  wholeNumber(["vcenter.port", "node.port", "controller.port"], "a TCP port", 1, 65535),
  {
    rule: "must not be empty, and one line",
    remedy: "give the password of nova's user in vCenter as a secret",
    broken: ({ vcenter: { password } }) =>
      password !== undefined && (password === "" || !oneLine(password))
        ? [{ path: "vcenter.password", value: hidden }]
        : [],
  },
  each(
    ["vcenter.username", "vcenter.caFile", "vcenter.datastorePattern"],
    "must be one line",
    "take the line break out",
    oneLine,
    { pattern: "^[^\\r\\n\\0]*$" },
  ),
  {
    rule: "must be left out when vcenter.caFile is given: nova verifies the certificate then",
    remedy: "leave insecure out",
    broken: ({ vcenter: { insecure, caFile } }) =>
      insecure === true && caFile !== undefined ? [{ path: "vcenter.insecure", value: insecure }] : [],
  },
  matches(
    ["vcenter.caFile", "node.configDirectory", "node.stateDirectory"],
    "must be an absolute path on the node",
    "begin it with /",
    /^\//,
  ),
  {
    rule: "must be a regular expression that the name of a shared datastore of the cluster begins with",
    remedy: "correct it, or leave it out for all shared datastores",
    broken: ({ vcenter: { datastorePattern: value }, target }) => {
      if (value === undefined) return [];
      const path = "vcenter.datastorePattern";
      try {
        const pattern = new RegExp(`^(?:${value})`);
        return Object.keys(target.datastoreIds).some((name) => pattern.test(name)) ? [] : [{ path, value }];
      } catch {
        return [{ path, value }];
      }
    },
  },
  {
    rule: "must be a private key in PEM form",
    remedy: "give the content of the key's file as a secret, not its path",
    broken: ({ node, controller }) =>
      Object.entries({ node, controller }).flatMap(([name, login]) =>
        login?.privateKey !== undefined && !/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(login.privateKey)
          ? [{ path: `${name}.privateKey`, value: hidden }]
          : [],
      ),
  },
  matches(
    ["node.hostKey", "controller.hostKey"],
    "must be the public key of the node's SSH server, such as ssh-ed25519 AAAA…",
    "copy it from /etc/ssh/ssh_host_ed25519_key.pub on the node",
    publicKey,
  ),
];

const services: Rule<OpenStackComputeArgs>[] = [
  {
    rule: "must be letters, digits and hyphens, beginning with a letter or digit (it names a unit and files)",
    remedy: "set serviceName",
    broken: (args) => {
      const value = namesOf(args).serviceName;
      return unitInstance.test(value) ? [] : [{ path: "serviceName", value }];
    },
    limits: { paths: ["serviceName"], schema: { pattern: unitInstance.source } },
  },
  matches(
    "computeHost",
    "must be a host name: letters, digits, hyphens, underscores and dots",
    "write for example compute-ha",
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
  ),
  {
    // nova: `internal` holds its other services, `nova` every host without a zone; ":" separates zone, host and node.
    rule: "must be the zone of this cluster alone, without colon, and neither nova nor internal, which nova uses itself",
    remedy: "choose another name",
    broken: (args) => {
      const value = namesOf(args).availabilityZone;
      return value.trim() === "" || value.includes(":") || ["nova", "internal"].includes(value)
        ? [{ path: "availabilityZone", value }]
        : [];
    },
    limits: {
      paths: ["availabilityZone"],
      schema: { pattern: "^[^:]*[^:\\s][^:]*$", not: { enum: ["nova", "internal"] } },
    },
  },
  nonEmpty("aggregateName", "the name of the aggregate"),
  {
    rule: "must be fully automated: nova leaves the choice of the host to DRS (nova, Compute drivers: VMware vSphere)",
    remedy: "set drs.enabled: true and drs.automationLevel: fullyAutomated on the cluster",
    broken: ({ target: { declared } }) => {
      const { drsEnabled, drsAutomationLevel: level } = (declared ?? {}) as Record<string, unknown>;
      if (drsEnabled === false) return [{ path: "target.declared.drsEnabled", value: drsEnabled }];
      return level !== undefined && level !== "fullyAutomated"
        ? [{ path: "target.declared.drsAutomationLevel", value: level }]
        : [];
    },
  },
  orMinusOne(
    "syncPowerStateInterval",
    "must be a whole number of seconds, 1 or more, or -1 for no comparison",
    "leave it out: HA needs none",
    1,
  ),
  wholeNumber("timeoutSeconds", "seconds", 1),
];

const sizes: Rule<OpenStackComputeArgs>[] = [
  nonEmpty(["flavors[].name", "images[].name", "networks[].name"], "it"),
  unique("flavors[].name", "flavor"),
  unique("images[].name", "image"),
  unique("networks[].name", "network"),
  wholeNumber("flavors[].vcpus", "virtual CPUs", 1),
  memory("flavors[].memoryMb", "nova, Compute drivers: VMware vSphere"),
  wholeNumber("flavors[].diskGb", "GB", 1),
  ...(["instances", "vcpus", "memoryMb"] as const).map((limit) =>
    orMinusOne<OpenStackComputeArgs>(
      `quota.${limit}`,
      "must be a whole number, 0 or more, or -1 for no limit",
      "write a whole number",
      0,
    ),
  ),
];

/** Every image with its path. */
const imagesOf = (args: Args): [path: string, image: Plain<ImageArgs>][] =>
  (args.images ?? []).map((image, index) => [`images[${String(index)}]`, image]);

const images: Rule<OpenStackComputeArgs>[] = [
  oneOf("images[].guestOs", GuestOs),
  nonEmpty(["images[].file", "images[].url"], "where the image is"),
  {
    rule: "must say exactly one of file and url",
    remedy: "say where the image is, once",
    broken: (args) =>
      imagesOf(args).flatMap(([path, image]) =>
        "file" in image === "url" in image ? [{ path, value: image.name }] : [],
      ),
    limits: { paths: ["images[]"], schema: { oneOf: [{ required: ["file"] }, { required: ["url"] }] } },
  },
  each(
    "images[].url",
    "must be an http or https address",
    "write for example https://images.example.com/ubuntu.vmdk",
    (value) => URL.canParse(String(value)) && /^https?:$/.test(new URL(String(value)).protocol),
    { pattern: "^[hH][tT][tT][pP][sS]?:" },
  ),
  {
    rule: "is for a file",
    remedy: "convert the image where it comes from, and leave convert out",
    broken: (args) =>
      imagesOf(args).flatMap(([path, { convert, file }]) =>
        convert === true && file === undefined ? [{ path: `${path}.convert`, value: convert }] : [],
      ),
  },
  {
    rule: "must be a file that can be read",
    remedy: "correct the path",
    broken: (args) =>
      imagesOf(args).flatMap(([path, { file }]) =>
        file !== undefined && file !== "" && typeof headOf(file) === "string"
          ? [{ path: `${path}.file`, value: `${file} (${String(headOf(file))})` }]
          : [],
      ),
  },
  {
    rule: "must be a stream-optimized VMDK, which nova's vCenter driver takes whole",
    remedy: "set convert: true, or run qemu-img convert -O vmdk -o subformat=streamOptimized,adapter_type=lsilogic",
    broken: (args) =>
      imagesOf(args).flatMap(([path, { file, convert }]) => {
        const head = file === undefined || file === "" || convert === true ? "" : headOf(file);
        const defect = typeof head === "string" ? undefined : vmdkDefect(head);
        return defect === undefined ? [] : [{ path: `${path}.file`, value: `${String(file)} (${defect})` }];
      }),
  },
];

const networks: Rule<OpenStackComputeArgs>[] = [
  matches(
    ["networks[].cidr", "securityGroup.probesFrom"],
    "must be addresses with a prefix length",
    "write for example 192.0.2.0/24",
    cidr,
  ),
  {
    rule: "must not be loopback while DHCP serves it: neutron refuses that",
    remedy: "set enableDhcp: false, or use other addresses",
    broken: (args) =>
      (args.networks ?? []).flatMap(({ cidr, enableDhcp }, index) =>
        cidr.startsWith("127.") && enableDhcp !== false
          ? [{ path: `networks[${String(index)}].cidr`, value: cidr }]
          : [],
      ),
  },
  {
    rule: "is for a port group that is made: the existing one has its own",
    remedy: "leave out either portGroup or this",
    broken: (args) =>
      (args.networks ?? []).flatMap((network, index) =>
        (["virtualSwitch", "vlanId"] as const)
          .filter((property) => network.portGroup !== undefined && network[property] !== undefined)
          .map((property) => ({ path: `networks[${String(index)}].${property}`, value: network[property] })),
      ),
  },
  nonEmpty(["networks[].portGroup", "networks[].virtualSwitch"], "its name in vCenter"),
  wholeNumber("networks[].vlanId", "a VLAN id", 0, 4095),
  wholeNumber("securityGroup.probePorts[]", "a TCP port", 1, 65535),
  each(
    "publicKey",
    "must be a public key as OpenSSH writes it",
    "copy the content of the .pub file",
    (value) => publicKey.test(String(value).trim()),
    { pattern: publicKey.source.replace(/^\^/, "^\\s*").replace(/\$$/, "\\s*$") },
  ),
];

/** What must hold of OpenStack compute before anything of it is created. */
export const computeRules: Rule<OpenStackComputeArgs>[] = [...access, ...services, ...sizes, ...images, ...networks];

/** What must hold of a virtual machine of OpenStack before it is created. */
export const openstackVmRules: Rule<OpenStackVmArgs>[] = [
  nonEmpty(["vmName", "image", "flavor", "network", "address"], "it"),
  known("flavor", "flavors of OpenStackCompute", ({ target }) => Object.keys(target.flavorIds)),
  known("image", "images of OpenStackCompute", ({ target }) => Object.keys(target.images)),
  known("network", "networks of OpenStackCompute", ({ target }) => Object.keys(target.networkIds)),
  wholeNumber("probePort", "a TCP port", 1, 65535),
  wholeNumber("bootSeconds", "seconds", 1),
];
