import assert from "node:assert/strict";
import { joined } from "../../../verification/joined";
import { check, drill, journal } from "./report/fixture";

describe("journals of several runs", () => {
  const first = journal({ command: "drill host-loss", started: "2026-01-31T12:00:00Z", ended: "2026-01-31T12:05:00Z" });
  const second = journal({
    command: "drill nova-compute-down",
    started: "2026-01-31T12:06:00Z",
    ended: "2026-01-31T12:09:00Z",
    drills: [drill({ drill: "nova-compute-down", id: "nova-compute-down-1-esx-01" })],
  });

  it("become one of all drills, each under an id of its own, over the whole time", () => {
    const { command, started, ended, drills, means } = joined(first, second);
    assert.deepEqual(
      { command, started, ended, ids: drills.map(({ id }) => id) },
      {
        command: "drill",
        started: "2026-01-31T12:00:00Z",
        ended: "2026-01-31T12:09:00Z",
        ids: ["host-loss-1-esx-01", "nova-compute-down-2-esx-01"],
      },
    );
    assert.equal(means[0]?.hosts, 1, "a loss with another fault beside counts in no mean");
  });

  it("have the checks and the view of OpenStack that were read last", () => {
    const view = { cloud: "keystone:5000", capacity: { vcenter: "1", nova: "1", placement: "1" }, instances: [] };
    const last = journal({ command: "check", checks: [check({ id: "last" })], drills: [], openstack: view });
    const { checks, openstack, command } = joined(first, last, { ...second, checks: [] });
    assert.deepEqual(
      checks.map(({ id }) => id),
      ["last"],
    );
    assert.equal(openstack, view);
    assert.equal(command, "drill and check");
  });

  it("pass only if every one passed, and keep what ended one early", () => {
    assert.equal(joined(first, second).verdict, "passed");
    assert.equal(joined(first, { ...second, verdict: "failed" }).verdict, "failed");
    const early = joined(first, { ...second, verdict: "inconclusive", error: "interrupted" });
    assert.deepEqual([early.verdict, early.error], ["inconclusive", "interrupted"]);
  });

  it("are refused when they are of two clusters", () => {
    const other = journal({ target: { ...first.target, cluster: "other" } });
    assert.throws(() => joined(first, other), /not of one cluster \(compute of u .*; other of u .*\)/);
  });
});
