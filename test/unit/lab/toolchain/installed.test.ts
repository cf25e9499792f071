import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const loadInstalledModule = () => import("../../../../lab/toolchain/installed.mjs");
type InstalledModule = Awaited<ReturnType<typeof loadInstalledModule>>;

const installed = {
  pulumi: "/opt/pulumi/pulumi",
  version: "3.221.0",
  languageHost: "/opt/pulumi/pulumi-language-nodejs",
  plugins: [
    { name: "vsphere", version: "4.17.0" },
    { name: "openstack", version: "5.5.1" },
    { name: "command", version: "1.2.1" },
  ],
  sdks: { vsphere: { dir: "/sdk/v", version: "4.17.0" }, openstack: { dir: "/sdk/o", version: "5.5.1" } },
  command: "1.2.1",
};

describe("an installed toolchain", () => {
  let m: InstalledModule;
  before(async () => {
    m = await loadInstalledModule();
  });

  it("is sufficient when CLI, SDKs and the plugins of their versions are there", () => {
    assert.deepEqual(m.lacks(installed), []);
  });

  const cases: [string, Partial<typeof installed>, RegExp][] = [
    ["the CLI is too old", { version: "3.199.0" }, /^pulumi 3\.220\.0 or later is needed, \S+ is 3\.199\.0: install/],
    ["the language host is missing", { languageHost: undefined }, /^pulumi-language-nodejs is neither/],
    [
      "an SDK is of another major version",
      { sdks: { ...installed.sdks, vsphere: { dir: "/sdk/v", version: "5.0.0" } } },
      /^@pulumi\/vsphere 4\.x is not installed, \/sdk\/v is 5\.0\.0: npm install/,
    ],
    [
      "a plugin is of another version than its SDK",
      { plugins: [...installed.plugins.slice(1), { name: "vsphere", version: "4.16.0" }] },
      /^the plugin vsphere 4\.17\.0 is not installed: pulumi plugin install resource vsphere 4\.17\.0$/,
    ],
    ["the command plugin is missing", { plugins: installed.plugins.slice(0, 2) }, /^the plugin command 1\.2\.1 is not/],
  ] as [string, Partial<typeof installed>, RegExp][];
  for (const [name, change, problem] of cases) {
    it(`is not when ${name}`, () => {
      const problems = m.lacks({ ...installed, ...change });
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? "", problem);
    });
  }

  it("says all that is missing at once", () => {
    assert.equal(m.lacks({ plugins: [], sdks: {}, command: "1.2.1" }).length, 5);
  });

  describe("on disk", () => {
    let root: string;
    let env: Record<string, string>;
    const file = (path: string, content: string): void => {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), content);
    };
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), "vsphere-ha-"));
      const plugins = JSON.stringify(installed.plugins);
      file("cli/pulumi", `#!/bin/sh\n[ "$1" = version ] && echo v3.221.0 || echo '${plugins}'\n`);
      file("cli/pulumi-language-nodejs", "#!/bin/sh\n");
      for (const program of ["pulumi", "pulumi-language-nodejs"]) chmodSync(join(root, "cli", program), 0o755);
      for (const { name, version } of installed.plugins) {
        file(`home/plugins/resource-${name}-v${version}/pulumi-resource-${name}`, "");
      }
      file("modules/@pulumi/vsphere/package.json", '{"version":"4.17.0"}');
      file("modules/@pulumi/openstack/package.json", '{"version":"5.5.1"}');
      file("checkout/package-lock.json", '{"packages":{"node_modules/@pulumi/command":{"version":"1.2.1"}}}');
      env = {
        PATH: `${join(root, "cli")}:${process.env.PATH}`,
        PULUMI_HOME: join(root, "home"),
        NODE_PATH: join(root, "modules"),
      };
    });
    afterEach(() => {
      rmSync(root, { recursive: true });
    });

    it("is found and taken, programs and plugins alike", () => {
      const choice = m.chooseFrom(m.findInstalled(join(root, "checkout"), env), env);
      assert.equal(choice.links["bin/pulumi"], join(root, "cli/pulumi"));
      assert.equal(choice.links["bin/pulumi-language-nodejs"], join(root, "cli/pulumi-language-nodejs"));
      const plugin = "plugins/resource-vsphere-v4.17.0/pulumi-resource-vsphere";
      assert.equal(choice.links[plugin], join(root, "home", plugin));
      assert.deepEqual(choice.sdks.openstack, { dir: join(root, "modules/@pulumi/openstack"), version: "5.5.1" });
      assert.equal(m.checkChoice(choice), choice);
    });

    it("is refused when something of it has gone since it was chosen", () => {
      const choice = m.chooseFrom(m.findInstalled(join(root, "checkout"), env), env);
      rmSync(join(root, "home"), { recursive: true });
      assert.throws(() => m.checkChoice(choice), /resource-vsphere-v4\.17\.0.*choose again/s);
    });

    it("is refused with everything that lacks", () => {
      const nothing = { ...env, PATH: "/nowhere", NODE_PATH: "" };
      assert.throws(
        () => m.chooseFrom(m.findInstalled(join(root, "checkout"), nothing), nothing),
        /pulumi 3\.220\.0 or later is not on PATH.*@pulumi\/vsphere 4\.x is not installed/s,
      );
    });
  });
});
