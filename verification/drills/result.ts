import type { CheckResult, DrillResult, DrillVm, Expectation, VmAvailability } from "../model";
import { vmAvailability } from "../availability/availability";
import type { Window } from "../availability/downtime";
import { faultWords } from "../faults/words";
import type { Sample } from "../probes/sample";
import type { Companion } from "./companion";
import { isTelling } from "./events";
import { judge, overall } from "./judge";
import type { DrillObservation } from "./observation";
import type { DrillPlan } from "./plan";
import { downtimeShares } from "./shares";
import { holds, type SteadyState } from "./steadyState";
import type { Timeline } from "./timeline";
import type { DrillName } from "./variants";

type Seconds = (wallMs: number) => number;

/** A drill's entry in the journal before anything is broken: what is expected, and what to undo. */
export function beginResult(plan: DrillPlan, { checks }: SteadyState, begun: Begun): DrillResult {
  const { started, number, drill, companion, loadPercent } = begun;
  const restores = companion?.undo === undefined ? "" : `; ${companion.undo}`;
  return {
    id: `${drill}-${number.toString()}-${plan.host.name}`,
    drill,
    host: plan.host.name,
    ...(loadPercent !== undefined && { loadPercent }),
    fdmRole: plan.role,
    verdict: "inconclusive",
    summary: "the drill did not end",
    started: new Date(started).toISOString(),
    ended: new Date(started).toISOString(),
    faultAt: undefined,
    steadyStateBefore: checks,
    steadyStateAfter: [],
    expectations: [...plan.expected, ...(companion?.expectations(plan) ?? [])].map(({ id, statement, basis }) => {
      return { id, statement, basis, verdict: "inconclusive", seen: "the drill did not end" };
    }),
    vms: [],
    timeline: [],
    undo: { fault: plan.fault, description: `${faultWords(plan.fault).undo}${restores}`, done: false },
  };
}

export interface Begun {
  /** Wall ms since the epoch. */
  started: number;
  /** In the journal. */
  number: number;
  drill: DrillName;
  companion: Companion | undefined;
  loadPercent: number | undefined;
}

/** Availability of each probed VM over the whole drill, by its name. */
export function measure(
  { targets }: DrillPlan,
  samples: readonly Sample[],
  window: Window,
  resolution: number,
  seconds: Seconds,
): Map<string, VmAvailability> {
  const own = new Map<string, Sample[]>(targets.map(({ vm }) => [vm.name, []]));
  for (const sample of samples) own.get(sample.vm)?.push(sample);
  return new Map(
    targets.map(({ vm: { name: vm }, config: { guestOs } }) => [
      vm,
      vmAvailability({ vm, guestOs, samples: own.get(vm) ?? [], window, resolution }, seconds),
    ]),
  );
}

/** Judges a drill that ended as planned. */
export function concludeResult(
  result: DrillResult,
  plan: DrillPlan,
  before: SteadyState,
  seen: DrillObservation,
  seconds: Seconds,
  further: readonly Expectation[] = [],
): void {
  result.expectations = [
    ...judged(plan, seen, seconds),
    ...further,
    steadyAfter(result.steadyStateAfter, faultWords(plan.fault).restored),
  ];
  result.vms = drillVms(plan, before, seen, seconds);
  result.verdict = overall(result.expectations.map(({ verdict }) => verdict));
  result.summary = summaryOf(result);
}

function judged(plan: DrillPlan, seen: DrillObservation, seconds: Seconds): Expectation[] {
  const { tooLate } = faultWords(plan.fault);
  return judge(plan.expected, seen, { ...plan.host, tooLate, second: plan.second?.host }, seconds);
}

/** Closes the books of a drill that was stopped under way: what was measured stays, what was expected stays open. */
export function stopResult(
  result: DrillResult,
  plan: DrillPlan,
  before: SteadyState,
  seen: DrillObservation,
  seconds: Seconds,
  stopped: Expectation,
): void {
  const harmed = judged(plan, seen, seconds).filter(({ id, verdict }) => {
    return verdict === "failed" && id.startsWith("vm-undisturbed:");
  });
  result.expectations = [
    ...result.expectations.map((one) => {
      return harmed.find(({ id }) => id === one.id) ?? { ...one, seen: "the drill was stopped" };
    }),
    stopped,
    steadyAfter(result.steadyStateAfter, faultWords(plan.fault).restored),
  ];
  result.vms = drillVms(plan, before, seen, seconds);
  result.verdict = overall(result.expectations.map(({ verdict }) => verdict));
  result.summary = `${stopped.verdict}: stopped: ${stopped.seen}`;
}

function summaryOf({ fdmRole, undo, expectations: all }: DrillResult): string {
  const [first, ...others] = all.filter(({ verdict }) => verdict !== "passed");
  if (first === undefined)
    return `${faultWords(undo.fault).happened} (HA ${fdmRole}), and all that was expected was seen`;
  const more = others.length === 0 ? "" : `, and ${others.length.toString()} more of ${all.length.toString()}`;
  return `${first.verdict}: ${first.statement}: ${first.seen}${more}`;
}

/** Closes the entry, judged or not. */
export function closeResult(
  result: DrillResult,
  timeline: Timeline,
  faultAt: number | undefined,
  ended: number,
  seconds: Seconds,
): void {
  if (faultAt !== undefined) result.faultAt = new Date(faultAt).toISOString();
  result.timeline = timeline.entries(faultAt, seconds);
  result.ended = new Date(ended).toISOString();
}

export function noteEvents(timeline: Timeline, { events }: DrillObservation): void {
  for (const { at, type, message } of events.filter(isTelling)) {
    timeline.note("event", message === "" ? type : message, at);
  }
}

function steadyAfter(checks: readonly CheckResult[], restored: string): Expectation {
  const steady = checks.length > 0 && holds(checks);
  const broken = checks.filter((check) => !holds([check])).map(({ id }) => id);
  return {
    id: "steady-state-after",
    statement: `the steady state holds again once ${restored}`,
    basis: "a drill must leave the cluster as it found it",
    verdict: steady ? "passed" : checks.length > 0 ? "failed" : "inconclusive",
    seen: steady ? "it holds" : checks.length > 0 ? `it does not hold: ${broken.join(", ")}` : "it was not read",
  };
}

function drillVms(
  { affected, targets, host }: DrillPlan,
  before: SteadyState,
  seen: DrillObservation,
  seconds: Seconds,
): DrillVm[] {
  const hostName = (id: string | undefined): string | undefined =>
    before.inventory.hosts.find((one) => one.id === id)?.name;
  return targets.flatMap(({ vm, config }) => {
    const availability = seen.availability.get(vm.name);
    if (availability === undefined) return [];
    const isAffected = affected.some((one) => one.vm.id === vm.id);
    const ids = { host: host.id, vm: vm.id };
    return [
      {
        ...availability,
        ...(config.openstack && { openstack: true }),
        affected: isAffected,
        hostBefore: hostName(vm.hostId) ?? "unknown",
        hostAfter: hostName(seen.failedOver?.vms.find(({ id }) => id === vm.id)?.hostId),
        shares: isAffected ? downtimeShares(seen, ids, availability, seconds) : undefined,
      },
    ];
  });
}
