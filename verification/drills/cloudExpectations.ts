import { capacityText } from "../checks/openstackCompute";
import type { Expectation } from "../model";
import { novaLagMs } from "../openstack/cloud";
import type { Capacity } from "../openstack/model";
import type { CloudSample } from "./cloudWatch";
import type { Statement } from "./companion";
import type { DrillPlan } from "./plan";
import type { DrillName } from "./variants";

/** A longer time without a look, in wall ms, and what nova showed in it is not known. */
const longestGapMs = 15_000;

/** An instance of the target that fails with the host. */
export interface WatchedInstance {
  vm: string;
  id: string;
}

/** The instances of nova among the VMs that a plan fails. */
export function watchedInstances({ affected, targets }: DrillPlan): WatchedInstance[] {
  return targets.flatMap(({ vm, config }) => {
    const isAffected = affected.some((one) => one.vm.id === vm.id);
    return isAffected && config.openstack ? [{ vm: vm.name, id: config.openstack.instanceId.toLowerCase() }] : [];
  });
}

/** What OpenStack must show when a host is lost. */
export function cloudStatements(plan: DrillPlan, drill: DrillName, syncSeconds: number): Statement[] {
  const limit = (novaLagMs / 1000).toString();
  const because: Partial<Record<DrillName, string>> = {
    "maintenance-mode": "nova's hypervisor is the cluster, and DRS moves its VMs without telling nova",
    "nova-compute-down": "nova's record does not change while nova-compute is down, and HA needs no nova",
    "power-state-sync": `its power-state sync runs every ${syncSeconds.toString()} s (wall) and must not stop what HA restarts`,
  };
  const instances = watchedInstances(plan).map(({ vm }) => ({
    id: `nova-active:${vm}`,
    statement: `nova shows ${vm} as ACTIVE all the time, and does nothing to it`,
    basis: because[drill] ?? "nova's hypervisor is the cluster, which lives on",
  }));
  const seen = {
    id: "openstack-observed",
    statement: "OpenStack was observed: no gap in the looks at nova and placement",
    basis: `a look every second, at most ${(longestGapMs / 1000).toString()} s (wall) apart`,
  };
  if (drill === "nova-compute-down") {
    const stopped = {
      id: "nova-compute-down",
      statement: "nova-compute is down from before the fault until the host has its power back",
      basis: "read from the service manager of its node, before and after",
    };
    return [seen, stopped, ...instances];
  }
  const placement = [
    {
      id: "placement-shrinks",
      statement: `placement shows ${plan.host.name}'s share gone within ${limit} s (wall)`,
      basis:
        "update_resources_interval, 60 s by default, and half of it again; nova runs on no other clock than the wall's",
    },
    {
      id: "placement-returns",
      statement: `placement shows the capacity of before again when ${plan.host.name} is back`,
      basis: "what was lost for a while must not be lost for good",
    },
  ];
  return [seen, ...instances, ...placement];
}

/** What is judged: looks in their order, and what happened when; wall ms since the epoch. */
export interface CloudEvidence {
  samples: readonly CloudSample[];
  failures: readonly { at: number; reason: string }[];
  /** The watch began, the power was cut, the power came back, the watch ended. */
  began: number;
  faultSent: number;
  restored: number;
  ended: number;
  /** Whether nova-compute was down when the power was cut, and before it came back; undefined: not asked. */
  down: { before: boolean; after: boolean } | undefined;
}

type Judged = Pick<Expectation, "verdict" | "seen">;

export function judgeCloud(
  statements: readonly Statement[],
  instances: readonly WatchedInstance[],
  host: { cpuThreads: number; memoryMb: number },
  evidence: CloudEvidence,
): Expectation[] {
  const judgeOne = (id: string): Judged => {
    if (id === "openstack-observed") return judgeObserved(evidence);
    if (id === "nova-compute-down") return judgeDown(evidence.down);
    if (id === "placement-shrinks") return judgeShrinks(evidence, host);
    if (id === "placement-returns") return judgeReturns(evidence);
    const instance = instances.find(({ vm }) => id === `nova-active:${vm}`);
    return instance === undefined ? inconclusive("it was not watched") : judgeActive(evidence, instance);
  };
  return statements.map((statement) => ({ ...statement, ...judgeOne(statement.id) }));
}

