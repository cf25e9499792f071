import assert from "node:assert/strict";
import { hostname, userInfo } from "node:os";
import { EngineLog, type EngineEvent } from "../../../../verification/deploy/engineLog";
import { lockedMessage, lockHolder, mayBeAlive } from "../../../../verification/deploy/lockHolder";
import {
  countText,
  driftResult,
  madeChanges,
  policyResults,
  previewResult,
  undeployedResult,
  upResult,
} from "../../../../verification/deploy/results";
import type { Operation } from "../../../../verification/deploy/stack";
import { pendingOf, pendingText } from "../../../../verification/deploy/state";
import type { CheckResult } from "../../../../verification/model";

function operation(events: EngineEvent[] = [], failure?: string): Operation {
  const log = new EngineLog();
  for (const event of events) log.add(event);
  return { log, failure };
}

const metadata = (op: string, name: string, properties: Record<string, [unknown, unknown]> = {}) => ({
  op,
  urn: `urn:pulumi:dev::p::t::${name}`,
  type: "vsphere:index/host:Host",
  old: { custom: true, outputs: Object.fromEntries(Object.entries(properties).map(([key, [from]]) => [key, from])) },
  new: {
    custom: true,
    inputs: Object.fromEntries(Object.entries(properties).map(([key, [, to]]) => [key, to])),
    outputs: Object.fromEntries(Object.entries(properties).map(([key, [, to]]) => [key, to])),
  },
  detailedDiff: Object.fromEntries(Object.keys(properties).map((key) => [key, {}])),
});
const begin = (...of: Parameters<typeof metadata>): EngineEvent => ({
  resourcePreEvent: { metadata: metadata(...of) },
});
const done = (...of: Parameters<typeof metadata>): EngineEvent => ({ resOutputsEvent: { metadata: metadata(...of) } });

const asked: EngineEvent = { policyAnalyzeSummaryEvent: { policyPackName: "p", passed: ["a", "b"], failed: [] } };
const broken = (enforcementLevel: string): EngineEvent => ({
  policyEvent: { policyName: "a", policyPackName: "p", enforcementLevel, message: "HA is off" },
});

const brief = ({ id, verdict, read, findings }: CheckResult): unknown[] => [
  id,
  verdict,
  read,
  findings.map(({ subject, read: is, expected }) => `${subject}: ${is}; expected ${expected}`),
];

describe("policies of a deployment", () => {
  it("are not asked where no pack is given", () => {
    assert.deepEqual(policyResults(operation(), 0), []);
  });

  it("pass when every rule of every pack was asked and none is broken", () => {
    assert.deepEqual(policyResults(operation([asked]), 1).map(brief), [
      ["policies-kept", "passed", "2 rules of 1 policy pack", []],
      ["policies-advised", "passed", "2 rules of 1 policy pack", []],
    ]);
  });

  it("fail with each violation, by its level; an advisory one is a warning", () => {
    const [kept, advised] = policyResults(operation([asked, broken("mandatory"), broken("advisory")], "refused"), 1);
    assert.ok(kept !== undefined && advised !== undefined);
    assert.deepEqual(brief(kept), [
      "policies-kept",
      "failed",
      "2 rules of 1 policy pack, 1 violation",
      ["a, the stack: HA is off; expected the rule holds"],
    ]);
    assert.deepEqual([advised.verdict, advised.severity, kept.severity], ["failed", "warning", "error"]);
  });

  it("are not known, never passed, when a pack did not run, or not to its end", () => {
    const of = (operation_: Operation, packs: number): string[] =>
      policyResults(operation_, packs).map(({ verdict }) => verdict);
    assert.deepEqual(of(operation(), 1), ["inconclusive", "inconclusive"]);
    assert.deepEqual(of(operation([asked]), 2), ["inconclusive", "inconclusive"]);
    assert.deepEqual(of(operation([asked], "the provider died"), 1), ["inconclusive", "inconclusive"]);
  });
});

