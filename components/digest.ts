import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** SHA-256 of what was declared, in hexadecimal: equal exactly when nothing declared has changed. Give it no secrets. */
export function digestOf(declared: object): pulumi.Output<string> {
  return pulumi.output(declared).apply((value) => createHash("sha256").update(JSON.stringify(value)).digest("hex"));
}
