import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020";
import { parse } from "yaml";
import { all, type Schema } from "../../../bin/jsonSchema";
import { publishedSchemas } from "../../../bin/publishedSchemas";
import { stackConfig } from "../../../components/stackConfig";
import { parseConfig } from "../../../verification/config";
import type { Json } from "../../../verification/config/layers";
import { Problems } from "../../../verification/problems";
import { everySettingOf, type Settings, settingsOf, textOf } from "./settingsFile";
import { disagreements } from "./wrongValues";

const root = resolve(__dirname, "../../..");
const published = publishedSchemas();
const names = ["stack", "verification", "verification-layer"] as const;
const files = ["Pulumi.dev.yaml", "Pulumi.openstack.yaml"];

function schemaOf(name: (typeof names)[number]): Schema {
  return published[`${name}.schema.json`] as Schema;
}

function validator(name: (typeof names)[number]): ValidateFunction {
  // `uri` is judged by the program alone: addresses have a pattern too.
  return new Ajv2020({ strict: false, allErrors: true, formats: { uri: true } }).compile(schemaOf(name));
}

function assertFits(validate: ValidateFunction, document: unknown): void {
  assert.ok(validate(document), JSON.stringify(validate.errors, undefined, 2));
}

/** Paths of the settings that a schema has: `.hosts[].name`. */
function settingPaths(schema: Schema, path = ""): string[] {
  const { properties = {}, items, additionalProperties, anyOf } = schema;
  return [
    ...Object.entries(properties).flatMap(([name, one]) => [
      `${path}.${name}`,
      ...settingPaths(one, `${path}.${name}`),
    ]),
    ...(items ? settingPaths(items, `${path}[]`) : []),
    ...(typeof additionalProperties === "object" ? settingPaths(additionalProperties, `${path}{}`) : []),
    ...((anyOf as Schema[] | undefined) ?? []).flatMap((one) => settingPaths(one, path)),
  ];
}

/** Paths of the settings that a document has, tables of the schema as there. */
function statedPaths(document: unknown, schema: Schema, path = ""): string[] {
  if (Array.isArray(document)) return document.flatMap((one) => statedPaths(one, schema.items ?? {}, `${path}[]`));
  if (typeof document !== "object" || document === null) return [];
  return Object.entries(document).flatMap(([name, value]) => {
    const property = schema.properties?.[name];
    if (property) return [`${path}.${name}`, ...statedPaths(value, property, `${path}.${name}`)];
    const other = schema.additionalProperties;
    return typeof other === "object" ? statedPaths(value, other, `${path}{}`) : [];
  });
}

