import assert from "node:assert/strict";
import { judgeLoad, scenarios, slopes } from "../../../../verification/load/judge";
import type { GuestReading, LoadedGuests, LoadReading, Usage } from "../../../../verification/load/model";
import type { Expectation, VmAvailability } from "../../../../verification/model";

interface Shown {
  host?: Partial<Usage> | null;
  vm?: Partial<Usage> | null;
  moved?: string[];
}

const usage = (cpuPercent: number, changes: Partial<Usage> | null = {}): Usage | undefined =>
  changes === null ? undefined : { samples: 2, cpuPercent, cpuMhz: 0, readyPercent: 0, memoryPercent: 0, ...changes };

/** The host uses a quarter of its guest's load beside 2 %, with a little noise; the guest what it is told. */
function reading(guests: LoadedGuests, level: number, { host, vm, moved = [] }: Shown = {}): LoadReading {
  const loaded = guests !== "idle";
  const noise = level === 50 ? 0.5 : 0;
  const guest: GuestReading = {
    vm: "ubuntu-1",
    guestOs: "ubuntu",
    host: "esx-01",
    loaded,
    usage: usage(level, vm),
    latencyMs: undefined,
  };
  return {
    guests,
    levelPercent: level,
    from: "",
    to: "",
    moved,
    hosts: [
      { host: "esx-01", loaded: loaded ? ["ubuntu-1"] : [], usage: usage(2 + level / 4 + noise, host) },
      { host: "esx-02", loaded: [], usage: usage(2) },
    ],
    vms: [guest, { ...guest, vm: "xp-1", host: "esx-02", loaded: false, usage: usage(1) }],
  };
}

const good = [0, 25, 50, 75, 100].map((level) => reading(level === 0 ? "idle" : "ubuntu", level));

function changed(level: number, shown: Shown): LoadReading[] {
  return good.map((one) => (one.levelPercent === level ? reading(one.guests, level, shown) : one));
}

function availability(changes: Partial<VmAvailability> = {}): Map<string, VmAvailability> {
  const one: VmAvailability = {
    vm: "ubuntu-1",
    guestOs: "ubuntu",
    windowSeconds: 100,
    downtimeSeconds: { lower: 0, upper: 0 },
    availabilityPercent: { lower: 100, upper: 100 },
    intervals: [],
    unobservedSeconds: 0,
    samples: { sent: 200, answered: 200, lost: 0 },
    ...changes,
  };
  return new Map([[one.vm, one]]);
}

function judged(readings: LoadReading[] = good, of = availability()): Expectation[] {
  return judgeLoad(readings, of, { verdict: "passed", seen: "none runs" });
}

function one(id: string, readings?: LoadReading[], of?: Map<string, VmAvailability>): [string, string] {
  const found = judged(readings, of).find((expectation) => expectation.id === id);
  assert.ok(found !== undefined, id);
  return [found.verdict, found.seen];
}

describe("what a load run must show", () => {
  it("is stated with its ground, for guests and hosts that are loaded, and no others", () => {
    assert.deepEqual(
      judged().map(({ id, statement, basis, verdict }) => [id, statement, basis, verdict]),
      [
        [
          "load-observed",
          "vCenter measured every host and guest at every level, at least 2 times, and none moved",
          "real-time statistics, a sample every 20 s; only samples that lie wholly within a level count",
          "passed",
        ],
        [
          "guest-loaded:ubuntu:ubuntu-1",
          "ubuntu-1 uses its processors as much as it is told (Ubuntu under load)",
          "CPU usage and ready time together reach each level, less 10 points for the start of the program (our allowance)",
          "passed",
        ],
        [
          "host-follows:ubuntu:esx-01",
          "the CPU usage of esx-01 rises with the load (Ubuntu under load)",
          "the 95 % interval of the slope (least squares over the means of the levels, Student's t) lies above 0",
          "passed",
        ],
        [
          "answers-under-load:ubuntu-1",
          "ubuntu-1 answers at every level",
          "load is no reason for a service to fail: 0 s of downtime",
          "passed",
        ],
        [
          "load-ended",
          "no load program of this run is left in a guest",
          "read from each guest's list of processes after the run",
          "passed",
        ],
      ],
    );
    assert.equal(one("load-ended")[1], "none runs");
    const [mixed] = judgeLoad([reading("mixed", 50), reading("windowsxp", 50)], new Map(), {
      verdict: "passed",
      seen: "",
    }).filter(({ id }) => id.startsWith("guest-loaded:mixed"));
    assert.match(mixed?.statement ?? "", /\(all under load\)$/);
    assert.deepEqual(scenarios([reading("idle", 0), reading("windowsxp", 50), reading("windowsxp", 100)]), [
      "windowsxp",
    ]);
  });
});

