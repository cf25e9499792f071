import assert from "node:assert/strict";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkedDrills, type StackOptions } from "../../../../verification/deploy/request";
import { stackJournal } from "../../../../verification/deploy/journal";
import { Problems } from "../../../../verification/problems";
import { deploymentMarkdown, deploymentText } from "../../../../verification/report/deployment";
import { check, journal } from "../report/fixture";
import type { ResourceChange } from "../../../../verification/model";

describe("the command line of a deployment", () => {
  let dir: string;
  let options: StackOptions;
  const env = {
    VSPHERE_SERVER: "vc",
    VSPHERE_USER: "u",
    VSPHERE_PASSWORD: "p",
    VSPHERE_HA_THUMBPRINT: "AA".repeat(32),
  };

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "request-"));
    writeFileSync(join(dir, "Pulumi.yaml"), "");
    mkdirSync(join(dir, "pack"));
    writeFileSync(join(dir, "pack", "PulumiPolicy.yaml"), "");
    writeFileSync(join(dir, "pack.json"), "{}");
    options = {
      stack: "prod",
      cwd: dir,
      config: [],
      policyPack: [join(dir, "pack")],
      policyPackConfig: [join(dir, "pack.json")],
      preview: false,
      drill: ["host-loss"],
    };
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  function problems(changes: Partial<StackOptions>, of: Record<string, string> = env): string[] {
    try {
      checkedDrills({ ...options, ...changes }, of);
      return [];
    } catch (error) {
      assert.ok(error instanceof Problems, String(error));
      return error.problems.map(({ path, rule }) => `${path}: ${rule}`);
    }
  }

  it("is right with a stack, its folder, packs and drills that are there", () => {
    assert.deepEqual(checkedDrills(options, env), ["host-loss"]);
    writeFileSync(join(dir, "Pulumi.yml"), "");
    rmSync(join(dir, "Pulumi.yaml"));
    assert.deepEqual(problems({}), []);
  });

  it("is refused with everything that is wrong, at once", () => {
    writeFileSync(join(dir, "bad.json"), "{");
    const found = problems({
      stack: " ",
      cwd: join(dir, "pack"),
      policyPack: [dir],
      policyPackConfig: [join(dir, "bad.json"), join(dir, "none.json"), dir],
      drill: ["earthquake"],
      preview: true,
    });
    assert.deepEqual(found, [
      "--stack: must name a stack",
      "--cwd: must be the folder of a Pulumi program",
      "--policy-pack: must be the folder of a policy pack",
      "--policy-pack-config: must be JSON",
      "--policy-pack-config: must be a file that is there",
      "--policy-pack-config: must be a file that is there",
      "--policy-pack-config: must belong to a policy pack, and there are 1",
      "--drill: must be a drill",
      "--drill: a preview deploys nothing that could be drilled",
    ]);
  });

  it("needs what the checks need, but for a preview", () => {
    assert.ok(problems({ drill: [] }, {}).some((line) => line.includes("VSPHERE_PASSWORD")));
    assert.deepEqual(problems({ drill: [], preview: true }, {}), []);
    assert.ok(problems({ config: [join(dir, "none.json")] }).length > 0);
  });
});

describe("the journal of a deployment", () => {
  const run = {
    command: "deploy" as const,
    stack: "prod",
    started: new Date(0),
    config: undefined,
    results: [check()],
  };

  it("is of the stack alone before its cluster was looked at", () => {
    const one = stackJournal(run);
    assert.deepEqual(
      [one.verdict, one.target.cluster, one.vcenter, one.error],
      ["passed", "stack prod", undefined, undefined],
    );
  });

  it("has the results of the deployment before those of the cluster, and the worse verdict", () => {
    const failed = journal({ checks: [check({ id: "b", verdict: "failed" })], verdict: "failed" });
    const one = stackJournal(run, failed);
    assert.deepEqual(
      one.checks.map(({ id }) => id),
      ["ha-on", "b"],
    );
    assert.equal(one.verdict, "failed");
    assert.equal(one.command, "deploy");
    const bad = { ...run, results: [check({ verdict: "failed" })] };
    assert.equal(stackJournal(bad, journal()).verdict, "failed");
  });

  it("passed nothing when it ended early", () => {
    const one = stackJournal({ ...run, error: "interrupted" }, journal({ error: "so was the check" }));
    assert.deepEqual([one.verdict, one.error], ["inconclusive", "interrupted\nso was the check"]);
  });
});

describe("a deployment in reports", () => {
  const change = (state: ResourceChange["state"], value = "b"): ResourceChange => ({
    resource: "ubuntu-1",
    type: "vsphere:index/virtualMachine:VirtualMachine",
    operation: "update",
    state,
    properties: [{ property: "memory", before: "a", after: value }],
  });
  const of = (...changes: ResourceChange[]) => ({ stack: "prod", changes, notes: ["a lock was released"] });

  it("counts what is proposed, and what was made", () => {
    assert.equal(deploymentText(of()), "nothing to change");
    assert.equal(deploymentText(of(change("proposed"))), "1 change proposed");
    assert.equal(deploymentText(of(change("done"), change("failed"))), "1 of 2 changes made");
  });

  it("is a table in Markdown, long values cut", () => {
    const lines = deploymentMarkdown(of(change("done", "x".repeat(121))));
    assert.deepEqual(lines.slice(0, 5), [
      "## Stack prod: 1 of 1 change made",
      "",
      "- a lock was released",
      "",
      "| Resource | Type | Operation | State | Properties |",
    ]);
    assert.equal(
      lines[6]?.replaceAll("\\", ""),
      `| ubuntu-1 | VirtualMachine | update | done | memory: a → ${"x".repeat(119)}… |`,
    );
    assert.deepEqual(deploymentMarkdown({ stack: "prod", changes: [], notes: [] }), [
      "## Stack prod: nothing to change",
      "",
    ]);
  });
});
