/** What a load run records; part of the journal. */
import type { Bounds, Expectation, GuestOs, Verdict } from "../model";

/** Which guests were under load: those of one operating system, all of the target, or none. */
export type LoadedGuests = GuestOs | "mixed" | "idle";

/** Means over the real-time samples that lie wholly within one level. */
export interface Usage {
  samples: number;
  cpuPercent: number;
  cpuMhz: number;
  /** Time that processors were wanted and not there, in percent of one virtual (of a host: logical) processor. */
  readyPercent: number;
  memoryPercent: number;
}

export interface HostReading {
  host: string;
  /** VMs under load that ran on it. */
  loaded: string[];
  /** Undefined: vCenter had no whole sample. */
  usage: Usage | undefined;
}

export interface GuestReading {
  vm: string;
  guestOs: GuestOs;
  host: string;
  loaded: boolean;
  usage: Usage | undefined;
  /** From sending a probe to its answer, in milliseconds of the wall clock; undefined: none was answered. */
  latencyMs: { median: number; p95: number } | undefined;
}

/** One level held for a time. */
export interface LoadReading {
  guests: LoadedGuests;
  /** What the load program was told, 0 to 100. */
  levelPercent: number;
  /** Wall time, ISO 8601. */
  from: string;
  to: string;
  /** VMs that were moved meanwhile: figures of their hosts then mix two states. */
  moved: string[];
  hosts: HostReading[];
  vms: GuestReading[];
}

/** How much more of a host's or guest's CPU is used for each percent of load. */
export interface LoadSlope {
  guests: LoadedGuests;
  kind: "host" | "vm";
  name: string;
  /** Percentage points a percentage point of load. */
  slope: number;
  /** 95 % interval; undefined of two levels. */
  interval: Bounds | undefined;
  /** Levels that it was computed from. */
  levels: number;
}

/** A program in a guest that makes load. */
export interface LoadProgram {
  vm: string;
  guestOs: GuestOs;
  path: string;
  arguments: string;
}

export interface LoadResult {
  verdict: Verdict;
  /** One sentence: why not passed, or what was shown. */
  summary: string;
  started: string;
  ended: string;
  levels: number[];
  /** Seconds of the Clock that each level was held. */
  levelSeconds: number;
  expectations: Expectation[];
  readings: LoadReading[];
  slopes: LoadSlope[];
  /** Every program that the run may have started: `recover` ends those that still run. */
  undo: { programs: LoadProgram[]; description: string; done: boolean };
}
