import assert from "node:assert/strict";
import { judgeLoad, slopes } from "../../../../verification/load/judge";
import type { GuestReading, HostReading, LoadedGuests, LoadReading, Usage } from "../../../../verification/load/model";
import type { DownInterval, Expectation, VmAvailability } from "../../../../verification/model";

function usage(cpuPercent: number, changes: Partial<Usage> = {}): Usage {
  return { samples: 4, cpuPercent, cpuMhz: 26 * cpuPercent, readyPercent: 0, memoryPercent: 20, ...changes };
}

function guest(vm: string, used: Usage | undefined, changes: Partial<GuestReading> = {}): GuestReading {
  return { vm, guestOs: "ubuntu", host: "esx-01", loaded: true, usage: used, latencyMs: undefined, ...changes };
}

function host(name: string, used: Usage | undefined, loaded = ["ubuntu-1"]): HostReading {
  return { host: name, loaded, usage: used };
}

function reading(guests: LoadedGuests, level: number, changes: Partial<LoadReading> = {}): LoadReading {
  const loaded = guests !== "idle";
  return {
    guests,
    levelPercent: level,
    from: "",
    to: "",
    moved: [],
    hosts: [host("esx-01", usage(2 + level / 4), loaded ? ["ubuntu-1"] : [])],
    vms: [guest("ubuntu-1", usage(level), { loaded })],
    ...changes,
  };
}

/** Idle, and Ubuntu at two levels. */
const good = [reading("idle", 0), reading("ubuntu", 50), reading("ubuntu", 100)];
const ended = { verdict: "passed" as const, seen: "none runs" };

function availability(changes: Partial<VmAvailability> = {}): Map<string, VmAvailability> {
  const one: VmAvailability = {
    vm: "ubuntu-1",
    guestOs: "ubuntu",
    windowSeconds: 400,
    downtimeSeconds: { lower: 0, upper: 0 },
    availabilityPercent: { lower: 100, upper: 100 },
    intervals: [],
    unobservedSeconds: 0,
    samples: { sent: 800, answered: 800, lost: 0 },
    ...changes,
  };
  return new Map([[one.vm, one]]);
}

function judged(readings: readonly LoadReading[], id: string, probes = availability()): string {
  const found = judgeLoad(readings, probes, ended).find((one) => one.id === id);
  assert.ok(found !== undefined, id);
  return `${found.verdict}: ${found.seen}`;
}

