import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { toolchain } from "../../lab/record";
import { served } from "../../plugin/packageSchema";
import { packedProject } from "./packedProject";
import { isSecret, output, ProviderHost } from "./providerHost";

const cluster = {
  datacenter: { name: "Lab", existing: true },
  hosts: [
    { name: "esx-01", password: "p" },
    { name: "esx-02", password: "p" },
  ],
  datastores: ["ha-a", "ha-b"].map((name) => ({ name, nfs: { server: "nfs", path: `/${name}` } })),
  portGroups: [{ name: "vm-ha" }],
};
const vm = { template: "ubuntu-13.10", datastore: "ha-a", network: "vm-ha" };
const compute = {
  vcenter: { server: "vcenter", username: "nova", password: output("s", { secret: true }) },
  node: { host: "node", privateKey: output("k", { secret: true }), hostKey: "ssh-ed25519 AAAA" },
  flavors: [{ name: "small", vcpus: 1, memoryMb: 512, diskGb: 8 }],
  images: [{ name: "ubuntu", guestOs: "ubuntu", url: "https://images.example.com/ubuntu.vmdk" }],
  networks: [{ name: "tenants", cidr: "192.0.2.0/24" }],
};

interface Schema {
  resources: Record<string, { inputProperties: object; properties: object; requiredInputs?: string[] }>;
  types: Record<string, { properties?: object; required?: string[]; enum?: unknown[] }>;
}

/** Of a schema, what a program can write; the CLI orders members in its own way, and drops those that say nothing. */
function gist(text: string): object {
  const { resources, types } = JSON.parse(text) as Schema;
  const names = (table: object = {}): string[] => Object.keys(table).sort();
  return {
    resources: Object.entries(resources).map(([token, { inputProperties, properties, requiredInputs = [] }]) => [
      ...[token, names(inputProperties), names(properties), [...requiredInputs].sort()],
    ]),
    types: Object.entries(types)
      .map(([token, { properties, required = [], enum: values }]) => [
        ...[token, names(properties), [...required].sort(), values?.length ?? 0],
      ])
      .sort(),
  };
}

