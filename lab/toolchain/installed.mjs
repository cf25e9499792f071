import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { SetupError } from "./errors.mjs";
import { GENERATED_SDKS } from "./parts.mjs";
import { isAtLeast, printedBy, which } from "./prerequisites.mjs";

/** Oldest CLI that the project is tried with, and the plugins, by the ranges of peerDependencies in package.json. */
const MIN_PULUMI = "3.220.0";

/**
 * An official toolchain as it was found.
 * @typedef {object} Installed
 * @property {string} [pulumi] path of the CLI
 * @property {string} [version] of the CLI
 * @property {string} [languageHost] path
 * @property {{ name: string, version: string }[]} plugins
 * @property {Record<string, { dir: string, version: string } | undefined>} sdks by provider
 * @property {string} command version of @pulumi/command that this checkout uses
 */

/**
 * All that an installed toolchain lacks, each with its remedy.
 * @param {Installed} installed
 * @returns {string[]}
 */
export function lacks(installed) {
  /** @type {string[]} */
  const problems = [];
  const official = "install it as on https://www.pulumi.com/docs/install/";
  if (installed.pulumi === undefined || installed.version === undefined) {
    problems.push(`pulumi ${MIN_PULUMI} or later is not on PATH: ${official}`);
  } else if (!isAtLeast(installed.version, MIN_PULUMI)) {
    problems.push(`pulumi ${MIN_PULUMI} or later is needed, ${installed.pulumi} is ${installed.version}: ${official}`);
  }
  if (installed.languageHost === undefined)
    problems.push(`pulumi-language-nodejs is neither beside pulumi nor on PATH: ${official}`);
  for (const name of GENERATED_SDKS) {
    const sdk = installed.sdks[name];
    const major = name === "vsphere" ? 4 : 5;
    if (sdk === undefined || Number(sdk.version.split(".")[0]) !== major) {
      const found = sdk ? `, ${sdk.dir} is ${sdk.version}` : "";
      problems.push(
        `@pulumi/${name} ${major}.x is not installed${found}: npm install --global @pulumi/${name}@${major}`,
      );
    } else if (!hasPlugin(installed, name, sdk.version)) {
      problems.push(missingPlugin(name, sdk.version));
    }
  }
  if (!hasPlugin(installed, "command", installed.command)) problems.push(missingPlugin("command", installed.command));
  return problems;
}

/**
 * The engine takes only the plugin whose version its SDK names.
 * @param {Installed} installed
 * @param {string} name
 * @param {string} version
 */
function hasPlugin(installed, name, version) {
  return installed.plugins.some((plugin) => plugin.name === name && plugin.version === version);
}

/**
 * @param {string} name
 * @param {string} version
 */
function missingPlugin(name, version) {
  return `the plugin ${name} ${version} is not installed: pulumi plugin install resource ${name} ${version}`;
}

/**
 * Looks for an official toolchain.
 * @param {string} root the checkout
 * @param {NodeJS.ProcessEnv} env
 * @returns {Installed}
 */
export function findInstalled(root, env) {
  const path = env.PATH ?? "";
  const pulumi = which("pulumi", path);
  const quiet = { env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" } };
  const listed = pulumi && printedBy(pulumi, ["plugin", "ls", "--json"], quiet);
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return {
    pulumi,
    version: pulumi && printedBy(pulumi, ["version"], quiet)?.replace(/^v/, ""),
    languageHost: pulumi && which("pulumi-language-nodejs", `${dirname(realpathSync(pulumi))}:${path}`),
    plugins: listed ? JSON.parse(listed) : [],
    sdks: Object.fromEntries(GENERATED_SDKS.map((name) => [name, findSdk(root, name, env)])),
    command: lock.packages["node_modules/@pulumi/command"].version,
  };
}

/**
 * An SDK in a node_modules above the checkout, in NODE_PATH or among the global packages.
 * @param {string} root
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 */
function findSdk(root, name, env) {
  const global = printedBy("npm", ["root", "--global"], { env });
  const folders = [
    createRequire(join(dirname(root), "x.js")).resolve.paths("x") ?? [],
    env.NODE_PATH?.split(":") ?? [],
    global ?? [],
  ].flat();
  for (const folder of folders) {
    const dir = join(folder, "@pulumi", name);
    if (!existsSync(join(dir, "package.json"))) continue;
    return { dir, version: String(JSON.parse(readFileSync(join(dir, "package.json"), "utf8")).version) };
  }
  return undefined;
}

/**
 * What of an installed toolchain is taken: links that make it look like a built one, and the SDKs to copy.
 * @typedef {{ links: Record<string, string>, sdks: Record<string, { dir: string, version: string }> }} Choice
 */

/**
 * @param {Installed} installed
 * @param {NodeJS.ProcessEnv} env
 * @returns {Choice}
 * @throws {SetupError} with all that lacks
 */
export function chooseFrom(installed, env) {
  const problems = lacks(installed);
  if (problems.length > 0) {
    const lines = problems.map((problem) => `  ${problem}`);
    throw new SetupError(["the installed toolchain lacks:", ...lines, "or build it: npm run setup"].join("\n"));
  }
  const { pulumi = "", languageHost = "", sdks } = installed;
  const home = dirname(realpathSync(pulumi));
  /** @type {Choice} */
  const choice = { links: {}, sdks: {} };
  // The CLI finds language hosts and policy shims beside itself.
  const programs = readdirSync(home).filter((name) => name.startsWith("pulumi"));
  for (const file of programs) choice.links[`bin/${file}`] = join(home, file);
  choice.links["bin/pulumi"] = pulumi;
  choice.links["bin/pulumi-language-nodejs"] = languageHost;
  /** @type {Record<string, string>} */
  const versions = { command: installed.command };
  for (const [name, sdk] of Object.entries(sdks)) {
    if (sdk) [versions[name], choice.sdks[name]] = [sdk.version, sdk];
  }
  const plugins = join(env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "plugins");
  for (const [name, version] of Object.entries(versions)) {
    const folder = `resource-${name}-v${version}`;
    const files = readdirSync(join(plugins, folder));
    for (const file of files) choice.links[`plugins/${folder}/${file}`] = join(plugins, folder, file);
  }
  return choice;
}

/**
 * @param {Choice} choice made before
 * @throws {SetupError} when something of it is gone
 */
export function checkChoice(choice) {
  const gone = [...Object.values(choice.links), ...Object.values(choice.sdks).map(({ dir }) => dir)].filter(
    (path) => !existsSync(path),
  );
  if (gone.length > 0) {
    const lines = gone.map((path) => `  ${path}`);
    const remedy = "choose again: npm run setup -- --use-installed, or build it: npm run setup";
    throw new SetupError(["of the installed toolchain that was chosen is gone:", ...lines, remedy].join("\n"));
  }
  return choice;
}
