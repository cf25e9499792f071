/**
 * `npm run build`: dist/ from the sources, for `npm pack`. CommonJS by the compiler; for ESM each entry hands on what the
 * CommonJS one exports, so that a program that loads both has every class and symbol once.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { name, version } from "../package.json";

const root = resolve(__dirname, "..");
const dist = join(root, "dist");

/** Entries of the package by the names of their ESM files. */
const entries = {
  index: "components/index",
  verification: "verification/index",
  policies: "policies/policies",
};

rmSync(dist, { recursive: true, force: true });
// At the root of the package only, and removed when it is packed: Pulumi takes no folder for a program and a plugin at once.
copyFileSync(join(root, "plugin", "PulumiPlugin.yaml"), join(root, "PulumiPlugin.yaml"));
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [compiler, "--project", join(root, "tsconfig.build.json")], {
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

// The sources read their version from here; the rest of the manifest belongs to the package itself.
writeFileSync(join(dist, "package.json"), `${JSON.stringify({ name, version }, undefined, 2)}\n`);
mkdirSync(join(dist, "esm"));
for (const [entry, file] of Object.entries(entries)) {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const names = Object.keys(require(join(dist, file)) as object);
  const lines = names.map((exported) => `export const ${exported} = all.${exported};`);
  writeFileSync(join(dist, "esm", `${entry}.mjs`), `import all from "../${file}.js";\n${lines.join("\n")}\n`);
  writeFileSync(join(dist, "esm", `${entry}.d.mts`), `export * from "../${file}.js";\n`);
}
