import type { Finding, Inventory } from "../model";
import type { Capacity, Hypervisor, OpenStackState } from "../openstack/model";
import { list, outcome, plural, type Outcome } from "./check";
import { openstackCheck, unread, whenKnown, whenRead, type OpenStackInput } from "./openstackCheck";

const driver = "nova, Compute drivers: VMware vSphere; nova source, virt/vmwareapi";

export const computeServiceUp = openstackCheck({
  id: "openstack-compute-service",
  title: "nova-compute of the cluster is up and enabled",
  severity: "error",
  settles: true,
  expected: "the compute service of the host is enabled, up and not forced down",
  why: "without it instances are neither launched nor known, and nova's records grow old",
  source: "Compute API reference, os-services",
  remedy: "see `openstack compute service list`; start the service on its node, enable it, read nova-compute's log",
  judge: ({ openstack, cloud: { computeHost } }) => {
    return whenRead(openstack.services, "nova", (services) => {
      const service = services.find(({ host }) => host === computeHost);
      const expected = "enabled, up";
      if (service === undefined) {
        const read = `no such host; nova knows ${list(services.map(({ host }) => host))}`;
        return outcome("not known", [{ subject: computeHost, read, expected }]);
      }
      const { enabled, up, forcedDown, disabledReason } = service;
      const reason = disabledReason === undefined ? "" : ` (${disabledReason})`;
      const words = [
        enabled ? "enabled" : `disabled${reason}`,
        up ? "up" : "down",
        ...(forcedDown ? ["forced down"] : []),
      ];
      const read = words.join(", ");
      return outcome(
        `${computeHost}: ${read}`,
        enabled && up && !forcedDown ? [] : [{ subject: computeHost, read, expected }],
      );
    });
  },
});

export const hypervisorIsCluster = openstackCheck({
  id: "openstack-hypervisor",
  title: "nova's hypervisor is this cluster",
  severity: "error",
  settles: true,
  expected: "the compute host's hypervisor is named for the cluster's managed object id",
  why: "a nova-compute of another cluster would launch where nothing here is checked",
  source: driver,
  remedy: "check cluster_name and host_ip in the [vmware] section of nova-compute's configuration",
  judge: (input) => {
    const { cloud, inventory } = input;
    return whenKnown(input, () => {
      return whenRead(input.openstack.hypervisors, "nova", (hypervisors) => {
        const own = hypervisorOf(hypervisors, cloud.computeHost);
        const subject = cloud.computeHost;
        const expected = `${inventory.cluster.id}.…, cluster ${inventory.cluster.name}`;
        if (own === undefined) return outcome("none", [{ subject, read: "no hypervisor", expected }]);
        return outcome(own.name, isCluster(own, inventory) ? [] : [{ subject, read: own.name, expected }]);
      });
    });
  },
});

function hypervisorOf(hypervisors: readonly Hypervisor[], computeHost: string): Hypervisor | undefined {
  return hypervisors.find(({ serviceHost }) => serviceHost === computeHost);
}

function isCluster(hypervisor: Hypervisor, { cluster }: Inventory): boolean {
  return hypervisor.name.startsWith(`${cluster.id}.`);
}

/** Judges what belongs to the cluster's hypervisor; that there is none is told once, by the check of the hypervisor. */
function ofCluster(
  { openstack, cloud: { computeHost }, inventory }: OpenStackInput,
  judge: (hypervisor: Hypervisor) => Outcome,
): Outcome {
  return whenRead(openstack.hypervisors, "nova", (hypervisors) => {
    const own = hypervisorOf(hypervisors, computeHost);
    if (own === undefined) return unread(computeHost, "nova has no hypervisor of it", "the cluster");
    return isCluster(own, inventory) ? judge(own) : unread(computeHost, `its hypervisor is ${own.name}`, "the cluster");
  });
}

const capacityExpected = "the threads and the memory of all hosts that are connected and not in maintenance";

export const hypervisorCapacity = openstackCheck({
  id: "openstack-hypervisor-capacity",
  title: "nova knows the cluster's capacity",
  severity: "error",
  settles: true,
  expected: capacityExpected,
  why: "what nova shows for the hypervisor is what operators plan with",
  source: driver,
  remedy: "wait for update_resources_interval (60 s); read nova-compute's log; check the connection to vCenter",
  judge: (input) => {
    const subject = `hypervisor of ${input.cloud.computeHost}`;
    return ofCluster(input, (own) => compareCapacity(own, input.inventory, subject));
  },
});

