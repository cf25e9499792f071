import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import type { DrillParts } from "../../../../verification/drills/parts";
import { drillHosts, exitCode, recoverRun } from "../../../../verification/drills/run";
import { JournalFile, readJournal } from "../../../../verification/journal";
import type { Journal } from "../../../../verification/model";
import { World } from "./world";

const drill = "host-loss-vcenter-down";

describe("host loss while vCenter is down", () => {
  let dir: string;
  let world: World;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "drill-"));
    world = new World();
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const path = (): string => join(dir, "journal.json");

  function run(changes: Partial<DrillParts> = {}): Promise<Journal> {
    const file = new JournalFile(path(), beginJournal(world.config(), world.vcenter.about, "0", drill));
    const parts = world.parts({ drill, ...changes });
    return drillHosts(parts, { hosts: ["esx-02"], file, report: () => Promise.resolve() });
  }

  function bad({ drills }: Journal): string[] {
    return drills.flatMap(({ expectations }) =>
      expectations
        .filter(({ verdict }) => verdict !== "passed")
        .map(({ id, verdict, seen }) => `${verdict} ${id}: ${seen}`),
    );
  }

  it("passes on what probes saw and what vCenter tells afterwards, read before the host has its power back", async () => {
    const journal = await run();
    assert.equal(journal.error, undefined);
    assert.deepEqual(bad(journal), []);
    assert.deepEqual(world.posted, ["vCenter STOPPED", "off esx-02", "vCenter STARTED", "on esx-02"]);
    assert.ok(journal.drills[0]?.vms.some(({ affected, hostAfter }) => affected && hostAfter === "esx-01"));
  });

  it("has the undo of both on disk before vCenter is stopped", async () => {
    const service = world.service.bind(world);
    let ahead: Journal | undefined;
    world.service = () => {
      const real = service();
      return {
        ...real,
        stop: () => {
          ahead = readJournal(path());
          return real.stop();
        },
      };
    };
    await run();
    assert.deepEqual(ahead?.drills[0]?.undo.fault, { kind: "host-loss-vcenter-down", host: "esx-02" });
    assert.match(ahead.drills[0].undo.description, /start vCenter's service .*power on esx-02/);
  });

  it("is not stopped for a vCenter that it stopped itself", async () => {
    world.boot = 100;
    const config = { ...world.config(), stop: { vcenterSilentSeconds: 30 } };
    assert.deepEqual(bad(await run({ config })), []);
  });

  it("fails when a VM is not restarted", async () => {
    world.restarts = (vm) => vm !== "xp-1";
    assert.match(bad(await run()).join("\n"), /failed vm-answers:xp-1: still down/);
  });

  it("is inconclusive, never failed or passed, where vCenter has no word of HA's doings afterwards", async () => {
    world.reported = () => false;
    const journal = await run();
    assert.equal(journal.verdict, "inconclusive");
    assert.deepEqual(
      bad(journal).map((line) => line.split(":")[0]),
      ["inconclusive vm-restarted", "inconclusive vm-restarted"],
    );
  });

  it("breaks nothing where the service does not run, or may not be stopped", async () => {
    const service = world.service.bind(world);
    world.service = () => ({ ...service(), state: () => Promise.resolve("STOPPING") });
    const journal = await run();
    assert.equal(exitCode(journal), 2);
    assert.match(journal.error ?? "", /vCenter's service is STOPPING/);
    assert.deepEqual(world.posted, []);
  });

  it("puts both back when the user interrupts", async () => {
    const controller = new AbortController();
    world.beforePowerOff = () => world.later(20, () => controller.abort(new Error("SIGINT")));
    const journal = await run({ interrupted: controller.signal });
    assert.equal(journal.error, "interrupted; what was broken has been put back");
    assert.equal(world.vcenterState, "STARTED");
    assert.equal(world.hosts.get("esx-02")?.on, true);
  });

  it("gives the host its power back although vCenter does not start, and says so", async () => {
    const service = world.service.bind(world);
    world.service = () => ({ ...service(), start: () => Promise.reject(new Error("no space left on the appliance")) });
    const journal = await run();
    assert.match(journal.error ?? "", /could not be put back: no space left/);
    assert.equal(world.hosts.get("esx-02")?.on, true);
    assert.equal(readJournal(path()).drills[0]?.undo.done, false);
  });

  it("is put back by recover after its process was killed", async () => {
    const parts = world.parts({ drill });
    const fault: DrillParts["fault"] = (record) => {
      const killed = (): Promise<never> => Promise.reject(new Error("killed"));
      return { ...parts.fault(record), reveal: killed, restore: killed };
    };
    await run({ fault }).catch(() => undefined);
    assert.equal(world.vcenterState, "STOPPED");
    world.vcenterState = "STARTED"; // The command does that before it logs in.
    await recoverRun(world.parts(), new JournalFile(path(), readJournal(path())));
    assert.equal(world.hosts.get("esx-02")?.on, true);
    assert.equal(readJournal(path()).drills[0]?.undo.done, true);
  });
});
