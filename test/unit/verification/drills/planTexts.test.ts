import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import { describePlan } from "../../../../verification/drills/describe";
import { drillHosts } from "../../../../verification/drills/run";
import { variantOf, type DrillName } from "../../../../verification/drills/variants";
import { JournalFile } from "../../../../verification/journal";
import { sameText } from "../../sameText";
import { World } from "./world";

interface Scene {
  drill: DrillName;
  subject?: string;
  change?: (world: World) => void;
}

/** The storage of most VMs is on VMFS, and component protection acts on its loss. */
function onVmfs(world: World): void {
  world.datastores = [
    { id: "datastore-1", type: "VMFS", devices: ["naa.1"] },
    { id: "datastore-2", type: "NFS", devices: [] },
  ];
  for (const vm of world.vms) vm.datastoreIds = ["datastore-1"];
  world.settings = {
    ...world.settings,
    haVmComponentProtection: "enabled",
    haDatastoreApdResponse: "restartConservative",
    haDatastorePdlResponse: "restartAggressive",
  };
}

const set = (settings: World["settings"]) => (world: World) => {
  world.settings = { ...world.settings, ...settings };
};

/** Each is described word for word in plans/. */
const scenes: Record<string, Scene> = {
  "host-loss": { drill: "host-loss" },
  "host-loss-of-the-master-with-a-move": {
    drill: "host-loss",
    change: (world) => {
      world.master = "esx-02";
      world.vmNamed("xp-1").host = "esx-03";
      world.overrides = { "ubuntu-1": "disabled" };
    },
  },
  "host-loss-refused": {
    drill: "host-loss",
    change: (world) => {
      world.vms = [world.vm("mail", undefined, "esx-02")];
      set({ haEnabled: false })(world);
    },
  },
  "host-loss-of-an-empty-host": {
    drill: "host-loss",
    subject: "esx-01",
    change: (world) => {
      world.vms = world.vms.filter(({ host }) => host === "esx-03");
    },
  },
  "host-loss-vcenter-down": { drill: "host-loss-vcenter-down" },
  "second-failure": {
    drill: "second-failure",
    change: set({ haAdmissionControlPolicy: "resourcePercentage", haAdmissionControlHostFailureTolerance: 2 }),
  },
  "host-isolation": { drill: "host-isolation", change: set({ haHostIsolationResponse: "powerOff" }) },
  "host-isolation-with-a-shutdown": {
    drill: "host-isolation",
    change: (world) => {
      set({ haHostIsolationResponse: "shutdown" })(world);
      world.master = "esx-02";
      world.isolationResponses = { "ubuntu-1": "none" };
    },
  },
  apd: { drill: "apd", change: onVmfs },
  pdl: { drill: "pdl", change: onVmfs },
  "apd-that-leaves-a-vm": {
    drill: "apd",
    change: (world) => {
      onVmfs(world);
      world.protections = { "xp-1": { apd: "disabled" } };
      world.vmNamed("ubuntu-2").datastoreIds = ["datastore-2"];
    },
  },
  "guest-hang": { drill: "guest-hang", subject: "xp-1", change: set({ haVmMonitoring: "vmMonitoringOnly" }) },
  "maintenance-mode": {
    drill: "maintenance-mode",
    change: set({ drsEnabled: true, drsAutomationLevel: "fullyAutomated" }),
  },
  "maintenance-mode-refused": { drill: "maintenance-mode" },
};

describe("what people read of a drill", () => {
  for (const [name, { drill, subject = "esx-02", change = () => undefined }] of Object.entries(scenes)) {
    it(`is word for word the plan in plans/${name}.txt`, () => {
      const world = new World();
      change(world);
      const options = { includeBystanders: false, keepUp: [] };
      const plan = variantOf(drill).plan(world.inventory(), world.config(), subject, options);
      const text = "host" in plan ? describePlan(plan, world.config().stop) : plan.refusals.join("\n");
      sameText(join(__dirname, "plans", `${name}.txt`), text);
    });
  }

  it("is refused in the same words for a host that is not there", () => {
    for (const [name, { drill, change = () => undefined }] of Object.entries(scenes)) {
      if (drill === "guest-hang") continue;
      const world = new World();
      change(world);
      const options = { includeBystanders: false, keepUp: [] };
      assert.deepEqual(
        variantOf(drill).plan(world.inventory(), world.config(), "esx-09", options).refusals,
        ["host esx-09 is not in cluster compute, which has esx-01, esx-02, esx-03"],
        name,
      );
    }
  });

  describe("while it runs", () => {
    let dir: string;
    beforeEach(() => {
      dir = mkdtempSync(join(tmpdir(), "drill-"));
    });
    afterEach(() => {
      rmSync(dir, { recursive: true });
    });

    for (const name of [
      "host-loss",
      "host-loss-of-the-master-with-a-move",
      "host-loss-vcenter-down",
      "second-failure",
      "host-isolation",
      "apd",
      "pdl",
      "guest-hang",
      "maintenance-mode",
    ]) {
      it(`is word for word the timeline in plans/${name}.timeline.txt`, async () => {
        const world = new World();
        const { drill, subject = "esx-02", change = () => undefined } = scenes[name] ?? { drill: "host-loss" };
        change(world);
        const said: string[] = [];
        const parts = world.parts({ drill, progress: (line) => said.push(line) });
        const file = new JournalFile(
          join(dir, "journal.json"),
          beginJournal(parts.config, world.vcenter.about, "0", drill),
        );
        const journal = await drillHosts(parts, { hosts: [subject], file, report: () => Promise.resolve() });
        const [result] = journal.drills;
        const told = result?.timeline.map(({ kind, text }) => `${kind}: ${text}`) ?? [];
        sameText(
          join(__dirname, "plans", `${name}.timeline.txt`),
          [`${journal.verdict}: ${result?.summary ?? journal.error ?? ""}`, ...told, "", "progress:", ...said].join(
            "\n",
          ),
        );
      });
    }
  });
});
