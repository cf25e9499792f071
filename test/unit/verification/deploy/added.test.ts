import assert from "node:assert/strict";
import { addedResult } from "../../../../verification/deploy/added";
import type { StateResource } from "../../../../verification/deploy/state";
import type { ClusterRule, VmOverride } from "../../../../verification/clusterRules";
import type { Inventory } from "../../../../verification/model";
import { override, scene, vm } from "../checks/fixture";

const clusterId = "domain-c1";
const resource = (type: string, name: string, id: string): StateResource => ({
  urn: `urn:pulumi:dev::p::t::${name}`,
  type: `vsphere:index/${type}`,
  id,
  inputs: { computeClusterId: clusterId, name },
});
const declaredRule = (name: string, kind = "VmAntiAffinity"): StateResource =>
  resource(`computeCluster${kind}Rule:ComputeCluster${kind}Rule`, name, `${clusterId}:1`);
const haOf = (name: string): StateResource => resource("haVmOverride:HaVmOverride", name, `${clusterId}:bios-${name}`);
const drsOf = (name: string): StateResource =>
  resource("drsVmOverride:DrsVmOverride", name, `${clusterId}:bios-${name}`);

interface Found {
  overrides?: VmOverride[];
  rules?: ClusterRule[];
}

/** What is found of a cluster with two VMs of the stack, one that is only verified, and one of somebody else. */
function found({ overrides = [], rules = [] }: Found, declared: StateResource[] = []): string[] {
  const { inventory } = scene();
  const read: Inventory = {
    ...inventory,
    cluster: { ...inventory.cluster, id: clusterId, overrides, rules },
    vms: ["ours-1", "ours-2", "checked", "theirs"].map((name) => vm(name, { id: `vm-${name}` })),
  };
  const machines = ["ours-1", "ours-2"].map((name) => resource("virtualMachine:VirtualMachine", name, `bios-${name}`));
  const state = { version: 3, deployment: { resources: [...machines, ...declared] } };
  const { verdict, findings } = addedResult(read, state, ["checked"]);
  assert.equal(verdict, findings.length > 0 ? "failed" : "passed");
  return findings.map(({ subject, read: is, expected }) => `${subject}: ${is}; expected ${expected}`);
}

const apart = (name: string, ...vms: string[]): ClusterRule => ({
  name,
  enabled: true,
  kind: "apart",
  vms: vms.map((one) => `vm-${one}`),
});

describe("what was added to a cluster by hand", () => {
  it("is nothing where every override and rule is declared", () => {
    const overrides = [override("vm-ours-1", { restartPriority: "highest", drs: "manual" })];
    const rules = [apart("spread", "ours-1", "ours-2")];
    assert.deepEqual(found({ overrides, rules }, [haOf("ours-1"), drsOf("ours-1"), declaredRule("spread")]), []);
    assert.deepEqual(found({}), []);
  });

  it("is an override of a VM that has none declared, with what it sets", () => {
    const set = {
      restartPriority: "lowest",
      restartTimeoutSeconds: 60,
      readiness: { condition: "poweredOn", delaySeconds: 5 },
      isolationResponse: "none",
      componentProtection: { apd: "disabled", pdl: "warning", apdDelaySeconds: 9, apdCleared: "reset" },
      monitoring: { mode: "vmMonitoringDisabled", followsCluster: false },
    };
    assert.deepEqual(found({ overrides: [override("vm-ours-1", set)] }), [
      "ours-1: an HA override: restart priority lowest, restart timeout in s 60, next priority starts after poweredOn, " +
        "additional delay in s 5, isolation response none, response to APD disabled, its delay in s 9, after APD reset, " +
        "response to PDL warning, VM monitoring vmMonitoringDisabled; expected no HA override, as declared",
    ]);
  });

  it("is each kind of override by itself: HA's says nothing of DRS's", () => {
    const overrides = [override("vm-ours-1", { restartPriority: "low", drs: "disabled" })];
    const ha = "ours-1: an HA override: restart priority low; expected no HA override, as declared";
    const drs = "ours-1: a DRS override: disabled; expected no DRS override, as declared";
    assert.deepEqual(found({ overrides }), [ha, drs]);
    assert.deepEqual(found({ overrides }, [haOf("ours-1")]), [drs]);
    assert.deepEqual(found({ overrides }, [drsOf("ours-1")]), [ha]);
    assert.deepEqual(found({ overrides }, [haOf("ours-2"), drsOf("ours-2")]), [ha, drs]);
  });

  it("is no override that leaves everything to the cluster", () => {
    const monitoring = { mode: "vmMonitoringOnly", followsCluster: true };
    assert.deepEqual(found({ overrides: [override("vm-ours-1", { monitoring })] }), []);
    const own = { mode: undefined, followsCluster: false };
    assert.equal(found({ overrides: [override("vm-ours-1", { monitoring: own })] }).length, 1);
  });

  it("is a rule of each kind, by its name and whom it binds", () => {
    const vms = ["vm-ours-1"];
    const on = { enabled: true, kind: "vm-host" as const, vms, hosts: ["host-1"], avoid: false, mandatory: true };
    const rules: ClusterRule[] = [
      { ...apart("a", "ours-1", "theirs"), enabled: false },
      { name: "b", enabled: true, kind: "together", vms: ["vm-checked", "vm-gone"] },
      { name: "c", ...on },
      { name: "d", ...on, hosts: ["host-1", "host-2"], avoid: true, mandatory: false },
      { name: "e", enabled: true, kind: "dependency", vms: ["vm-theirs"], dependsOn: vms },
    ];
    assert.deepEqual(
      found({ rules }),
      [
        "rule a: ours-1, theirs apart, turned off",
        "rule b: checked, vm-gone together",
        "rule c: ours-1 must run on 1 host",
        "rule d: ours-1 should not run on 2 hosts",
        "rule e: theirs after ours-1",
      ].map((text) => `${text}; expected no such rule, as declared`),
    );
    const declared = ["VmAffinity", "VmAntiAffinity", "VmHost", "VmDependency"].map((kind, n) =>
      declaredRule("bace"[n] ?? "", kind),
    );
    assert.deepEqual(found({ rules }, declared).length, 1);
  });

  it("is a rule that has the name of one of another cluster", () => {
    const elsewhere = { ...declaredRule("spread"), inputs: { computeClusterId: "domain-c2", name: "spread" } };
    assert.equal(found({ rules: [apart("spread", "ours-1", "ours-2")] }, [elsewhere]).length, 1);
  });

  it("is nothing that concerns only VMs of others", () => {
    const overrides = [override("vm-theirs", { restartPriority: "lowest", drs: "manual" })];
    assert.deepEqual(found({ overrides, rules: [apart("other-team", "theirs")] }), []);
  });
});
