import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GOFLAGS, PLUGINS, ldflags } from "./parts.mjs";
import { goPartKey, goSources } from "./keys.mjs";
import { printedBy, which } from "./prerequisites.mjs";
import { run } from "./processes.mjs";

/**
 * The Go installation in use.
 * @typedef {{ program: string, env: NodeJS.ProcessEnv, target: import("./keys.mjs").GoTarget, caches: string[] }} Go
 */

/**
 * @param {string} path where to look for programs
 * @param {string} moduleDir a module that asks for the Go version needed
 * @returns {Go}
 */
export function findGo(path, moduleDir) {
  const program = which("go", path) ?? "go";
  // GOWORK: a workspace file above the checkout would change what is built.
  const env = { ...process.env, PATH: path, GOFLAGS, GOWORK: "off" };
  const variables = ["GOVERSION", "GOOS", "GOARCH", "CGO_ENABLED", "GOCACHE", "GOMODCACHE"];
  const values = JSON.parse(printedBy(program, ["env", "-json", ...variables], { cwd: moduleDir, env }) ?? "{}");
  return { program, env, target: values, caches: [values.GOCACHE, values.GOMODCACHE] };
}

/**
 * A part and how it is made.
 * @typedef {object} Recipe
 * @property {string} name
 * @property {string} title
 * @property {string} key
 * @property {(log: string) => Promise<void>} [fetch] downloads what `make` needs, so that it can overlap with another part
 * @property {(dir: string, log: string) => Promise<void>} make fills an empty folder
 */

/**
 * @param {import("./parts.mjs").GoPart} part
 * @param {string} labDir
 * @param {Go} go
 * @returns {Recipe}
 */
export function goRecipe(part, labDir, go) {
  const cwd = join(labDir, part.dir);
  const env = {
    ...go.env,
    ...(part.noSumDb && { GONOSUMDB: [part.noSumDb, go.env.GONOSUMDB].filter(Boolean).join(",") }),
  };
  return {
    name: part.name,
    title: part.title,
    key: goPartKey(part, go.target, goSources(cwd)),
    fetch: async (log) => {
      await run(go.program, ["list", "-deps", part.package], {
        cwd,
        env,
        log,
        what: `downloading the modules of ${part.title} (lab/${part.dir})`,
      });
    },
    make: async (dir, log) => {
      const args = ["build", "-ldflags", ldflags(part), "-o", join(dir, part.program), part.package];
      await run(go.program, args, { cwd, env, log, what: `building ${part.title} (lab/${part.dir})` });
    },
  };
}

/**
 * The compiled TypeScript SDK of a provider.
 * @param {object} options
 * @param {"vsphere" | "openstack"} options.provider
 * @param {string} options.key
 * @param {string} options.root the checkout, whose compiler and Pulumi SDK are used
 * @param {() => { plugin: string, generator: string }} options.programs folders of the parts that it is made with
 * @returns {Recipe}
 */
export function sdkRecipe({ provider, key, root, programs }) {
  const title = `TypeScript SDK of ${provider}`;
  return {
    name: `sdk-${provider}`,
    title,
    key,
    make: async (dir, log) => {
      const { plugin, generator } = programs();
      const work = join(dir, "work");
      const sources = join(work, "src");
      mkdirSync(sources, { recursive: true });
      const schema = await run(join(plugin, `pulumi-resource-${provider}`), ["--schema"], { log, what: title });
      writeFileSync(join(work, "schema.json"), schema);
      await run(join(generator, "gensdk"), [join(work, "schema.json"), sources], { log, what: title });
      symlinkSync(join(root, "node_modules"), join(sources, "node_modules"));
      await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", sources], { log, what: title });
      cpSync(join(sources, "bin"), dir, { recursive: true });
      writeFileSync(
        join(dir, "package.json"),
        sdkManifest(readFileSync(join(sources, "package.json"), "utf8"), PLUGINS[provider]),
      );
      copyFileSync(join(work, "schema.json"), join(dir, "schema.json"));
      rmSync(work, { recursive: true });
    },
  };
}

/**
 * The generated package.json, for the compiled files: the engine asks for a plugin of exactly `pulumi.version`.
 * @param {string} generated
 * @param {string} version
 */
export function sdkManifest(generated, version) {
  const { name, dependencies, pulumi } = JSON.parse(generated);
  const manifest = {
    name,
    version,
    main: "index.js",
    types: "index.d.ts",
    dependencies,
    pulumi: { ...pulumi, version },
  };
  return JSON.stringify(manifest, null, 2) + "\n";
}
