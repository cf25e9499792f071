import * as pulumi from "@pulumi/pulumi";
import { userError } from "./userError";

/** What vCenter is asked for. */
export interface LookupArgs {
  /** Name in vCenter. */
  name: string;
  /** Managed object id of the datacenter that has it. Default: all of vCenter. */
  datacenterId?: pulumi.Input<string>;
  /** Resources that must be there first. Default: none. */
  after?: pulumi.CustomResource[];
}

/**
 * Finds something that must exist in vCenter already. In a preview it is unknown as long as its datacenter is, or what
 * must be there first.
 *
 * @throws pulumi.RunError, by the output, in one line: a missing object, or a vCenter that does not answer or let one in,
 *   is no fault of the program, whose stack would be printed otherwise.
 */
export function lookup<R>(
  kind: string,
  { name, datacenterId, after = [] }: LookupArgs,
  read: (args: { name: string; datacenterId: string }) => Promise<R>,
): pulumi.Output<R> {
  return pulumi.all([datacenterId, ...after.map(({ id }) => id)]).apply(async ([datacenter]) => {
    try {
      return await read({ name, datacenterId: datacenter ?? "" });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw userError(
        `cannot find ${kind} ${JSON.stringify(name)} in vCenter: ${lastReason(reason)}; check the name, that vCenter ` +
          "can be reached, and who logs in (VSPHERE_SERVER, VSPHERE_USER, VSPHERE_PASSWORD, or the provider's arguments)",
      );
    }
  });
}

/** Without the words that Pulumi puts before a provider's own. */
function lastReason(message: string): string {
  return message.replace(/^.*?returned an error: /s, "").trim();
}
