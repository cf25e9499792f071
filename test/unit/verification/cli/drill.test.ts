import assert from "node:assert/strict";
import { drillFailure, requirePasswords } from "../../../../verification/cli/drill";
import type { HostConfig } from "../../../../verification/config";
import type { CheckResult, DrillResult, Expectation, Journal, Verdict } from "../../../../verification/model";
import type { DrillName } from "../../../../verification/drills/variants";
import { Problems } from "../../../../verification/problems";

function expectation(verdict: Verdict): Expectation {
  return { id: verdict, statement: `states ${verdict}`, basis: "b", verdict, seen: `saw ${verdict}` };
}

function drill(host: string, verdict: Verdict): DrillResult {
  return {
    id: host,
    drill: "host-loss",
    host,
    fdmRole: "master",
    verdict,
    summary: `summary of ${host}`,
    started: "",
    ended: "",
    faultAt: undefined,
    steadyStateBefore: [],
    steadyStateAfter: [],
    expectations: [
      expectation("passed"),
      expectation("failed"),
      expectation("inconclusive"),
      expectation("not-applicable"),
    ],
    vms: [],
    timeline: [],
    undo: { fault: { kind: "host-power", host: "esx-01" }, description: "", done: true },
  };
}

function journal(change: Partial<Journal>): Journal {
  return {
    schemaVersion: 1,
    tool: { name: "vsphere-ha", version: "0" },
    command: "drill host-loss",
    started: "",
    ended: "",
    vcenter: undefined,
    timeScale: 1,
    simulated: [],
    lockOwner: undefined,
    target: { datacenter: "dc-1", cluster: "compute-1", hosts: [], vms: [] },
    checks: [],
    drills: [],
    means: [],
    verdict: "passed",
    error: undefined,
    ...change,
  };
}

const failedCheck: CheckResult = {
  id: "vms-reachable",
  title: "declared VMs answer",
  severity: "error",
  verdict: "failed",
  read: "0 of 1 VM",
  expected: "e",
  why: "w",
  source: "s",
  remedy: "r",
  findings: [],
};

describe("what a drill tells on standard error", () => {
  it("is nothing when it passed", () => {
    assert.equal(drillFailure(journal({ drills: [drill("esx-1", "passed")] })), undefined);
  });

  it("is the error of one that passed until then, and no check that did not pass beside a drill", () => {
    const drills = [drill("esx-1", "passed")];
    assert.equal(drillFailure(journal({ error: "interrupted", drills })), "vsphere-ha drill: interrupted");
    assert.equal(
      drillFailure(journal({ verdict: "failed", checks: [failedCheck] })),
      "vsphere-ha drill: failed on cluster compute-1",
    );
  });

  it("is each drill that did not pass, with the expectations that were missed or not seen", () => {
    const drills = [drill("esx-1", "passed"), drill("esx-2", "failed")];
    assert.deepEqual(drillFailure(journal({ verdict: "failed", drills }))?.split("\n"), [
      "vsphere-ha drill: failed on cluster compute-1",
      "- host-loss of esx-2 (failed): summary of esx-2",
      "    failed: states failed; seen: saw failed",
      "    inconclusive: states inconclusive; seen: saw inconclusive",
    ]);
  });

  it("is the reason of an early end, with the checks that kept the first drill from beginning", () => {
    const early = { verdict: "inconclusive" as const, error: "no steady state", checks: [failedCheck] };
    assert.match(
      drillFailure(journal(early)) ?? "",
      /^vsphere-ha drill: no steady state\nvsphere-ha check: failed on cluster compute-1/,
    );
    const refused = drillFailure(journal({ ...early, checks: [] }));
    assert.equal(refused, "vsphere-ha drill: no steady state");
    const later = drillFailure(journal({ ...early, drills: [drill("esx-1", "failed")] }));
    assert.match(
      later ?? "",
      /^vsphere-ha drill: no steady state\n- host-loss of esx-1 \(failed\): summary of esx-1\n/,
    );
    assert.doesNotMatch(later ?? "", /vsphere-ha check/);
  });
});

describe("passwords of hosts", () => {
  const bmc = { url: "https://b", systemId: undefined, username: "u", thumbprint: undefined, caFile: undefined };
  const shell = { host: "a", port: 22, user: "root", keyFile: undefined, hostKey: "k", knownHostsFile: undefined };
  const hosts: HostConfig[] = [
    { name: "a", bmc: { ...bmc, passwordEnv: "A" }, ssh: { ...shell, passwordEnv: "S" } },
    { name: "b", bmc: { ...bmc, passwordEnv: "B" }, ssh: { ...shell, passwordEnv: "K", keyFile: "a file" } },
    { name: "c", bmc: { ...bmc, passwordEnv: "B" }, ssh: undefined },
    { name: "d", bmc: undefined, ssh: undefined },
  ];

  function missing(drill: DrillName, env: Record<string, string>): string[] {
    try {
      requirePasswords(drill, hosts, env);
      return [];
    } catch (error) {
      assert.ok(error instanceof Problems);
      return error.problems.map(({ path }) => path);
    }
  }

  it("are asked for before anything is touched, each variable once", () => {
    assert.deepEqual(missing("host-loss", { A: "" }), ["A", "B"]);
    assert.deepEqual(missing("host-loss", { A: "x", B: "y" }), []);
  });

  it("are told with what asks for them", () => {
    assert.throws(
      () => {
        requirePasswords("host-loss", hosts, { A: "x" });
      },
      {
        message:
          "1 problem in the environment:\n  B is not set: the drill host-loss logs in to the hosts' management " +
          "controllers, and passwords come only by the environment; set B",
      },
    );
    assert.throws(() => {
      requirePasswords("apd", hosts, {});
    }, /\n {2}S is not set: the drill apd logs in to the hosts' ESXi Shell, /);
  });

  it("are not asked for where a drill acts through vCenter alone", () => {
    assert.deepEqual(missing("maintenance-mode", {}), []);
    assert.deepEqual(missing("guest-hang", {}), []);
  });

  it("are those of SSH where a drill acts in the ESXi Shell, and none where a key is used", () => {
    assert.deepEqual(missing("host-isolation", {}), ["S"]);
    assert.deepEqual(missing("host-isolation", { S: "x" }), []);
  });
});