describe("results of a deployment", () => {
  const changes = [begin("create", "a"), begin("create", "b"), begin("update", "c", { x: [1, 2] })];

  it("tell what a preview would change, or why there is none", () => {
    assert.deepEqual(brief(previewResult(operation(changes))), [
      "preview-complete",
      "passed",
      "2 to create, 1 to update",
      [],
    ]);
    assert.deepEqual(brief(previewResult(operation([], "no such provider"))), [
      "preview-complete",
      "failed",
      "the preview failed",
      ["Pulumi: no such provider; expected no error"],
    ]);
  });

  it("tell what was made, and what is left when it failed", () => {
    const up = (of: Operation, proposed = of.log.changes(false)): CheckResult =>
      upResult(of, madeChanges(of, proposed));
    assert.equal(up(operation(changes)).verdict, "passed");
    assert.deepEqual(brief(up(operation([...changes, done("create", "a")], "b: no space"))), [
      "deployment-complete",
      "failed",
      "1 change of 3 made",
      ["Pulumi: b: no space; expected no error", "b: unfinished; expected done", "c: unfinished; expected done"],
    ]);
    const early = operation([begin("create", "a"), done("create", "a")], "interrupted");
    assert.deepEqual(
      madeChanges(early, operation(changes).log.changes(false)).map(({ resource, state }) => `${resource} ${state}`),
      ["a done", "b unfinished", "c unfinished"],
    );
    const whole = operation([begin("create", "a"), done("create", "a")]);
    assert.equal(madeChanges(whole, operation(changes).log.changes(false)).length, 1);
  });

  it("tell drift by resource and property, as it is and as it was deployed", () => {
    assert.deepEqual(brief(driftResult(operation())), ["nothing-drifted", "passed", "nothing changed", []]);
    const events = [
      begin("refresh", "cluster"),
      done("update", "cluster", { haEnabled: [true, false] }),
      begin("refresh", "rule"),
      done("delete", "rule"),
    ];
    assert.deepEqual(brief(driftResult(operation(events))), [
      "nothing-drifted",
      "failed",
      "2 resources changed",
      ["cluster, haEnabled: false; expected true", "rule: gone from vCenter; expected there, as deployed"],
    ]);
  });

  it("tell what was not deployed", () => {
    assert.deepEqual(brief(undeployedResult(operation())), ["nothing-undeployed", "passed", "nothing to change", []]);
    assert.deepEqual(brief(undeployedResult(operation(changes))), [
      "nothing-undeployed",
      "failed",
      "2 to create, 1 to update",
      ["a: to create; expected deployed", "b: to create; expected deployed", "c, x: 1; expected 2"],
    ]);
  });

  it("count by kind", () => {
    assert.equal(countText([]), "nothing to change");
  });
});

describe("the lock of a stack", () => {
  const message = "the stack is currently locked by 1 lock(s).\n  created by me@here (pid 42) at 2026-01-31T12:00:00Z";

  it("is held by whom Pulumi names", () => {
    assert.deepEqual(lockHolder(message), { user: "me", host: "here", pid: 42, since: "2026-01-31T12:00:00Z" });
    assert.equal(lockHolder("another update is in progress"), undefined);
  });

  it("may be held by a process that lives, unless it was one of this machine and account that is gone", () => {
    const mine = { user: userInfo().username, host: hostname(), pid: process.pid, since: "" };
    assert.equal(mayBeAlive(mine), true);
    // No process has this id: Linux gives none above 4194304.
    const gone = { ...mine, pid: 4_194_305 };
    assert.equal(mayBeAlive(gone), false);
    assert.equal(mayBeAlive({ ...gone, host: "elsewhere" }), true);
    assert.equal(mayBeAlive({ ...gone, user: "somebody" }), true);
  });

  it("refuses with whose it is, and what to do", () => {
    const holder = lockHolder(message);
    assert.equal(
      lockedMessage("prod", holder),
      "another deployment of stack prod is under way, by me on here (process 42) since 2026-01-31T12:00:00Z: wait for it, " +
        "then deploy again. If you know that it was killed: pulumi cancel --stack prod, then deploy again, which continues it",
    );
    assert.equal(
      lockedMessage("prod", undefined),
      "another deployment of stack prod is under way: wait for it, then deploy again. If it was killed: " +
        "pulumi cancel --stack prod, then deploy again, which continues it",
    );
  });
});

describe("what a killed deployment was at", () => {
  it("is read from the state", () => {
    const resource = { urn: "urn:pulumi:dev::p::t::ubuntu-1", type: "t" };
    const state = { version: 3, deployment: { pending_operations: [{ type: "creating", resource }] } };
    assert.deepEqual(pendingOf(state).map(pendingText), ["creating ubuntu-1"]);
    assert.deepEqual(pendingOf({ version: 3, deployment: {} }), []);
    assert.deepEqual(pendingOf({ version: 3, deployment: undefined as never }), []);
  });
});
