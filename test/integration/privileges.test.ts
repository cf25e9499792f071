import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Duty } from "../../bin/privilegesPage";
import { parseConfig } from "../../verification/config";
import { connect } from "../../verification/vcenter/client";
import { DrillLab, type Run } from "./drillLab";
import { OperatorRole } from "./operatorRole";

const file = join(resolve(__dirname, "../.."), "docs", "privileges.json");
const duties = JSON.parse(readFileSync(file, "utf8")) as Duty[];

const subjects: Record<string, string[]> = {
  "maintenance-mode": ["--host", "esx-03.lab.test"],
  "guest-hang": ["--vm", "ubuntu-1"],
};

/** The privileges of a drill: those of every one, and its own. */
const privilegesOf = (drill: string): Duty["privileges"] =>
  duties.filter(({ task }) => task === "drill" || task === drill).flatMap(({ privileges }) => privileges);

describe("a vCenter user with just the privileges of the table", function () {
  this.timeout(300_000);
  let lab: DrillLab;
  let role: OperatorRole;

  before(async () => {
    lab = await DrillLab.start("privileges", 3, 20);
    await lab.reconfigure("<dasConfig><vmMonitoring>vmMonitoringOnly</vmMonitoring></dasConfig>");
    role = await OperatorRole.of(lab.lab, lab.admin);
  });

  after(() => lab.stop());

  async function run(args: string[], privileges: readonly string[]): Promise<Run> {
    await role.may(privileges);
    return lab.verifier(args, undefined, role.env);
  }

  /** Whether every host is in service, and every VM on; no lock is left. */
  async function assertInOrder(): Promise<void> {
    const vcenter = await connect(parseConfig(lab.document, lab.lab.env), lab.lab.env);
    try {
      const { hosts, vms } = await vcenter.inventory();
      assert.ok(hosts.every(({ inMaintenanceMode }) => !inMaintenanceMode));
      assert.ok(vms.every(({ powerState, system }) => system || powerState === "poweredOn"));
      const lock = await vcenter.acquireLock("the test", 60);
      await lock.release();
    } finally {
      await vcenter.close();
    }
  }

  /** A drill moves VMs to its host only when they are elsewhere. */
  async function emptyHost(): Promise<void> {
    const vcenter = await connect(parseConfig(lab.document, lab.lab.env), lab.lab.env);
    try {
      const { hosts, vms } = await vcenter.inventory();
      const [first, last] = [
        hosts.find(({ name }) => name.startsWith("esx-01")),
        hosts.find(({ name }) => name.startsWith("esx-03")),
      ];
      assert.ok(first && last);
      for (const { id } of vms.filter(({ hostId, system }) => hostId === last.id && !system)) {
        await vcenter.moveVm(id, first.id);
      }
    } finally {
      await vcenter.close();
    }
  }

  it("checks with none but those that looking needs", async () => {
    const { code, output } = await run(["check"], []);
    assert.equal(code, 0, output);
  });

  for (const [drill, subject] of Object.entries(subjects)) {
    const report = (): string => join(lab.dir, drill);
    const all = privilegesOf(drill).map(({ privilege }) => privilege);

    it(`runs ${drill}`, async () => {
      const { code, output } = await run(["drill", drill, ...subject, "--report", report()], all);
      // What its verdict is, on a busy machine too, is the matter of that drill's own test.
      assert.notEqual(code, 2, output);
      assert.doesNotMatch(output, /NoPermission|lacks the privilege/);
      assert.ok(existsSync(report()));
      await assertInOrder();
    });

    for (const { privilege, call } of privilegesOf(drill)) {
      it(`is told in ${drill} that ${privilege} is missing, for which call and where, and breaks nothing`, async () => {
        const rest = all.filter((one) => one !== privilege);
        if (privilege === "Resource.HotMigrate") await emptyHost();
        const { code, output } = await run(["drill", drill, ...subject, "--report", report()], rest);
        assert.equal(code, 2, output);
        const named = new RegExp(`lacks the privilege ${privilege.replaceAll(".", "\\.")} on \\w+ [\\w-]+`);
        assert.match(output, named);
        assert.match(output, new RegExp(call));
        assert.doesNotMatch(output, /\n\s+at /);
        await assertInOrder();
      });
    }
  }
});
