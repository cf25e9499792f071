import { cell, guestsOf, isSameGuest } from "../availability/means";
import { guestOsTitle } from "../availability/published";
import { guestsText, ofScenario, scenarios } from "../load/judge";
import type { LoadResult, LoadSlope, Usage } from "../load/model";
import type { Bounds, DrillResult, Guest, Journal } from "../model";
import { escapeMarkdown } from "./escape";
import { duration, percent, seconds } from "./format";

/** Rows of text: what a page, a summary and a terminal show of a load run. A second line of a cell explains the first. */
export interface LoadTable {
  title: string;
  head: string[];
  rows: string[][];
}

/** Host CPU by level, with its slope: a row for each host and set of guests. */
export function hostTable({ readings, slopes, levels }: LoadResult): LoadTable {
  const rows = scenarios(readings).flatMap((guests) => {
    const own = ofScenario(readings, guests);
    const hosts = [...new Set(own.flatMap((one) => one.hosts.map(({ host }) => host)))];
    return hosts.map((host) => {
      const usage = levels.map((level) => {
        const reading = own.find(({ levelPercent }) => levelPercent === level);
        return usageText(reading?.hosts.find((one) => one.host === host)?.usage);
      });
      const found = slopes.find((one) => one.kind === "host" && one.name === host && one.guests === guests);
      return [host, guestsText(guests), ...usage, slopeText(found)];
    });
  });
  const head = ["Host", "Guests", ...levels.map((level) => `${level.toString()} %`), "Points a point of load"];
  return { title: "CPU usage of each host, by load of its guests", head, rows };
}

/** What each guest got and how its service answered, at the levels that it was loaded with. */
export function guestTable({ readings }: LoadResult): LoadTable {
  const rows = readings.flatMap(({ guests, levelPercent, vms }) =>
    vms
      .filter(({ loaded }) => loaded)
      .map(({ vm, host, usage, latencyMs }) => [
        vm,
        guestsText(guests),
        `${levelPercent.toString()} %`,
        host,
        usageText(usage),
        usage === undefined ? "not told" : `${usage.readyPercent.toFixed(1)} %`,
        usage === undefined ? "not told" : `${usage.memoryPercent.toFixed(1)} %`,
        latencyMs === undefined ? "no answer" : `${latencyMs.median.toFixed(1)} ms, ${latencyMs.p95.toFixed(1)} ms`,
      ]),
  );
  const head = ["VM", "Guests", "Load", "Host", "CPU", "Ready", "Memory", "Answer, median and 95 of 100 (wall)"];
  return { title: "What each guest got", head, rows };
}

/** Availability by level, of the hosts that failed under load; undefined where none did. */
export function availabilityTable(drills: readonly DrillResult[]): LoadTable | undefined {
  const loaded = drills.filter(({ loadPercent }) => loadPercent !== undefined);
  if (loaded.length === 0) return undefined;
  const guests = guestsOf(loaded.flatMap(({ vms }) => vms.filter(({ affected }) => affected)));
  const levels = [...new Set(loaded.map(({ loadPercent }) => loadPercent ?? 0))].sort((a, b) => a - b);
  const rows = levels.map((level) => {
    const own = loaded.filter(({ loadPercent }) => loadPercent === level);
    return [
      `${level.toString()} %`,
      own.map(({ host }) => host).join(", "),
      ...guests.map((guest) => {
        const cells = own.flatMap((drill) => cell(drill, guest) ?? []);
        const [first] = cells;
        if (first === undefined) return `not measured\n${whyNone(own, guest)}`;
        const availability = meanOf(cells.map(({ availabilityPercent }) => availabilityPercent));
        const down = meanOf(cells.map(({ downtimeSeconds }) => downtimeSeconds));
        return `${percent(availability)} in ${seconds(first.windowSeconds)}, ${duration(down)} down`;
      }),
    ];
  });
  const titles = guests.map(
    ({ guestOs, openstack }) => `${guestOsTitle[guestOs]}${openstack ? ", launched by nova" : ""}`,
  );
  return { title: "Availability by load", head: ["Load", "Failed", ...titles], rows };
}

/** Why the drills of a level give no figure for a guest. */
function whyNone(drills: readonly DrillResult[], guest: Guest): string {
  const own = drills.filter(({ vms }) => vms.some((vm) => vm.affected && isSameGuest(vm, guest)));
  if (own.length === 0) return "no such VM went down with the host";
  return own.map(({ host, summary }) => `${host}: ${summary}`).join("; ");
}

function meanOf(bounds: readonly Bounds[]): Bounds {
  const mean = (pick: (one: Bounds) => number): number => {
    return bounds.reduce((sum, one) => sum + pick(one), 0) / bounds.length;
  };
  return { lower: mean(({ lower }) => lower), upper: mean(({ upper }) => upper) };
}

function usageText(usage: Usage | undefined): string {
  return usage === undefined ? "not told" : `${usage.cpuPercent.toFixed(1)} %\n${usage.cpuMhz.toFixed(0)} MHz`;
}

function slopeText(found: LoadSlope | undefined): string {
  if (found === undefined) return "not loaded";
  const { slope, interval } = found;
  if (interval === undefined) return slope.toFixed(3);
  return `${slope.toFixed(3)}\n95 %: ${interval.lower.toFixed(3)} to ${interval.upper.toFixed(3)}`;
}

/** The tables that a summary has room for. */
export function loadTables({ load, drills }: Journal): LoadTable[] {
  const byLevel = availabilityTable(drills);
  return [
    ...(load === undefined || load.readings.length === 0 ? [] : [hostTable(load)]),
    ...(byLevel ? [byLevel] : []),
  ];
}

export function loadMarkdown(journal: Journal): string[] {
  const row = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(" | ")} |`;
  return loadTables(journal).flatMap(({ title, head, rows }) => [
    `## ${title}`,
    "",
    row(head),
    `|${head.map(() => " --- |").join("")}`,
    ...rows.map(row),
    "",
  ]);
}