describe("the verdict on a load run", () => {
  it("is on what was measured, each guest, each host, each service and the end of the load", () => {
    const told = judgeLoad(good, availability(), ended);
    assert.deepEqual(
      told.map(({ id, verdict }) => `${id} ${verdict}`),
      [
        "load-observed passed",
        "guest-loaded:ubuntu:ubuntu-1 passed",
        "host-follows:ubuntu:esx-01 passed",
        "answers-under-load:ubuntu-1 passed",
        "load-ended passed",
      ],
    );
    for (const { id, statement, basis } of told) assert.ok(/\w+ \w+/.test(statement) && /\w+ \w+/.test(basis), id);
    assert.match(told[1]?.statement ?? "", /^ubuntu-1 uses its processors .*\(Ubuntu under load\)$/);
    assert.match(told[1]?.basis ?? "", /less 10 points for the start of the program \(our allowance\)$/);
    assert.match(told[2]?.statement ?? "", /^the CPU usage of esx-01 rises with the load \(Ubuntu under load\)$/);
    const left: Expectation | undefined = judgeLoad(good, availability(), { verdict: "failed", seen: "one runs" }).at(
      -1,
    );
    assert.deepEqual([left?.verdict, left?.seen], ["failed", "one runs"]);
  });

  describe("of what was measured", () => {
    const id = "load-observed";
    it("passes with the number of samples", () => {
      assert.equal(judged(good, id), "passed: 24 samples");
      const least = usage(1, { samples: 2 });
      const few = reading("ubuntu", 50, { hosts: [host("esx-01", least)], vms: [guest("ubuntu-1", least)] });
      assert.equal(judged([few], id), "passed: 4 samples");
    });

    it("is open with too few samples of a host or a guest, or none", () => {
      const few = usage(1, { samples: 1 });
      const short = reading("mixed", 50, {
        hosts: [host("esx-01", few), host("esx-02", usage(1)), host("esx-03", undefined)],
        vms: [guest("a", few), guest("b", undefined), guest("c", usage(1))],
      });
      assert.equal(judged([short], id), "inconclusive: mixed at 50 %: fewer than 2 samples of esx-01, esx-03, a, b");
    });

    it("is open where guests moved, with all that was wrong at each level", () => {
      const moved = reading("ubuntu", 50, { moved: ["a", "b"] });
      assert.equal(
        judged([moved, reading("ubuntu", 100, { moved: ["a"] })], id),
        "inconclusive: ubuntu at 50 %: a, b moved to another host, or vCenter did not tell; " +
          "ubuntu at 100 %: a moved to another host, or vCenter did not tell",
      );
    });

    it("is open where more than a twentieth of the time is without evidence from probes", () => {
      assert.equal(judged(good, id, availability({ unobservedSeconds: 20 })), "passed: 24 samples");
      assert.equal(
        judged(good, id, availability({ unobservedSeconds: 21 })),
        "inconclusive: ubuntu-1 was not probed all the time",
      );
    });

    it("is open where nothing was measured at all", () => {
      assert.equal(judged([], id), "inconclusive: 0 samples");
    });
  });

  describe("of a guest", () => {
    const id = "guest-loaded:ubuntu:ubuntu-1";
    const at = (...vms: [level: number, used: Usage | undefined][]): LoadReading[] =>
      vms.map(([level, used]) =>
        reading("ubuntu", level, { vms: [guest("other", usage(0)), guest("ubuntu-1", used)] }),
      );

    it("passes where use and ready time together reach each level, less ten points", () => {
      assert.equal(
        judged(at([50, usage(40)], [100, usage(60, { readyPercent: 30 })]), id),
        "passed: 40.0 % at 50 %, 90.0 % at 100 %",
      );
    });

    it("fails with the levels that it did not reach", () => {
      const readings = at([50, usage(39.9)], [75, usage(70)], [100, usage(50, { readyPercent: 20 })], [25, undefined]);
      assert.equal(judged(readings, id), "failed: 39.9 % at 50 %, 70.0 % at 100 %");
    });

    it("is open where a level was not measured, and no other failed", () => {
      assert.equal(judged(at([50, usage(50)], [100, undefined]), id), "inconclusive: 50.0 % at 50 %, ? % at 100 %");
      const missing = [...at([50, usage(50)]), reading("ubuntu", 100, { vms: [] })];
      assert.equal(judged(missing, id), "inconclusive: 50.0 % at 50 %, ? % at 100 %");
    });

    it("is on those that were loaded, and on the levels of their own set of guests", () => {
      const idle = guest("xp-1", usage(0), { loaded: false });
      const readings = [reading("mixed", 100), reading("ubuntu", 50, { vms: [guest("ubuntu-1", usage(45)), idle] })];
      const ids = judgeLoad(readings, new Map(), ended).map((one) => one.id);
      assert.ok(!ids.some((one) => one.includes("xp-1")));
      assert.equal(judged(readings, id), "passed: 45.0 % at 50 %");
    });
  });

  describe("of a host", () => {
    const id = "host-follows:ubuntu:esx-01";
    const at = (...points: [level: number, cpu: number][]): LoadReading[] =>
      points.map(([level, cpu]) =>
        reading(level === 0 ? "idle" : "ubuntu", level, {
          hosts: [host("esx-02", usage(1), []), host("esx-01", usage(cpu), level === 0 ? [] : ["ubuntu-1"])],
        }),
      );

    it("passes where its use surely rises, told with the interval and its levels", () => {
      assert.equal(
        judged(at([0, 2], [50, 27], [100, 52]), id),
        "passed: 0.5000 points a point of load, 0.5000 to 0.5000, of 3 levels",
      );
    });

    it("fails where it surely does not", () => {
      assert.match(judged(at([0, 52], [50, 27], [100, 2]), id), /^failed: -0\.5000 points/);
      assert.match(judged(at([0, 5], [50, 5], [100, 5]), id), /^failed: 0\.0000 points/);
    });

    it("is open where its interval tells neither", () => {
      assert.match(judged(at([0, 2], [50, 50], [100, 20]), id), /^inconclusive: 0\.1800 points a point of load, -/);
    });

    it("is open with too few levels", () => {
      assert.equal(judged(at([0, 2], [100, 50]), id), "inconclusive: too few levels were measured");
      const missing = at([0, 2], [50, 20], [100, 50]);
      missing[2] = reading("ubuntu", 100, { hosts: [] });
      assert.equal(judged(missing, id), "inconclusive: too few levels were measured");
    });

    it("is on hosts with guests under load, each once", () => {
      const ids = judgeLoad(at([0, 2], [50, 27], [100, 52]), new Map(), ended).map((one) => one.id);
      assert.deepEqual(
        ids.filter((one) => one.startsWith("host-")),
        [id],
      );
    });
  });

  describe("of a service", () => {
    const id = "answers-under-load:ubuntu-1";
    const down: DownInterval = { startAfter: 0, startBefore: 1, endAfter: 2, endBefore: 3 };
    it("passes where every probe was answered", () => {
      assert.equal(judged(good, id), "passed: 800 probes answered, none refused");
      assert.match(judged(good, id, availability({ unobservedSeconds: 20 })), /^passed/);
    });

    it("fails with its downtime", () => {
      const probes = availability({ intervals: [down], downtimeSeconds: { lower: 1.25, upper: 3 } });
      assert.equal(judged(good, id, probes), "failed: down for 1.3 to 3.0 s");
    });

    it("is open where it was not observed", () => {
      assert.equal(judged(good, id, availability({ unobservedSeconds: 21 })), "inconclusive: not observed for 21.0 s");
      const none = availability({ samples: { sent: 5, answered: 0, lost: 5 } });
      assert.equal(judged(good, id, none), "inconclusive: not observed for 0.0 s");
    });
  });
});

