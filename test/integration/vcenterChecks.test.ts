import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { startLab, stopLab, type Lab } from "../../lab/lab";
import { checks, runChecks } from "../../verification/checks";
import { settle } from "../../verification/checks/settle";
import { Clock } from "../../verification/clock";
import { parseConfig, type VerificationConfig } from "../../verification/config";
import type { Json } from "../../verification/config/layers";
import type { CheckResult, Verdict } from "../../verification/model";
import { probeTcp } from "../../verification/probes/tcp";
import { connect, type VCenter } from "../../verification/vcenter/client";
import { element } from "../../verification/vcenter/xml";
import { breaks, type Field } from "./breakVcenterChecks";
import { group, inReverse, override, rule, vmElement, vms } from "./clusterEdits";
import { Administrator, smallClusterDocument, smallClusterInOrder } from "./smallCluster";

const name = "checks";
const timeScale = 20;
const hosts = ["esx-01.lab.test", "esx-02.lab.test", "esx-03.lab.test", "esx-04.lab.test"];
const document = smallClusterDocument(hosts, timeScale);

describe("each check of the cluster", function () {
  this.timeout(180_000);
  let lab: Lab;
  let config: VerificationConfig;
  let vcenter: VCenter;
  let field: Field;
  /** What ends that which was started, as far as it got. */
  const started: (() => Promise<unknown>)[] = [];
  const clock = new Clock(timeScale);

  before(async () => {
    lab = await startLab({ name, timeScale });
    started.push(() => stopLab(name));
    const admin = await Administrator.logIn(lab.env, timeScale);
    started.push(() => admin.logOut());
    await admin.buildCluster("compute-1", hosts);
    config = parseConfig(document as Json, lab.env);
    vcenter = await connect(config, lab.env);
    started.push(() => vcenter.close());
    field = { lab, admin, inventory: () => vcenter.inventory(), fault, declare, lookThrough };
  });

  after(async () => {
    for (const end of started.reverse()) await end();
  });

  async function fault(body: Record<string, string | number>): Promise<() => Promise<void>> {
    const answer = await fetch(`${lab.faultUrl}/faults`, { method: "POST", body: JSON.stringify(body) });
    assert.equal(answer.status, 201, await answer.clone().text());
    const { id } = (await answer.json()) as { id: string };
    return async () => {
      await fetch(`${lab.faultUrl}/faults/${id}`, { method: "DELETE" });
    };
  }

  function declare(settings: Record<string, string | number | boolean>): () => void {
    const before = config.cluster.declared;
    config.cluster.declared = { ...before, ...settings };
    return () => {
      config.cluster.declared = before;
    };
  }

  async function lookThrough(server: string, caFile: string): Promise<() => Promise<void>> {
    const own = { vcenter, config };
    const env = { ...lab.env, VSPHERE_SERVER: server, VSPHERE_HA_CA_FILE: caFile };
    config = parseConfig(document as Json, env);
    vcenter = await connect(config, env);
    return async () => {
      await vcenter.close();
      ({ vcenter, config } = own);
    };
  }

  async function judge(): Promise<CheckResult[]> {
    const inventory = await vcenter.inventory();
    return runChecks({ inventory, config, probe: ({ address, port }) => probeTcp(address, port, 2000) });
  }

  async function settled(): Promise<void> {
    assert.deepEqual(told(await settle(judge, { clock, budgetSeconds: 600 })), smallClusterInOrder);
  }

  /** Looks until the verdicts are these: others may fail for a while, as when a master leaves and another is elected. */
  async function seen(verdicts: Record<string, Verdict>): Promise<CheckResult[]> {
    const until = clock.now() + clock.wallMs(300);
    for (;;) {
      const results = await judge();
      if (isDeepStrictEqual(told(results), verdicts)) return results;
      if (clock.now() >= until) assert.deepEqual(told(results), verdicts);
      await clock.wait(2);
    }
  }

  function told(results: CheckResult[]): Record<string, Verdict> {
    return Object.fromEntries(results.map(({ id, verdict }) => [id, verdict]));
  }

  it("passes on a cluster in order, except where there is nothing to check", settled);

  for (const { check, when, breakIt, finds, also } of breaks) {
    it(`${check} fails alone when ${when}`, async () => {
      const mend = await breakIt(field);
      try {
        const results = await seen({ ...smallClusterInOrder, ...also, [check]: "failed" });
        const findings = results.find(({ id }) => id === check)?.findings ?? [];
        assert.match(
          findings.map(({ subject, read, expected }) => `${subject}: ${read}; ${expected}`).join("|"),
          finds,
        );
      } finally {
        await mend();
      }
      await settled();
    });
  }

  it("finds nothing where vCenter refuses the contradiction: a VM that restarts before what it waits for", async () => {
    const { admin } = field;
    const [ubuntu, xp] = await vms(admin);
    const undo = [
      await group(admin, "web", "ClusterVmGroup", vmElement(ubuntu)),
      await group(admin, "database", "ClusterVmGroup", vmElement(xp)),
      await rule(
        admin,
        "web-after-database",
        "ClusterDependencyRuleInfo",
        element("vmGroup", "web") + element("dependsOnVmGroup", "database"),
      ),
    ];
    try {
      const first = override(admin, ubuntu, "<restartPriority>highest</restartPriority>");
      await assert.rejects(first, /\(InvalidArgument\)/);
      await seen({ ...smallClusterInOrder, "rules-agree": "passed", "restart-order-matches-dependencies": "passed" });
    } finally {
      await inReverse(undo);
    }
    await settled();
  });

  it("has a test here that sees it fail, unless vCenter lets nobody break it", () => {
    const broken = [...breaks.map(({ check }) => check), "restart-order-matches-dependencies"];
    assert.deepEqual(
      checks.map(({ id }) => id).filter((id) => !broken.includes(id)),
      [],
    );
  });
});
