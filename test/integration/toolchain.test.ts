import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import officialCommand from "./official/command-1.2.1.json";
import officialOpenstack from "./official/openstack-5.5.1.json";
import officialVsphere from "./official/vsphere-4.17.0.json";

const toolchain = resolve(__dirname, "../../.lab/.toolchain");

interface Property {
  type?: string;
  $ref?: string;
  items?: Property;
  additionalProperties?: Property;
}
interface Schema {
  resources: Record<
    string,
    { inputProperties?: Record<string, Property>; requiredInputs?: string[]; properties: Record<string, Property> }
  >;
  functions: Record<string, unknown>;
}
interface Official {
  resources: Record<string, { inputs: string[] }>;
  functions: string[];
}

/** What later versions of the vSphere provider have and the one that can be built does not. */
const NEWER_VSPHERE = [
  "alarm:Alarm",
  "configurationProfile:ConfigurationProfile",
  "distributedVirtualSwitchPvlanMapping:DistributedVirtualSwitchPvlanMapping",
  "guestOsCustomization:GuestOsCustomization",
  "namespace:Namespace",
  "offlineSoftwareDepot:OfflineSoftwareDepot",
  "supervisor:Supervisor",
  "supervisorV2:SupervisorV2",
  "virtualMachineClass:VirtualMachineClass",
  "zone:Zone",
];
/** The same of its functions; the official provider calls getStoragePolicy getPolicy. */
const NEWER_VSPHERE_FUNCTIONS = [
  "getAlarm",
  "getComputeClusterHostGroup",
  "getConfigurationProfile",
  "getDatastoreStats",
  "getGuestOsCustomization",
  "getHostBaseImages",
  "getHostVgpuProfile",
  "getLicense",
  "getNamespace",
  "getPolicy",
  "getZone",
];

describe("the built plugins", () => {
  let home: string;

  before(() => {
    home = mkdtempSync(join(tmpdir(), "vsphere-ha-"));
    symlinkSync(join(toolchain, "plugins"), join(home, "plugins"));
  });
  after(() => {
    rmSync(home, { recursive: true });
  });

  function pulumi(...args: string[]): string {
    const path = [join(toolchain, "bin"), process.env.PATH].join(delimiter);
    const env = { ...process.env, PATH: path, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" };
    return execFileSync("pulumi", args, { encoding: "utf8", env, maxBuffer: 64e6, stdio: ["ignore", "pipe", "pipe"] });
  }

  function schemaOf(name: string): Schema {
    const folder = readdirSync(join(toolchain, "plugins")).find((entry) => entry.startsWith(`resource-${name}-v`));
    assert.ok(folder, `no plugin ${name}`);
    return JSON.parse(
      pulumi("package", "get-schema", `${name}@${folder.slice(`resource-${name}-v`.length)}`),
    ) as Schema;
  }

  function compareInputs(built: Schema, official: Official): void {
    for (const [token, { inputs }] of Object.entries(official.resources)) {
      const properties = built.resources[token]?.inputProperties;
      const unknown = Object.keys(properties ?? {}).filter((name) => !inputs.includes(name));
      assert.deepEqual(unknown, [], `${token} has inputs that the official one has not`);
    }
  }

  it("are started by the CLI, which knows its version", () => {
    assert.match(pulumi("version"), /^v3\.\d+\.\d+/);
  });

  it("name the resources and inputs of vSphere as the official plugin", () => {
    const built = schemaOf("vsphere");
    const missing = Object.keys(officialVsphere.resources).filter((token) => !(token in built.resources));
    assert.deepEqual(
      missing,
      NEWER_VSPHERE.map((name) => `vsphere:index/${name}`),
    );
    const unknown = Object.keys(built.resources).filter((token) => !(token in officialVsphere.resources));
    assert.deepEqual(unknown, []);
    const missingFunctions = officialVsphere.functions.filter((token) => !(token in built.functions));
    assert.deepEqual(
      missingFunctions,
      NEWER_VSPHERE_FUNCTIONS.map((name) => `vsphere:index/${name}:${name}`),
    );
    compareInputs(built, officialVsphere);
  });

  it("name the resources and inputs of OpenStack as the official plugin", () => {
    const built = schemaOf("openstack");
    assert.deepEqual(Object.keys(built.resources).sort(), Object.keys(officialOpenstack.resources).sort());
    const functions = Object.keys(built.functions).filter((token) => token.startsWith("openstack:"));
    assert.deepEqual(functions.sort(), officialOpenstack.functions);
    compareInputs(built, officialOpenstack);
  });

  it("give command the inputs, types and outputs of the official plugin", () => {
    const built = schemaOf("command");
    const actual = Object.fromEntries(
      Object.entries(built.resources).map(([token, { inputProperties = {}, requiredInputs = [], properties }]) => {
        const inputs = Object.fromEntries(Object.entries(inputProperties).map(([name, p]) => [name, typeOf(p)]));
        const outputsOnly = Object.keys(properties).filter((name) => !(name in inputProperties));
        return [token, { inputs, required: requiredInputs.sort(), outputsOnly: outputsOnly.sort() }];
      }),
    );
    assert.deepEqual(actual, officialCommand.resources);
    assert.deepEqual(Object.keys(built.functions), officialCommand.functions);
  });
});

function typeOf({ type, $ref, items, additionalProperties }: Property): string {
  if (type === "array" && items) return `array<${typeOf(items)}>`;
  if (type === "object" && additionalProperties) return `object<${typeOf(additionalProperties)}>`;
  return $ref?.replace("#/types/", "") ?? type ?? "";
}
