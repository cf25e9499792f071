import assert from "node:assert/strict";
import type { VerificationConfig } from "../../../../verification/config";
import { planLoad, type LoadOptions, type LoadPlan } from "../../../../verification/load/plan";
import { isProgram, loadProgram } from "../../../../verification/load/program";
import { reading } from "../../../../verification/load/readings";
import type { Inventory } from "../../../../verification/model";
import type { Sample } from "../../../../verification/probes/sample";
import type { PerfSample } from "../../../../verification/vcenter/performance";
import { World } from "../drills/world";

type Change = (inventory: Inventory, config: VerificationConfig) => void;

const options: LoadOptions = { levels: [0, 50, 100], seconds: 60, includeBystanders: false };

function plan(change: Change = () => undefined, changes: Partial<LoadOptions> = {}): LoadPlan {
  const world = new World();
  const [inventory, config] = [world.inventory(), world.config()];
  change(inventory, config);
  return planLoad(inventory, config, { ...options, ...changes });
}

const of = (inventory: Inventory, name: string): Inventory["vms"][number] => {
  const vm = inventory.vms.find((one) => one.name === name);
  assert.ok(vm !== undefined);
  return vm;
};

describe("plan of a load run", () => {
  it("holds idle once, each guest OS at each level, then all together", () => {
    const stages = plan().stages.map(
      ({ guests, level, loaded }) => `${guests} ${level.toString()}: ${loaded.map(({ vm }) => vm.name).join()}`,
    );
    assert.deepEqual(stages, [
      "idle 0: ",
      "ubuntu 50: ubuntu-1,ubuntu-2",
      "ubuntu 100: ubuntu-1,ubuntu-2",
      "windowsxp 50: xp-1,xp-2",
      "windowsxp 100: xp-1,xp-2",
      "mixed 50: ubuntu-1,ubuntu-2,xp-1,xp-2",
      "mixed 100: ubuntu-1,ubuntu-2,xp-1,xp-2",
    ]);
    assert.deepEqual(plan(undefined, { levels: [100] }).stages.length, 3, "no idle unless asked for");
  });

  it("names each program once, and lets it end by itself 600 s after its level", () => {
    const { programs, stages } = plan();
    assert.equal(programs.length, 8);
    assert.equal(stages.flatMap(({ loaded }) => loaded).length, 16);
    assert.ok(programs.every(({ arguments: args }) => args.includes("660")));
  });

  it("has no mixture of one guest OS", () => {
    const one = plan((_, config) => (config.vms = config.vms.filter(({ guestOs }) => guestOs === "ubuntu")));
    assert.deepEqual([...new Set(one.stages.map(({ guests }) => guests))], ["idle", "ubuntu"]);
  });

  it("reads the hosts of its guests, and no others", () => {
    assert.deepEqual(
      plan().hosts.map(({ name }) => name),
      ["esx-02", "esx-03"],
    );
  });

  describe("is refused, with the remedy, when", () => {
    const refusals = (change: Change): string[] => plan(change).refusals;

    it("no VM is named", () => {
      assert.deepEqual(
        refusals((_, config) => config.vms.splice(0)),
        ["the configuration names no VM to load; set vms"],
      );
    });

    it("a VM is not there, off, without Tools, without host or without address", () => {
      assert.deepEqual(
        refusals((inventory) => (inventory.vms = inventory.vms.filter(({ name }) => name !== "xp-1"))),
        ["VM xp-1 is not in the cluster; check vms"],
      );
      assert.deepEqual(
        refusals((inventory) => (of(inventory, "xp-1").powerState = "suspended")),
        ["VM xp-1 is suspended; power it on"],
      );
      assert.deepEqual(
        refusals((inventory) => (of(inventory, "xp-1").toolsRunning = false)),
        ["VMware Tools do not run in xp-1: load is started through them"],
      );
      assert.deepEqual(
        refusals((inventory) => (of(inventory, "xp-1").hostId = "elsewhere")),
        ["VM xp-1 is on no host of the cluster"],
      );
      assert.deepEqual(
        refusals((inventory) => (of(inventory, "xp-1").addresses = [])),
        ["VM xp-1 has no address: set vms[].address, or let its Tools report one"],
      );
    });

    it("other people's VMs run on a host, but not for those that do not, nor for the platform's and templates", () => {
      const beside =
        (changes: Partial<Inventory["vms"][number]>): Change =>
        (inventory) => {
          inventory.vms.push({ ...of(inventory, "xp-1"), id: "mail", name: "mail", ...changes });
        };
      assert.deepEqual(refusals(beside({})), [
        "mail on esx-02 would share its processors with the load: " +
          "move them to another host, or load it all the same with --include-bystanders",
      ]);
      assert.deepEqual(refusals(beside({ powerState: "poweredOff" })), []);
      assert.deepEqual(refusals(beside({ template: true })), []);
      assert.deepEqual(refusals(beside({ system: true })), []);
      assert.deepEqual(refusals(beside({ hostId: "esx-01" })), []);
      assert.deepEqual(plan(beside({}), { includeBystanders: true }).refusals, []);
    });
  });
});

