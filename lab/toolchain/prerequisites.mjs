import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Oldest Go that the modules accept (the `go` line of their go.mod). */
export const MIN_GO = "1.26";
/** Oldest Node that runs the tests and the CLI (`engines` of package.json). */
export const MIN_NODE = "20.19";

/** Where Go is when it is installed but not on PATH. */
const GO_PLACES = ["/usr/local/go/bin", `/usr/lib/go-${MIN_GO}/bin`, "/opt/homebrew/bin"];

/**
 * @typedef {object} Problem
 * @property {string} what what is missing, with what was found instead
 * @property {string} remedy how to get it
 * @property {{ name: string, atLeast?: string }[]} [packages] Debian packages, one of which has it
 */

/**
 * Compares dotted version numbers.
 * @param {string} version
 * @param {string} minimum
 */
export function isAtLeast(version, minimum) {
  const [a, b] = [version, minimum].map((v) => (v.match(/\d+/g) ?? []).map(Number));
  for (let i = 0; i < (b?.length ?? 0); i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/**
 * What was found on the machine; undefined for a program that is not there.
 * @typedef {{ node: string, npm?: string, git?: string, go?: string }} Found
 */

/**
 * What has to be put right, of what was found.
 * @param {Found} found
 * @returns {Problem[]}
 */
export function problemsOf(found) {
  /** @type {Problem[]} */
  const problems = [];
  if (!isAtLeast(found.node, MIN_NODE)) {
    problems.push({
      what: `Node ${MIN_NODE} or later is needed, this is ${found.node}`,
      remedy: "install it from https://nodejs.org/",
    });
  }
  if (found.npm === undefined) {
    problems.push({
      what: "npm is missing",
      remedy: "it comes with Node from https://nodejs.org/",
      packages: [{ name: "npm" }],
    });
  }
  if (found.git === undefined) {
    problems.push({
      what: "git is missing",
      remedy: "install it from https://git-scm.com/",
      packages: [{ name: "git" }],
    });
  }
  if (found.go === undefined || !isAtLeast(found.go, MIN_GO)) {
    problems.push({
      what: `Go ${MIN_GO} or later is ${found.go === undefined ? "missing" : `needed, this is ${found.go}`}`,
      remedy: "install it from https://go.dev/dl/",
      packages: [{ name: "golang-go", atLeast: MIN_GO }, { name: `golang-${MIN_GO}-go` }],
    });
  }
  return problems;
}

/**
 * The Debian packages that solve problems, by the version that apt offers of each.
 * @param {Problem[]} problems
 * @param {(name: string) => string | undefined} candidate
 * @returns {{ packages: string[], left: Problem[] }} left: problems that no package solves
 */
export function packagesFor(problems, candidate) {
  /** @type {string[]} */
  const packages = [];
  const left = problems.filter((problem) => {
    const solution = problem.packages?.find(({ name, atLeast }) => {
      const version = candidate(name);
      return version !== undefined && (atLeast === undefined || isAtLeast(version.replace(/^\d+:/, ""), atLeast));
    });
    if (solution) packages.push(solution.name);
    return !solution;
  });
  return { packages, left };
}

/**
 * All problems in one message.
 * @param {Problem[]} problems
 * @param {string[]} packages packages that would solve some of them
 */
export function problemsMessage(problems, packages) {
  const lines = problems.map(({ what, remedy }) => `  ${what}: ${remedy}`);
  if (packages.length > 0) lines.push(`  on this system: sudo apt-get install ${packages.join(" ")}`);
  return ["this machine lacks:", ...lines].join("\n");
}

/**
 * The full path of a program on PATH.
 * @param {string} name
 * @param {string} path
 */
export function which(name, path) {
  for (const dir of path.split(delimiter)) {
    const file = join(dir, name);
    try {
      if (dir === "") continue;
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * What a program prints, or undefined when it is not there or fails.
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export function printedBy(program, args, options) {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], ...options }).trim();
  } catch {
    return undefined;
  }
}

/** PATH with the usual places of Go behind it. */
export function searchPath() {
  return [process.env.PATH ?? "", ...GO_PLACES.filter((dir) => existsSync(dir))].join(delimiter);
}

/**
 * Looks at what is installed.
 * @param {string} moduleDir a Go module that asks for the Go version needed: Go may fetch that toolchain by itself
 * @returns {Found}
 */
export function look(moduleDir) {
  const path = searchPath();
  const env = { ...process.env, PATH: path };
  const go = which("go", path);
  return {
    node: process.versions.node,
    npm: which("npm", path),
    git: which("git", path),
    go:
      go &&
      (printedBy(go, ["env", "GOVERSION"], { cwd: moduleDir, env }) ??
        printedBy(go, ["version"], { env })?.split(" ")[2]),
  };
}

/**
 * The version of a Debian package that apt would install.
 * @param {string} name
 */
export function aptCandidate(name) {
  const candidate = /Candidate: (\S+)/.exec(printedBy("apt-cache", ["policy", name]) ?? "")?.[1];
  return candidate === "(none)" ? undefined : candidate;
}

/** Whether setup may install Debian packages by itself. */
export function canInstall() {
  return process.getuid?.() === 0 && which("apt-get", process.env.PATH ?? "") !== undefined;
}
