import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import manifest from "../../../../package.json";
import lock from "../../../../package-lock.json";

const loadParts = () => import("../../../../lab/toolchain/parts.mjs");
type Parts = Awaited<ReturnType<typeof loadParts>>;
const loadBuild = () => import("../../../../lab/toolchain/build.mjs");
type Build = Awaited<ReturnType<typeof loadBuild>>;

const lab = resolve(__dirname, "../../../../lab");

describe("the parts of the toolchain", () => {
  let parts: Parts;
  let build: Build;
  before(async () => {
    parts = await loadParts();
    build = await loadBuild();
  });

  it("have versions that the package's peer ranges accept", () => {
    for (const name of ["vsphere", "openstack", "command"] as const) {
      const [major, minor, patch] = manifest.peerDependencies[`@pulumi/${name}`]
        .replace("^", "")
        .split(".")
        .map(Number);
      const version = parts.PLUGINS[name].split(".").map(Number);
      assert.equal(version[0], major);
      assert.ok((version[1] ?? 0) * 1000 + (version[2] ?? 0) >= (minor ?? 0) * 1000 + (patch ?? 0), name);
    }
  });

  it("have the command plugin that the installed SDK asks for", () => {
    assert.equal(parts.PLUGINS.command, lock.packages["node_modules/@pulumi/command"].version);
  });

  it("take the CLI from the version of the SDK", () => {
    const pin = readFileSync(join(lab, "toolchain/cli/go.mod"), "utf8");
    const version = lock.packages["node_modules/@pulumi/pulumi"].version;
    assert.match(pin, new RegExp(`github\\.com/pulumi/pulumi/pkg/v3 v${version.replaceAll(".", "\\.")}\\b`));
    const cli = parts.GO_PARTS.find(({ name }) => name === "pulumi");
    assert.ok(cli?.ldflags?.endsWith(`=v${version}`));
  });

  it("each have a go.sum where they have dependencies", () => {
    for (const { dir, noSumDb } of parts.GO_PARTS) {
      const requires = readFileSync(join(lab, dir, "go.mod"), "utf8").includes("require");
      if (!requires) continue;
      const sums = readFileSync(join(lab, dir, "go.sum"), "utf8");
      if (noSumDb) assert.ok(sums.includes(`${noSumDb} v`), `${noSumDb} is not pinned in ${dir}/go.sum`);
    }
  });

  it("give an SDK the version that the engine looks the plugin up by", () => {
    const generated = {
      name: "@pulumi/x",
      version: "${VERSION}",
      scripts: { build: "tsc" },
      pulumi: { resource: true, name: "x" },
    };
    const sdk = JSON.parse(build.sdkManifest(JSON.stringify(generated), "4.0.0")) as Record<string, unknown>;
    assert.equal(sdk.version, "4.0.0");
    assert.deepEqual(sdk.pulumi, { resource: true, name: "x", version: "4.0.0" });
    assert.equal(sdk.scripts, undefined);
  });
});
