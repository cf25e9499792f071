import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "../../verification/config";
import { drillNames, variantOf } from "../../verification/drills/variants";
import { connect } from "../../verification/vcenter/client";
import { DrillLab } from "./drillLab";

/** What changes by itself from one look to the next. */
const volatile = ["takenAt", "cpuUsageMhz", "memoryUsageMb", "uptimeSeconds", "configIssues"];

describe("drill --plan on the lab", function () {
  this.timeout(300_000);
  let lab: DrillLab;

  before(async () => {
    lab = await DrillLab.start("plans", 4);
    await lab.reconfigure("<dasConfig><vmMonitoring>vmMonitoringOnly</vmMonitoring></dasConfig>");
    const { code, output } = await lab.verifier(["check"]);
    assert.equal(code, 0, output);
  });

  after(() => lab.stop());

  /** The whole inventory, and every event, as one text. */
  async function state(): Promise<string> {
    const vcenter = await connect(parseConfig(lab.document, lab.lab.env), lab.lab.env);
    try {
      const inventory = await vcenter.inventory();
      const events = (await vcenter.eventsSince(new Date(0))).filter(({ type }) => !/session|login|logout/i.test(type));
      const told = { inventory, events: events.map(({ type, vmId, hostId }) => [type, vmId, hostId]) };
      return JSON.stringify(told, (key, value: unknown) => (volatile.includes(key) ? undefined : value), 1);
    } finally {
      await vcenter.close();
    }
  }

  for (const drill of drillNames.filter((name) => variantOf(name).ofOpenStack !== true)) {
    it(`of ${drill} prints what would happen, and changes nothing`, async () => {
      const subject = variantOf(drill).ofVm === true ? ["--vm", "ubuntu-1"] : ["--host", "esx-02.lab.test"];
      const truth = readFileSync(lab.lab.truthLog, "utf8");
      const before = await state();
      const { code, output } = await lab.drill(drill, [drill, ...subject, "--plan"]);
      // PDL is of VMFS, and the lab's VMs are on NFS.
      const applicable = drill !== "pdl";
      assert.equal(applicable || /^not applicable/.test(output), true, output);
      assert.ok(code === 0 || (code === 2 && (/refused:/.test(output) || !applicable)), output);
      if (applicable) assert.match(output, /^ {2}then: .*\n[^]*^ {2}expected:/m);
      assert.equal(await state(), before);
      assert.equal(readFileSync(lab.lab.truthLog, "utf8"), truth);
      assert.equal(existsSync(join(lab.dir, drill)), false, "a report was written");
    });
  }
});
