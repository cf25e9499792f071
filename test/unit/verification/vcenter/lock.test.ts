import assert from "node:assert/strict";
import { Clock } from "../../../../verification/clock";
import { CouldNotRun } from "../../../../verification/problems";
import { acquireLock, holderName, lockName, parseHolder } from "../../../../verification/vcenter/lock";
import { at, element, text } from "../../../../verification/vcenter/xml";
import { FakeFolders } from "./fakeFolders";
import { fault, objectContent } from "./fakeVcenter";

const clock = new Clock(1000);
const hour = 3_600_000;

async function take(vcenter: FakeFolders, owner: string, forMs = hour): Promise<{ release(): Promise<void> }> {
  const session = await vcenter.open();
  const place = { vmFolder: { type: "Folder", id: "group-v1" }, clusterName: "compute-1" };
  const holder = { owner, expires: new Date(vcenter.time + forMs) };
  return acquireLock(session, clock, place, holder, () => Promise.resolve(new Date(vcenter.time)));
}

function refused(pattern: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof CouldNotRun, String(error));
    assert.match(error.message, pattern);
    return true;
  };
}

describe("cluster lock", () => {
  it("is a folder that names owner and expiry, and goes with its release", async () => {
    const vcenter = new FakeFolders();
    const lock = await take(vcenter, "ann@ci 1");
    assert.deepEqual(vcenter.tree(), { "vsphere-ha-lock-compute-1": ["ann@ci 1 until 2026-01-01T01:00:00.000Z"] });
    await lock.release();
    assert.deepEqual(vcenter.tree(), {});
  });

  it("refuses a second run, naming holder and expiry, and leaves the lock alone", async () => {
    const vcenter = new FakeFolders();
    await take(vcenter, "ann");
    const before = vcenter.tree();
    await assert.rejects(
      take(vcenter, "bob"),
      refused(
        /^cluster compute-1 is locked \(folder vsphere-ha-lock-compute-1\) by ann until 2026-01-01T01:00:00\.000Z; wait .* recover/,
      ),
    );
    assert.deepEqual(vcenter.tree(), before);
  });

  it("is given to exactly one of two that come at once", async () => {
    const vcenter = new FakeFolders();
    const results = await Promise.allSettled([take(vcenter, "ann"), take(vcenter, "bob")]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal(Object.values(vcenter.tree())[0]?.length, 1);
  });

  it("is taken over when it has expired, by vCenter's clock", async () => {
    const vcenter = new FakeFolders();
    await take(vcenter, "ann", 1000);
    vcenter.time += 999;
    await assert.rejects(take(vcenter, "bob"), refused(/by ann until/));
    vcenter.time += 1;
    await take(vcenter, "bob");
    assert.deepEqual(vcenter.tree(), { "vsphere-ha-lock-compute-1": ["bob until 2026-01-01T01:00:01.000Z"] });
  });

  it("that was taken over is not freed by its old holder", async () => {
    const vcenter = new FakeFolders();
    const old = await take(vcenter, "ann", 1000);
    vcenter.time += 2000;
    await take(vcenter, "bob");
    await old.release();
    assert.deepEqual(Object.keys(vcenter.tree()), ["vsphere-ha-lock-compute-1"]);
  });

  it("that expired goes to one of two: the other, whose rival was faster, meets the new lock", async () => {
    const vcenter = new FakeFolders();
    await take(vcenter, "dead", 1000);
    vcenter.time += 2000;
    vcenter.beforeDestroy = () => {
      vcenter.beforeDestroy = undefined;
      vcenter.folders.splice(1);
      vcenter.add("rival until 2027-01-01T00:00:00.000Z", vcenter.add("vsphere-ha-lock-compute-1"));
    };
    await assert.rejects(take(vcenter, "bob"), refused(/is locked .* by another run, this moment; try again later$/));
    assert.deepEqual(vcenter.tree(), { "vsphere-ha-lock-compute-1": ["rival until 2027-01-01T00:00:00.000Z"] });
  });

  it("goes to the same owner again: a recovery has its run's lock", async () => {
    const vcenter = new FakeFolders();
    await take(vcenter, "ann 1/2");
    const again = await take(vcenter, "ann 1/2", 2 * hour);
    assert.deepEqual(vcenter.tree(), { "vsphere-ha-lock-compute-1": ["ann 1-2 until 2026-01-01T02:00:00.000Z"] });
    await again.release();
    assert.deepEqual(vcenter.tree(), {});
  });

  it("whose holder died before it wrote its name is taken over after a while", async () => {
    const vcenter = new FakeFolders();
    vcenter.add("vsphere-ha-lock-compute-1");
    await take(vcenter, "bob");
    assert.deepEqual(Object.values(vcenter.tree()), [["bob until 2026-01-01T01:00:00.000Z"]]);
  });

  it("waits for the name of a holder that is just writing it", async () => {
    const vcenter = new FakeFolders();
    const id = vcenter.add("vsphere-ha-lock-compute-1");
    setTimeout(() => {
      vcenter.add("ann until 2026-01-01T00:30:00.000Z", id);
    }, 5);
    await assert.rejects(take(vcenter, "bob"), refused(/by ann until 2026-01-01T00:30:00\.000Z/));
  });

  it("is never destroyed with something else in it", async () => {
    for (const name of ["my-vms", "ann until tomorrow", "ann until 2025-13-01T00:00:00.000Z"]) {
      const vcenter = new FakeFolders();
      vcenter.add(name, vcenter.add("vsphere-ha-lock-compute-1"));
      await assert.rejects(take(vcenter, "bob"), refused(new RegExp(`holds something that is no lock \\(${name}\\)`)));
      assert.deepEqual(vcenter.tree(), { "vsphere-ha-lock-compute-1": [name] });
    }
    const vcenter = new FakeFolders();
    const lock = vcenter.add("vsphere-ha-lock-compute-1");
    vcenter.folders.push({ id: "vm-1", name: "ann until 2025-01-01T00:00:00.000Z", parent: lock });
    await assert.rejects(take(vcenter, "bob"), refused(/holds something that is no lock/));
    assert.equal(
      vcenter.folders.some(({ id }) => id === "vm-1"),
      true,
    );
  });

  it("is not left behind when its name cannot be written", async () => {
    const vcenter = new FakeFolders();
    vcenter.refusing = "until";
    await assert.rejects(take(vcenter, "ann"), refused(/NoPermission/));
    assert.deepEqual(vcenter.tree(), {});
  });

  it("that is freed while another looks into it is taken by the other", async () => {
    const vcenter = new FakeFolders();
    const id = vcenter.add("vsphere-ha-lock-compute-1");
    vcenter.add("ann until 2026-01-01T00:30:00.000Z", id);
    const own = vcenter.handlers.get("RetrievePropertiesEx");
    vcenter.on("RetrievePropertiesEx", (parameters, count) => {
      const looksInside = text(at(parameters, "specSet", "objectSet", "obj")) === id;
      if (looksInside) vcenter.folders = vcenter.folders.filter((one) => one.id !== id && one.parent !== id);
      return own?.(parameters, count) ?? "";
    });
    await take(vcenter, "bob");
    assert.deepEqual(Object.values(vcenter.tree()), [["bob until 2026-01-01T01:00:00.000Z"]]);
  });

  it("that vCenter does not show to this user is not taken over", async () => {
    const vcenter = new FakeFolders();
    await take(vcenter, "ann", 1000);
    vcenter.time += 2000;
    const own = vcenter.handlers.get("RetrievePropertiesEx");
    vcenter.on("RetrievePropertiesEx", (parameters, count) => {
      const path = text(at(parameters, "specSet", "propSet", "pathSet"));
      return path === "childEntity" ? fault("NoPermission", "denied") : (own?.(parameters, count) ?? "");
    });
    await assert.rejects(take(vcenter, "bob"), refused(/denied \(NoPermission\)/));
    assert.deepEqual(Object.values(vcenter.tree()), [["ann until 2026-01-01T00:00:01.000Z"]]);
  });

  for (const [what, wrong, ends] of [
    ["is gone by then is no error", "ManagedObjectNotFound", undefined],
    ["vCenter refuses to remove is told", "ResourceInUse", /failed to remove the lock: .*ResourceInUse/],
  ] as const) {
    it(`that ${what}`, async () => {
      const vcenter = new FakeFolders();
      const lock = await take(vcenter, "ann");
      const error = `<error><fault xsi:type="${wrong}"></fault><localizedMessage>no</localizedMessage></error>`;
      vcenter.on("RetrievePropertiesEx", () => {
        const info = { type: "TaskInfo", content: `<state>error</state>${error}` };
        return element("returnval", [objectContent("Task", "task-1", { info })]);
      });
      if (ends === undefined) await lock.release();
      else await assert.rejects(lock.release(), refused(ends));
      vcenter.on("Destroy_Task", () => fault(wrong, "no"));
      if (ends === undefined) await lock.release();
      else await assert.rejects(lock.release(), refused(/no \(ResourceInUse\)/));
    });
  }

  it("has names that vCenter takes as they are, of 80 characters at most", () => {
    const long = "x".repeat(80);
    assert.equal(lockName("a/b%c\\d"), "vsphere-ha-lock-a-b-c-d");
    assert.equal(lockName("x".repeat(64)), `vsphere-ha-lock-${"x".repeat(64)}`);
    assert.match(lockName(long), /^vsphere-ha-lock-[0-9a-f]{40}$/);
    assert.notEqual(lockName(long), lockName(`${long}y`));
    const expires = new Date("2026-01-01T00:00:00Z");
    assert.equal(holderName({ owner: long, expires }).length, 80);
    assert.deepEqual(parseHolder(holderName({ owner: "ann until noon", expires })), {
      owner: "ann until noon",
      expires,
    });
    assert.equal(parseHolder("ann"), undefined);
  });
});