describe("the slopes of a load run", () => {
  it("are those of the hosts and guests that were loaded, one point a level, idle with each set of guests", () => {
    const other = reading("ubuntu", 100, {
      hosts: [host("esx-02", usage(1), []), host("esx-01", usage(27))],
      vms: [guest("xp-1", usage(0), { loaded: false }), guest("ubuntu-1", usage(100))],
    });
    const idle = reading("idle", 0, {
      hosts: [host("esx-02", usage(1), []), host("esx-01", usage(2), [])],
      vms: [guest("ubuntu-1", usage(0), { loaded: false })],
    });
    const told = slopes([idle, reading("ubuntu", 50), other, reading("windowsxp", 50)]);
    assert.deepEqual(
      told.map(({ guests, kind, name, slope, levels }) => [guests, kind, name, slope.toFixed(2), levels]),
      [
        ["ubuntu", "host", "esx-01", "0.25", 3],
        ["ubuntu", "vm", "ubuntu-1", "1.00", 3],
        ["windowsxp", "host", "esx-01", "0.25", 2],
        ["windowsxp", "vm", "ubuntu-1", "1.00", 2],
      ],
    );
    assert.equal(told[2]?.interval, undefined, "of two levels");
    assert.ok(told[0]?.interval !== undefined);
  });

  it("leave out what was not measured", () => {
    const blind = [50, 100].map((level) => reading("ubuntu", level, { hosts: [host("esx-01", undefined)], vms: [] }));
    assert.deepEqual(slopes([reading("idle", 0), ...blind]), []);
    const [twice] = slopes([
      reading("idle", 0),
      reading("ubuntu", 50),
      reading("ubuntu", 100, { hosts: [], vms: [] }),
    ]).filter(({ kind }) => kind === "vm");
    assert.equal(twice?.levels, 2, "the guest was missing at one level");
  });
});
