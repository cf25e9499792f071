import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { known } from "../../../plugin/known";
import { type PropertySpec, resources, served } from "../../../plugin/packageSchema";
import { shapeOf } from "../../../plugin/shape";

const spec = (name: string) => {
  const found = resources[`vsphere-ha:index:${name}`];
  assert.ok(found, name);
  return found;
};
const cluster = {
  datacenter: { name: "Lab", existing: true },
  hosts: [
    { name: "esx-01", password: "p" },
    { name: "esx-02", password: "p" },
  ],
  datastores: [{ name: "ha-a", nfs: { server: "nfs", path: "/a" } }],
};

describe("inputs of another language, beside the schema", () => {
  const shape = (inputs: object) => {
    const { inputProperties, requiredInputs } = spec("EsxiCluster");
    const { rest, problems } = shapeOf(inputs as Record<string, unknown>, inputProperties, requiredInputs);
    return { rest, paths: problems.map(({ path }) => path), problems };
  };

  it("are whole when nothing is wrong", () => {
    assert.deepEqual(shape(cluster), { rest: cluster, paths: [], problems: [] });
  });

  for (const [what, change, paths] of [
    ["what is missing", { hosts: undefined, datacenter: {} }, ["hosts", "datacenter.name"]],
    ["another type", { hosts: "esx-01", datastores: [1] }, ["hosts", "datastores[0]"]],
    ["another type inside", { ha: { vmRestartTimeout: "10", enabled: 1 } }, ["ha.vmRestartTimeout", "ha.enabled"]],
    ["another type in a map", { drs: { advancedOptions: { a: 1 } } }, ["drs.advancedOptions.a"]],
    ["null where something is needed", { hosts: null }, ["hosts"]],
  ] as [string, object, string[]][]) {
    it(`are refused for ${what}, at every place`, () => {
      assert.deepEqual(shape({ ...cluster, ...change }).paths.sort(), paths.sort());
    });
  }

  it("are refused for what nobody knows, without printing it", () => {
    const { problems } = shape({ ...cluster, passwort: "geheim" });
    assert.deepEqual(
      problems.map(({ path, value }) => [path, typeof value]),
      [["passwort", "symbol"]],
    );
  });

  it("leave what can be judged beside what is malformed, unless that is needed", () => {
    assert.deepEqual(shape({ ...cluster, ha: { enabled: "yes", vmRestartTimeout: -1 } }).rest, {
      ...cluster,
      ha: { vmRestartTimeout: -1 },
    });
    assert.equal(shape({ ...cluster, hosts: [{}] }).rest, undefined);
  });

  it("may be an Output wherever it is used as one", () => {
    assert.deepEqual(shape({ ...cluster, ha: { vmRestartTimeout: pulumi.output(1) } }).paths, []);
  });
});

describe("inputs of another language, as far as they are known", () => {
  const inputs: Record<string, PropertySpec> = spec("UbuntuVm").inputProperties;
  const target = { clusterName: "ha", hostIds: { "esx-01": "host-1" }, declared: {} };
  /** An Output as a provider gets it. */
  const output = (
    value: unknown,
    isKnown = true,
    isSecret = false,
    from: pulumi.Resource[] = [],
  ): pulumi.Output<unknown> =>
    new (pulumi.Output as unknown as new (...of: unknown[]) => pulumi.Output<unknown>)(
      new Set(from),
      Promise.resolve(value),
      Promise.resolve(isKnown),
      Promise.resolve(isSecret),
      Promise.resolve(new Set(from)),
    );

  it("stand in place of their Outputs, at any depth, and tell what they came from", async () => {
    await pulumi.runtime.setMocks({ newResource: () => ({ id: "1", state: {} }), call: () => ({}) });
    const source = new pulumi.ComponentResource("a:b:C", "source");
    const found = await known(
      { target: output({ ...target, clusterName: output("ha") }, true, false, [source]), datastore: "ha-a" },
      inputs,
    );
    assert.deepEqual(found.value, { target, datastore: "ha-a" });
    assert.deepEqual([...found.dependencies], [source]);
    assert.equal(found.pending.size, 0);
  });

  it("are pending when a component must read members that are not known yet", async () => {
    assert.deepEqual([...(await known({ target: output(undefined, false) }, inputs)).pending.keys()], ["target"]);
    const hosts = await known({ target: { ...target, hostIds: output(undefined, false) } }, inputs);
    assert.deepEqual([...hosts.pending.keys()], ["target.hostIds"]);
  });

  it("stay Outputs when they are not known yet, and need not be", async () => {
    const later = output(undefined, false);
    const found = await known({ target: { ...target, declared: later, digest: later }, cpus: later }, inputs);
    assert.equal(found.pending.size, 0);
    assert.equal((found.value as { cpus: unknown }).cpus, later);
  });

  it("stay Outputs when they are secrets; a structure must not be one as a whole", async () => {
    const secret = output("s", true, true);
    const found = await known({ hosts: [{ password: secret }] }, spec("EsxiCluster").inputProperties);
    assert.deepEqual(found.secrets, []);
    assert.equal((found.value as { hosts: { password: unknown }[] }).hosts[0]?.password, secret);
    const whole = await known({ hosts: output([], true, true) }, spec("EsxiCluster").inputProperties);
    assert.deepEqual(whole.secrets, ["hosts"]);
  });
});

describe("the schema that other languages get", () => {
  it("lets every input be an Output", () => {
    assert.ok(!served.includes('"plain"'));
    assert.equal(Object.keys((JSON.parse(served) as { resources: object }).resources).length, 7);
  });
});
