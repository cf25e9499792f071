/** Whether the whole cluster holds what is declared when the declared number of hosts fail. */
import { type Demand, survivors, unplaced } from "../../verification/checks/capacity";
import { clusterOf, hostCount } from "../clusterOf";
import { type Context, countOf, type Declared, type PolicyRule, stated } from "../rule";
import * as types from "../types";

/** vSphere Availability, das.vmcpuminmhz: a virtual machine without CPU reservation counts with 32 MHz. */
const leastCpuMhz = 32;

export const capacity: PolicyRule = {
  name: "cluster-capacity",
  title: "a cluster that lost the declared number of hosts holds everything declared on it",
  group: "redundancy",
  level: "mandatory",
  severity: "critical",
  source: "vSphere Availability, vSphere HA Admission Control",
  remedy:
    "add hosts, declare smaller or fewer virtual machines, let HA compute what it sets aside, or lower haAdmissionControlHostFailureTolerance",
  settings: {
    hostMemoryMb: {
      type: "integer",
      default: 0,
      description: "memory of a host for virtual machines, in MB; 0: the declared memory is not judged",
    },
    hostCpuMhz: {
      type: "integer",
      default: 0,
      description: "CPU of a host for virtual machines, in MHz; 0: CPU reservations are not judged",
    },
  },
  types: [types.cluster],
  scope: "stack",
  judge: (cluster, context) => {
    const hosts = hostCount(cluster, context.stack);
    const lost = stated(cluster.props, "haAdmissionControlHostFailureTolerance", 1);
    if (hosts === undefined || typeof lost !== "number" || stated(cluster.props, "haEnabled", false) === false)
      return [];
    if (lost >= hosts) {
      return [
        `haAdmissionControlHostFailureTolerance is ${String(lost)}, must be less than the ${String(hosts)} hosts`,
      ];
    }
    return [...reserve(cluster, hosts, lost), ...room(cluster, hosts, lost, context)];
  },
};

/** What admission control sets aside, where that is stated: hosts count as equally large. */
function reserve({ props }: Declared, hosts: number, lost: number): string[] {
  const prefix = "haAdmissionControl";
  const policy = stated(props, `${prefix}Policy`, "resourcePercentage");
  if (policy === "failoverHosts") {
    const count = countOf(props, `${prefix}FailoverHostSystemIds`);
    const enough = count === undefined || count >= lost;
    return enough ? [] : [`the number of failover hosts is ${String(count)}, must be ${String(lost)} or more`];
  }
  const computed = stated(props, `${prefix}ResourcePercentageAutoCompute`, true) !== false;
  if (policy !== "resourcePercentage" || computed) return [];
  const share = (100 * lost) / hosts;
  return ["Cpu", "Memory"].flatMap((part) => {
    const key = `${prefix}ResourcePercentage${part}`;
    const percent = stated(props, key, 100);
    const short = typeof percent === "number" && percent < share;
    return short ? [`${key} is ${String(percent)}, must be ${String(Math.ceil(share))} or more`] : [];
  });
}

/** What finds no place on the hosts that are left, the memory of each virtual machine counted in full. */
function room(cluster: Declared, hosts: number, lost: number, { number, stack }: Context): string[] {
  const [memoryMb, cpuMhz] = [number("hostMemoryMb"), number("hostCpuMhz")];
  if (memoryMb === 0 && cpuMhz === 0) return [];
  const host = { memoryMb: memoryMb || Infinity, cpuMhz: cpuMhz || Infinity };
  const left = survivors(Array<typeof host>(hosts).fill(host), lost, "memoryMb");
  return unplaced(left, demands(cluster, stack)).map(
    ({ vm, memoryMb: memory, cpuMhz: cpu }) =>
      `${vm} needs ${String(memory)} MB and ${String(cpu)} MHz, must find that on one of the ${String(left.length)} hosts left`,
  );
}

function demands(cluster: Declared, stack: Declared[]): Demand[] {
  const alone = stack.filter(({ type }) => type === types.cluster).length === 1;
  return stack.flatMap((resource): Demand[] => {
    if (resource.type === types.vm && clusterOf(resource, "resourcePoolId") === cluster) {
      const { name, props } = resource;
      const cpu = amount(stated(props, "cpuReservation", 0));
      return [{ vm: name, memoryMb: amount(stated(props, "memory", 1024)), cpuMhz: Math.max(cpu, leastCpuMhz) }];
    }
    // Which cluster nova chooses is told by an availability zone: with one cluster there is no choice.
    if (resource.type === types.instance && alone) {
      const flavor = resource.from("flavorId").find(({ type }) => type === types.flavor);
      return [{ vm: resource.name, memoryMb: amount(stated(flavor?.props ?? {}, "ram", 0)), cpuMhz: leastCpuMhz }];
    }
    return [];
  });
}

/** Nothing while it is not known yet. */
const amount = (value: unknown): number => (typeof value === "number" ? value : 0);
