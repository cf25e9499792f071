import assert from "node:assert/strict";
import type { CheckResult } from "../../../../verification/model";
import { cloud, cloudScene, look as lookAtCloud, read } from "../openstack/fixture";
import { hostOf, look, resultOf, scene, type Scene } from "./fixture";

function reads(results: CheckResult[], verdict: CheckResult["verdict"]): Record<string, string> {
  return Object.fromEntries(results.filter((one) => one.verdict === verdict).map((one) => [one.id, one.read]));
}

async function without(change: (bare: Scene) => void): Promise<Record<string, string>> {
  const bare = scene();
  change(bare);
  return reads(await look(bare), "not-applicable");
}

/** What an auditor sees of a check that has passed. */
describe("what a check has read", () => {
  it("is told in one line, of each check", async () => {
    const good = cloudScene();
    good.config.hosts.pop();
    assert.deepEqual(reads(await lookAtCloud(good), "passed"), {
      "ha-settings-as-declared": "5 settings compared",
      "drs-settings-as-declared": "2 settings compared",
      "ha-enabled": "haEnabled true",
      "ha-host-monitoring": "haHostMonitoring enabled",
      "ha-admission-control-enabled": "policy resourcePercentage",
      "ha-admission-control-satisfied":
        "after losing 1 of 3 hosts: CPU 64 of 40000 MHz, memory 100 of 65536 MB, reserved by 2 VMs",
      "fdm-single-master": "1 master: esx-2",
      "fdm-secondaries-connected": "2 of 2 hosts connectedToMaster",
      "hosts-present": "2 of 2 hosts are members",
      "hosts-connected": "3 of 3 hosts",
      "hosts-not-in-maintenance": "3 of 3 hosts",
      "heartbeat-datastores": "2 feasible datastores, 2 asked for",
      "isolation-address": "default gateway, 10.0.0.1",
      "management-network-redundant": "3 of 3 hosts",
      "host-clocks-kept": "3 of 3 hosts",
      "host-versions-alike": "3 of 3 hosts",
      "apd-handled": "3 of 3 hosts",
      "apd-timeout-alike": "3 of 3 hosts",
      "no-config-issues": "0 issues",
      "rules-agree": "3 enabled rules",
      "rules-leave-room-for-failover": "1 rule, 2 hosts after the declared failures",
      "restart-order-matches-dependencies": "1 dependency rule",
      "overrides-in-effect": "1 VM with overrides",
      "vcenter-certificate": "expires on 2027-01-01",
      "vms-present": "2 of 2 VMs",
      "vms-powered-on": "2 of 2 VMs",
      "vms-ha-protected": "2 of 2 VMs",
      "vms-restart-not-disabled": "2 of 2 VMs",
      "vms-on-shared-storage": "2 of 2 VMs",
      "vms-on-shared-networks": "2 of 2 VMs",
      "vms-without-host-devices": "2 of 2 VMs",
      "vms-not-bound-to-one-host": "2 of 2 VMs",
      "vms-reachable": "2 of 2 VMs",
      "vms-tools-running": "2 of 2 VMs",
      "vms-guest-heartbeat": "2 of 2 VMs",
      "openstack-compute-service": "compute-1: enabled, up",
      "openstack-hypervisor": "domain-c1.0815",
      "openstack-hypervisor-capacity": "48 vCPUs, 98304 MB",
      "openstack-placement-capacity": "48 vCPUs, 98304 MB",
      "openstack-availability-zone": "zone vsphere-1, 1 aggregate",
      "openstack-images": "2 images",
      "openstack-instances-present": "1 of 1 instance",
      "openstack-instance-states": "2 of 2 instances",
      "openstack-instances-on-shared-storage": "2 of 2 instances",
      "openstack-ports-bound": "1 port",
      "openstack-drs-fully-automated": "on, fullyAutomated",
      "openstack-quota": "instances 2 of 10, cores 2 of 10, RAM in MB 1024 of no limit",
      "openstack-certificates": "1 certificate",
      "openstack-power-state-sync": "off",
      "openstack-vcenter-verified": "verified",
    });
  });

  it("counts those that are in order, where others are not", async () => {
    const broken = cloudScene();
    broken.config.hosts.push({ name: "esx-9", bmc: undefined, ssh: undefined });
    for (const vm of broken.inventory.vms) vm.connectionState = vm.name === "xp-1" ? "orphaned" : vm.connectionState;
    for (const one of read(broken.openstack.instances)) one.status = "ERROR";
    for (const one of read(broken.openstack.instances)) one.vmState = one.name === "other" ? "error" : one.vmState;
    hostOf(broken, 1).fdmState = "networkPartitionedFromMaster";
    const results = await lookAtCloud(broken);
    for (const [id, told] of [
      ["hosts-present", "3 of 4 hosts are members"],
      ["vms-present", "1 of 2 VMs"],
      ["fdm-secondaries-connected", "1 of 2 hosts connectedToMaster"],
      ["openstack-instances-present", "0 of 1 instance"],
      ["openstack-instance-states", "1 of 2 instances"],
    ] as const) {
      assert.deepEqual([resultOf(results, id).read, resultOf(results, id).verdict], [told, "failed"]);
    }
  });
});

