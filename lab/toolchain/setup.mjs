#!/usr/bin/env node
/**
 * `npm run setup`: makes this checkout ready. Builds what is missing of the toolchain into a cache that all checkouts of
 * the user share, installs the npm packages, and links both into the checkout. Needs no npm package itself.
 */
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findGo, goRecipe, sdkRecipe } from "./build.mjs";
import { Cache, cacheRoot } from "./cache.mjs";
import { forgetLab, hasPackages, placeLinks, placeOwnProgram, placeSdk, toolchainDir } from "./checkout.mjs";
import { checkSpace } from "./disk.mjs";
import { Interrupted, SetupError, saysDiskFull } from "./errors.mjs";
import { checkChoice, chooseFrom, findInstalled } from "./installed.mjs";
import { digest } from "./keys.mjs";
import { GENERATED_SDKS, GO_PARTS, PLUGINS } from "./parts.mjs";
import * as prerequisites from "./prerequisites.mjs";
import { run, stopAll } from "./processes.mjs";
import { Progress } from "./progress.mjs";

const USAGE = `usage: npm run setup [-- --use-installed] [-- --without-openstack] [-- --quiet]

Builds the Pulumi CLI, its plugins and the simulated vCenter from source, installs the npm packages and the lab's OpenStack,
and links all of it into this checkout. What is there already is kept; an interrupted setup resumes. Parts are cached in
$VSPHERE_HA_CACHE, else $XDG_CACHE_HOME/vsphere-ha, else ~/.cache/vsphere-ha.

  --use-installed  take the pulumi on PATH with its plugins and SDKs (vsphere 4.x, openstack 5.x, command) instead of
                   building them; stays so for this checkout until setup is run without it
  --without-openstack
                   leave the lab's OpenStack out, which needs Python 3.11 and an SSH server
  --quiet          print only what had to be done, and keep the choice made before
`;

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const lab = join(root, "lab");
const NPM_MEGABYTES = 400;
const SDK_MEGABYTES = 50;

/** @type {Cache | undefined} */
let cache;
/** @type {Progress | undefined} */
let progress;

