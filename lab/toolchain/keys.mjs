import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { GOFLAGS, ldflags } from "./parts.mjs";

/**
 * What of the Go installation determines a program.
 * @typedef {{ GOVERSION: string, GOOS: string, GOARCH: string, CGO_ENABLED: string }} GoTarget
 */

/**
 * A short digest of named values; the order of the names does not matter.
 * @param {Record<string, string>} values
 */
export function digest(values) {
  const hash = createHash("sha256");
  for (const name of Object.keys(values).sort()) hash.update(`${name}\0${values[name]}\0`);
  return hash.digest("hex").slice(0, 16);
}

/**
 * The key of a program built from a Go module.
 * @param {import("./parts.mjs").GoPart} part
 * @param {GoTarget} go
 * @param {Record<string, string>} sources content by path
 */
export function goPartKey(part, go, sources) {
  const { GOVERSION, GOOS, GOARCH, CGO_ENABLED } = go;
  const build = [part.package, part.program, GOFLAGS, ldflags(part), GOVERSION, GOOS, GOARCH, CGO_ENABLED].join("\n");
  return digest({ ...Object.fromEntries(Object.entries(sources).map(([k, v]) => [`file:${k}`, v])), build });
}

/**
 * The files of a Go module that end up in its program: tests and their data do not.
 * @param {string} dir
 * @returns {Record<string, string>} content by path
 */
export function goSources(dir) {
  /** @type {Record<string, string>} */
  const sources = {};
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name).slice(dir.length + 1);
    if (!entry.isFile() || entry.name.endsWith("_test.go") || path.split("/").includes("testdata")) continue;
    sources[path] = readFileSync(join(dir, path), "latin1");
  }
  return sources;
}
