/**
 * The parts of the lab's OpenStack: how each is made, and the key under which it is kept. A key covers all that
 * determines the part, so that a part that is there need not be looked into.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { goRecipe } from "../toolchain/build.mjs";
import { digest } from "../toolchain/keys.mjs";
import { printedBy } from "../toolchain/prerequisites.mjs";
import { run } from "../toolchain/processes.mjs";

const here = dirname(fileURLToPath(import.meta.url));

/** Disk space in MB that the services need, packages' cache included (measured). */
export const SERVICES_MEGABYTES = 1300;

/** What a broken pip or uv setting of the user could change of an installation is left out. */
const LOCKED = ["--require-hashes", "--quiet"];

/**
 * The services from PyPI in a virtual environment, with compiled bytecode.
 * @param {string} python
 * @returns {import("../toolchain/build.mjs").Recipe}
 */
export function servicesRecipe(python) {
  const locks = Object.fromEntries(
    ["installer.lock", "requirements.lock"].map((name) => [name, readFileSync(join(here, name), "utf8")]),
  );
  const target = printedBy(python, ["-VV"]) ?? "";
  return {
    name: "openstack-services",
    title: "OpenStack services",
    key: digest({ ...locks, target, platform: `${process.platform} ${process.arch}` }),
    make: async (dir, log) => {
      const venv = join(dir, "venv");
      const own = join(venv, "bin", "python");
      const what = "installing the OpenStack services";
      await run(python, ["-m", "venv", venv], { log, what });
      await run(own, ["-m", "pip", "install", ...LOCKED, "--requirement", join(here, "installer.lock")], { log, what });
      const uv = ["pip", "install", ...LOCKED, "--compile-bytecode", "--python", own];
      await run(join(venv, "bin", "uv"), [...uv, "--requirement", join(here, "requirements.lock")], { log, what });
    },
  };
}

/**
 * @param {import("../toolchain/build.mjs").Go} go
 * @returns {import("../toolchain/build.mjs").Recipe}
 */
export function brokerRecipe(go) {
  const part = {
    name: "broker",
    title: "message broker",
    dir: "openstack/broker",
    package: ".",
    program: "broker",
    megabytes: 100,
  };
  return goRecipe(part, dirname(here), go);
}

/**
 * The databases that every lab starts from.
 * @param {{ key: string, path: () => string }} services
 * @returns {import("../toolchain/build.mjs").Recipe}
 */
export function seedRecipe(services) {
  const sources = [
    ...["seed.py", "configure.py"].map((name) => join(here, "python", "vsphere_ha_lab", name)),
    ...readdirSync(join(here, "conf")).map((name) => join(here, "conf", name)),
  ];
  const contents = Object.fromEntries(sources.map((file) => [file.slice(here.length), readFileSync(file, "utf8")]));
  return {
    name: "openstack-seed",
    title: "OpenStack databases",
    key: digest({ ...contents, services: services.key }),
    make: async (dir, log) => {
      const env = { ...process.env, PYTHONPATH: join(here, "python"), PYTHONWARNINGS: "ignore" };
      const python = join(services.path(), "venv", "bin", "python");
      await run(python, ["-m", "vsphere_ha_lab.seed", dir], { env, log, what: "making the OpenStack databases" });
    },
  };
}

/**
 * Where a checkout finds the parts: links, placed by setup.
 * @param {string} root
 */
export function openstackDir(root) {
  return join(root, ".lab", ".openstack");
}

/** @param {string} root */
export function isSetUp(root) {
  return ["venv", "seed", "broker"].every((link) => existsSync(join(openstackDir(root), link)));
}
