import { clusterOf, hostCount } from "../clusterOf";
import { countOf, type Declared, type PolicyRule, shown, stated } from "../rule";
import * as types from "../types";

/** A datastore that another stack declares is judged by its id, where the configuration lists those that are shared. */
export const sharedStorage: PolicyRule = {
  name: "vm-shared-storage",
  title: "virtual machines lie on datastores that every host of their cluster has",
  group: "redundancy",
  level: "mandatory",
  severity: "critical",
  source: "vSphere Availability, vSphere HA Checklist",
  remedy: "mount the datastore on every host, or move the virtual machine to one that is",
  settings: {
    sharedDatastoreIds: {
      type: "array",
      default: [],
      description: "ids of shared datastores that other stacks declare; empty: those are not judged",
    },
  },
  types: [types.vm],
  scope: "stack",
  judge: (vm, { list, stack }) => {
    const cluster = clusterOf(vm, "resourcePoolId");
    // Without the cluster: shared means two hosts at the least.
    const needed = (cluster && hostCount(cluster, stack)) ?? 2;
    const declared = ["datastoreId", "disks"].flatMap((property) => vm.from(property));
    const partly = declared
      .filter(({ type }) => type === types.nasDatastore)
      .flatMap((datastore) => short(datastore, needed));
    const shared = list("sharedDatastoreIds");
    const id = stated(vm.props, "datastoreId");
    const foreign = declared.length === 0 && shared.length > 0 && typeof id === "string" && !shared.includes(id);
    return [
      ...new Set([...partly, ...(foreign ? [`datastoreId is ${shown(id)}, must be one of sharedDatastoreIds`] : [])]),
    ];
  },
};

function short(datastore: Declared, needed: number): string[] {
  const mounted = countOf(datastore.props, "hostSystemIds");
  return mounted === undefined || mounted >= needed
    ? []
    : [`datastore ${datastore.name} is mounted on ${String(mounted)} hosts, must be on ${String(needed)}`];
}