describe("whether a load was observed", () => {
  const id = "load-observed";

  it("counts the samples of all hosts and guests", () => {
    assert.deepEqual(one(id), ["passed", "40 samples"]);
  });

  it("needs two samples of each host and guest at each level", () => {
    assert.deepEqual(one(id, changed(50, { host: { samples: 1 } })), [
      "inconclusive",
      "ubuntu at 50 %: fewer than 2 samples of esx-01",
    ]);
    assert.deepEqual(one(id, changed(0, { host: null, vm: { samples: 0 } })), [
      "inconclusive",
      "idle at 0 %: fewer than 2 samples of esx-01, ubuntu-1",
    ]);
    assert.equal(one(id, [])[0], "inconclusive");
  });

  it("needs guests that stay where they are", () => {
    assert.deepEqual(one(id, changed(75, { moved: ["xp-1", "ubuntu-1"] })), [
      "inconclusive",
      "ubuntu at 75 %: xp-1, ubuntu-1 moved to another host, or vCenter did not tell",
    ]);
  });

  it("needs probes for at least 95 % of the window", () => {
    assert.equal(one(id, good, availability({ unobservedSeconds: 5 }))[0], "passed");
    assert.deepEqual(one(id, good, availability({ unobservedSeconds: 5.1 })), [
      "inconclusive",
      "ubuntu-1 was not probed all the time",
    ]);
  });
});

describe("whether a guest is loaded", () => {
  const id = "guest-loaded:ubuntu:ubuntu-1";

  it("is seen at each of its own levels", () => {
    assert.deepEqual(one(id), ["passed", "25.0 % at 25 %, 50.0 % at 50 %, 75.0 % at 75 %, 100.0 % at 100 %"]);
  });

  it("takes ten points less, and time spent waiting for a processor, for the load", () => {
    assert.equal(one(id, changed(75, { vm: { cpuPercent: 65 } }))[0], "passed");
    assert.equal(one(id, changed(75, { vm: { cpuPercent: 60, readyPercent: 5 } }))[0], "passed");
    assert.deepEqual(one(id, changed(75, { vm: { cpuPercent: 59.9, readyPercent: 5 } })), ["failed", "64.9 % at 75 %"]);
  });

  it("is not known where a level was not measured, unless another shows that it is not", () => {
    assert.deepEqual(one(id, changed(25, { vm: null })), [
      "inconclusive",
      "? % at 25 %, 50.0 % at 50 %, 75.0 % at 75 %, 100.0 % at 100 %",
    ]);
    const low = changed(25, { vm: null }).map((of) =>
      of.levelPercent === 100 ? reading("ubuntu", 100, { vm: { cpuPercent: 3 } }) : of,
    );
    assert.deepEqual(one(id, low), ["failed", "3.0 % at 100 %"]);
  });
});

describe("whether a host follows the load", () => {
  const id = "host-follows:ubuntu:esx-01";
  const hosts = (percents: number[]): LoadReading[] =>
    percents.map((cpuPercent, k) => reading(k === 0 ? "idle" : "ubuntu", k * 25, { host: { cpuPercent } }));

  it("is told with the slope, its interval and the levels, idle included", () => {
    const [verdict, seen] = one(id);
    assert.equal(verdict, "passed");
    assert.match(seen, /^0\.2500 points a point of load, 0\.2\d{3} to 0\.2\d{3}, of 5 levels$/);
  });

  it("fails when the usage falls or stays, and is not known when the interval holds 0", () => {
    assert.equal(one(id, hosts([40, 30, 20, 10, 0.5]))[0], "failed");
    assert.equal(one(id, hosts([10, 10, 10, 10, 10]))[0], "failed");
    const [verdict, seen] = one(id, hosts([10, 30, 5, 40, 20]));
    assert.equal(verdict, "inconclusive");
    assert.match(seen, /, -\d+\.\d{4} to \d+\.\d{4}, /);
  });

  it("is not known of two levels", () => {
    assert.deepEqual(one(id, [reading("idle", 0), reading("ubuntu", 100)]), [
      "inconclusive",
      "too few levels were measured",
    ]);
  });
});

describe("whether a service answers under load", () => {
  const id = "answers-under-load:ubuntu-1";
  const of = (changes: Partial<VmAvailability>): [string, string] => one(id, good, availability(changes));

  it("fails for any downtime, with its bounds", () => {
    const outage = { startAfter: 1, startBefore: 2, endAfter: 3, endBefore: 4 };
    assert.deepEqual(of({ intervals: [outage], downtimeSeconds: { lower: 0.4, upper: 1.25 } }), [
      "failed",
      "down for 0.4 to 1.3 s",
    ]);
  });

  it("passes on answers, and is not known without them", () => {
    assert.deepEqual(of({}), ["passed", "200 probes answered, none refused"]);
    assert.equal(of({ unobservedSeconds: 5 })[0], "passed");
    assert.deepEqual(of({ unobservedSeconds: 5.1 }), ["inconclusive", "not observed for 5.1 s"]);
    assert.equal(of({ samples: { sent: 9, answered: 0, lost: 9 } })[0], "inconclusive");
  });
});

describe("slopes", () => {
  it("are of each loaded host and guest in each set of guests, one point a level", () => {
    const found = slopes([...good, reading("mixed", 50), reading("mixed", 100)]);
    assert.deepEqual(
      found.map(({ guests, kind, name, levels }) => [guests, kind, name, levels]),
      [
        ["ubuntu", "host", "esx-01", 5],
        ["ubuntu", "vm", "ubuntu-1", 5],
        ["mixed", "host", "esx-01", 3],
        ["mixed", "vm", "ubuntu-1", 3],
      ],
    );
    assert.deepEqual(
      found.map(({ slope }) => slope.toFixed(2)),
      ["0.25", "1.00", "0.25", "1.00"],
    );
  });

  it("leave out what was not measured, and are none of one level", () => {
    assert.equal(slopes(changed(50, { host: null }))[0]?.levels, 4);
    assert.deepEqual(slopes([reading("ubuntu", 50)]), []);
  });
});
