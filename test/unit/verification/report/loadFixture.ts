import type { LoadedGuests, LoadReading, LoadResult } from "../../../../verification/load/model";

export function reading(guests: LoadedGuests, level: number, host = "esx-01"): LoadReading {
  const usage = (cpuPercent: number) => ({
    samples: 4,
    cpuPercent,
    cpuMhz: 26 * cpuPercent,
    readyPercent: 1.5,
    memoryPercent: 20,
  });
  return {
    guests,
    levelPercent: level,
    from: "2026-01-31T12:00:00.000Z",
    to: "2026-01-31T12:02:00.000Z",
    moved: [],
    hosts: [{ host, loaded: guests === "idle" ? [] : ["ubuntu-1"], usage: usage(2 + level / 4) }],
    vms: [
      {
        vm: "ubuntu-1",
        guestOs: "ubuntu",
        host,
        loaded: guests !== "idle",
        usage: usage(level),
        latencyMs: { median: 0.4, p95: 1.25 },
      },
    ],
  };
}

export function load(changes: Partial<LoadResult> = {}): LoadResult {
  return {
    verdict: "passed",
    summary: "the CPU usage of guests and hosts rose with the load",
    started: "2026-01-31T12:00:00.000Z",
    ended: "2026-01-31T12:10:00.000Z",
    levels: [0, 50, 100],
    levelSeconds: 120,
    expectations: [
      {
        id: "load-observed",
        statement: "vCenter measured",
        basis: "every 20 s",
        verdict: "passed",
        seen: "40 samples",
      },
    ],
    readings: [reading("idle", 0), reading("ubuntu", 50), reading("ubuntu", 100)],
    slopes: [
      {
        guests: "ubuntu",
        kind: "host",
        name: "esx-01",
        slope: 0.25,
        interval: { lower: 0.24, upper: 0.26 },
        levels: 3,
      },
    ],
    undo: { programs: [], description: "end the load programs in ubuntu-1", done: true },
    ...changes,
  };
}
