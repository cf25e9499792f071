import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { ClusterTarget } from "./esxiCluster";
import { read } from "./stackForm";
import { userError } from "./userError";
import { refuse } from "./validation";

const text = z.string();
const byName = z.record(text, text);

const targetSchema = z.object({
  datacenterName: text,
  datacenterId: text,
  clusterName: text,
  clusterId: text,
  resourcePoolId: text,
  hostIds: byName,
  datastoreIds: byName,
  networkIds: byName,
  declared: z.record(text, z.unknown()),
  digest: text,
}) satisfies z.ZodType<ClusterTarget>;

/**
 * The cluster of another stack, which exports its EsxiCluster's `target`, for the components of this one.
 *
 * @param stack reference to the other stack
 * @param output name of that export. Default: cluster
 * @throws pulumi.RunError when the stack has no such output, when it is a secret, or when it is no cluster's target
 */
export async function sharedTarget(stack: pulumi.StackReference, output = "cluster"): Promise<ClusterTarget> {
  const { value, secretValue } = (await stack.getOutputDetails(output)) as { value?: unknown; secretValue?: unknown };
  const name = await new Promise<string>((resolve) => stack.name.apply(resolve));
  if (value === undefined) {
    const is = secretValue === undefined ? "is not there" : "is a secret, which names and ids need not be";
    throw userError(
      `output ${JSON.stringify(output)} of stack ${name} ${is}; export it there: ` +
        `export const ${output} = cluster.target, and run pulumi up`,
    );
  }
  const { data, problems } = read(targetSchema, value, output);
  refuse(`what stack ${name} exports as a cluster's target`, problems);
  return data as ClusterTarget;
}
