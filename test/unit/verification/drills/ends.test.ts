import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import type { DrillParts } from "../../../../verification/drills/parts";
import { drillHosts } from "../../../../verification/drills/run";
import { JournalFile } from "../../../../verification/journal";
import type { Journal } from "../../../../verification/model";
import { World } from "./world";

describe("a drill, however it ends", () => {
  let dir: string;
  let world: World;
  let told: string[];
  /** Watches, probers and faults that are open. */
  let open: Set<string>;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "ends-"));
    world = new World();
    [told, open] = [[], new Set()];
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  function run(changes: Partial<DrillParts> = {}): Promise<Journal> {
    const parts = world.parts({ progress: (line) => told.push(line), ...changes });
    let count = 0;
    const opened = (what: string): (() => void) => {
      const name = `${what} ${(count++).toString()}`;
      open.add(name);
      return () => void open.delete(name);
    };
    const watched: DrillParts = {
      ...parts,
      every: (ms, act) => {
        const [end, close] = [parts.every(ms, act), opened("watch")];
        return () => {
          end();
          close();
        };
      },
      prober: async (targets) => {
        const [prober, close] = [await parts.prober(targets), opened("prober")];
        return {
          ...prober,
          samples: prober.samples,
          stop: () => {
            close();
            return prober.stop();
          },
        };
      },
      fault: (record) => {
        const close = opened("fault");
        return { ...parts.fault(record), close: () => Promise.resolve(close()) };
      },
    };
    const begun = beginJournal(world.config(), world.vcenter.about, "0");
    const file = new JournalFile(join(dir, "journal.json"), begun);
    return drillHosts(watched, { hosts: ["esx-02"], file, report: () => Promise.resolve() });
  }

  /** What is left, and how many probers there were. */
  async function left(changes: Partial<DrillParts> = {}): Promise<string[]> {
    await run(changes).catch(() => undefined);
    return [...open];
  }

  function interruptedAt(act: (interrupt: () => void) => void): Partial<DrillParts> {
    const controller = new AbortController();
    act(() => {
      controller.abort(new Error("SIGINT"));
    });
    return { interrupted: controller.signal };
  }

  const ways: [how: string, changes: () => Partial<DrillParts>][] = [
    ["it passes", () => ({})],
    [
      "it is moving VMs, and is interrupted",
      () => {
        world.vmNamed("xp-1").host = "esx-01";
        world.moveSeconds = 5;
        return interruptedAt((interrupt) => {
          world.later(2, interrupt);
        });
      },
    ],
    [
      "a service does not answer before the fault",
      () => {
        world.later(2, () => (world.vmNamed("xp-2").answers = false));
        return {};
      },
    ],
    [
      "the host cannot be put back",
      () => {
        world.powerOnFails = "dead";
        return {};
      },
    ],
    [
      "it is interrupted while the failover is observed",
      () =>
        interruptedAt((interrupt) => {
          world.beforePowerOff = () => {
            world.later(5, interrupt);
          };
        }),
    ],
    [
      "something fails that nobody foresaw",
      () => {
        world.beforePowerOff = () => {
          throw new TypeError("unforeseen");
        };
        return {};
      },
    ],
  ];
  for (const [how, changes] of ways) {
    it(`leaves no watch, no prober and no fault open: ${how}`, async () => {
      assert.deepEqual(await left(changes()), []);
    });
  }

  it("is told from its beginning to its verdict", async () => {
    await run();
    assert.equal(told[0], "host loss of esx-02");
    assert.equal(told.at(-1), "esx-02: passed");
    assert.ok(told.includes("the steady state holds again"));
    told = [];
    await run({ drill: "host-loss-vcenter-down" });
    assert.equal(told[0], "host-loss-vcenter-down of esx-02");
  });

  it("probes once where nothing is moved, and while it moves, too", async () => {
    const probers: string[][] = [];
    const parts = world.parts();
    const prober: DrillParts["prober"] = (targets) => {
      probers.push(targets.map(({ vm }) => vm));
      return parts.prober(targets);
    };
    await run({ prober });
    assert.equal(probers.length, 1);
    world.vmNamed("xp-1").host = "esx-01";
    world.vmNamed("xp-2").host = "esx-01";
    world.vmNamed("ubuntu-1").host = "esx-02";
    await run({ prober });
    assert.equal(probers.length, 3);
    assert.deepEqual(probers[1], ["ubuntu-1", "ubuntu-2", "xp-1", "xp-2"]);
  });

  it("that is stopped before anything was broken has its reason in the journal, and nothing to undo", async () => {
    world.vmNamed("xp-1").host = "esx-01";
    world.moveSeconds = 10;
    world.later(4, () => (world.vmNamed("ubuntu-2").answers = false));
    const { drills, verdict } = await run();
    const [drill] = drills;
    assert.equal(verdict, "failed");
    assert.match(drill?.summary ?? "", /^failed: stopped before anything was broken: ubuntu-2 went down, and nothing /);
    assert.equal(drill?.undo.description, "nothing was broken");
    assert.equal(drill.undo.done, true);
    assert.ok(drill.timeline.length > 0 && drill.timeline.every(({ t }) => t === undefined));
    const notes = drill.timeline.filter(({ text }) => text.startsWith("stopped: "));
    assert.deepEqual(
      notes.map(({ kind }) => kind),
      ["note"],
    );
  });
});
