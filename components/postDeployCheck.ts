import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { checkRules } from "./checkRules";
import { digestOf } from "./digest";
import type { ClusterTarget } from "./esxiCluster";
import { validated } from "./validation";
import { CloudDocument, TestVm, verificationDocument } from "./verificationDocument";

/** What to verify after a deployment. Pass everything else that must be there first as `dependsOn`. */
export interface PostDeployCheckArgs {
  /** The cluster. */
  target: ClusterTarget;
  /** The virtual machines that must be on, protected and reachable. */
  vms: TestVm[];
  /** OpenStack on the cluster (OpenStackCompute's target has it). Default: none. */
  cloud?: CloudDocument;
  /** Digests of what else was declared (VmPlacement has one): the check runs again when one changes. Default: none. */
  digests?: pulumi.Input<string>[];
}

/**
 * Verifies a deployment that changed something; a failed verification fails the deployment.
 *
 * @example
 * ```ts
 * import { type ClusterTarget, PostDeployCheck, type UbuntuVm, type VmPlacement } from "vsphere-ha";
 *
 * declare const target: ClusterTarget; // an EsxiCluster has it
 * declare const vm: UbuntuVm;
 * declare const placement: VmPlacement;
 *
 * new PostDeployCheck(
 *   "verified",
 *   { target, vms: [vm.testVm], digests: [placement.digest] },
 *   { dependsOn: [placement] },
 * );
 * ```
 */
export class PostDeployCheck extends pulumi.ComponentResource {
  /** What was verified, as the document that `vsphere-ha check --config` reads, in JSON. */
  public readonly document: pulumi.Output<string>;
  /** What the verification printed. */
  public readonly result: pulumi.Output<string>;

  /** @throws pulumi.RunError that lists everything wrong with the arguments. */
  constructor(name: string, args: PostDeployCheckArgs, opts?: pulumi.ComponentResourceOptions) {
    super(
      "vsphere-ha:index:PostDeployCheck",
      name,
      {},
      validated(`PostDeployCheck ${JSON.stringify(name)}`, args, checkRules, opts),
    );
    const document = verificationDocument(args.target, args.vms, args.cloud ? { cloud: args.cloud } : {}).apply(
      (value) => JSON.stringify(value),
    );
    const digests = [args.target.digest, ...args.vms.map(({ digest }) => digest), ...(args.digests ?? [])];
    const check = new command.local.Command(
      `${name}-check`,
      {
        create: "npx --no-install vsphere-ha check --config -",
        stdin: document,
        // Verified again exactly when something else was declared: a preview without a change stays empty.
        triggers: [digestOf({ document, digests })],
      },
      { parent: this, ...(opts?.dependsOn && { dependsOn: opts.dependsOn }) },
    );
    this.document = document;
    this.result = check.stdout;
    this.registerOutputs({ document: this.document, result: this.result });
  }
}