/** What Pulumi starts for programs in other languages, spoken to as its engine does. */
describe("the provider host", function () {
  this.timeout(900_000);
  let host: ProviderHost;
  /** Outputs of components, as a program passes them on: each an Output as a whole. */
  let target: ReturnType<typeof output>;
  let cloud: ReturnType<typeof output>;
  let testVm: ReturnType<typeof output>;
  const types = (registered: { type: string; name: string }[]) =>
    registered.map(({ type, name }) => `${type.split(":").pop() ?? ""} ${name}`).sort();

  before(async () => {
    host = await ProviderHost.start();
  });

  after(() => host.stop());

  it("serves the schema that is checked in, and has created nothing", async () => {
    assert.equal(await host.schema(), served);
    assert.deepEqual(host.registered, []);
  });

  it("serves a schema that Pulumi's CLI takes for one, with all its resources, inputs and types", async () => {
    const { dir, project } = await packedProject();
    // An executable, because the language host that is built here cannot start a plugin from its folder (RunPlugin).
    const executable = join(dir, "pulumi-resource-vsphere-ha");
    const runner = join(project, "node_modules", "@pulumi", "pulumi", "cmd", "run-plugin");
    const plugin = join(project, "node_modules", "vsphere-ha");
    const script = `#!/bin/sh\ncd ${plugin} && exec "${process.execPath}" ${runner} ${plugin} "$@"\n`;
    writeFileSync(executable, script, { mode: 0o755 });
    const PATH = [join(toolchain, "bin"), process.env.PATH].join(delimiter);
    const env = { ...process.env, PATH, PULUMI_HOME: join(dir, "home"), PULUMI_SKIP_UPDATE_CHECK: "true" };
    const read = promisify(execFile)("pulumi", ["package", "get-schema", executable], { env, maxBuffer: 1e8 });
    assert.deepEqual(gist((await read).stdout), gist(served));
  });

  it("makes EsxiCluster", async () => {
    const { urn, outputs, registered } = await host.construct("EsxiCluster", "ha", cluster);
    assert.deepEqual(types(registered), [
      "ComputeCluster ha-cluster",
      "EsxiCluster ha",
      "Host ha-esx-01",
      "Host ha-esx-02",
      "HostPortGroup ha-vm-ha-esx-01",
      "HostPortGroup ha-vm-ha-esx-02",
      "NasDatastore ha-ha-a",
      "NasDatastore ha-ha-b",
    ]);
    assert.ok(registered.filter(({ name }) => name !== "ha").every(({ parent }) => parent === urn));
    assert.equal(outputs.clusterId, "id-ha-cluster");
    target = output(outputs.target, { dependencies: [urn] });
  });

  it("makes UbuntuVm and WindowsXpVm on it, which wait for it", async () => {
    const { registered, outputs, urn } = await host.construct("UbuntuVm", "u", { ...vm, target });
    assert.deepEqual(types(registered), ["UbuntuVm u", "VirtualMachine u-vm"]);
    const [component, machine] = registered;
    assert.deepEqual(component?.dependencies, ["urn:pulumi:dev::other::vsphere-ha:index:EsxiCluster::ha"]);
    assert.equal(machine?.inputs.resourcePoolId, "pool-ha-cluster");
    assert.equal(machine.inputs.datastoreId, "id-ha-ha-a");
    assert.equal(outputs.vmId, "id-u-vm");
    testVm = output(outputs.testVm, { dependencies: [urn] });
    const xp = await host.construct("WindowsXpVm", "x", { target, datastore: "ha-b", network: "vm-ha" });
    assert.deepEqual(types(xp.registered), ["VirtualMachine x-vm", "WindowsXpVm x"]);
  });

  it("makes VmPlacement", async () => {
    const { registered, outputs } = await host.construct("VmPlacement", "p", {
      target,
      vms: { u: output("uuid-u"), x: output("uuid-x") },
      haOverrides: [{ vm: "u", vmRestartPriority: "high" }],
      antiAffinityRules: [{ name: "apart", vms: ["u", "x"] }],
    });
    assert.deepEqual(types(registered), [
      "ComputeClusterVmAntiAffinityRule p-apart",
      "HaVmOverride p-ha-u",
      "VmPlacement p",
    ]);
    assert.match(outputs.digest as string, /^[0-9a-f]{64}$/);
  });

  it("makes OpenStackCompute, and keeps its secrets", async () => {
    const { registered, outputs } = await host.construct("OpenStackCompute", "o", { ...compute, target });
    assert.ok(types(registered).includes("AggregateV2 o-aggregate"));
    const service = registered.find(({ name }) => name === "o-service");
    for (const input of ["connection", "stdin"]) assert.ok(isSecret(service?.inputs[input]), `${input} is a secret`);
    cloud = output(outputs.target);
  });

  it("makes OpenStackVm", async () => {
    const inputs = { target: cloud, image: "ubuntu", flavor: "small", network: "tenants" };
    const { registered, outputs } = await host.construct("OpenStackVm", "i", inputs);
    assert.deepEqual(types(registered), ["Instance i-instance", "OpenStackVm i", "Port i-port"]);
    assert.equal(outputs.instanceId, "id-i-instance");
  });

  it("makes PostDeployCheck", async () => {
    const { registered, outputs } = await host.construct("PostDeployCheck", "c", { target, vms: [testVm] });
    assert.deepEqual(types(registered), ["Command c-check", "PostDeployCheck c"]);
    assert.equal((JSON.parse(outputs.document as string) as { vms: { name: string }[] }).vms[0]?.name, "u");
    assert.equal(outputs.result, "verified");
  });

  it("previews a component alone when what it needs is not known yet, and says so", async () => {
    const { registered } = await host.construct("UbuntuVm", "later", { ...vm, target: output() }, { preview: true });
    assert.deepEqual(types(registered), ["UbuntuVm later"]);
    assert.match(host.logs.join("\n"), /what it declares is known when what it depends on is deployed/);
  });

  const refusals: [string, string, () => Parameters<ProviderHost["construct"]>[2], Record<string, RegExp>][] = [
    [
      "every rule that is broken",
      "EsxiCluster",
      () => ({ ...cluster, hosts: cluster.hosts.slice(1), drs: { migrationThreshold: 9 } }),
      {
        hosts: /^\["esx-02"\]: must hold 2 hosts or more.*; add a host$/,
        "drs.migrationThreshold": /^9: must be a whole number of a step, from 1 to 5/,
      },
    ],
    [
      "what is missing, unknown or of another type, beside a rule",
      "EsxiCluster",
      () => ({ ...cluster, hots: [], ha: { enabled: "yes", vmRestartTimeout: -1 } }),
      {
        hots: /^\(value not shown\): is no property of it; correct its name/,
        "ha.enabled": /^"yes": must be of type boolean/,
        "ha.vmRestartTimeout": /^-1: must be a whole number of seconds/,
      },
    ],
    [
      "what is missing altogether",
      "EsxiCluster",
      () => ({ hosts: [{}] }),
      {
        datacenter: /^is not set: The datacenter that holds the cluster\.; set it$/,
        datastores: /^is not set/,
        "hosts[0].name": /^is not set: Host name or address/,
      },
    ],
    [
      "a secret where names belong, without printing it",
      "EsxiCluster",
      () => ({ ...cluster, hosts: output(cluster.hosts, { secret: true }) }),
      { hosts: /^\(value not shown\): must not be a secret as a whole/ },
    ],
    [
      "a name that another component's output does not have",
      "UbuntuVm",
      () => ({ ...vm, target, datastore: "ha-z" }),
      { datastore: /^"ha-z": must name one of the shared datastores of the cluster/ },
    ],
    [
      "drivers that the guest lacks",
      "WindowsXpVm",
      () => ({ ...vm, target, scsiType: "pvscsi" }),
      { scsiType: /pvscsi/ },
    ],
    [
      "rules that contradict each other",
      "VmPlacement",
      () => {
        const vms = ["a", "b"];
        const rules = { affinityRules: [{ name: "together", vms }], antiAffinityRules: [{ name: "apart", vms }] };
        return { target, vms: { a: "1", b: "2" }, ...rules };
      },
      { "antiAffinityRules[0].vms": /must not separate virtual machines that affinity rules keep together/ },
    ],
    [
      "sizes of OpenStack",
      "OpenStackCompute",
      () => ({ ...compute, target, flavors: [{ name: "odd", vcpus: 1, memoryMb: 511, diskGb: 8 }] }),
      { "flavors[0].memoryMb": /^511: / },
    ],
    [
      "an image that the target does not have",
      "OpenStackVm",
      () => ({ target: cloud, image: "plan9", flavor: "small", network: "tenants" }),
      { image: /^"plan9": / },
    ],
    [
      "a port that is none",
      "PostDeployCheck",
      () => ({ target, vms: [{ name: "u", guestOs: "ubuntu", probePort: 70000 }] }),
      { "vms[0].probePort": /^70000: / },
    ],
  ];
  for (const [what, kind, inputs, expected] of refusals) {
    it(`refuses at its property, with no stack trace: ${what} (${kind})`, async () => {
      const { message, properties } = await host.refusal(kind, "bad", inputs());
      assert.equal(message, `${kind} "bad" cannot be made from these inputs`);
      assert.deepEqual(Object.keys(properties).sort(), Object.keys(expected).sort());
      for (const [path, reason] of Object.entries(expected)) assert.match(properties[path] ?? "", reason);
      assert.doesNotMatch(JSON.stringify([properties, host.logs, host.printed]), /\n?\s+at .*:\d+:\d+/);
    });
  }

  it("names its components when it is asked for another", async () => {
    const { message } = await host.refusal("Cluster", "bad", {});
    assert.match(message, /vsphere-ha:index:Cluster is not a component of vsphere-ha; it has EsxiCluster, /);
  });
});
