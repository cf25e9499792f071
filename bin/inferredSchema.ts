/** The schema that Pulumi's own analyzer infers from the components. */
import { resolve } from "node:path";
import { Analyzer } from "pulumi-analyzer/provider/experimental/analyzer";
import { generateSchema, type PackageSpec } from "pulumi-analyzer/provider/experimental/schema";
import { description, name, version } from "../package.json";

const root = resolve(__dirname, "..");

/** The classes that the library exports. */
export const componentNames = [
  "EsxiCluster",
  "OpenStackCompute",
  "OpenStackVm",
  "PostDeployCheck",
  "UbuntuVm",
  "VmPlacement",
  "WindowsXpVm",
];

/** Reads the sources by the compiler, which takes seconds. The pinned 3.220's analyzer does not know enumerations yet. */
export function inferredSchema(): PackageSpec {
  const analyzer = new Analyzer(root, name, { main: "components/index.ts" }, new Set(componentNames));
  const { components, typeDefinitions, dependencies } = analyzer.analyze();
  return generateSchema(name, version, description, components, typeDefinitions, dependencies);
}
