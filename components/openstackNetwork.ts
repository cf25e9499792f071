import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";
import type { ClusterTarget } from "./esxiCluster";
import { guestDefaults } from "./guestDefaults";
import { lookup } from "./lookup";
import { networkHardening } from "./networkHardening";
import type { SecurityGroupArgs, TenantNetworkArgs } from "./openstackArgs";

interface Options {
  parent: pulumi.Resource;
  dependsOn: pulumi.Resource[];
}

/** A resource, and those that go with it: only with all of them it can be used. */
export interface Whole {
  id: pulumi.Output<string>;
  parts: pulumi.Resource[];
}

function whole(main: pulumi.CustomResource, others: pulumi.CustomResource[]): Whole {
  const ready = pulumi.all(others.map(({ id }) => id));
  return { id: pulumi.all([main.id, ready]).apply(([id]) => id), parts: [main, ...others] };
}

/** A network with its subnet and, unless it uses an existing one, its port group on every host. */
export function createNetwork(
  prefix: string,
  { name, cidr, enableDhcp, portGroup, virtualSwitch, vlanId }: TenantNetworkArgs,
  target: ClusterTarget,
  opts: Options,
): Whole {
  const child = { parent: opts.parent };
  const segments = portGroup !== undefined && {
    segments: [{ networkType: "flat", physicalNetwork: existing(portGroup, target, opts) }],
  };
  const network = new openstack.networking.Network(`${prefix}-${name}`, { name, ...segments }, opts);
  const subnet = new openstack.networking.Subnet(
    `${prefix}-${name}-subnet`,
    { name, networkId: network.id, cidr, enableDhcp: enableDhcp ?? true },
    child,
  );
  const hosts = portGroup === undefined ? Object.entries(target.hostIds) : [];
  const portGroups = hosts.map(
    ([host, hostSystemId]) =>
      new vsphere.HostPortGroup(
        `${prefix}-${name}-${host}`,
        {
          // On a standard switch nova's driver finds a network by its id.
          name: network.id,
          hostSystemId,
          virtualSwitchName: virtualSwitch ?? "vSwitch0",
          vlanId: vlanId ?? 0,
          ...networkHardening,
        },
        child,
      ),
  );
  return whole(network, [subnet, ...portGroups]);
}

/** A port group that is in vCenter already. */
function existing(name: string, { datacenterId }: ClusterTarget, { parent }: Options): pulumi.Output<string> {
  const found = lookup("port group", { name, datacenterId }, (args) => vsphere.getNetwork(args, { parent }));
  return found.apply((network) => network.name);
}

/** A group that lets probes in, and nothing else. */
export function createSecurityGroup(
  prefix: string,
  { probesFrom, probePorts }: SecurityGroupArgs,
  opts: Options,
): Whole {
  const group = new openstack.networking.SecGroup(
    `${prefix}-probes`,
    { description: "Lets the probes of the verification in" },
    opts,
  );
  const ports = probePorts ?? Object.values(guestDefaults).map(({ probePort }) => probePort);
  const rules = ports.map(
    (port) =>
      new openstack.networking.SecGroupRule(
        `${prefix}-probes-${String(port)}`,
        {
          securityGroupId: group.id,
          direction: "ingress",
          ethertype: probesFrom.includes(":") ? "IPv6" : "IPv4",
          protocol: "tcp",
          portRangeMin: port,
          portRangeMax: port,
          remoteIpPrefix: probesFrom,
        },
        { parent: opts.parent },
      ),
  );
  return whole(group, rules);
}
