import type { VerificationConfig } from "./config";
import type { Journal } from "./model";

/** What a run is about, as its journal says. */
export function targetOf({ cluster, hosts, vms }: VerificationConfig): Journal["target"] {
  return {
    datacenter: cluster.datacenter,
    cluster: cluster.name,
    hosts: hosts.map(({ name }) => name),
    vms: vms.map(({ name, guestOs, openstack }) => ({ name, guestOs, ...(openstack && { openstack: true }) })),
  };
}
