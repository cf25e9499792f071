import { cellOfDrill, guestsOf, inWindow, isSameGuest, type Cell } from "../availability/means";
import { guestOsTitle, publishedPercent, publishedWindow } from "../availability/published";
import { faultWords } from "../faults/words";
import { nines } from "../availability/longRun";
import type { Bounds, Guest, GuestMean, Journal, Restore, RestorePart, Verdict } from "../model";
import { besideText } from "./cloud";
import { duration, percent, plural, seconds } from "./format";

/** The window in which figures of different windows are compared, seconds: a year's share that is easy to scale. */
const hour = 3600;

/** Guest × host as rows of text: a drill a row, a guest a column. */
export interface Matrix {
  /** Of the first column. */
  head: string;
  guests: { title: string; note: string }[];
  rows: MatrixRow[];
}

export interface MatrixRow {
  kind: "host" | "mean" | "interval" | "restore" | "hour" | "long-run" | "published";
  label: string;
  /** What the figures are of: each on a line of its own. */
  notes: string[];
  verdict: Verdict | undefined;
  /** In the order of the guests; each a figure, the availability mostly, and what stands below it. */
  cells: string[][];
}

const none = ["–"];

export function matrix(journal: Journal): Matrix {
  const guests = guestsOf(journal.target.vms);
  const rows = journal.drills.map((drill): MatrixRow => {
    const cells = guests.map((guest) => cellOfDrill(drill, guest));
    return {
      kind: "host",
      label: drill.host,
      notes: [[`HA ${drill.fdmRole}`, ...windowText(cells)].join(", "), ...besideText(drill)],
      verdict: drill.verdict,
      cells: cells.map((one) => (one === undefined ? none : cellText(one))),
    };
  });
  return {
    head: onlyHostLosses(journal) ? "Failed host" : "Host",
    guests: guests.map(({ guestOs, openstack }) => ({
      title: guestOsTitle[guestOs],
      note: openstack ? "via OpenStack" : "via vCenter",
    })),
    rows: [...rows, ...(journal.means.length === 0 ? [] : footer(journal, guests))],
  };
}

/** True when nothing but losses of hosts is in it. */
export function onlyHostLosses({ drills }: Pick<Journal, "drills">): boolean {
  return drills.every(({ undo }) => faultWords(undo.fault).note === undefined);
}

function footer({ means, drills }: Journal, guests: readonly Guest[]): MatrixRow[] {
  const of = guests.map((guest) => means.find((mean) => isSameGuest(mean, guest)));
  const hosts = Math.max(...means.map((mean) => mean.hosts));
  return [
    {
      kind: "mean",
      label: "Mean",
      notes: [
        [plural(hosts, "host"), ...windowText(of)].join(", "),
        ...(drills.some(({ drill, loadPercent }) => drill !== "host-loss" || (loadPercent ?? 0) > 0)
          ? ["without another fault or load"]
          : []),
      ],
      verdict: undefined,
      cells: of.map((mean) => (mean === undefined ? none : cellText(mean))),
    },
    ...intervalRow(of),
    ...restoreRow(of),
    {
      kind: "hour",
      label: "Mean, in an hour",
      notes: [`the same downtime, window ${seconds(hour)}`],
      verdict: undefined,
      cells: of.map((mean) =>
        mean === undefined ? none : cellText({ ...mean, availabilityPercent: inWindow(mean.downtimeSeconds, hour) }),
      ),
    },
    ...longRunRow(of),
    {
      kind: "published",
      label: "Published",
      notes: ["mean over all hosts", publishedWindow],
      verdict: undefined,
      cells: guests.map(({ guestOs }) => [
        `${publishedPercent[guestOs].toString()} %`,
        `${((1 - publishedPercent[guestOs] / 100) * hour).toFixed(0)} s down in an hour`,
      ]),
    },
  ];
}

type Means = readonly (GuestMean | undefined)[];

/** Over repetitions; no row where nothing was repeated. */
function intervalRow(of: Means): MatrixRow[] {
  if (of.every((mean) => mean?.interval === undefined)) return [];
  const counts = [...new Set(of.flatMap((mean) => (mean?.interval && mean.repetitions) ?? []))];
  return [
    {
      kind: "interval",
      label: "95 % interval of the mean",
      notes: [`Student's t over repetitions, n = ${counts.join(", ")}`, "bounds of the measurement included"],
      verdict: undefined,
      cells: of.map((mean) => (mean?.interval === undefined ? none : cellText(mean.interval))),
    },
  ];
}

function restoreRow(of: Means): MatrixRow[] {
  if (of.every((mean) => mean?.restore?.total === undefined)) return [];
  return [
    {
      kind: "restore",
      label: "Mean time to restore",
      notes: ["without service, and its parts"],
      verdict: undefined,
      cells: of.map((mean) => (mean?.restore?.total === undefined ? none : restoreText(mean.restore))),
    },
  ];
}

function restoreText({ total, detection, restart, boot }: Restore): string[] {
  const text = (name: string, part: RestorePart | undefined): string[] => {
    if (part === undefined) return [];
    const { seconds: value, interval } = part;
    const range = interval === undefined ? "" : ` (95 %: ${duration(interval)})`;
    return [`${name}${seconds(value)}${range}`];
  };
  const parts = [...text("detection ", detection), ...text("restart ", restart), ...text("boot ", boot)];
  return [...text("", total), ...parts];
}

function longRunRow(of: Means): MatrixRow[] {
  const hours = of.find((mean) => mean?.longRun !== undefined)?.longRun?.mtbfHours;
  if (hours === undefined) return [];
  return [
    {
      kind: "long-run",
      label: "In the long run",
      notes: [`a host failing every ${hours.toString()} h on average`, "MTBF / (MTBF + MTTR)"],
      verdict: undefined,
      cells: of.map((mean) => (mean?.longRun === undefined ? none : longRunText(mean.longRun.availabilityPercent))),
    },
  ];
}

function longRunText({ lower, upper }: Bounds): string[] {
  const digits = (percent: number): string =>
    Number.isFinite(nines(percent)) ? nines(percent).toFixed(1) : "no end of";
  const [from, to] = [digits(lower), digits(upper)];
  return [`${lower.toFixed(6)}–${upper.toFixed(6)} %`, `${from === to ? from : `${from} to ${to}`} nines`];
}

function cellText({
  availabilityPercent,
  downtimeSeconds,
}: Pick<Cell, "availabilityPercent" | "downtimeSeconds">): string[] {
  return [percent(availabilityPercent), `${duration(downtimeSeconds)} down`];
}

function windowText(cells: readonly ({ windowSeconds: number } | undefined)[]): string[] {
  const windows = [...new Set(cells.flatMap((one) => (one === undefined ? [] : [seconds(one.windowSeconds)])))];
  return windows.length === 0 ? [] : [`window ${windows.join(", ")}`];
}
