import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join, sep } from "node:path";

/**
 * What belongs to one checkout: links to the parts, copies of the SDKs, installed npm packages. Everything is ignored by git.
 */

/**
 * The folder with the links: `bin` (for PATH), `plugins` (of a PULUMI_HOME), `lib` (programs that only the lab runs).
 * @param {string} root
 */
export function toolchainDir(root) {
  return join(root, ".lab", ".toolchain");
}

/**
 * Takes a lab's settings out of an environment (`eval "$(npm run -s lab -- env)"`): downloads need the system's
 * certificate authorities, and a search for installed programs must not find the links of this checkout.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} root
 */
export function forgetLab(env, root) {
  const inLab = (/** @type {string | undefined} */ path) => path?.startsWith(join(root, ".lab") + sep) ?? false;
  for (const name of ["SSL_CERT_FILE", "PULUMI_HOME"]) if (inLab(env[name])) delete env[name];
  env.PATH = (env.PATH ?? "")
    .split(delimiter)
    .filter((dir) => !inLab(dir))
    .join(delimiter);
}

/**
 * Makes `dir` hold exactly these links.
 * @param {string} dir
 * @param {Record<string, string>} links target by path in dir
 */
export function placeLinks(dir, links) {
  for (const [path, target] of Object.entries(links)) {
    const link = join(dir, path);
    placeLink(link, target);
  }
  for (const entry of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    const kept = Object.keys(links).some((path) => path === entry || path.startsWith(`${entry}/`));
    const inLinkedFolder = Object.keys(links).some((path) => entry.startsWith(`${path}/`));
    if (!kept && !inLinkedFolder) rmSync(join(dir, entry), { recursive: true, force: true });
  }
}

/**
 * In one step, so that two setups at once do not stumble over each other.
 * @param {string} link
 * @param {string} target
 */
function placeLink(link, target) {
  if (isLinkTo(link, target)) return;
  mkdirSync(dirname(link), { recursive: true });
  const temporary = `${link}.${process.pid}`;
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, link);
}

/**
 * @param {string} link
 * @param {string} target
 */
function isLinkTo(link, target) {
  return (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() ?? false) && readlinkSync(link) === target;
}

/**
 * Copies an SDK to where package.json expects it. A link would not do: Node resolves a link first, and would then not
 * find @pulumi/pulumi of this checkout.
 * @param {string} root
 * @param {string} provider
 * @param {string} from
 * @param {string} key of the part, kept beside the copy
 * @returns {boolean} whether there was something to do
 */
export function placeSdk(root, provider, from, key) {
  const dir = join(root, ".sdks", provider);
  const stamp = join(dir, ".key");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === key) return false;
  const temporary = join(root, ".sdks", `.${provider}-${process.pid}`);
  try {
    cpSync(from, temporary, { recursive: true });
    writeFileSync(join(temporary, ".key"), key);
    rmSync(dir, { recursive: true, force: true });
    renameSync(temporary, dir);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return true;
}

/**
 * npx looks for a program in node_modules/.bin only, and npm links there the programs of dependencies, not the
 * package's own.
 * @param {string} root
 */
export function placeOwnProgram(root) {
  const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const [name, file] of Object.entries(bin)) {
    const link = join(root, "node_modules", ".bin", name);
    const target = join("..", "..", String(file));
    placeLink(link, target);
  }
}

/**
 * Whether node_modules holds what the lock file says. npm writes its own list of what it installed last of all, so an
 * interrupted installation has none.
 * @param {string} lock content of package-lock.json
 * @param {string | undefined} installed content of node_modules/.package-lock.json
 */
export function isInstalled(lock, installed) {
  if (installed === undefined) return false;
  const there = JSON.parse(installed).packages;
  return Object.entries(JSON.parse(lock).packages).every(([path, entry]) => {
    if (path === "" || entry.optional || entry.link || !path.startsWith("node_modules/")) return true;
    return there[path]?.version === entry.version && there[path]?.integrity === entry.integrity;
  });
}

/**
 * Whether the npm packages of a checkout are installed.
 * @param {string} root
 */
export function hasPackages(root) {
  const installed = join(root, "node_modules", ".package-lock.json");
  return isInstalled(
    readFileSync(join(root, "package-lock.json"), "utf8"),
    existsSync(installed) ? readFileSync(installed, "utf8") : undefined,
  );
}
