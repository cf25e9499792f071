/** What nova and placement have to know before instances can be launched on a cluster. Pure. */
import type { Capacity, ComputeService, Hypervisor } from "../../verification/openstack/model";
import type { Request } from "./request";

/** One look at nova, placement and vCenter. */
export interface Sight {
  services: Pick<ComputeService, "host" | "enabled" | "up" | "forcedDown">[];
  hypervisors: Hypervisor[];
  /** Placement's inventory of the hypervisor of the compute host; undefined: placement does not know it. */
  provider: Capacity | undefined;
  /** The cluster in vCenter: its id, and the size of each host that counts; undefined: a size is not told. */
  cluster: { id: string; hosts: Capacity[] | undefined };
}

const text = ({ vcpus, memoryMb }: Capacity): string => `${String(vcpus)} vCPUs and ${String(memoryMb)} MB`;

/** Placement and nova take a cluster for one machine of all its hosts. */
function capacityOf(hosts: Capacity[]): Capacity {
  return {
    vcpus: hosts.reduce((sum, { vcpus }) => sum + vcpus, 0),
    memoryMb: hosts.reduce((sum, { memoryMb }) => sum + memoryMb, 0),
  };
}

function differs(who: string, known: Capacity, expected: Capacity | undefined): string[] {
  const equal = expected && known.vcpus === expected.vcpus && known.memoryMb === expected.memoryMb;
  return expected && !equal ? [`${who} has ${text(known)}, the cluster ${text(expected)}`] : [];
}

/** What is still missing, in the order in which it comes about; only the first step that lacks something speaks. */
export function missing({ computeHost }: Pick<Request, "computeHost">, sight: Sight): string[] {
  const service = sight.services.find(({ host }) => host === computeHost);
  if (!service) return [`nova has no compute service ${computeHost}: nova-compute has not reported to it yet`];
  const { enabled, up, forcedDown } = service;
  const states = [...(enabled ? [] : ["disabled"]), ...(up ? [] : ["down"]), ...(forcedDown ? ["forced down"] : [])];
  if (states.length > 0) return [`the compute service ${computeHost} is ${states.join(", ")}`];
  const hypervisor = sight.hypervisors.find(({ serviceHost }) => serviceHost === computeHost);
  if (!hypervisor) {
    return [
      `nova has no hypervisor of ${computeHost}: its cell does not know the host ` +
        "(nova-manage cell_v2 discover_hosts, or [scheduler] discover_hosts_in_cells_interval), or vCenter did not answer nova-compute",
    ];
  }
  if (!hypervisor.name.startsWith(`${sight.cluster.id}.`)) {
    return [`the hypervisor of ${computeHost} is ${hypervisor.name}, not this cluster (${sight.cluster.id})`];
  }
  const expected = sight.cluster.hosts && capacityOf(sight.cluster.hosts);
  if (!sight.provider) return [`placement has no resource provider of ${computeHost}`];
  return [...differs("nova", hypervisor, expected), ...differs("placement", sight.provider, expected)];
}

/** Flavors that no host has room for: the cluster as a whole may, but an instance runs on one host. */
export function tooLarge(flavors: Request["flavors"], hosts: Capacity[] | undefined): string[] {
  if (!hosts || hosts.length === 0) return [];
  const most = (sizes: number[]): number => Math.max(...sizes);
  return flavors
    .filter((flavor) => !hosts.some(({ vcpus, memoryMb }) => vcpus >= flavor.vcpus && memoryMb >= flavor.memoryMb))
    .map((flavor) => {
      const largest = { vcpus: most(hosts.map((h) => h.vcpus)), memoryMb: most(hosts.map((h) => h.memoryMb)) };
      return `flavor ${flavor.name} (${text(flavor)}) is larger than any host: the largest has ${text(largest)}; make it smaller`;
    });
}
