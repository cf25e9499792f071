import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { packedProject } from "./packedProject";

const root = resolve(__dirname, "../..");
const run = promisify(execFile);
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

const bytesOf = (files: readonly { size: number }[]): number => files.reduce((sum, { size }) => sum + size, 0);

describe("the package that npm pack makes", function () {
  this.timeout(900_000);
  let tarball: string;
  let files: { path: string; size: number }[];
  let project: string;
  const inProject = (file: string, ...args: string[]) => run(file, args, { cwd: project });

  before(async () => {
    ({ tarball, files, project } = await packedProject());
  });

  it("holds what runs, its types and what a user reads; no sources, lab, tests or generated SDKs", () => {
    const paths = files.map(({ path }) => path);
    const strange = paths.filter(
      (path) =>
        !/^(dist\/.*\.(js|mjs|d\.ts|d\.mts)|dist\/(package|schema)\.json|PulumiPlugin\.yaml|docs\/[a-z-]+\.schema\.json|bin\/vsphere-ha(-compute)?\.js|package\.json|README\.md|CHANGELOG\.md)$/.test(
          path,
        ),
    );
    assert.deepEqual(strange, []);
    for (const needed of ["PulumiPlugin.yaml", "dist/schema.json", "dist/plugin/index.js"]) {
      assert.ok(paths.includes(needed), needed);
    }
    assert.deepEqual(
      paths.filter((path) => /(^|\/)(lab|test|\.sdks|node_modules)\//.test(path)),
      [],
    );
  });

  it("is as large as the README says, to a tenth of a megabyte", () => {
    const [, packed, unpacked] =
      /The package is ([\d.]+) MB, unpacked ([\d.]+) MB/.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
    for (const [said, bytes] of [
      [packed, statSync(tarball).size],
      [unpacked, bytesOf(files)],
    ] as const) {
      const megabytes = bytes / 1e6;
      assert.ok(
        Math.abs(Number(said) - megabytes) <= 0.1,
        `${said ?? "nothing"} MB said, ${megabytes.toString()} MB found`,
      );
    }
  });

  const entries = {
    "vsphere-ha": "EsxiCluster",
    "vsphere-ha/verification": "runChecks",
    "vsphere-ha/policies": "policies",
  };
  for (const [entry, name] of Object.entries(entries)) {
    it(`gives ${entry} by require and by import, and both are one`, async () => {
      const program = `import { createRequire } from "node:module";
        import { ${name} } from "${entry}";
        const required = createRequire(import.meta.url)("${entry}");
        console.log(typeof ${name}, required.${name} === ${name}, Object.keys(required).length === Object.keys(await import("${entry}")).length);`;
      writeFileSync(join(project, "program.mjs"), program);
      const { stdout } = await inProject(process.execPath, "program.mjs");
      assert.equal(stdout.trim(), "function true true");
    });
  }

  it("types a program in either module system", async () => {
    const program = `import * as pulumi from "@pulumi/pulumi";
      import { EsxiCluster, type EsxiClusterArgs } from "vsphere-ha";
      import { loadConfig, type Journal } from "vsphere-ha/verification";
      import { policies } from "vsphere-ha/policies";
      export const id = (args: EsxiClusterArgs): pulumi.Output<string> => new EsxiCluster("c", args).clusterId;
      export const verdict = (journal: Journal): string => journal.verdict;
      export const read = loadConfig;
      export const names = policies("advisory").map(({ name }) => name);\n`;
    for (const name of ["typed.mts", "typed.cts"]) writeFileSync(join(project, name), program);
    const options = ["--noEmit", "--strict", "--module", "node16", "--skipLibCheck", "--target", "ES2022"];
    await inProject("npx", "--no-install", "tsc", ...options, "typed.mts", "typed.cts");
    writeFileSync(
      join(project, "wrong.mts"),
      'import { EsxiCluster } from "vsphere-ha";\nnew EsxiCluster("c", { hosts: 1 });\n',
    );
    const wrong = inProject("npx", "--no-install", "tsc", ...options, "wrong.mts");
    await assert.rejects(wrong, ({ stdout }: { stdout: string }) => /^wrong\.mts\(2,.*error TS/m.test(stdout));
  });

  it("brings the commands, which need no sources", async () => {
    const { stdout } = await inProject("npx", "--no-install", "vsphere-ha", "--help");
    assert.match(stdout, /check .*\n[\s\S]*drill/);
    const said = await inProject("npx", "--no-install", "vsphere-ha", "--version");
    assert.equal(said.stdout.trim(), manifest.version);
    const refused = inProject("npx", "--no-install", "vsphere-ha", "check", "--config", "nowhere.json");
    await assert.rejects(refused, ({ code, stderr }: { code: number; stderr: string }) => {
      assert.equal(code, 2);
      assert.doesNotMatch(stderr, /\n\s+at /);
      return true;
    });
  });

  it("is found clean by publint, and by arethetypeswrong for Node and bundlers", async () => {
    await run(join(root, "node_modules", ".bin", "publint"), ["run", tarball, "--strict"], { cwd: root });
    await run(join(root, "node_modules", ".bin", "attw"), [tarball, "--profile", "node16", "--no-color"], {
      cwd: root,
    });
  });

  it("asks for the SDKs by their official names and ranges, and for nothing that only the checkout needs", () => {
    const { peerDependencies, dependencies } = manifest;
    assert.deepEqual(peerDependencies, {
      "@pulumi/command": "^1.2.1",
      "@pulumi/openstack": "^5.0.0",
      "@pulumi/policy": "^1.20.0",
      "@pulumi/pulumi": "^3.220.0",
      "@pulumi/vsphere": "^4.0.0",
    });
    assert.ok(!("tsx" in dependencies));
    assert.ok(Object.values({ ...dependencies }).every((range) => !range.startsWith("file:")));
  });
});
