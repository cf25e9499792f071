import assert from "node:assert/strict";
import { resolve } from "node:path";
import { Analyzer } from "pulumi-analyzer/provider/experimental/analyzer";
import { haDefaults } from "../../../components/haSettings";
import * as library from "../../../components";

const root = resolve(__dirname, "../../..");
const components = [
  "EsxiCluster",
  "OpenStackCompute",
  "OpenStackVm",
  "PostDeployCheck",
  "UbuntuVm",
  "VmPlacement",
  "WindowsXpVm",
];

/**
 * Pulumi's own analyzer, which makes the schema for other languages from the TypeScript source. Not that of the pinned
 * 3.220, which does not know enumerations yet.
 */
describe("the components, as Pulumi's analyzer sees them", function () {
  this.timeout(60_000);
  const packageJson = { main: "components/index.ts" };

  it("can be used from other languages", () => {
    const { components: found, typeDefinitions } = new Analyzer(
      root,
      "vsphere-ha",
      packageJson,
      new Set(components),
    ).analyze();
    assert.deepEqual(Object.keys(found).sort(), components);
    assert.deepEqual(Object.keys(found.EsxiCluster?.outputs ?? {}).sort(), ["clusterId", "target"]);
    assert.ok(found.EsxiCluster?.inputs.hosts && !found.EsxiCluster.inputs.hosts.optional);
    const settings = [
      ...Object.keys(haDefaults),
      "admissionControlFailoverHosts",
      "advancedOptions",
      "heartbeatDatastores",
    ];
    assert.deepEqual(Object.keys(typeDefinitions.HaArgs?.properties ?? {}).sort(), settings.sort());
    for (const { name, inputs } of Object.values(found)) {
      const silent = Object.entries(inputs).filter(([, { description }]) => !description);
      assert.deepEqual(silent, [], `inputs of ${name} without description`);
    }
  });

  it("are the only classes of the library, whose entry creates nothing", () => {
    const classes = Object.entries(library).filter(([, value]) => typeof value === "function");
    assert.deepEqual(
      classes
        .map(([name]) => name)
        .filter((name) => /^[A-Z]/.test(name))
        .sort(),
      components,
    );
  });
});
