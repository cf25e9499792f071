import type { DatastoreState, HostState, VmState } from "../model";
import { adaptersTo } from "../vcenter/routes";

/** Addresses by name, as far as they are known. */
export type KnownAddresses = ReadonlyMap<string, readonly string[]>;

/** What NFS datastores are mounted from by name: an address needs no look-up. */
export function nfsServers(datastores: readonly DatastoreState[]): string[] {
  return [...new Set(datastores.flatMap(({ nfs }) => nfs?.servers ?? []))];
}

/**
 * Why VMs would lose their storage with these adapters: NFS that the host mounts over them. A fault of the management network is
 * one of storage then, too, and HA does otherwise than for an isolation.
 *
 * @param running VMs that run on the host
 * @param cut VMkernel adapters
 * @param addresses of the names of NFS servers
 */
export function storageRefusals(
  host: HostState,
  running: readonly VmState[],
  cut: readonly string[],
  { datastores, addresses }: { datastores: readonly DatastoreState[]; addresses: KnownAddresses },
): string[] {
  return datastores.flatMap((datastore): string[] => {
    const { id, name, nfs } = datastore;
    const vms = running.filter(({ datastoreIds }) => datastoreIds.includes(id)).map((vm) => vm.name);
    if (nfs === undefined || vms.length === 0) return [];
    const ways = nfs.servers.map((server) => waysTo(host, datastore, server, addresses));
    const lost = [...new Set(ways.flatMap((adapters) => adapters ?? []))].filter((adapter) => cut.includes(adapter));
    const from = `NFS datastore ${name} from ${nfs.servers.join(", ")}`;
    if (lost.length > 0) {
      return [
        `${host.name} mounts ${from} over ${lost.join(", ")}, which this drill cuts: ${vms.join(", ")} would lose their storage, ` +
          "too; give NFS a VMkernel adapter in a network of its own, or move them to other storage",
      ];
    }
    if (ways.length > 0 && ways.every((adapters) => adapters !== undefined && adapters.length > 0)) return [];
    return [
      `it cannot be told over which adapter ${host.name} mounts ${from}: vCenter shows no route there, or the name has no address ` +
        "here; run the drill where the name can be looked up",
    ];
  });
}

/** Undefined: it cannot be told. */
function waysTo(
  { id, routes }: HostState,
  { nfs }: DatastoreState,
  server: string,
  addresses: KnownAddresses,
): string[] | undefined {
  const bound = nfs?.boundAdapters[id];
  if (bound !== undefined) return [bound];
  if (routes === undefined) return undefined;
  const known = addresses.get(server) ?? [server];
  const ways = known.map((address) => adaptersTo(routes, address));
  // Of several addresses, one that the host has no route to may be of a network that only this machine has.
  return ways.flat();
}
