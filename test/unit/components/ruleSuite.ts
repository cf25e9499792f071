import assert from "node:assert/strict";
import type { ClusterTarget } from "../../../components";
import { plain, problemsOf, type Rule } from "../../../components/validation";

export const target: ClusterTarget = {
  datacenterName: "Lab",
  datacenterId: "datacenter-1",
  clusterName: "ha",
  clusterId: "domain-c1",
  resourcePoolId: "resgroup-1",
  hostIds: { "esx-01": "host-1", "esx-02": "host-2" },
  datastoreIds: { "ha-a": "datastore-1" },
  networkIds: { "vm-ha": "network-1" },
  declared: {},
  digest: "d",
};

/** What to change in good arguments, and the paths at which that must be refused. */
export type Case = [change: object, ...paths: string[]];

/** Breaks every rule by one case or more. */
export function suite<A>(name: string, good: A, rules: Rule<A>[], cases: Case[]): void {
  describe(name, () => {
    it("takes good arguments", () => {
      assert.deepEqual(problemsOf(plain(good), rules), []);
    });
    for (const [change, ...paths] of cases) {
      it(`fails on ${JSON.stringify(change)} at ${paths.join(" and ")}`, () => {
        const problems = problemsOf(plain({ ...good, ...change }), rules);
        assert.deepEqual(problems.map(({ path }) => path).sort(), [...paths].sort());
        assert.ok(problems.every(({ rule, remedy }) => rule !== "" && remedy !== ""));
      });
    }
    it("has no rule that none of these cases breaks", () => {
      const broken = new Set(
        cases.flatMap(([change]) => problemsOf(plain({ ...good, ...change }), rules).map(({ rule }) => rule)),
      );
      assert.deepEqual(
        rules.map(({ rule }) => rule).filter((rule) => !broken.has(rule)),
        [],
      );
    });
  });
}