describe("the published schemas of configurations", () => {
  for (const name of names) {
    it(`${name}: is as the code that validates has it`, () => {
      const text = readFileSync(join(root, "docs", `${name}.schema.json`), "utf8");
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(schemaOf(name))), "run: npm run schema");
    });

    it(`${name}: explains every setting`, () => {
      const unexplained = all(schemaOf(name)).flatMap(({ properties = {} }) =>
        Object.entries(properties).flatMap(([setting, { description }]) =>
          setting === "config" || (description ?? "").length > 5 ? [] : [setting],
        ),
      );
      assert.deepEqual(unexplained, []);
    });
  }

  for (const file of files) {
    it(`takes ${file}, also with every setting that is commented out there`, () => {
      assertFits(validator("stack"), settingsOf(file));
      assertFits(validator("stack"), everySettingOf(file));
    });

    it(`is named at the head of ${file}, for editors`, () => {
      const [, path] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(textOf(file)) ?? [];
      assert.ok(path !== undefined && statSync(join(root, path)).isFile());
    });
  }

  it("has no setting that Pulumi.dev.yaml, or for OpenStack Pulumi.openstack.yaml, does not show", () => {
    const schema = schemaOf("stack");
    const shown = new Set(files.flatMap((file) => statedPaths(everySettingOf(file), schema)));
    const dev = textOf("Pulumi.dev.yaml");
    const secrets = settingPaths(schema).filter((path) => /(hostPassword|novaPassword|computePrivateKey)/.test(path));
    assert.equal(secrets.length, 6);
    for (const secret of secrets) assert.ok(dev.includes(/:(\w+)/.exec(secret)?.[1] ?? "?"), secret);
    assert.deepEqual(
      settingPaths(schema).filter((path) => !shown.has(path) && !secrets.includes(path)),
      [],
    );
  });

  it("takes the settings of every example", () => {
    const examples = join(root, "examples");
    const found = readdirSync(root).includes("examples")
      ? readdirSync(examples, { recursive: true, encoding: "utf8" }).filter((file) =>
          /(^|\/)Pulumi\.[^/]+\.yaml$/.test(file),
        )
      : [];
    for (const file of found.filter((one) => !one.includes("node_modules"))) {
      const settings = parse(readFileSync(join(examples, file), "utf8")) as Settings;
      if (Object.hasOwn(settings.config, "vsphere-ha:cluster")) assertFits(validator("stack"), settings);
    }
  });

  it("takes the configurations that the README shows", () => {
    const shown = [...textOf("README.md").matchAll(/```json\n([^]*?)```/g)].map(([, text]) => text ?? "");
    assert.notEqual(shown.length, 0);
    for (const text of shown) assertFits(validator("verification-layer"), JSON.parse(text));
  });

  it("takes the configuration that the help of the command shows", () => {
    const text = /later files are laid over[^]*?\n([^]*?)\n {2}With OpenStack/.exec(textOf("verification/cli/main.ts"));
    assertFits(validator("verification"), JSON.parse(text?.[1] ?? ""));
  });

  it("refuses a secret of the stack in plain text, and takes it encrypted", () => {
    const validate = validator("stack");
    const settings = settingsOf("Pulumi.dev.yaml");
    const withPassword = (password: unknown): object => {
      return { config: { ...settings.config, "vsphere-ha:hostPassword": password } };
    };
    assert.ok(!validate(withPassword("hunter2")));
    assertFits(validate, withPassword({ secure: "v1:AAAA" }));
  });

  it("refuses settings that are none, and leaves those of providers alone", () => {
    const validate = validator("stack");
    const { config } = settingsOf("Pulumi.dev.yaml");
    assert.ok(!validate({ config: { ...config, "vsphere-ha:placment": {} } }));
    assert.ok(!validate({ config: { "vsphere-ha:vms": [] } }));
    assertFits(validate, { config: { ...config, "vsphere:vsphereServer": "vcenter.example.com" } });
  });
});

/** What the program says to settings, each problem by its path and rule. */
function problemsOfStack(document: unknown): string[] {
  const { config } = document as { config?: Record<string, unknown> | null | string };
  const of = (name: string): unknown => (config as Record<string, unknown> | null | undefined)?.[`vsphere-ha:${name}`];
  const environment = {
    VSPHERE_SERVER: "vcenter",
    VSPHERE_USER: "u",
    VSPHERE_PASSWORD: "p",
    VSPHERE_HA_HOST_PASSWORD: "p",
    VSPHERE_HA_COMPUTE_HOST: "node",
    VSPHERE_HA_COMPUTE_HOST_KEY: "ssh-ed25519 AAAA",
  };
  try {
    stackConfig({
      ...{ project: "vsphere-ha", keys: Object.keys((config ?? {}) as object) },
      ...{ cluster: of("cluster"), vms: of("vms"), placement: of("placement"), bmcs: of("bmcs"), ssh: of("ssh") },
      ...{ openstack: of("openstack"), openstackSecrets: { privateKey: "-----BEGIN PRIVATE KEY-----" } },
      ...{ hostPassword: undefined, environment },
    });
    return [];
  } catch (error) {
    assert.ok(pulumi.RunError.isInstance(error), String(error));
    return error.message.split("\n").slice(1);
  }
}

/** What the verifier says to a configuration. */
function problemsOfVerification(document: unknown): string[] {
  const env = { VSPHERE_SERVER: "vc", VSPHERE_USER: "u", VSPHERE_PASSWORD: "p", OS_PASSWORD: "p" };
  try {
    parseConfig(document as Json, env);
    return [];
  } catch (error) {
    assert.ok(error instanceof Problems, String(error));
    return error.message.split("\n").slice(1);
  }
}

