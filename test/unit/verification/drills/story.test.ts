import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import type { DrillParts } from "../../../../verification/drills/parts";
import { drillHosts } from "../../../../verification/drills/run";
import type { DrillName } from "../../../../verification/drills/variants";
import { JournalFile } from "../../../../verification/journal";
import type { DrillResult, Journal } from "../../../../verification/model";
import { World } from "./world";

describe("what is told of a drill", () => {
  let dir: string;
  let world: World;
  let told: string[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "story-"));
    world = new World();
    told = [];
    world.settings = {
      ...world.settings,
      haVmMonitoring: "vmMonitoringOnly",
      drsEnabled: true,
      drsAutomationLevel: "fullyAutomated",
      haAdmissionControlPolicy: "slotPolicy",
      haAdmissionControlHostFailureTolerance: 2,
    };
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  async function run(drill: DrillName, subject: string, changes: Partial<DrillParts> = {}): Promise<Journal> {
    const file = new JournalFile(
      join(dir, "journal.json"),
      beginJournal(world.config(), world.vcenter.about, "0", drill),
    );
    const parts = world.parts({ drill, progress: (line) => told.push(line), ...changes });
    return drillHosts(parts, { hosts: [subject], file, report: () => Promise.resolve() });
  }

  async function storyOf(drill: DrillName, subject: string, changes: Partial<DrillParts> = {}): Promise<DrillResult> {
    const journal = await run(drill, subject, changes);
    return journal.drills[0] ?? assert.fail(journal.error);
  }

  const lines = ({ timeline }: DrillResult): string[] =>
    timeline.map(({ t, kind, text }) => `${t?.toFixed(0) ?? "?"} ${kind}: ${text}`);

  it("says by the event's name what vCenter gave no text of, and leaves out what does not belong to a failover", async () => {
    world.beforePowerOff = () =>
      world.later(5, () => {
        world.event("VmPoweredOnEvent", { vm: "xp-1" });
        world.event("UserLoginSessionEvent", {});
        world.event("com.example.VmRestartedEvent", {});
        const silent = world.events.at(-3) ?? assert.fail();
        silent.message = "";
      });
    const events = (await storyOf("host-loss", "esx-02")).timeline.filter(({ kind }) => kind === "event");
    assert.equal(events[0]?.text, "VmPoweredOnEvent");
    assert.equal(events.length, 5);
  });

  it("counts from the first fault where there are two", async () => {
    const result = lines(await storyOf("second-failure", "esx-02"));
    assert.ok(result.includes("18 fault: cutting the power of esx-01 during the failover"));
    assert.ok(result.includes("90 probe: xp-1 answers again, 90 s after the fault"), result.join("\n"));
  });

  it("names what failed first, and how much more did", async () => {
    world.boot = 200;
    const { summary } = await storyOf("host-loss", "esx-02");
    assert.match(summary, /^failed: (ubuntu|xp)-1 answers again within \d+ s: .*, and \d+ more of \d+$/);
    world = new World();
    world.reported = (vm) => vm !== "xp-1";
    assert.equal(
      (await storyOf("host-loss", "esx-02")).summary,
      "failed: HA restarts xp-1: vCenter reported no restart",
    );
  });

  it("tells the state that the host left, and what was expected of it", async () => {
    const { expectations, steadyStateAfter } = await storyOf("host-loss", "esx-02");
    assert.deepEqual(
      expectations.filter(({ id }) => id === "steady-state-after"),
      [
        {
          id: "steady-state-after",
          statement: "the steady state holds again once esx-02 has power",
          basis: "a drill must leave the cluster as it found it",
          verdict: "passed",
          seen: "it holds",
        },
      ],
    );
    assert.equal(steadyStateAfter.length, 1);
  });

  it("says which load ran, and nothing of one where none did", async () => {
    assert.equal((await storyOf("host-loss", "esx-02", { loadPercent: 50 })).loadPercent, 50);
    world = new World();
    assert.ok(!("loadPercent" in (await storyOf("host-loss", "esx-02"))));
  });

  it("tells an interruption, and what it did not wait for", async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    world.beforePowerOff = () =>
      world.later(30, () => {
        first.abort(new Error("SIGINT"));
        second.abort(new Error("SIGINT"));
      });
    const result = await storyOf("host-loss", "esx-02", { interrupted: first.signal, hurried: second.signal });
    assert.equal(result.summary, "interrupted");
    assert.ok(lines(result).includes("30 note: interrupted"), lines(result).join("\n"));
    assert.equal(result.timeline.at(-1)?.text, "not waited for");
    assert.ok(result.expectations.every(({ verdict, seen }) => verdict === "inconclusive" && seen !== ""));
  });

  it("is numbered in a run of several", async () => {
    const file = new JournalFile(join(dir, "journal.json"), beginJournal(world.config(), world.vcenter.about, "0"));
    const { drills } = await drillHosts(world.parts(), {
      hosts: ["esx-02", "esx-03"],
      file,
      report: () => Promise.resolve(),
    });
    assert.deepEqual(
      drills.map(({ id }) => id),
      ["host-loss-1-esx-02", "host-loss-2-esx-03"],
    );
  });
});
