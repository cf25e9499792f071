#!/usr/bin/env node
/**
 * Makes the lab's OpenStack ready for this checkout: `node lab/openstack/setup.mjs [--quiet] [--tests]`. Installs the
 * services into the cache that all checkouts of the user share, builds the broker, makes the databases that labs start
 * from, and links all of it into the checkout; --tests: with what its tests need. Needs no npm package.
 */
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { findGo } from "../toolchain/build.mjs";
import { Cache, cacheRoot } from "../toolchain/cache.mjs";
import { forgetLab, placeLinks } from "../toolchain/checkout.mjs";
import { checkSpace } from "../toolchain/disk.mjs";
import { Interrupted, SetupError, saysDiskFull } from "../toolchain/errors.mjs";
import { searchPath } from "../toolchain/prerequisites.mjs";
import { stopAll } from "../toolchain/processes.mjs";
import { Progress } from "../toolchain/progress.mjs";
import { SERVICES_MEGABYTES, brokerRecipe, openstackDir, seedRecipe, servicesRecipe } from "./parts.mjs";
import { meet } from "./prerequisites.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Meets what OpenStack needs of the system; the rest is done by `make`.
 * @param {{ cache: Cache, progress: Progress, tests?: boolean }} options tests: and what the lab's tests need. Default: false
 * @returns {Promise<{ space: Parameters<typeof checkSpace>[0], make: () => Promise<void> }>} space: what `make` needs
 * @throws {SetupError}
 */
export async function prepareOpenstack({ cache, progress, tests = false }) {
  const { python } = await meet({ env: process.env, log: cache.log("apt"), tests, progress });
  const services = servicesRecipe(python);
  const broker = brokerRecipe(findGo(searchPath(), join(root, "lab", "openstack", "broker")));
  const seed = seedRecipe({ key: services.key, path: () => cache.path(services.name, services.key) });
  const isThere = cache.has(services.name, services.key);
  return {
    space: isThere ? [] : [{ path: cache.root, megabytes: SERVICES_MEGABYTES }],
    make: () => makeAll([services, broker, seed]),
  };

  /** @param {import("../toolchain/build.mjs").Recipe[]} recipes */
  async function makeAll(recipes) {
    /** @type {Record<string, string>} */
    const paths = {};
    for (const recipe of recipes) {
      let state = "there";
      paths[recipe.name] = await cache.ensure(recipe.name, recipe.key, async (dir) => {
        progress.begin(recipe.title, "making");
        await recipe.make(dir, cache.log(recipe.name));
        state = "made";
      });
      progress.end(recipe.title, state);
    }
    placeLinks(openstackDir(root), {
      venv: join(paths[services.name] ?? "", "venv"),
      broker: join(paths[broker.name] ?? "", "broker"),
      seed: paths[seed.name] ?? "",
    });
  }
}

/** @param {{ cache: Cache, progress: Progress, tests: boolean }} options */
async function setUpOpenstack(options) {
  const { space, make } = await prepareOpenstack(options);
  checkSpace(space);
  await make();
}

/** @param {unknown} error */
function messageOf(error) {
  if (error instanceof SetupError) return error.message;
  if (saysDiskFull(error)) return "the disk is full; free some space and run again";
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function main() {
  forgetLab(process.env, root);
  const cache = new Cache(cacheRoot(process.env));
  const progress = new Progress({ quiet: process.argv.includes("--quiet") });
  const interrupted = new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => reject(new Interrupted()));
  });
  try {
    await Promise.race([setUpOpenstack({ cache, progress, tests: process.argv.includes("--tests") }), interrupted]);
    process.exit(0);
  } catch (error) {
    progress.stop();
    await stopAll();
    cache.discard();
    process.stderr.write(`setup: ${messageOf(error)}\n`);
    process.exit(2);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
