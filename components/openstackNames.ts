import type { NodeService } from "./computeNode";
import type { OpenStackComputeArgs } from "./openstackArgs";

/** What things are called, defaults filled in. */
export interface ComputeNames {
  serviceName: string;
  service: NodeService;
  computeHost: string;
  availabilityZone: string;
  aggregateName: string;
}

type Named = {
  [K in "serviceName" | "computeHost" | "availabilityZone" | "aggregateName"]?: OpenStackComputeArgs[K];
} & { target: { clusterName: string }; node: { configDirectory?: string; stateDirectory?: string } };

/** Names of the unit, of its files, and of what nova calls them. */
export function namesOf(args: Named): ComputeNames {
  const serviceName = args.serviceName ?? args.target.clusterName;
  const availabilityZone = args.availabilityZone ?? serviceName;
  return {
    serviceName,
    service: {
      unit: `nova-compute@${serviceName}`,
      file: `${args.node.configDirectory ?? "/etc/nova"}/nova-compute-${serviceName}.conf`,
      stateDirectory: `${args.node.stateDirectory ?? "/var/lib/nova"}/${serviceName}`,
    },
    computeHost: args.computeHost ?? serviceName,
    availabilityZone,
    aggregateName: args.aggregateName ?? availabilityZone,
  };
}
