import type { VerificationConfig } from "../config";
import type { OpenStackConfig } from "../config/openstack";
import { CouldNotRun } from "../problems";
import type { OpenStack } from "./client";
import type { NovaSettings, OpenStackState, Reading } from "./model";

/**
 * Reads all that the checks judge, side by side. What cannot be read says why, and stops nothing else.
 *
 * @param settings reads nova-compute's configuration; undefined where its node cannot be reached
 */
export async function readState(
  openstack: OpenStack,
  config: OpenStackConfig,
  vms: VerificationConfig["vms"],
  settings: (() => Promise<NovaSettings>) | undefined,
): Promise<OpenStackState> {
  const takenAt = new Date();
  const instanceIds = vms.flatMap((vm) => vm.openstack?.instanceId ?? []);
  const hypervisors = attempt(() => openstack.hypervisors());
  const provider = hypervisors.then(async (known): Promise<OpenStackState["provider"]> => {
    if ("unread" in known) return known;
    const own = known.value.find(({ serviceHost }) => serviceHost === config.computeHost);
    return own === undefined ? { value: undefined } : attempt(() => openstack.provider(own.id));
  });
  const [services, aggregates, zones, instances, flavors, quota, images, ports, certificates, novaConf] =
    await Promise.all([
      attempt(() => openstack.services()),
      attempt(() => openstack.aggregates()),
      attempt(() => openstack.zones()),
      attempt(() => openstack.instances(config.computeHost)),
      attempt(() => openstack.flavors()),
      attempt(() => openstack.quota()),
      attempt(() => each(config.images, ({ name }) => openstack.images(name))),
      attempt(() => each(instanceIds, (id) => openstack.ports(id))),
      attempt(() => openstack.certificates()),
      settings === undefined
        ? { unread: "no SSH to nova-compute's node: set openstack.ssh or VSPHERE_HA_COMPUTE_HOST" }
        : attempt(settings),
    ]);
  return {
    takenAt,
    cloud: openstack.cloud,
    services,
    hypervisors: await hypervisors,
    provider: await provider,
    aggregates,
    zones,
    instances,
    flavors,
    quota,
    images,
    ports,
    certificates,
    settings: novaConf,
  };
}

async function each<T, U>(things: readonly T[], read: (thing: T) => Promise<U[]>): Promise<U[]> {
  return (await Promise.all(things.map(read))).flat();
}

async function attempt<T>(read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (error instanceof CouldNotRun) return { unread: error.message };
    throw error;
  }
}
