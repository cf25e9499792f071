import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { EsxiCluster, type EsxiClusterArgs } from "../../../components";
import { declared, named, registered, unwrapped, value } from "./mocks";

const args: EsxiClusterArgs = {
  clusterName: "ha",
  datacenter: { name: "Lab", existing: true },
  hosts: [
    { name: "esx-01", password: "p1" },
    { name: "esx-02", password: pulumi.secret("p2") },
    { name: "esx-03", existing: true },
  ],
  datastores: [
    { name: "ha-a", nfs: { server: "nfs", path: "/a" } },
    { name: "ha-b", vmfs: { disk: "naa.1" } },
    { name: "ha-c", existing: true },
  ],
  portGroups: [{ name: "vm-ha", vlanId: 7 }],
};

describe("EsxiCluster", () => {
  it("declares hosts, datastores, the cluster and port groups, in the order that avoids a cycle", async () => {
    const resources = declared(await registered(() => new EsxiCluster("c", args)));
    assert.deepEqual(resources.map(({ type, name }) => `${type.split(":").pop() ?? ""} ${name}`).sort(), [
      "ComputeCluster c-cluster",
      "EsxiCluster c",
      "Host c-esx-01",
      "Host c-esx-02",
      "HostPortGroup c-vm-ha-esx-01",
      "HostPortGroup c-vm-ha-esx-02",
      "HostPortGroup c-vm-ha-esx-03",
      "NasDatastore c-ha-a",
      "VmfsDatastore c-ha-b",
    ]);
    const order = resources.map(({ name }) => name);
    assert.ok(order.indexOf("c-esx-02") < order.indexOf("c-ha-a"), "hosts before datastores");
    assert.ok(order.indexOf("c-ha-a") < order.indexOf("c-cluster"), "datastores before the cluster");
  });

  it("declares the membership on the cluster only", async () => {
    const resources = await registered(() => new EsxiCluster("c", args));
    const host = named(resources, "c-esx-01").inputs;
    assert.equal(host.clusterManaged, true);
    assert.equal(host.datacenter, "found-Lab");
    assert.ok(!("cluster" in host));
    const cluster = named(resources, "c-cluster").inputs;
    assert.deepEqual(cluster.hostSystemIds, ["id-c-esx-01", "id-c-esx-02", "found-esx-03"]);
    assert.ok(!("hostManaged" in cluster));
  });

  it("keeps passwords of hosts secret, plain ones too", async () => {
    const resources = await registered(() => new EsxiCluster("c", args));
    for (const [name, password] of [
      ["c-esx-01", "p1"],
      ["c-esx-02", "p2"],
    ] as const) {
      const sent = named(resources, name).inputs.password;
      assert.notEqual(sent, password, "is wrapped");
      assert.equal(unwrapped(sent), password);
    }
  });

  it("uses all its datastores for heartbeats, and names its defaults instead of leaving them to the provider", async () => {
    const resources = await registered(() => new EsxiCluster("c", args));
    const { inputs } = named(resources, "c-cluster");
    assert.deepEqual(inputs.haHeartbeatDatastoreIds, ["id-c-ha-a", "id-c-ha-b", "found-ha-c"]);
    assert.equal(inputs.haEnabled, true);
    assert.equal(inputs.haDatastoreApdResponseDelay, 180);
    assert.equal(inputs.drsAutomationLevel, "fullyAutomated");
    assert.equal(inputs.proactiveHaModerateRemediation, "QuarantineMode");
    assert.equal(inputs.forceEvacuateOnDestroy, true);
  });

  it("hands ids by name and the settings in effect to other components", async () => {
    let cluster: EsxiCluster | undefined;
    await registered(() => (cluster = new EsxiCluster("c", args)));
    assert.ok(cluster);
    const target = await value(pulumi.output(cluster.target));
    assert.equal(target.clusterId, "id-c-cluster");
    assert.equal(target.resourcePoolId, "pool-c-cluster");
    assert.deepEqual(target.networkIds, { "vm-ha": "found-vm-ha" });
    assert.equal(target.declared.haVmRestartPriority, "medium");
    assert.ok(!("haAdmissionControlSlotPolicyExplicitCpu" in target.declared), "without effect");
  });

  it("creates a datacenter unless it exists, and names children after itself", async () => {
    const resources = declared(
      await registered(() => new EsxiCluster("other", { ...args, datacenter: { name: "New" } })),
    );
    assert.equal(named(resources, "other-datacenter").inputs.name, "New");
    assert.equal(named(resources, "other-esx-01").inputs.datacenter, "moid-other-datacenter");
    assert.ok(resources.every(({ name }) => name === "other" || name.startsWith("other-")));
  });

  it("states of a cluster that exists only what an import reads, and looks its hosts up", async () => {
    const adopted = { ...args, existing: true, hosts: args.hosts.map(({ name }) => ({ name, existing: true })) };
    const resources = await registered(() => new EsxiCluster("c", adopted));
    const { inputs } = named(resources, "c-cluster");
    for (const field of ["forceEvacuateOnDestroy", "haAdmissionControlSlotPolicyUseExplicitSize"]) {
      assert.ok(!(field in inputs), field);
      assert.ok(field in named(await registered(() => new EsxiCluster("c", args)), "c-cluster").inputs, field);
    }
    assert.equal(inputs.haAdmissionControlPolicy, "resourcePercentage");
    assert.deepEqual(
      declared(resources).filter(({ type }) => type.endsWith(":Host")),
      [],
    );
  });

  it("changes its digest with a setting, but not with a password", async () => {
    const digest = async (changed: Partial<EsxiClusterArgs>): Promise<string> => {
      let cluster: EsxiCluster | undefined;
      await registered(() => (cluster = new EsxiCluster("c", { ...args, ...changed })));
      assert.ok(cluster);
      return value(pulumi.output(cluster.target.digest));
    };
    const before = await digest({});
    const [first, ...others] = args.hosts;
    assert.ok(first);
    assert.equal(await digest({ hosts: [{ ...first, password: "new" }, ...others] }), before);
    assert.notEqual(await digest({ ha: { vmRestartPriority: "high" } }), before);
  });

  it("fails before it registers anything, with every problem at once", async () => {
    let message = "";
    const resources = await registered(() => {
      try {
        new EsxiCluster("c", { ...args, hosts: [{ name: "esx-01", password: "p" }], drs: { migrationThreshold: 9 } });
      } catch (error) {
        assert.ok(pulumi.RunError.isInstance(error));
        message = error.message;
      }
    });
    assert.deepEqual(resources, []);
    assert.match(message, /^2 problems in EsxiCluster "c":\n {2}hosts = \["esx-01"\]: /);
    assert.match(message, /\n {2}drs.migrationThreshold = 9: must be a whole number/);
  });
});