describe("program of a load", () => {
  it("is told level and seconds, whole", () => {
    const command = { program: "/usr/bin/load", arguments: "{level} {seconds} {level}" };
    assert.deepEqual(loadProgram(command, 50, 60.2), { path: "/usr/bin/load", arguments: "50 61 50" });
  });

  it("is known by its command line, quotes and blanks aside, while it runs", () => {
    const program = { path: "C:\\load tools\\load.exe", arguments: "50  61" };
    const process = (command: string, running = true): Parameters<typeof isProgram>[0] => ({
      command,
      running,
      pid: 1,
    });
    assert.equal(isProgram(process('"C:\\load tools\\load.exe" 50 61 '), program), true);
    assert.equal(isProgram(process('"C:\\load tools\\load.exe" 50 61', false), program), false);
    assert.equal(isProgram(process('"C:\\load tools\\load.exe" 50 611'), program), false);
    assert.equal(isProgram(process("load.exe 50 61"), program), false);
  });
});

describe("reading of a level", () => {
  const begin = 1_000_000;
  const second = 1000;

  /** A sample of a host or VM that was stamped so many seconds after the level began. */
  function sample(after: number, percent: number, changes: Partial<PerfSample["values"]> = {}): PerfSample {
    return {
      at: begin + after * second,
      values: {
        "cpu.usage.average": percent * 100,
        "cpu.usagemhz.average": percent * 26,
        "cpu.ready.summation": 400,
        "mem.usage.average": 2000,
        ...changes,
      },
    };
  }

  const probe = (sent: number, took: number, outcome: Sample["outcome"] = "up", vm = "ubuntu-1"): Sample => {
    const at = begin + sent * second;
    return { vm, due: at, sent: at, done: at + took, outcome };
  };

  function read(
    samples: PerfSample[],
    {
      probes = [],
      offset = 0,
      after = new World().inventory(),
    }: { probes?: Sample[]; offset?: number; after?: Inventory } = {},
  ): ReturnType<typeof reading> {
    const { stages, targets } = plan();
    const stage = stages.find(({ guests, level }) => guests === "ubuntu" && level === 50);
    assert.ok(stage !== undefined);
    return reading(
      {
        stage,
        from: begin,
        to: begin + 60 * second,
        offset,
        samples: new Map([
          ["ubuntu-1", samples],
          ["esx-02", samples],
        ]),
        probes,
        after,
      },
      targets,
      (seconds) => seconds * second,
    );
  }

  const guest = (of: ReturnType<typeof reading>): (typeof of.vms)[number] | undefined =>
    of.vms.find(({ vm }) => vm === "ubuntu-1");

  it("is the mean of the samples of 20 s that lie wholly within the level", () => {
    const one = read([sample(19.9, 99), sample(20, 40), sample(60, 60), sample(60.1, 99)]);
    assert.deepEqual(guest(one)?.usage, {
      samples: 2,
      cpuPercent: 50,
      cpuMhz: 1300,
      readyPercent: 2,
      memoryPercent: 20,
    });
    // The host has eight processors: its ready time is shared by them.
    assert.equal(one.hosts.find(({ host }) => host === "esx-02")?.usage?.readyPercent, 0.25);
    assert.deepEqual([one.guests, one.levelPercent], ["ubuntu", 50]);
    assert.deepEqual([Date.parse(one.from), Date.parse(one.to)], [begin, begin + 60_000]);
  });

  it("reads vCenter's stamps on vCenter's clock", () => {
    const late = 5 * second;
    assert.equal(guest(read([sample(24.9, 40), sample(25, 50), sample(65, 60)], { offset: late }))?.usage?.samples, 2);
  });

  it("leaves out samples without every counter, and is none without samples", () => {
    const part = sample(40, 90, { "mem.usage.average": undefined });
    assert.equal(guest(read([sample(20, 40), part]))?.usage?.cpuPercent, 40);
    assert.equal(guest(read([part]))?.usage, undefined);
    assert.equal(read([]).vms.find(({ vm }) => vm === "xp-1")?.usage, undefined);
  });

  it("tells who was loaded where", () => {
    const one = read([]);
    assert.deepEqual(
      one.vms.map(({ vm, guestOs, host, loaded }) => [vm, guestOs, host, loaded]),
      [
        ["ubuntu-1", "ubuntu", "esx-02", true],
        ["ubuntu-2", "ubuntu", "esx-03", true],
        ["xp-1", "windowsxp", "esx-02", false],
        ["xp-2", "windowsxp", "esx-03", false],
      ],
    );
    assert.deepEqual(
      one.hosts.map(({ host, loaded }) => [host, loaded]),
      [
        ["esx-02", ["ubuntu-1"]],
        ["esx-03", ["ubuntu-2"]],
      ],
    );
  });

  it("tells who moved, and takes a VM that is gone for a move", () => {
    assert.deepEqual(read([]).moved, []);
    const after = new World().inventory();
    of(after, "xp-1").hostId = "esx-01";
    assert.deepEqual(read([], { after }).moved, ["xp-1"]);
    after.vms = after.vms.filter(({ name }) => name !== "ubuntu-2");
    assert.deepEqual(read([], { after }).moved, ["ubuntu-2", "xp-1"]);
  });

  it("gives median and 95th percentile of the answers within the level", () => {
    const probes = [
      ...Array.from({ length: 19 }, (_, k) => probe(k, 19 - k)),
      probe(20, 100),
      probe(-1, 5000),
      probe(59.999, 5000),
      probe(30, 5000, "down"),
      probe(30, 5000, "up", "xp-1"),
    ];
    assert.deepEqual(guest(read([], { probes }))?.latencyMs, { median: 11, p95: 100 });
    assert.deepEqual(guest(read([], { probes: [probe(0, 7), probe(59, 1000)] }))?.latencyMs, {
      median: 1000,
      p95: 1000,
    });
    assert.equal(guest(read([], { probes: [probe(1, 5, "down")] }))?.latencyMs, undefined);
  });
});
