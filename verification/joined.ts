import { guestMeans } from "./availability/means";
import { overall } from "./drills/judge";
import type { Journal } from "./model";
import { CouldNotRun } from "./problems";

/**
 * Several runs on one cluster as one record, in their order. Checks and OpenStack's view are those of the last run that has
 * them.
 *
 * @throws CouldNotRun when they are not of one cluster and one clock
 */
export function joined(first: Journal, ...others: Journal[]): Journal {
  const all = [first, ...others];
  const place = ({ target, timeScale, vcenter }: Journal): string =>
    `${target.cluster} of ${vcenter?.about.instanceUuid ?? "no vCenter"} at time scale ${timeScale.toString()}`;
  const places = [...new Set(all.map(place))];
  if (places.length > 1) {
    throw new CouldNotRun(`the journals are not of one cluster (${places.join("; ")}); give those of one`);
  }
  const drills = all.flatMap((journal) => journal.drills);
  const errors = all.flatMap(({ error }) => error ?? []);
  return {
    ...first,
    command: [...new Set(all.map(({ command }) => command.split(" ")[0]))].join(" and "),
    started: extreme(all.map(({ started }) => started))[0],
    ended: extreme(all.map(({ ended }) => ended))[1],
    checks: all.findLast(({ checks }) => checks.length > 0)?.checks ?? [],
    openstack: all.findLast(({ openstack }) => openstack !== undefined)?.openstack,
    drills: drills.map((drill, index) => ({ ...drill, id: `${drill.drill}-${(index + 1).toString()}-${drill.host}` })),
    load: all.findLast(({ load }) => load !== undefined)?.load,
    means: guestMeans(drills, all.flatMap(({ means }) => means).find(({ longRun }) => longRun)?.longRun?.mtbfHours),
    verdict: overall(all.map(({ verdict }) => verdict)),
    error: errors.length === 0 ? undefined : errors.join("\n"),
  };
}

/** First and last; ISO 8601 in UTC sorts as text. */
function extreme(instants: string[]): [string, string] {
  const sorted = [...instants].sort();
  return [sorted[0] ?? "", sorted.at(-1) ?? ""];
}
