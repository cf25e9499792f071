import * as pulumi from "@pulumi/pulumi";
import { validated } from "./validation";
import { GuestOs } from "./values";
import type { TestVm } from "./verificationDocument";
import { createVm, VmArgs } from "./virtualMachine";
import { vmRules } from "./vmRules";

/**
 * A test virtual machine with Windows XP that HA restarts and DRS places.
 *
 * @example
 * ```ts
 * import { type ClusterTarget, WindowsXpVm } from "vsphere-ha";
 *
 * declare const target: ClusterTarget; // an EsxiCluster has it
 *
 * const vm = new WindowsXpVm("canary-xp", { target, template: "windows-xp-sp3", datastore: "ha-b", network: "vms" });
 * export const vmId = vm.vmId;
 * ```
 */
export class WindowsXpVm extends pulumi.ComponentResource {
  /** UUID, which overrides and rules take. */
  public readonly vmId: pulumi.Output<string>;
  /** Managed object id. */
  public readonly moid: pulumi.Output<string>;
  /** What PostDeployCheck takes. */
  public readonly testVm: TestVm;

  /** @throws pulumi.RunError that lists everything wrong with the arguments, before anything is created. */
  constructor(name: string, args: VmArgs, opts?: pulumi.ComponentResourceOptions) {
    super(
      "vsphere-ha:index:WindowsXpVm",
      name,
      {},
      validated(`WindowsXpVm ${JSON.stringify(name)}`, args, vmRules.windowsxp, opts),
    );
    const { vmId, moid, testVm } = createVm(GuestOs.windowsxp, name, args, this);
    this.vmId = vmId;
    this.moid = moid;
    this.testVm = testVm;
    this.registerOutputs({ vmId, moid, testVm });
  }
}
