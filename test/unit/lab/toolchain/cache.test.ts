import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";

const loadCacheModule = () => import("../../../../lab/toolchain/cache.mjs");
type CacheModule = Awaited<ReturnType<typeof loadCacheModule>>;

describe("the cache of built parts", () => {
  let m: CacheModule;
  let root: string;
  let cache: InstanceType<CacheModule["Cache"]>;
  /** Id of a process that has ended. */
  const ended = spawnSync("true").pid;

  before(async () => {
    m = await loadCacheModule();
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "vsphere-ha-"));
    cache = new m.Cache(root);
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  const leftovers = (): string[] => ["tmp", "locks"].flatMap((dir) => readdirSync(join(root, dir)));

  it("lies where the user says, else where the desktop standard says", () => {
    assert.equal(m.cacheRoot({ VSPHERE_HA_CACHE: "/c", XDG_CACHE_HOME: "/x" }), "/c");
    assert.equal(m.cacheRoot({ XDG_CACHE_HOME: "/x" }), "/x/vsphere-ha");
    assert.equal(m.cacheRoot({}), join(homedir(), ".cache", "vsphere-ha"));
  });

  it("makes a part once", async () => {
    let made = 0;
    const make = (dir: string): Promise<void> => {
      made++;
      writeFileSync(join(dir, "program"), "");
      return Promise.resolve();
    };
    const [first, second] = await Promise.all([cache.ensure("a", "1", make), cache.ensure("a", "1", make)]);
    assert.equal(first, second);
    assert.equal(made, 1);
    assert.deepEqual(readdirSync(first), ["program"]);
    assert.notEqual(await cache.ensure("a", "2", make), first);
    assert.equal(made, 2);
    assert.deepEqual(leftovers(), []);
  });

  it("fails and keeps nothing when a part cannot be made, and makes it the next time", async () => {
    const broken = cache.ensure("a", "1", (dir) => {
      writeFileSync(join(dir, "half"), "");
      return Promise.reject(new Error("does not compile"));
    });
    await assert.rejects(broken, /does not compile/);
    assert.equal(cache.has("a", "1"), false);
    assert.deepEqual(leftovers(), []);
    assert.deepEqual(readdirSync(await cache.ensure("a", "1", () => Promise.resolve())), []);
  });

  it("takes over the lock of a setup that was killed", async () => {
    symlinkSync(String(ended), join(root, "locks", "a-1"));
    await cache.ensure("a", "1", () => Promise.resolve());
    assert.deepEqual(leftovers(), []);
  });

  it("waits for a setup that is at work", async () => {
    const lock = join(root, "locks", "a-1");
    symlinkSync(String(process.pid), lock);
    let made = false;
    const part = cache.ensure("a", "1", () => {
      made = true;
      return Promise.resolve();
    });
    assert.equal(made, false);
    mkdirSync(cache.path("a", "1"));
    rmSync(lock);
    await part;
    assert.equal(made, false);
  });

  it("removes what killed setups left and what nobody used for a month", () => {
    const [left, mine] = [join(root, "tmp", `a-${ended}`), join(root, "tmp", `a-${process.pid}`)];
    const [old, fresh] = [cache.path("a", "old"), cache.path("a", "new")];
    for (const dir of [left, mine, old, fresh]) mkdirSync(dir);
    const longAgo = new Date(Date.now() - 31 * 24 * 3600 * 1000);
    utimesSync(old, longAgo, longAgo);
    cache.prune();
    assert.deepEqual(
      [left, mine, old, fresh].map((dir) => existsSync(dir)),
      [false, true, false, true],
    );
  });

  it("discards what this process has begun, and nobody else's", () => {
    for (const name of [`a-${process.pid}`, "b-1"]) mkdirSync(join(root, "tmp", name));
    symlinkSync(String(process.pid), join(root, "locks", "a-1"));
    symlinkSync("1", join(root, "locks", "b-1"));
    cache.discard();
    assert.deepEqual(leftovers(), ["b-1", "b-1"]);
  });
});
