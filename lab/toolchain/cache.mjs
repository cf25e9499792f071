import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "./processes.mjs";

/** A part that no checkout has used for this long is removed. */
const UNUSED_MS = 30 * 24 * 3600 * 1000;
const POLL_MS = 250;

/**
 * Where the parts are kept, for all checkouts of this user.
 * @param {NodeJS.ProcessEnv} env
 */
export function cacheRoot(env) {
  if (env.VSPHERE_HA_CACHE) return resolve(env.VSPHERE_HA_CACHE);
  return join(env.XDG_CACHE_HOME ? resolve(env.XDG_CACHE_HOME) : join(homedir(), ".cache"), "vsphere-ha");
}

/**
 * The parts on disk. A part is a folder `parts/NAME-KEY`; it is made under a temporary name and appears whole or not
 * at all, so nothing that ends a setup can leave half a part.
 */
export class Cache {
  /** @param {string} root */
  constructor(root) {
    this.root = root;
    for (const dir of ["parts", "tmp", "locks", "logs"]) mkdirSync(join(root, dir), { recursive: true });
  }

  /**
   * @param {string} name
   * @param {string} key
   */
  path(name, key) {
    return join(this.root, "parts", `${name}-${key}`);
  }

  /**
   * @param {string} name
   * @param {string} key
   */
  has(name, key) {
    return existsSync(this.path(name, key));
  }

  /** @param {string} name */
  log(name) {
    return join(this.root, "logs", `${name}.log`);
  }

  /**
   * The folder of a part, made by `make` if it is not there. Two setups at once make it once: the second waits.
   * @param {string} name
   * @param {string} key
   * @param {(dir: string) => Promise<void>} make fills an empty folder
   * @returns {Promise<string>}
   */
  async ensure(name, key, make) {
    const path = this.path(name, key);
    if (!existsSync(path)) {
      await this.exclusively(`${name}-${key}`, async () => {
        if (existsSync(path)) return;
        const dir = join(this.root, "tmp", `${name}-${process.pid}`);
        try {
          rmSync(dir, { recursive: true, force: true });
          mkdirSync(dir);
          await make(dir);
          renameSync(dir, path);
        } finally {
          rmSync(dir, { recursive: true, force: true });
        }
      });
    }
    const now = new Date();
    utimesSync(path, now, now);
    return path;
  }

  /**
   * Does something while no other setup does the same; waits for one that does.
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} action
   * @returns {Promise<T>}
   */
  async exclusively(name, action) {
    let unlock = this.#lock(name);
    while (!unlock) {
      await sleep(POLL_MS);
      unlock = this.#lock(name);
    }
    try {
      return await action();
    } finally {
      unlock();
    }
  }

  /**
   * A lock whose owner is gone is taken over. Should two take it over at once, work is done twice and nothing breaks:
   * parts appear by a rename.
   * @param {string} name
   * @returns {(() => void) | undefined}
   */
  #lock(name) {
    const file = join(this.root, "locks", name);
    try {
      // A link is created with its content in one step, so a lock always names its owner.
      symlinkSync(String(process.pid), file);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const owner = ownerOf(file);
    if (owner !== undefined && !isAlive(owner)) rmSync(file, { force: true });
    return undefined;
  }

  /** Removes what ended setups left behind, and parts that nobody uses any more. */
  prune() {
    for (const entry of readdirSync(join(this.root, "tmp"))) {
      const pid = Number(entry.slice(entry.lastIndexOf("-") + 1));
      if (!isAlive(pid)) rmSync(join(this.root, "tmp", entry), { recursive: true, force: true });
    }
    for (const entry of readdirSync(join(this.root, "parts"))) {
      const path = join(this.root, "parts", entry);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat && Date.now() - stat.mtimeMs > UNUSED_MS) rmSync(path, { recursive: true, force: true });
    }
  }

  /** Removes what this process has begun and not finished. */
  discard() {
    for (const [dir, mine] of /** @type {const} */ ([
      ["tmp", (/** @type {string} */ entry) => entry.endsWith(`-${process.pid}`)],
      ["locks", (/** @type {string} */ entry) => ownerOf(join(this.root, "locks", entry)) === process.pid],
    ])) {
      for (const entry of readdirSync(join(this.root, dir))) {
        if (mine(entry)) rmSync(join(this.root, dir, entry), { recursive: true, force: true });
      }
    }
  }
}

/**
 * @param {string} file
 * @returns {number | undefined} undefined when the lock is gone
 */
function ownerOf(file) {
  try {
    return Number(readlinkSync(file));
  } catch {
    return undefined;
  }
}
