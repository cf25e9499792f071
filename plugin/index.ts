/**
 * What Pulumi starts for programs in other languages (PulumiPlugin.yaml): package.json names it as `main`, and Pulumi calls
 * what it exports. Programs in TypeScript and JavaScript get the library by `exports`.
 */
import * as pulumi from "@pulumi/pulumi";
import { ComponentProvider } from "./provider";

/** Serves the components over gRPC, at a port that it prints, until Pulumi ends it. */
function start(): Promise<void> {
  return pulumi.provider.main(new ComponentProvider(), process.argv.slice(2));
}

export = start;
