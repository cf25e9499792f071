import { isSameGuest } from "../availability/means";
import { guestOsTitle } from "../availability/published";
import type { Bounds, DrillResult, Guest, Journal, Verdict } from "../model";
import { duration, percent } from "./format";

/** One thing that two runs tell differently. */
export interface Difference {
  /** `worse` and `better` only on evidence; what cannot be compared, or is told by one run only, is `changed`. */
  direction: "worse" | "better" | "changed";
  what: string;
  before: string;
  after: string;
}

/** Windows further apart than this share give percentages that mean different things. */
const windowTolerance = 0.1;

/** What got worse, better or otherwise different from one run to a later one, in that order. */
export function compare(before: Journal, after: Journal): Difference[] {
  const all = [
    ...verdicts("run", [["whole run", before.verdict]], [["whole run", after.verdict]]),
    ...verdicts("check", checksOf(before), checksOf(after)),
    ...verdicts("drill", drillsOf(before), drillsOf(after)),
    ...verdicts("expectation", expectationsOf(before), expectationsOf(after)),
    ...means(before, after),
  ];
  const rank = ["worse", "better", "changed"];
  return all.sort((a, b) => rank.indexOf(a.direction) - rank.indexOf(b.direction));
}

type Told = [name: string, verdict: Verdict];

function checksOf({ checks }: Journal): Told[] {
  return checks.map(({ id, verdict }) => [id, verdict]);
}

function drillsOf({ drills, load }: Journal): Told[] {
  const underLoad: Told[] = load === undefined ? [] : [["load", load.verdict]];
  return [...underLoad, ...drills.map((drill): Told => [drillName(drill), drill.verdict])];
}

function expectationsOf({ drills, load }: Journal): Told[] {
  const underLoad = (load?.expectations ?? []).map(({ id, verdict }): Told => [`load, ${id}`, verdict]);
  const ofDrills = drills.flatMap((drill) =>
    drill.expectations.map(({ id, verdict }): Told => [`${drillName(drill)}, ${id}`, verdict]),
  );
  return [...underLoad, ...ofDrills];
}

function drillName({ drill, host, loadPercent }: DrillResult): string {
  return `${drill} of ${host}${loadPercent === undefined ? "" : ` under a load of ${loadPercent.toString()} %`}`;
}

/** Of several of one name, as of a drill that was repeated, the worst counts. */
function worst(told: readonly Told[]): Map<string, Verdict> {
  const found = new Map<string, Verdict>();
  for (const [name, verdict] of told) {
    const known = found.get(name);
    if (known === undefined || badness[verdict] > badness[known]) found.set(name, verdict);
  }
  return found;
}

const badness: Record<Verdict, number> = { passed: 0, "not-applicable": 0, inconclusive: 1, failed: 2 };

function verdicts(kind: string, before: readonly Told[], after: readonly Told[]): Difference[] {
  const [was, is] = [worst(before), worst(after)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((name): Difference[] => {
    const [one, other] = [was.get(name), is.get(name)];
    if (one === other) return [];
    return [
      {
        direction: directionOf(one, other),
        what: `${kind} ${name}`,
        before: one ?? "not there",
        after: other ?? "not there",
      },
    ];
  });
}

function directionOf(before: Verdict | undefined, after: Verdict | undefined): Difference["direction"] {
  // A rule that is new and broken is worse than a cluster nobody had asked about.
  if (before === undefined) return after !== undefined && badness[after] > 0 ? "worse" : "changed";
  if (after === undefined || badness[after] === badness[before]) return "changed";
  return badness[after] > badness[before] ? "worse" : "better";
}

function means(before: Journal, after: Journal): Difference[] {
  return after.means.flatMap((is): Difference[] => {
    const was = before.means.find((mean) => isSameGuest(mean, is));
    if (was === undefined) return [];
    const [shorter, longer] = [was.windowSeconds, is.windowSeconds].sort((a, b) => a - b) as [number, number];
    // In windows of different length only the downtimes can be compared.
    const alike = longer - shorter <= windowTolerance * longer;
    const difference: Difference = alike
      ? {
          direction: directionOfBounds(was.availabilityPercent, is.availabilityPercent),
          what: `mean availability of ${guestText(is)}`,
          before: percent(was.availabilityPercent),
          after: percent(is.availabilityPercent),
        }
      : {
          direction: directionOfBounds(is.downtimeSeconds, was.downtimeSeconds),
          what: `mean downtime of ${guestText(is)}, in windows of ${was.windowSeconds.toFixed(0)} and ${is.windowSeconds.toFixed(0)} s`,
          before: duration(was.downtimeSeconds),
          after: duration(is.downtimeSeconds),
        };
    return difference.direction === "changed" ? [] : [difference];
  });
}

function guestText({ guestOs, openstack }: Guest): string {
  return openstack ? `${guestOsTitle[guestOs]} launched by nova` : guestOsTitle[guestOs];
}

/** Of a quantity of which more is better; `changed` while the bounds overlap. */
function directionOfBounds(before: Bounds, after: Bounds): Difference["direction"] {
  if (after.upper < before.lower) return "worse";
  return after.lower > before.upper ? "better" : "changed";
}

/** For people, a line a difference. */
export function compareText(differences: readonly Difference[]): string {
  if (differences.length === 0) return "nothing is different";
  return differences
    .map(({ direction, what, before, after }) => `${direction.padEnd(7)} ${what}: ${before} → ${after}`)
    .join("\n");
}
