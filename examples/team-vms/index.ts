/** A team's own virtual machines and placement rules, on a cluster that another team's stack declares and exports. */
import * as pulumi from "@pulumi/pulumi";
import { PostDeployCheck, sharedTarget, UbuntuVm, verificationDocument, VmPlacement } from "vsphere-ha";

export = async () => {
  const stack = new pulumi.StackReference(new pulumi.Config().require("clusterStack"));
  const target = await sharedTarget(stack);

  const [first, second] = ["shop-1", "shop-2"].map(
    (name) =>
      new UbuntuVm(name, { target, template: "ubuntu-13.10", datastore: "ha-b", network: "vm-ha", probePort: 2222 }),
  );
  const testVms = [first.testVm, second.testVm];

  const placement = new VmPlacement("shop", {
    target,
    vms: { "shop-1": first.vmId, "shop-2": second.vmId },
    haOverrides: [{ vm: "shop-1", vmRestartPriority: "high" }],
    antiAffinityRules: [{ name: "shop-apart", vms: ["shop-1", "shop-2"] }],
  });

  new PostDeployCheck("verified", { target, vms: testVms, digests: [placement.digest] }, { dependsOn: [placement] });

  return { verification: verificationDocument(target, testVms) };
};
