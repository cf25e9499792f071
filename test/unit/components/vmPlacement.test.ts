import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { VmPlacement, type VmPlacementArgs } from "../../../components";
import { named, registered, value } from "./mocks";

const args: VmPlacementArgs = {
  target: {
    datacenterName: "Lab",
    datacenterId: "datacenter-1",
    clusterName: "ha",
    clusterId: "domain-c1",
    resourcePoolId: "resgroup-1",
    hostIds: { "esx-01": "host-1", "esx-02": "host-2" },
    datastoreIds: {},
    networkIds: {},
    declared: {},
    digest: "d",
  },
  vms: { a: "uuid-a", b: pulumi.output("uuid-b") },
  haOverrides: [{ vm: "a", vmRestartPriority: "highest" }],
  drsOverrides: [{ vm: "b", automationLevel: "manual" }],
  antiAffinityRules: [{ name: "apart", vms: ["a", "b"] }],
  vmGroups: [
    { name: "first", vms: ["a"] },
    { name: "later", vms: ["b"] },
  ],
  hostGroups: [{ name: "left", hosts: ["esx-01"] }],
  vmHostRules: [
    { name: "on", vmGroup: "first", hostGroup: "left", mandatory: true },
    { name: "off", vmGroup: "later", hostGroup: "left", keepOff: true, enabled: false },
  ],
  dependencyRules: [{ name: "order", vmGroup: "later", dependsOnVmGroup: "first" }],
};

describe("VmPlacement", () => {
  it("overrides what is stated for a virtual machine and leaves the rest to the cluster", async () => {
    const { inputs } = named(await registered(() => new VmPlacement("p", args)), "p-ha-a");
    assert.deepEqual(inputs, {
      computeClusterId: "domain-c1",
      virtualMachineId: "uuid-a",
      haVmRestartPriority: "highest",
      haVmRestartTimeout: -1,
      haHostIsolationResponse: "clusterIsolationResponse",
      haDatastorePdlResponse: "clusterDefault",
      haDatastoreApdResponse: "clusterDefault",
      haDatastoreApdRecoveryAction: "useClusterDefault",
      haDatastoreApdResponseDelay: -1,
      haVmMonitoringUseClusterDefaults: true,
      haVmMonitoring: "vmMonitoringDisabled",
      haVmFailureInterval: 30,
      haVmMinimumUptime: 120,
      haVmMaximumResets: 3,
      haVmMaximumFailureWindow: -1,
    });
  });

  it("puts monitoring of its own in force, which vCenter otherwise ignores", async () => {
    const haOverrides = [{ vm: "a", monitoring: { vmFailureInterval: 45 } }];
    const { inputs } = named(await registered(() => new VmPlacement("p", { ...args, haOverrides })), "p-ha-a");
    assert.equal(inputs.haVmMonitoringUseClusterDefaults, false);
    assert.equal(inputs.haVmMonitoring, "vmMonitoringOnly");
    assert.equal(inputs.haVmFailureInterval, 45);
  });

  it("declares groups and rules by names of virtual machines and hosts", async () => {
    const resources = await registered(() => new VmPlacement("p", args));
    const inputs = (name: string): Record<string, unknown> => named(resources, name).inputs;
    const computeClusterId = "domain-c1";
    const soft = { computeClusterId, mandatory: false, enabled: true };
    assert.deepEqual(inputs("p-apart"), { ...soft, name: "apart", virtualMachineIds: ["uuid-a", "uuid-b"] });
    assert.deepEqual(inputs("p-first"), { computeClusterId, name: "first", virtualMachineIds: ["uuid-a"] });
    assert.deepEqual(inputs("p-left"), { computeClusterId, name: "left", hostSystemIds: ["host-1"] });
    assert.deepEqual(inputs("p-on"), {
      ...soft,
      name: "on",
      vmGroupName: "first",
      affinityHostGroupName: "left",
      mandatory: true,
    });
    assert.deepEqual(inputs("p-off"), {
      ...soft,
      name: "off",
      vmGroupName: "later",
      antiAffinityHostGroupName: "left",
      enabled: false,
    });
    assert.deepEqual(inputs("p-order"), {
      ...soft,
      name: "order",
      vmGroupName: "later",
      dependencyVmGroupName: "first",
    });
    assert.deepEqual(inputs("p-drs-b"), {
      computeClusterId,
      virtualMachineId: "uuid-b",
      drsEnabled: true,
      drsAutomationLevel: "manual",
    });
  });

  it("changes its digest with what it declares", async () => {
    const digest = async (changed: Partial<VmPlacementArgs>): Promise<string> => {
      let placement: VmPlacement | undefined;
      await registered(() => (placement = new VmPlacement("p", { ...args, ...changed })));
      assert.ok(placement);
      return value(placement.digest);
    };
    assert.equal(await digest({}), await digest({}));
    assert.notEqual(await digest({ haOverrides: [{ vm: "a", vmRestartPriority: "low" }] }), await digest({}));
  });
});
