import assert from "node:assert/strict";
import { componentNames, inferredSchema } from "../../../bin/inferredSchema";
import { haDefaults } from "../../../components/haSettings";
import * as library from "../../../components";
import checkedIn from "../../../schema.json";

type Inferred = ReturnType<typeof inferredSchema>;

/** Pulumi's own analyzer makes the schema for other languages from the TypeScript source. */
describe("the components, as Pulumi's analyzer sees them", function () {
  this.timeout(120_000);
  let schema: Inferred;
  const token = (name: string): string => `vsphere-ha:index:${name}`;

  before(() => {
    schema = inferredSchema();
  });

  it("are what schema.json says; npm run schema:package writes it", () => {
    assert.deepEqual(checkedIn, JSON.parse(JSON.stringify(schema)));
  });

  it("can be used from other languages, every input described", () => {
    assert.deepEqual(Object.keys(schema.resources).sort(), componentNames.map(token));
    const cluster = schema.resources[token("EsxiCluster")];
    assert.deepEqual(Object.keys(cluster?.properties ?? {}).sort(), ["clusterId", "target"]);
    assert.ok(cluster?.requiredInputs?.includes("hosts"));
    const settings = [
      ...Object.keys(haDefaults),
      "admissionControlFailoverHosts",
      "advancedOptions",
      "heartbeatDatastores",
    ];
    assert.deepEqual(Object.keys(schema.types[token("HaArgs")]?.properties ?? {}).sort(), settings.sort());
    for (const [name, { inputProperties }] of Object.entries(schema.resources)) {
      const silent = Object.entries(inputProperties ?? {}).filter(([, { description }]) => !description);
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
      componentNames,
    );
  });
});