/** The longest time without a look, wall ms. */
function longestGap({ samples, began, ended }: CloudEvidence): number {
  const instants = [began, ...samples.map(({ at }) => at), ended];
  return Math.max(...instants.map((at, index) => at - (instants[index - 1] ?? at)));
}

function judgeObserved(evidence: CloudEvidence): Judged {
  const { samples, failures } = evidence;
  const gap = longestGap(evidence);
  const counts = `${samples.length.toString()} looks, ${failures.length.toString()} failed, at most ${wall(gap)} apart`;
  const reason = failures[0] === undefined ? "" : `; the first failure: ${failures[0].reason}`;
  return gap > longestGapMs ? inconclusive(counts + reason) : passed(counts);
}

function judgeDown(down: CloudEvidence["down"]): Judged {
  if (down === undefined) return inconclusive("it was not asked");
  if (down.before && down.after) return passed("it was down");
  return inconclusive(`it ran ${down.before ? "before the host had its power back" : "when the power was cut"}`);
}

function judgeActive(evidence: CloudEvidence, { id }: WatchedInstance): Judged {
  const { samples, faultSent } = evidence;
  const wrong = samples.flatMap(({ at, instances }) => {
    const instance = instances.get(id);
    const text = instance === undefined ? "no such instance" : instanceText(instance);
    return text === "ACTIVE" ? [] : [`${text} ${wall(at - faultSent)} after the fault`];
  });
  if (wrong[0] !== undefined) return failed(wrong[0]);
  if (samples.length === 0) return inconclusive("nova was not seen");
  if (longestGap(evidence) > longestGapMs) return inconclusive("ACTIVE in every look, but there are gaps between them");
  return passed(`ACTIVE in ${samples.length.toString()} looks`);
}

/** `ACTIVE`, and what nova is doing: `ACTIVE, powering-off`. */
export function instanceText({ status, taskState }: { status: string; taskState: string | undefined }): string {
  return taskState === undefined ? status : `${status}, ${taskState}`;
}

/** Placement's capacity before the fault. */
function capacityBefore({ samples, faultSent }: CloudEvidence): Capacity | undefined {
  return samples.filter(({ at, capacity }) => at <= faultSent && capacity !== undefined).at(-1)?.capacity;
}

function judgeShrinks(evidence: CloudEvidence, host: { cpuThreads: number; memoryMb: number }): Judged {
  const before = capacityBefore(evidence);
  if (before === undefined) return inconclusive("placement was not seen before the fault");
  const less = { vcpus: before.vcpus - host.cpuThreads, memoryMb: before.memoryMb - host.memoryMb };
  const { samples, faultSent, restored } = evidence;
  const off = samples.filter(({ at }) => at > faultSent && at <= restored);
  const shrunk = off.find(({ capacity }) => capacity !== undefined && equal(capacity, less));
  const last = off.at(-1)?.capacity;
  if (shrunk === undefined) {
    const told = last === undefined ? "nothing" : capacityText(last);
    if (restored - faultSent < novaLagMs)
      return inconclusive(`the host was off for ${wall(restored - faultSent)} only`);
    return failed(`${told}; expected ${capacityText(less)}`);
  }
  const text = `${capacityText(less)} ${wall(shrunk.at - faultSent)} after the fault`;
  return shrunk.at - faultSent <= novaLagMs ? passed(text) : failed(text);
}

function judgeReturns(evidence: CloudEvidence): Judged {
  const before = capacityBefore(evidence);
  const last = evidence.samples.at(-1)?.capacity;
  if (before === undefined || last === undefined) return inconclusive("placement was not seen");
  if (!equal(last, before)) return failed(`${capacityText(last)}; before it was ${capacityText(before)}`);
  const lessAt = evidence.samples.findLastIndex(({ capacity }) => capacity !== undefined && !equal(capacity, before));
  const back = evidence.samples[lessAt + 1];
  if (lessAt === -1 || back === undefined) return passed(`${capacityText(before)} all the time`);
  return passed(`${capacityText(before)} ${wall(back.at - evidence.restored)} after the power came back`);
}

export function equal(a: Capacity, b: Capacity): boolean {
  return a.vcpus === b.vcpus && a.memoryMb === b.memoryMb;
}

function wall(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s (wall)`;
}

const passed = (seen: string): Judged => ({ verdict: "passed", seen });
const failed = (seen: string): Judged => ({ verdict: "failed", seen });
const inconclusive = (seen: string): Judged => ({ verdict: "inconclusive", seen });
