import { version } from "../../package.json";
import type { Inventory } from "../model";
import type { Adoption, Candidate } from "./adopt";
import type { FoundCluster } from "./clusters";
import { literal, type Literal } from "./literal";

/** Which vCenter, and how it was known. */
export interface VcenterAnswers {
  server: string;
  user: string;
  /** Of a certificate that was pinned, by hand or in the environment. */
  thumbprint: string | undefined;
  /** That certificate, as PEM. */
  certificate: string | undefined;
}

/** What the files are made of. */
export interface Written {
  vcenter: VcenterAnswers;
  found: FoundCluster;
  inventory: Inventory;
  adoption: Adoption;
  vms: readonly Candidate[];
}

/** The stack that the files are for. */
export const stackName = "prod";
export const certificateFile = "vcenter.pem";
/** Every file that may be written. */
export const fileNames = [
  "Pulumi.yaml",
  `Pulumi.${stackName}.yaml`,
  "index.ts",
  "package.json",
  "tsconfig.json",
  "import.json",
  "verification.json",
  certificateFile,
] as const;

export type Files = Partial<Record<(typeof fileNames)[number], string>>;

/** The component's name in the stack, and by it its child's. */
const resource = "adopted";

/** A stack that declares the cluster as it is, and what the check reads; nothing of it is secret. */
export function filesOf({ vcenter, found, inventory, adoption, vms }: Written): Files {
  const name = slug(found.name);
  return {
    "Pulumi.yaml": yaml([
      ["name", name],
      ["description", "A cluster that was there before, taken over as it stands"],
      ["runtime", "nodejs"],
    ]),
    [`Pulumi.${stackName}.yaml` as const]: `config:\n${yaml(
      [
        ["vsphere:vsphereServer", vcenter.server],
        ["vsphere:user", vcenter.user],
      ],
      "  ",
    )}`,
    "index.ts": program(adoption, vms),
    "package.json": json({
      name,
      private: true,
      dependencies: {
        "@pulumi/command": "^1.2.1",
        "@pulumi/openstack": "^5.0.0",
        "@pulumi/pulumi": "^3.220.0",
        "@pulumi/vsphere": "^4.0.0",
        "vsphere-ha": `^${version}`,
      },
      devDependencies: { "@types/node": "^20.19.0", typescript: "^5.9.0" },
    }),
    "tsconfig.json": json({
      compilerOptions: {
        target: "ES2022",
        module: "node16",
        moduleResolution: "node16",
        strict: true,
        skipLibCheck: true,
        noEmit: true,
      },
      files: ["index.ts"],
    }),
    "import.json": json({
      resources: [
        { type: "vsphere-ha:index:EsxiCluster", name: resource, component: true },
        {
          type: "vsphere:index/computeCluster:ComputeCluster",
          name: `${resource}-cluster`,
          id: found.path,
          parent: resource,
        },
      ],
    }),
    "verification.json": json({
      vcenter: {
        server: vcenter.server,
        user: vcenter.user,
        ...(vcenter.thumbprint !== undefined && { thumbprint: vcenter.thumbprint }),
      },
      cluster: { datacenter: found.datacenter, name: found.name, declared: inventory.cluster.settings },
      hosts: inventory.hosts.map((host) => ({ name: host.name })),
      vms: vms.map((vm) => ({ name: vm.name, guestOs: vm.guestOs })),
    }),
    ...(vcenter.certificate !== undefined && { [certificateFile]: vcenter.certificate }),
  };
}

function program({ args }: Adoption, vms: readonly Candidate[]): string {
  return `/**
 * A cluster as \`vsphere-ha init\` found it: imported as it stands, its hosts and datastores looked up. The settings are all that
 * vCenter told; one that is changed here is changed there by \`pulumi up\`.
 */
import { EsxiCluster, verificationDocument } from "vsphere-ha";

const { target } = new EsxiCluster("${resource}", ${literal(args)});

export const clusterId = target.clusterId;
/** What \`vsphere-ha check --config\` reads; the VMs listed here are asked, and are those that drills measure. */
export const verification = verificationDocument(target, ${literal(vms as readonly Literal[] & typeof vms)});
`;
}

/** A name for a folder, a project and a package. */
export function slug(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
  return plain === "" ? "cluster" : plain;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** Scalars only; every text of JSON is one of YAML. */
function yaml(entries: readonly (readonly [string, string])[], indent = ""): string {
  return entries.map(([name, value]) => `${indent}${name}: ${JSON.stringify(value)}\n`).join("");
}
