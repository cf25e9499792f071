import type { Finding, VmState } from "../model";
import type { Instance } from "../openstack/model";
import { list, notApplicable, outcome, plural, usableHosts } from "./check";
import { openstackCheck, whenKnown, whenRead, type OpenStackInput } from "./openstackCheck";

export const instancesPresent = openstackCheck({
  id: "openstack-instances-present",
  title: "declared instances are active on the cluster",
  severity: "error",
  settles: true,
  expected: "nova knows every declared instance, active, on the compute host and in the zone",
  why: "what nova does not know there, its users have lost, whether the VM runs or not",
  source: "the declared configuration: vms[].openstack.instanceId",
  remedy: "see `openstack server show`; start the instance, or declare the one that is meant",
  judge: (input) => {
    const { computeHost, availabilityZone } = input.cloud;
    const declared = declaredInstances(input);
    if (declared.length === 0) return notApplicable("no instance is declared");
    return whenKnown(input, () => {
      return whenRead(input.openstack.instances, "nova", (instances) => {
        const findings = declared.flatMap(({ name, instanceId }): Finding[] => {
          const instance = instances.find(({ id }) => id === instanceId.toLowerCase());
          const expected = `ACTIVE on ${computeHost}, zone ${availabilityZone}`;
          if (instance === undefined) return [{ subject: name, read: `not on ${computeHost}`, expected }];
          const { status, zone } = instance;
          if (status === "ACTIVE" && zone === availabilityZone) return [];
          return [{ subject: name, read: `${status}, zone ${zone ?? "none"}`, expected }];
        });
        const good = (declared.length - findings.length).toString();
        return outcome(`${good} of ${plural(declared.length, "instance")}`, findings);
      });
    });
  },
});

function declaredInstances({ config }: OpenStackInput): { name: string; instanceId: string }[] {
  return config.vms.flatMap(({ name, openstack }) => (openstack ? [{ name, instanceId: openstack.instanceId }] : []));
}

export const instanceStates = openstackCheck({
  id: "openstack-instance-states",
  title: "nova and vCenter agree on every instance",
  severity: "error",
  settles: true,
  expected: "an instance that is active runs in vCenter, one that is stopped does not, none is missing or in error",
  why: "where they differ, nova's power-state sync stops what runs, or users see as running what does not",
  source: "nova source, compute/manager.py, _sync_instance_power_state",
  remedy: "see `openstack server show` and the VM's events in vCenter; set the right one to what is meant",
  judge: (input) => {
    return everyInstance(input, (instance, vm) => {
      const expected = expectedPower[instance.vmState];
      if (vm === undefined) return [`no VM with this instance uuid; ${instance.status} in nova`, "one VM"];
      if (instance.vmState === "error") return [`ERROR in nova, ${vm.powerState} in vCenter`, "no error"];
      // What nova is at work on, and states that vCenter has no word for, agree with anything.
      if (instance.taskState !== undefined || expected === undefined || vm.powerState === expected) return undefined;
      return [`${instance.status} in nova, ${vm.powerState} in vCenter`, `${expected} in vCenter`];
    });
  },
});

const expectedPower: Record<string, VmState["powerState"]> = {
  active: "poweredOn",
  rescued: "poweredOn",
  stopped: "poweredOff",
  suspended: "suspended",
};

export const instancesOnSharedStorage = openstackCheck({
  id: "openstack-instances-on-shared-storage",
  title: "instances are on storage that all hosts have",
  severity: "error",
  settles: false,
  expected: "every datastore of an instance is accessible on every usable host",
  why: "HA restarts an instance only where its files are; the driver is made for shared datastores",
  source: "nova, Compute drivers: VMware vSphere, Prerequisites; vSphere Availability, vSphere HA Checklist",
  remedy: "leave local datastores out of datastore_regex, and move the instance's files",
  judge: (input) => {
    const { datastores } = input.inventory;
    const hosts = usableHosts(input.inventory);
    if (hosts.length === 0) return notApplicable("no host is usable");
    return everyInstance(input, (_, vm) => {
      if (vm === undefined || vm.datastoreIds.length === 0)
        return ["vCenter tells no datastore", "datastores", "unread"];
      const lacks = vm.datastoreIds.flatMap((id) => {
        const datastore = datastores.find((one) => one.id === id);
        const missing = hosts.filter((host) => datastore?.hostIds.includes(host.id) !== true);
        return missing.length === 0
          ? []
          : [`${datastore?.name ?? id} is missing on ${list(missing.map(({ name }) => name))}`];
      });
      return lacks.length === 0 ? undefined : [lacks.join("; "), `on ${plural(hosts.length, "host")}`];
    });
  },
});

export const portsBound = openstackCheck({
  id: "openstack-ports-bound",
  title: "declared instances have bound ports",
  severity: "error",
  settles: true,
  expected: "every declared instance has a port, and each of its ports is bound",
  why: "an instance whose port is not bound has no network: it is up, and nobody reaches it",
  source: "Networking API reference, ports: binding:vif_type",
  remedy: "see `openstack port show`; check neutron's mechanism driver and the port group of the network",
  judge: (input) => {
    const declared = declaredInstances(input);
    if (declared.length === 0) return notApplicable("no instance is declared");
    return whenRead(input.openstack.ports, "neutron", (ports) => {
      const findings = declared.flatMap(({ name, instanceId }): Finding[] => {
        const own = ports.filter((port) => port.instanceId === instanceId);
        if (own.length === 0) return [{ subject: name, read: "no port", expected: "a bound port" }];
        const loose = own.filter(({ vifType }) => ["", "unbound", "binding_failed"].includes(vifType));
        return loose.map(({ address, vifType }) => {
          return {
            subject: `${name} ${address ?? ""}`.trim(),
            read: vifType === "" ? "not told" : vifType,
            expected: "bound",
          };
        });
      });
      return outcome(plural(ports.length, "port"), findings);
    });
  },
});

/** What was read and what was expected; `unread`: it could not be told. */
type Found = [read: string, expected: string, unread?: "unread"];

/** One finding an instance at most. */
function everyInstance(
  { openstack, inventory }: OpenStackInput,
  find: (instance: Instance, vm: VmState | undefined) => Found | undefined,
): ReturnType<typeof outcome> {
  return whenRead(openstack.instances, "nova", (instances) => {
    const there = instances.filter(({ vmState }) => vmState !== "deleted" && vmState !== "building");
    if (there.length === 0) return notApplicable("no instance is on the compute host");
    const found = there.flatMap((instance) => {
      const one = find(instance, vmOf(instance, inventory.vms));
      return one === undefined ? [] : [{ subject: instance.name, one }];
    });
    const findings = (unread: boolean): Finding[] => {
      return found
        .filter(({ one }) => (one[2] !== undefined) === unread)
        .map(({ subject, one }) => ({ subject, read: one[0], expected: one[1] }));
    };
    const good = (there.length - found.length).toString();
    return outcome(`${good} of ${plural(there.length, "instance")}`, findings(false), findings(true));
  });
}

/** nova's vCenter driver gives a VM the instance's id as its instance uuid. */
export function vmOf({ id }: Instance, vms: readonly VmState[]): VmState | undefined {
  return vms.find(({ instanceUuid }) => instanceUuid.toLowerCase() === id.toLowerCase());
}