/** Every setting of the verifier's configuration. */
const wholeVerification = {
  $schema: "docs/verification.schema.json",
  vcenter: { server: "vcenter.example.com", user: "u", caFile: "ca.pem", thumbprint: "a".repeat(64) },
  cluster: { datacenter: "dc-1", name: "compute-1", declared: { haEnabled: true, haVmRestartTimeout: 600 } },
  hosts: [
    {
      name: "host-1",
      bmc: {
        ...{ url: "https://bmc", systemId: "1", username: "u", passwordEnv: "P" },
        ...{ thumbprint: "a".repeat(40), caFile: "ca.pem" },
      },
      ssh: {
        ...{ host: "host-1", port: 22, user: "root", keyFile: "key", passwordEnv: "P" },
        hostKey: `SHA256:${"A".repeat(43)}`,
      },
    },
  ],
  vms: [
    {
      ...{ name: "vm-1", guestOs: "ubuntu", address: "192.0.2.1", probe: { port: 22 }, bootSeconds: 120 },
      openstack: { instanceId: "6a2f41a3-c54c-fce8-32d2-0324e1c32e22" },
    },
  ],
  guests: {
    ubuntu: {
      ...{ user: "root", passwordEnv: "P", load: { program: "/bin/stress", arguments: "{level} {seconds}" } },
      hang: { program: "/bin/sh", arguments: "-c x" },
    },
    windowsxp: { hang: { command: ["hang"] } },
  },
  openstack: {
    ...{ authUrl: "https://keystone", username: "u", projectName: "p", userDomainName: "d", projectDomainName: "d" },
    ...{ region: "r", caFile: "ca.pem", thumbprint: "a".repeat(64), computeHost: "c", availabilityZone: "z" },
    ...{ aggregate: "a", flavors: ["f"], images: [{ name: "i", guestOs: "ubuntu" }], service: "s", novaConf: ["n"] },
    ssh: { host: "n", port: 22, user: "u", keyFile: "k", hostKey: `SHA256:${"A".repeat(43)}` },
  },
  stop: { vcenterSilentSeconds: 300, totalSeconds: 3600 },
  timeScale: 1,
  probeIntervalSeconds: 1,
};

/** What JSON Schema cannot say: what other settings, files and the environment have to do with. */
const beyondStack = [
  /: must name one of the/,
  /: must be shared datastores, at least as many/,
  /: must be less than the number of hosts/,
  /: has an effect only with/,
  /: must be left out: an existing cluster stays/,
  /: must be stated with admissionControlPolicy: failoverHosts/,
  /: must be a whole number from 2 to 5; .* as text/,
  /: must be left out when vcenter.caFile is given/,
  /: must be a regular expression that the name of a shared datastore/,
  /: must be a file that can be read/,
  /: must not be loopback while DHCP/,
];

const beyondVerification = [/^ {2}[A-Z_]+ is not set/, /: must be an HTTPS address without user, password or query/];

/** Schema and program refuse the same, but for what is beyond the schema. */
function assertAgree(
  document: unknown,
  schema: ValidateFunction,
  problems: (document: unknown) => string[],
  beyond: RegExp[],
): void {
  const { refused, found } = disagreements(document, schema, problems);
  assert.ok(refused > 500, `${String(refused)} refused`);
  const unforeseen = found.filter(({ program }) => {
    return program.length === 0 || !program.every((problem) => beyond.some((rule) => rule.test(problem)));
  });
  assert.deepEqual(unforeseen, []);
  const needless = beyond.filter((rule) => !found.some(({ program }) => program.some((problem) => rule.test(problem))));
  assert.deepEqual(needless, []);
}

describe("schemas and the program", function () {
  this.timeout(120_000);

  it("agree about wrong values in a stack, everywhere", () => {
    const [openstack, dev] = [everySettingOf("Pulumi.openstack.yaml"), everySettingOf("Pulumi.dev.yaml")];
    const everything = { config: { ...openstack.config, ...dev.config } };
    assertAgree(everything, validator("stack"), problemsOfStack, beyondStack);
  });

  it("agree about wrong values in a configuration of the verifier, everywhere", () => {
    assertAgree(wholeVerification, validator("verification"), problemsOfVerification, beyondVerification);
  });
});