async function main() {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(USAGE);
    return;
  }
  progress = new Progress({ quiet: options.quiet });
  const path = await meetPrerequisites(join(lab, "toolchain", "certs"));
  cache = openCache();
  const openstack = options.openstack ? await prepareOpenstack({ cache, progress }) : undefined;
  const installed = chooseInstalled(options);
  const fromInstalled = ["pulumi", "nodejs", "vsphere", "openstack", "command", "gensdk"];

  const go = findGo(path, join(lab, "toolchain", "certs"));
  const parts = GO_PARTS.filter((part) => !installed || !fromInstalled.includes(part.name));
  const programs = parts.map((part) => goRecipe(part, lab, go));
  const keys = Object.fromEntries(programs.map(({ name, key }) => [name, key]));
  const sdks = installed
    ? []
    : GENERATED_SDKS.map((provider) =>
        sdkRecipe({
          provider,
          key: sdkKey(provider, keys),
          root,
          programs: () => ({ plugin: partPath(provider, keys), generator: partPath("gensdk", keys) }),
        }),
      );
  checkSpace([...spaceNeeded({ parts, keys, sdks, go }), ...(openstack?.space ?? [])]);

  await Promise.all([installPackages(path), buildAll(programs), openstack?.make()]);
  for (const recipe of sdks) await build(recipe);

  for (const recipe of sdks)
    placeSdk(root, recipe.name.replace("sdk-", ""), cache.path(recipe.name, recipe.key), recipe.key);
  for (const [name, { dir, version }] of Object.entries(installed?.sdks ?? {})) {
    placeSdk(root, name, dir, `${dir} ${version}`);
  }
  const labPrograms = {
    "lib/vcenter": join(partPath("vcenter", keys), "vcenter"),
    "lib/certs": join(partPath("certs", keys), "certs"),
  };
  placeLinks(toolchainDir(root), {
    ...labPrograms,
    ...(installed ? installed.links : await builtLinks(keys)),
  });
  placeOwnProgram(root);
  cache.prune();
  if (!options.quiet) process.stderr.write(`ready: ${relative(process.cwd(), toolchainDir(root)) || "."}\n`);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        quiet: { type: "boolean" },
        "use-installed": { type: "boolean" },
        "without-openstack": { type: "boolean" },
        // The arguments of the command that is to run after this.
        for: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    return {
      quiet: values.quiet ?? false,
      useInstalled: values["use-installed"] ?? false,
      openstack: !values["without-openstack"] && !values.for?.split(" ").includes("--without-openstack"),
      help: values.help ?? false,
    };
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message.split(". ")[0] : String(error)}\n\n${USAGE}`);
  }
}

/**
 * Loaded only where it is wanted: nothing else here needs it.
 * @param {{ cache: Cache, progress: Progress }} options
 */
async function prepareOpenstack(options) {
  return (await import("../openstack/setup.mjs")).prepareOpenstack(options);
}

/**
 * @param {string} moduleDir
 * @returns {Promise<string>} PATH under which everything was found
 */
async function meetPrerequisites(moduleDir) {
  const find = () => prerequisites.problemsOf(prerequisites.look(moduleDir));
  const solve = (/** @type {prerequisites.Problem[]} */ problems) =>
    prerequisites.packagesFor(problems, prerequisites.aptCandidate);
  let problems = find();
  if (problems.length > 0 && prerequisites.canInstall()) {
    // A fresh container has no package lists yet.
    if (solve(problems).left.some(({ packages }) => packages)) await apt("Debian package lists", ["update"]);
    const { packages, left } = solve(problems);
    if (left.length === 0) {
      const install = ["install", "--yes", "--no-install-recommends", ...packages];
      await apt(`Debian packages ${packages.join(", ")}`, install);
      problems = find();
    }
  }
  if (problems.length > 0) throw new SetupError(prerequisites.problemsMessage(problems, solve(problems).packages));
  return prerequisites.searchPath();
}

/**
 * @param {string} title
 * @param {string[]} args
 */
async function apt(title, args) {
  progress?.begin(title, "installing");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", args, { env, log: openCache().log("apt"), what: title });
  progress?.end(title, "installed");
}

function openCache() {
  return new Cache(cacheRoot(process.env));
}

/**
 * The installed toolchain, if it is chosen. The choice is kept with what was found: later runs, perhaps under another
 * PATH, take the same.
 * @param {{ quiet: boolean, useInstalled: boolean }} options
 * @returns {import("./installed.mjs").Choice | undefined}
 */
function chooseInstalled({ quiet, useInstalled }) {
  const file = join(root, ".lab", ".use-installed.json");
  if (useInstalled) {
    const choice = chooseFrom(findInstalled(root, process.env), process.env);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(choice, null, 2));
    return choice;
  }
  if (quiet && existsSync(file)) return checkChoice(JSON.parse(readFileSync(file, "utf8")));
  rmSync(file, { force: true });
  return undefined;
}

/**
 * @param {string} provider
 * @param {Record<string, string>} keys
 */
function sdkKey(provider, keys) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const versions = ["typescript", "@types/node", "@pulumi/pulumi"].map(
    (name) => `${name} ${packages[`node_modules/${name}`].version}`,
  );
  const recipe = readFileSync(join(lab, "toolchain", "build.mjs"), "utf8");
  return digest({ plugin: keys[provider] ?? "", generator: keys.gensdk ?? "", versions: versions.join(), recipe });
}

/**
 * @param {string} name
 * @param {Record<string, string>} keys
 */
function partPath(name, keys) {
  return /** @type {Cache} */ (cache).path(name, keys[name] ?? "");
}

/**
 * @param {object} all
 * @param {readonly import("./parts.mjs").GoPart[]} all.parts
 * @param {Record<string, string>} all.keys
 * @param {import("./build.mjs").Recipe[]} all.sdks
 * @param {import("./build.mjs").Go} all.go
 */
function spaceNeeded({ parts, keys, sdks, go }) {
  const { root: cacheDir } = /** @type {Cache} */ (cache);
  const missing = parts.filter(({ name }) => !cache?.has(name, keys[name] ?? ""));
  const half = missing.reduce((sum, { megabytes }) => sum + megabytes, 0) / 2;
  return [
    ...go.caches.map((path) => ({ path, megabytes: half })),
    {
      path: cacheDir,
      megabytes: 100 * missing.length + SDK_MEGABYTES * sdks.filter(({ name, key }) => !cache?.has(name, key)).length,
    },
    { path: root, megabytes: hasPackages(root) ? 0 : NPM_MEGABYTES },
  ];
}

/** @param {string} path */
async function installPackages(path) {
  const title = "npm packages";
  await cache?.exclusively(`npm-${digest({ root })}`, async () => {
    if (hasPackages(root)) {
      progress?.end(title, "there");
      return;
    }
    progress?.begin(title, "installing");
    // Scripts of packages are not run: none is needed, and @pulumi/command's would download a plugin.
    const args = ["ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
    const log = /** @type {Cache} */ (cache).log("npm");
    await run("npm", args, { cwd: root, env: { ...process.env, PATH: path }, log, what: "npm ci" });
    progress?.end(title, "installed");
  });
}

/**
 * Builds one part after the other (the compiler uses all processors by itself; two at a time where there are many),
 * while the modules of the next ones are downloaded.
 * @param {import("./build.mjs").Recipe[]} recipes
 */
async function buildAll(recipes) {
  const missing = recipes.filter(({ name, key }) => !cache?.has(name, key));
  for (const recipe of recipes) if (!missing.includes(recipe)) await build(recipe);
  let downloads = Promise.resolve();
  const queue = missing.map((recipe) => {
    downloads = downloads.then(() => recipe.fetch?.(/** @type {Cache} */ (cache).log(recipe.name)));
    downloads.catch(() => undefined);
    return { recipe, downloaded: downloads };
  });
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await build(next.recipe, next.downloaded);
  };
  await Promise.all(Array.from({ length: availableParallelism() >= 8 ? 2 : 1 }, worker));
}

/**
 * @param {import("./build.mjs").Recipe} recipe
 * @param {Promise<void>} [downloaded]
 */
async function build({ name, title, key, make }, downloaded) {
  let state = "there";
  await cache?.ensure(name, key, async (dir) => {
    progress?.begin(title, "downloading");
    await downloaded;
    progress?.begin(title, "building");
    await make(dir, /** @type {Cache} */ (cache).log(name));
    state = "built";
  });
  progress?.end(title, state);
}

/**
 * The CLI warns on every run unless its language host lies beside it, once all links are followed: one folder for both.
 * @param {Record<string, string>} keys
 */
async function cliFolder(keys) {
  const programs = { pulumi: "pulumi", nodejs: "pulumi-language-nodejs" };
  const key = digest({ pulumi: keys.pulumi ?? "", nodejs: keys.nodejs ?? "" });
  return /** @type {Cache} */ (cache).ensure("cli", key, async (dir) => {
    for (const [part, program] of Object.entries(programs)) {
      linkSync(join(partPath(part, keys), program), join(dir, program));
    }
  });
}

/** @param {Record<string, string>} keys */
async function builtLinks(keys) {
  const cli = await cliFolder(keys);
  /** @type {Record<string, string>} */
  const links = {
    "bin/pulumi": join(cli, "pulumi"),
    "bin/pulumi-language-nodejs": join(cli, "pulumi-language-nodejs"),
    "bin/pulumi-analyzer-policy": join(lab, "toolchain", "pulumi-analyzer-policy"),
  };
  for (const [name, version] of Object.entries(PLUGINS)) {
    const program = `pulumi-resource-${name}`;
    links[`plugins/resource-${name}-v${version}/${program}`] = join(partPath(name, keys), program);
  }
  return links;
}

/** @param {unknown} error */
function messageOf(error) {
  if (error instanceof SetupError) return error.message;
  if (saysDiskFull(error)) return "the disk is full; free some space and run again";
  if (error instanceof Error && "syscall" in error) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

forgetLab(process.env, root);
const interrupted = new Promise((_, reject) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => reject(new Interrupted()));
});
try {
  await Promise.race([main(), interrupted]);
} catch (error) {
  progress?.stop();
  await stopAll();
  cache?.discard();
  process.stderr.write(`setup: ${messageOf(error)}\n`);
  process.exit(2);
}
process.exit(0);
