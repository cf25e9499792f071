import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalWorkspace, type OpMap, type PulumiFn, type Stack, type UpOptions } from "@pulumi/pulumi/automation";
import type { ClusterTarget, OpenStackComputeArgs } from "../../components";
import type { CloudLab } from "./cloudLab";
import type { CloudProgram } from "./cloudProgram";
import { changed } from "./inlineStack";
import type { Administrator } from "./smallCluster";

/** A cluster that was made without Pulumi, as components take it. */
export async function targetOf(
  admin: Administrator,
  cluster: string,
  hosts: readonly string[],
): Promise<ClusterTarget> {
  const compute = await admin.find("ClusterComputeResource", cluster);
  const ids = async (type: string, names: readonly string[]): Promise<Record<string, string>> =>
    Object.fromEntries(
      await Promise.all(
        names.map(async (name): Promise<[string, string]> => [name, (await admin.find(type, name)).id]),
      ),
    );
  return {
    datacenterName: "Lab",
    datacenterId: (await admin.find("Datacenter", "Lab")).id,
    clusterName: cluster,
    clusterId: compute.id,
    resourcePoolId: (await admin.property(compute, "resourcePool")).id,
    hostIds: await ids("HostSystem", hosts),
    datastoreIds: await ids("Datastore", ["ha-a", "ha-b"]),
    networkIds: {},
    declared: { drsEnabled: true, drsAutomationLevel: "fullyAutomated" },
    digest: "",
  };
}

/** How nova and who deploys reach the lab's vCenter and compute node. */
export function accessOf({ env }: CloudLab): Pick<OpenStackComputeArgs, "vcenter" | "node"> {
  const [server = "", port = ""] = (env.VSPHERE_SERVER ?? "").split(":");
  return {
    vcenter: {
      server,
      port: Number(port),
      username: env.VSPHERE_USER ?? "",
      password: env.VSPHERE_PASSWORD ?? "",
      caFile: env.VSPHERE_HA_CA_FILE ?? "",
    },
    node: {
      host: env.VSPHERE_HA_COMPUTE_HOST ?? "",
      port: Number(env.VSPHERE_HA_COMPUTE_PORT),
      user: env.VSPHERE_HA_COMPUTE_USER ?? "",
      privateKey: readFileSync(env.VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE ?? "", "utf8"),
      hostKey: env.VSPHERE_HA_COMPUTE_HOST_KEY ?? "",
      configDirectory: env.VSPHERE_HA_COMPUTE_CONFIG_DIR ?? "",
      stateDirectory: env.VSPHERE_HA_COMPUTE_STATE_DIR ?? "",
    },
  };
}

/** An update that succeeds: what it changed. */
export async function deploy(stack: Stack, program: PulumiFn): Promise<OpMap> {
  stack.workspace.program = program;
  return changed((await stack.up()).summary.resourceChanges);
}

/** The errors of an operation that fails, without the stack's own "update failed". */
export async function errorsOf(
  operation: (options: { onEvent: NonNullable<UpOptions["onEvent"]> }) => Promise<unknown>,
): Promise<string[]> {
  const errors: string[] = [];
  const onEvent: UpOptions["onEvent"] = (event) => {
    const { severity, message } = event.diagnosticEvent ?? { severity: "", message: "" };
    if (severity === "error") errors.push(message.replaceAll(/<\{%[^%]*%\}>/g, "").trim());
  };
  await assert.rejects(operation({ onEvent }));
  // The bridge of a Terraform provider logs the provider's error, and then gives it as its own.
  return errors.filter((error) => !/^(update|preview|destroy) failed$|^sdk-v2\/provider2\.go:/.test(error));
}

/** A stack with cloudProgram.ts, which runs in a process of its own, as a user's does. */
export async function programStack(dir: string, name: string): Promise<Stack> {
  mkdirSync(dir, { recursive: true });
  const project = { name, runtime: "nodejs", main: "program.js" };
  writeFileSync(join(dir, "Pulumi.json"), JSON.stringify(project));
  writeFileSync(
    join(dir, "program.js"),
    `require("tsx/cjs/api").register();\nrequire(${JSON.stringify(join(__dirname, "cloudProgram"))});\n`,
  );
  return LocalWorkspace.createStack({ stackName: "dev", workDir: dir });
}

/** Runs an operation with that program. */
export async function withProgram<T>(program: CloudProgram, operation: () => Promise<T>): Promise<T> {
  process.env.CLOUD_PROGRAM = JSON.stringify(program);
  try {
    return await operation();
  } finally {
    delete process.env.CLOUD_PROGRAM;
  }
}
