/** The JSON Schemas of the verifier's configuration, from what validates it (zod). */
import { z } from "zod";
import { schema } from "../verification/config/schema";
import { all, type Schema, tidy } from "./jsonSchema";

/** What one file says, or several that are laid over each other. */
export function verificationJsonSchema(): Schema {
  const form = tidy(z.toJSONSchema(schema) as Schema);
  // Where the key stands: zod's form of the object cannot say it (config/hostSsh.ts does).
  const ssh = form.properties?.hosts?.items?.properties?.ssh;
  if (ssh) ssh.oneOf = [{ required: ["hostKey"] }, { required: ["knownHostsFile"] }];
  return { $id: "urn:vsphere-ha:verification:1", title: "Configuration of vsphere-ha (--config)", ...form };
}

/** A file that is laid over others: nothing is required but the names of the hosts and VMs that it describes further. */
export function verificationLayerJsonSchema(): Schema {
  const form = verificationJsonSchema();
  for (const one of all(form)) {
    delete one.oneOf;
    delete one.required;
  }
  for (const list of ["hosts", "vms"]) {
    const items = form.properties?.[list]?.items;
    if (items) items.required = ["name"];
  }
  return {
    ...form,
    $id: "urn:vsphere-ha:verification-layer:1",
    title: "A further configuration of vsphere-ha, laid over another (--config, VSPHERE_HA_CONFIG)",
  };
}
