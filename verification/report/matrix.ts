import { cell, inWindow, type Cell } from "../availability/means";
import { guestOsTitle, publishedPercent, publishedWindow } from "../availability/published";
import type { GuestMean, GuestOs, Journal, Verdict } from "../model";
import { duration, percent, seconds } from "./format";

/** The window in which figures of different windows are compared, seconds: a year's share that is easy to scale. */
const hour = 3600;

/** Guest × host as rows of text: a host failed a row, a guest OS two columns. */
export interface Matrix {
  guests: { guestOs: GuestOs; title: string }[];
  rows: MatrixRow[];
}

export interface MatrixRow {
  kind: "host" | "mean" | "hour" | "published";
  label: string;
  note: string;
  window: string;
  verdict: Verdict | undefined;
  /** In the order of the guests. */
  cells: { availability: string; downtime: string }[];
}

const none = { availability: "–", downtime: "–" };

export function matrix(journal: Journal): Matrix {
  const named = new Set(journal.target.vms.map(({ guestOs }) => guestOs));
  const guests = (["ubuntu", "windowsxp"] as const).filter((guestOs) => named.has(guestOs));
  const rows = journal.drills.map((drill): MatrixRow => {
    const cells = guests.map((guestOs) => cell(drill, guestOs));
    return {
      kind: "host",
      label: drill.host,
      note: `HA ${drill.fdmRole}`,
      window: windowText(cells),
      verdict: drill.verdict,
      cells: cells.map((one) => (one === undefined ? none : cellText(one))),
    };
  });
  return {
    guests: guests.map((guestOs) => ({ guestOs, title: guestOsTitle[guestOs] })),
    rows: [...rows, ...(journal.means.length === 0 ? [] : footer(journal.means, guests))],
  };
}

function footer(means: readonly GuestMean[], guests: readonly GuestOs[]): MatrixRow[] {
  const of = guests.map((guestOs) => means.find((mean) => mean.guestOs === guestOs));
  const hosts = Math.max(...means.map((mean) => mean.hosts));
  return [
    {
      kind: "mean",
      label: "Mean over the hosts",
      note: `${hosts.toString()} failed, each weighing the same`,
      window: windowText(of),
      verdict: undefined,
      cells: of.map((mean) => (mean === undefined ? none : cellText(mean))),
    },
    {
      kind: "hour",
      label: "The same downtime in an hour",
      note: "one failure an hour, to compare windows",
      window: seconds(hour),
      verdict: undefined,
      cells: of.map((mean) =>
        mean === undefined
          ? none
          : {
              availability: percent(inWindow(mean.downtimeSeconds, hour)),
              downtime: duration(mean.downtimeSeconds),
            },
      ),
    },
    {
      kind: "published",
      label: "Published experiment",
      note: "mean over all host servers",
      window: publishedWindow,
      verdict: undefined,
      cells: guests.map((guestOs) => ({
        availability: `${publishedPercent[guestOs].toString()} %`,
        downtime: `${((1 - publishedPercent[guestOs] / 100) * hour).toFixed(0)} s if it was an hour`,
      })),
    },
  ];
}

function cellText({ availabilityPercent, downtimeSeconds }: Pick<Cell, "availabilityPercent" | "downtimeSeconds">): {
  availability: string;
  downtime: string;
} {
  return { availability: percent(availabilityPercent), downtime: duration(downtimeSeconds) };
}

function windowText(cells: readonly ({ windowSeconds: number } | undefined)[]): string {
  const windows = [...new Set(cells.flatMap((one) => (one === undefined ? [] : [seconds(one.windowSeconds)])))];
  return windows.length === 0 ? "–" : windows.join(", ");
}
