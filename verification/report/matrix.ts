import { cell, inWindow, type Cell } from "../availability/means";
import { guestOsTitle, publishedPercent, publishedWindow } from "../availability/published";
import type { GuestMean, GuestOs, Journal, Verdict } from "../model";
import { duration, percent, plural, seconds } from "./format";

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
  cells: MatrixCell[];
}

export interface MatrixCell {
  availability: string;
  downtime: string;
  note?: string;
}

const none: MatrixCell = { availability: "–", downtime: "–" };

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
      label: "Mean",
      note: plural(hosts, "host"),
      window: windowText(of),
      verdict: undefined,
      cells: of.map((mean) => (mean === undefined ? none : cellText(mean))),
    },
    {
      kind: "hour",
      label: "Mean, in an hour",
      note: "the same downtime",
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
      label: "Published",
      note: "mean over all hosts",
      window: publishedWindow,
      verdict: undefined,
      cells: guests.map((guestOs) => ({
        availability: `${publishedPercent[guestOs].toString()} %`,
        downtime: `${((1 - publishedPercent[guestOs] / 100) * hour).toFixed(0)} s`,
        note: "if it was an hour",
      })),
    },
  ];
}

function cellText({
  availabilityPercent,
  downtimeSeconds,
}: Pick<Cell, "availabilityPercent" | "downtimeSeconds">): MatrixCell {
  return { availability: percent(availabilityPercent), downtime: duration(downtimeSeconds) };
}

function windowText(cells: readonly ({ windowSeconds: number } | undefined)[]): string {
  const windows = [...new Set(cells.flatMap((one) => (one === undefined ? [] : [seconds(one.windowSeconds)])))];
  return windows.length === 0 ? "–" : windows.join(", ");
}
