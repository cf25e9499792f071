import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { digestOf } from "./digest";
import { guestDefaults } from "./guestDefaults";
import type { ComputeTarget } from "./openstackCompute";
import { openstackVmRules } from "./openstackRules";
import { validated } from "./validation";
import { GuestOs } from "./values";
import type { TestVm } from "./verificationDocument";

/** A test virtual machine that is launched through OpenStack. */
export interface OpenStackVmArgs {
  /** Where it is launched. */
  target: ComputeTarget;
  /** Name in nova. Default: the component's name. */
  vmName?: string;
  /** Name of an image of the target; it also tells the operating system. */
  image: string;
  /** Name of a flavor of the target. */
  flavor: string;
  /** Name of a network of the target. */
  network: string;
  /** Address on that network. Default: neutron chooses one. */
  address?: pulumi.Input<string>;
  /** TCP port of the service that a verification asks, 1 to 65535. Default: 22 for Ubuntu, 3389 for Windows XP. */
  probePort?: pulumi.Input<number>;
  /** Longest time from power-on until that service answers, in seconds, 1 or more. Default: 120 for Ubuntu, 180 for XP. */
  bootSeconds?: pulumi.Input<number>;
}

/**
 * A test virtual machine with Ubuntu or Windows XP that OpenStack's users would launch, and that HA restarts.
 *
 * @example
 * ```ts
 * import { type OpenStackCompute, OpenStackVm } from "vsphere-ha";
 *
 * declare const compute: OpenStackCompute;
 *
 * const vm = new OpenStackVm("canary-os", { target: compute.target, image: "ubuntu", flavor: "small", network: "tenants" });
 * export const testVm = vm.testVm;
 * ```
 */
export class OpenStackVm extends pulumi.ComponentResource {
  /** Id in nova, which is the instance UUID of the virtual machine in vCenter. */
  public readonly instanceId: pulumi.Output<string>;
  /** Address on its network. */
  public readonly address: pulumi.Output<string>;
  /** What PostDeployCheck takes. */
  public readonly testVm: TestVm;

  /** @throws pulumi.RunError that lists everything wrong with the arguments, before anything is created. */
  constructor(name: string, args: OpenStackVmArgs, opts?: pulumi.ComponentResourceOptions) {
    super(
      "vsphere-ha:index:OpenStackVm",
      name,
      {},
      validated(`OpenStackVm ${JSON.stringify(name)}`, args, openstackVmRules, opts),
    );
    const { target } = args;
    const vmName = args.vmName ?? name;
    const image = target.images[args.image];
    const guestOs = image?.guestOs ?? GuestOs.ubuntu;
    const guest = guestDefaults[guestOs];

    const networkId = target.networkIds[args.network] ?? "";
    const port = new openstack.networking.Port(
      `${name}-port`,
      {
        networkId,
        ...(args.address !== undefined && { fixedIps: [{ ipAddress: args.address }] }),
        ...(target.securityGroupIds.length > 0 && { securityGroupIds: target.securityGroupIds }),
      },
      { parent: this },
    );
    const instance = new openstack.compute.Instance(
      `${name}-instance`,
      {
        name: vmName,
        availabilityZone: target.availabilityZone,
        flavorId: target.flavorIds[args.flavor] ?? "",
        imageId: image?.id ?? "",
        networks: [{ port: port.id }],
        ...(target.keyPair !== undefined && { keyPair: target.keyPair }),
      },
      { parent: this },
    );

    this.instanceId = instance.id;
    this.address = pulumi.all([port.allFixedIps, instance.id]).apply(([addresses]) => addresses[0] ?? "");
    this.testVm = {
      name: vmName,
      guestOs,
      probePort: args.probePort ?? guest.probePort,
      bootSeconds: args.bootSeconds ?? guest.bootSeconds,
      instanceId: instance.id,
      digest: digestOf({ ...args, target: target.digest, instanceId: instance.id }),
    };
    this.registerOutputs({ instanceId: this.instanceId, address: this.address, testVm: this.testVm });
  }
}