export const placementCapacity = openstackCheck({
  id: "openstack-placement-capacity",
  title: "placement knows the cluster's capacity",
  severity: "error",
  settles: true,
  expected: capacityExpected,
  why: "the scheduler asks placement: too little refuses launches, too much lets them fail",
  source: "Placement API reference, resource provider inventories; nova source, virt/vmwareapi",
  remedy: "wait for update_resources_interval (60 s); see `openstack resource provider inventory list`",
  judge: (input) => {
    const subject = `resource provider of ${input.cloud.computeHost}`;
    return ofCluster(input, () => {
      return whenRead(input.openstack.provider, "placement", (provider) => {
        return compareCapacity(provider, input.inventory, subject);
      });
    });
  },
});

/** What nova's vCenter driver counts as the cluster's capacity; undefined when the size of a host is not told. */
export function usableCapacity({ hosts }: Inventory): Capacity | undefined {
  const counted = hosts.filter((host) => host.connectionState === "connected" && !host.inMaintenanceMode);
  if (counted.some(({ cpuThreads, memoryMb }) => cpuThreads === 0 || memoryMb === 0)) return undefined;
  return {
    vcpus: counted.reduce((sum, { cpuThreads }) => sum + cpuThreads, 0),
    memoryMb: counted.reduce((sum, { memoryMb }) => sum + memoryMb, 0),
  };
}

export function capacityText({ vcpus, memoryMb }: Capacity): string {
  return `${vcpus.toString()} vCPUs, ${memoryMb.toString()} MB`;
}

function compareCapacity(read: Capacity | undefined, inventory: Inventory, subject: string): Outcome {
  const usable = usableCapacity(inventory);
  const expected = usable === undefined ? "the cluster's capacity" : capacityText(usable);
  if (read === undefined) return outcome("not known", [{ subject, read: "not known", expected }]);
  const text = capacityText(read);
  if (usable === undefined) {
    return outcome(text, [], [{ subject, read: "vCenter does not tell the size of every host", expected: "sizes" }]);
  }
  const equal = usable.vcpus === read.vcpus && usable.memoryMb === read.memoryMb;
  return outcome(text, equal ? [] : [{ subject, read: text, expected }]);
}

export const aggregateAndZone = openstackCheck({
  id: "openstack-availability-zone",
  title: "the cluster is in its availability zone",
  severity: "error",
  settles: true,
  expected: "a host aggregate sets the declared zone and holds the compute host, and the zone is available",
  why: "users choose the cluster by its zone; each vCenter needs one of its own",
  source: "nova, Availability Zones; nova, Compute drivers: VMware vSphere",
  remedy: "run pulumi up --refresh; see `openstack aggregate list --long` and `openstack availability zone list`",
  judge: ({ openstack, cloud: { computeHost, availabilityZone, aggregate } }) => {
    return whenRead(openstack.aggregates, "nova", (aggregates) => {
      return whenRead(openstack.zones, "nova", (zones) => {
        const setting = aggregates.filter(
          ({ name, zone }) => zone === availabilityZone && name === (aggregate ?? name),
        );
        const findings: Finding[] = [];
        if (setting.length === 0) {
          const known = aggregates.map(({ name, zone }) => `${name} (${zone ?? "no zone"})`);
          findings.push({
            subject: availabilityZone,
            read: `aggregates: ${list(known)}`,
            expected: `aggregate ${aggregate ?? ""} with this zone`.replace("  ", " "),
          });
        } else if (!setting.some(({ hosts }) => hosts.includes(computeHost))) {
          const read = `${plural(setting.length, "aggregate")} without it`;
          findings.push({ subject: computeHost, read, expected: `member of ${list(setting.map(({ name }) => name))}` });
        }
        const zone = zones.find(({ name }) => name === availabilityZone);
        // A service that is away takes its zone with it, which its own check tells.
        if (zone === undefined || (!zone.available && isUp(openstack, computeHost))) {
          const read =
            zone === undefined ? `no such zone, but ${list(zones.map(({ name }) => name))}` : "not available";
          findings.push({ subject: availabilityZone, read, expected: "available" });
        }
        return outcome(`zone ${availabilityZone}, ${plural(setting.length, "aggregate")}`, findings);
      });
    });
  },
});

/** Also when that could not be read. */
function isUp({ services }: OpenStackState, computeHost: string): boolean {
  if ("unread" in services) return true;
  return services.value.some(
    ({ host, enabled, up, forcedDown }) => host === computeHost && enabled && up && !forcedDown,
  );
}
