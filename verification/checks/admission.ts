import type { Finding, HostState } from "../model";
import { demands, hostSlots, slotSize, survivors, total, unplaced, type Demand, type Resource } from "./capacity";
import { haEnabled, notApplicable, outcome, plural, usableHosts, type Check, type CheckInput } from "./check";

export const admissionControlOn: Check = {
  id: "ha-admission-control-enabled",
  title: "HA admission control is on",
  severity: "error",
  settles: false,
  expected: "an admission control policy is set",
  why: "without it VMs may be started until a failed host's VMs find no room",
  source: "vSphere Availability, vSphere HA Admission Control",
  remedy: "declare haAdmissionControlPolicy: resourcePercentage",
  judge: ({ inventory }) => {
    if (haEnabled(inventory) === false) return notApplicable("HA is off");
    const policy = inventory.cluster.settings.haAdmissionControlPolicy;
    const finding = {
      subject: "haAdmissionControlPolicy",
      expected: "resourcePercentage, slotPolicy or failoverHosts",
    };
    if (typeof policy !== "string") return outcome("not told", [], [{ ...finding, read: "vCenter does not tell" }]);
    return outcome(`policy ${policy}`, policy === "disabled" ? [{ ...finding, read: policy }] : []);
  },
};

export const admissionControlSatisfied: Check = {
  id: "ha-admission-control-satisfied",
  title: "the cluster can lose the declared number of hosts",
  severity: "error",
  settles: true,
  expected: "with the largest hosts lost, the rest hold what the running VMs reserve, by CPU and by memory",
  why: "a policy that is set is not yet room: hosts leave, reservations grow",
  source: "vSphere Availability, vSphere HA Admission Control; computed here from hosts and reservations",
  remedy: "bring the missing hosts back, add hosts, lower reservations, or declare fewer host failures",
  judge: (input) => {
    const { inventory } = input;
    const hosts = usableHosts(inventory);
    const unread = hosts.filter(({ cpuMhz, memoryMb }) => cpuMhz === 0 || memoryMb === 0);
    if (unread.length > 0) {
      const findings = unread.map(({ name }) => ({
        subject: name,
        read: "vCenter does not tell its size",
        expected: "CPU and memory",
      }));
      return outcome("sizes of hosts are missing", [], findings);
    }
    const lost = hostFailures(input);
    const needs = demands(inventory);
    const findings = [...roomFindings(hosts, lost, needs), ...policyFindings(input, hosts, lost, needs)];
    const left = (resource: Resource): string => total(survivors(hosts, lost, resource), resource).toString();
    const read =
      `after losing ${lost.toString()} of ${plural(hosts.length, "host")}: CPU ${total(needs, "cpuMhz").toString()} of ` +
      `${left("cpuMhz")} MHz, memory ${total(needs, "memoryMb").toString()} of ${left("memoryMb")} MB, ` +
      `reserved by ${plural(needs.length, "VM")}`;
    return outcome(read, findings);
  },
};

/** Host failures that the cluster is to survive: as declared, else as set, else one. */
export function hostFailures({ inventory, config }: CheckInput): number {
  const name = "haAdmissionControlHostFailureTolerance";
  const value = config.cluster.declared[name] ?? inventory.cluster.settings[name];
  return typeof value === "number" ? value : 1;
}

function roomFindings(hosts: HostState[], lost: number, needs: Demand[]): Finding[] {
  if (hosts.length <= lost) {
    const expected = `more than ${lost.toString()}`;
    return [{ subject: "usable hosts", read: hosts.length.toString(), expected }];
  }
  const short = (["cpuMhz", "memoryMb"] as const).flatMap((resource): Finding[] => {
    const have = total(survivors(hosts, lost, resource), resource);
    const need = total(needs, resource);
    if (need <= have) return [];
    const [subject, unit] = resource === "cpuMhz" ? ["CPU", "MHz"] : ["memory", "MB"];
    return [{ subject, read: `${need.toString()} ${unit} reserved`, expected: `at most ${have.toString()} ${unit}` }];
  });
  if (short.length > 0) return short;
  // Enough in sum may still be in pieces too small for one VM.
  return unplaced(survivors(hosts, lost, "memoryMb"), needs).map((demand) => ({
    subject: demand.vm,
    read: `needs ${demand.cpuMhz.toString()} MHz and ${demand.memoryMb.toString()} MB on one host`,
    expected: "room on one remaining host",
  }));
}

/** What the set policy itself asks for, beside the room that is there. */
function policyFindings({ inventory }: CheckInput, hosts: HostState[], lost: number, needs: Demand[]): Finding[] {
  const { settings } = inventory.cluster;
  if (settings.haAdmissionControlPolicy === "resourcePercentage") {
    const { haAdmissionControlResourcePercentageCpu: cpu, haAdmissionControlResourcePercentageMemory: memory } =
      settings;
    return [
      ...percentageFinding("CPU", cpu, "cpuMhz", hosts, lost, needs),
      ...percentageFinding("memory", memory, "memoryMb", hosts, lost, needs),
    ];
  }
  if (settings.haAdmissionControlPolicy === "slotPolicy") {
    const slots = hostSlots(hosts, slotSize(settings, needs)).slice(lost);
    const have = slots.reduce((sum, count) => sum + count, 0);
    if (have >= needs.length) return [];
    return [{ subject: "slots", read: `${have.toString()} left`, expected: `${needs.length.toString()}, one a VM` }];
  }
  if (settings.haAdmissionControlPolicy === "failoverHosts") {
    const named = settings.haAdmissionControlFailoverHostSystemIds;
    const usable = hosts.filter(({ id }) => Array.isArray(named) && named.includes(id));
    if (usable.length >= lost) return [];
    const expected = `at least ${lost.toString()}`;
    return [{ subject: "failover hosts", read: `${usable.length.toString()} usable`, expected }];
  }
  return [];
}

/** A stated percentage must leave the largest hosts out, and hold. One that vCenter computes is not stated. */
function percentageFinding(
  subject: string,
  percent: unknown,
  resource: Resource,
  hosts: HostState[],
  lost: number,
  needs: Demand[],
): Finding[] {
  const all = total(hosts, resource);
  if (typeof percent !== "number") return [];
  const needed = (100 * (all - total(survivors(hosts, lost, resource), resource))) / all;
  const free = (100 * (all - total(needs, resource))) / all;
  const findings: Finding[] = [];
  if (percent < needed) {
    const read = `${percent.toString()} % set aside`;
    findings.push({ subject, read, expected: `at least ${needed.toFixed(1)} % for ${plural(lost, "host")}` });
  }
  if (free < percent) {
    findings.push({
      subject,
      read: `${free.toFixed(1)} % free`,
      expected: `at least ${percent.toString()} %, the set share`,
    });
  }
  return findings;
}
