import { type Declared, countOf } from "./rule";
import * as types from "./types";

/** The cluster that a property of a resource leads to; undefined when this stack does not declare it. */
export function clusterOf(resource: Declared, property: string): Declared | undefined {
  return resource.from(property).find(({ type }) => type === types.cluster);
}

/** Hosts of a cluster: those that it lists, and those that join it by themselves; undefined while not known. */
export function hostCount(cluster: Declared, stack: Declared[]): number | undefined {
  const listed = countOf(cluster.props, "hostSystemIds");
  const joining = stack
    .filter(({ type }) => type === types.host)
    .filter((host) => clusterOf(host, "cluster") === cluster);
  return listed === undefined ? undefined : Math.max(listed, joining.length);
}
