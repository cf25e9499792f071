import * as pulumi from "@pulumi/pulumi";
import { validated } from "./validation";
import { GuestOs } from "./values";
import type { TestVm } from "./verificationDocument";
import { createVm, VmArgs } from "./virtualMachine";
import { vmRules } from "./vmRules";

/**
 * A test virtual machine with Ubuntu that HA restarts and DRS places.
 *
 * @example
 * ```ts
 * import { type ClusterTarget, UbuntuVm } from "vsphere-ha";
 *
 * declare const target: ClusterTarget; // an EsxiCluster has it
 *
 * const vm = new UbuntuVm("canary", { target, template: "ubuntu", datastore: "ha-a", network: "vms", bootSeconds: 90 });
 * export const vmId = vm.vmId;
 * ```
 */
export class UbuntuVm extends pulumi.ComponentResource {
  /** UUID, which overrides and rules take. */
  public readonly vmId: pulumi.Output<string>;
  /** Managed object id. */
  public readonly moid: pulumi.Output<string>;
  /** What PostDeployCheck takes. */
  public readonly testVm: TestVm;

  /** @throws pulumi.RunError that lists everything wrong with the arguments, before anything is created. */
  constructor(name: string, args: VmArgs, opts?: pulumi.ComponentResourceOptions) {
    super(
      "vsphere-ha:index:UbuntuVm",
      name,
      {},
      validated(`UbuntuVm ${JSON.stringify(name)}`, args, vmRules.ubuntu, opts),
    );
    const { vmId, moid, testVm } = createVm(GuestOs.ubuntu, name, args, this);
    this.vmId = vmId;
    this.moid = moid;
    this.testVm = testVm;
    this.registerOutputs({ vmId, moid, testVm });
  }
}