describe("a check without an object says why", () => {
  it("where HA is off", async () => {
    const told = await without(({ inventory }) => (inventory.cluster.settings.haEnabled = false));
    assert.deepEqual(told, {
      "ha-host-monitoring": "HA is off",
      "ha-admission-control-enabled": "HA is off",
      "fdm-single-master": "HA is off",
      "fdm-secondaries-connected": "HA is off",
      "heartbeat-datastores": "HA is off",
      "isolation-address": "HA is off",
      "apd-handled": "HA is off",
      "apd-timeout-alike": "HA is off",
      "vms-ha-protected": "HA is off",
      "vms-restart-not-disabled": "HA is off",
    });
  });

  it("where there is no host", async () => {
    const told = await without(({ inventory }) => (inventory.hosts = []));
    assert.deepEqual(told, {
      "fdm-secondaries-connected": "no connected host besides the master",
      "hosts-connected": "the cluster has no hosts",
      "hosts-not-in-maintenance": "the cluster has no hosts",
      "heartbeat-datastores": "no host is usable",
      "management-network-redundant": "no host is usable",
      "host-clocks-kept": "no host is usable",
      "host-versions-alike": "no host is usable",
      "apd-handled": "no host is usable",
      "apd-timeout-alike": "no host is usable",
      "vms-on-shared-storage": "no host is usable",
      "vms-on-shared-networks": "no host is usable",
      "vms-not-bound-to-one-host": "the cluster has fewer than two hosts",
    });
  });

  it("where there is one host, and no rule or override", async () => {
    const told = await without(({ inventory }) => {
      inventory.hosts = inventory.hosts.filter(({ fdmState }) => fdmState === "master");
      inventory.cluster.rules = [];
      inventory.cluster.overrides = [];
    });
    assert.deepEqual(told, {
      "fdm-secondaries-connected": "no connected host besides the master",
      "rules-agree": "no rule is enabled",
      "rules-leave-room-for-failover": "no anti-affinity rule is enabled",
      "restart-order-matches-dependencies": "no dependency rule is enabled",
      "overrides-in-effect": "no VM has an override",
      "vms-not-bound-to-one-host": "the cluster has fewer than two hosts",
    });
  });

  it("where every rule is turned off", async () => {
    const told = await without(({ inventory: { cluster } }) => {
      for (const rule of cluster.rules) rule.enabled = false;
    });
    assert.deepEqual(Object.keys(told), [
      "rules-agree",
      "rules-leave-room-for-failover",
      "restart-order-matches-dependencies",
    ]);
  });

  it("where HA may put VMs together that a rule keeps apart", async () => {
    const told = await without(({ inventory: { cluster }, config }) => {
      const options = { "das.respectvmvmantiaffinityrules": "False" };
      cluster.settings.haAdvancedOptions = options;
      config.cluster.declared.haAdvancedOptions = options;
    });
    assert.deepEqual(told, { "rules-leave-room-for-failover": "HA is told not to respect anti-affinity rules" });
  });

  it("of a cloud for which nothing is declared", async () => {
    const bare = cloudScene();
    bare.config.openstack = cloud({ flavors: [], images: [] });
    for (const vm of bare.config.vms) vm.openstack = undefined;
    bare.openstack.instances = { value: [] };
    bare.openstack.certificates = { value: [{ service: "nova", server: "127.0.0.1:8774", validTo: undefined }] };
    assert.deepEqual(reads(await lookAtCloud(bare), "not-applicable"), {
      "openstack-images": "no image is declared",
      "openstack-instances-present": "no instance is declared",
      "openstack-instance-states": "no instance is on the compute host",
      "openstack-instances-on-shared-storage": "no instance is on the compute host",
      "openstack-ports-bound": "no instance is declared",
      "openstack-quota": "no flavor is declared",
      "openstack-certificates": "all endpoints are plain HTTP on loopback",
    });
  });

  it("of a cloud on a cluster that has one host, or none that is usable", async () => {
    const small = cloudScene();
    small.inventory.hosts.splice(1);
    hostOf(small, 1).inMaintenanceMode = true;
    const results = await lookAtCloud(small);
    assert.equal(resultOf(results, "openstack-drs-fully-automated").read, "the cluster has one host");
    assert.equal(resultOf(results, "openstack-instances-on-shared-storage").read, "no host is usable");
  });
});

describe("what vCenter does not tell", () => {
  const untold: [string, string, string, string][] = [
    ["ha-enabled", "haEnabled", "vCenter does not tell", "true"],
    ["ha-host-monitoring", "haHostMonitoring", "vCenter does not tell", "enabled"],
    [
      "ha-admission-control-enabled",
      "haAdmissionControlPolicy",
      "vCenter does not tell",
      "resourcePercentage, slotPolicy or failoverHosts",
    ],
    ["isolation-address", "haAdvancedOptions", "vCenter does not tell", "advanced options"],
  ];
  for (const [check, setting, read, expected] of untold) {
    it(`leaves ${check} inconclusive`, async () => {
      const broken = scene();
      broken.config.cluster.declared = {};
      delete broken.inventory.cluster.settings[setting];
      const result = resultOf(await look(broken), check);
      assert.deepEqual(result.findings, [{ subject: setting, read, expected }]);
      assert.deepEqual([result.verdict, result.read], ["inconclusive", "not told"]);
    });
  }
});
