import assert from "node:assert/strict";
import type { VmConfig } from "../../../../verification/config";
import type { VmState } from "../../../../verification/model";
import { findTargets, otherTargets, type TargetSource } from "../../../../verification/monitor/targets";
import { CouldNotRun, Problems } from "../../../../verification/problems";
import type { ProbeTarget } from "../../../../verification/probes/schedule";
import { World } from "../drills/world";

describe("addresses that are watched", () => {
  let answers: boolean[];
  let lines: string[];
  let vms: VmState[] | Error;

  const [ubuntu, xp] = ["ubuntu-1", "xp-1"].map((name): VmConfig => {
    const config = new World().config().vms.find((one) => one.name === name);
    return config ?? assert.fail(name);
  }) as [VmConfig, VmConfig];

  beforeEach(() => {
    [answers, lines] = [[], []];
    vms = new World().inventory().vms;
    addresses("ubuntu-1", "192.0.2.1");
    addresses("xp-1", "192.0.2.2");
  });

  function addresses(name: string, ...own: string[]): void {
    assert.ok(Array.isArray(vms));
    const vm = vms.find((one) => one.name === name) ?? assert.fail(name);
    vm.addresses = own;
  }

  function source(...own: VmConfig[]): TargetSource {
    return {
      vms: own,
      read: () => (vms instanceof Error ? Promise.reject(vms) : Promise.resolve(vms)),
      reachable: (yes) => answers.push(yes),
      progress: (line) => lines.push(line),
    };
  }

  const target = (vm: string, address: string): ProbeTarget => ({ vm, address, port: 22 });

  it("are those that vCenter tells of each VM", async () => {
    const before = [target("xp-1", "192.0.2.99"), target("ubuntu-1", "192.0.2.98")];
    assert.deepEqual(await findTargets(source(xp, ubuntu), before), [
      target("xp-1", "192.0.2.2"),
      target("ubuntu-1", "192.0.2.1"),
    ]);
    assert.deepEqual([answers, lines], [[true], []]);
  });

  it("are those of before, of each VM, while vCenter is away or Tools tell none", async () => {
    const before = [target("xp-1", "192.0.2.99"), target("ubuntu-1", "192.0.2.98")];
    addresses("ubuntu-1");
    assert.deepEqual(await findTargets(source(ubuntu), before), [target("ubuntu-1", "192.0.2.98")]);
    vms = new CouldNotRun("vCenter answers HTTP 503");
    assert.deepEqual(await findTargets(source(ubuntu, xp), before), [
      target("ubuntu-1", "192.0.2.98"),
      target("xp-1", "192.0.2.99"),
    ]);
    assert.deepEqual([answers, lines], [[true, false], ["vCenter answers HTTP 503"]]);
  });

  it("are the configuration's without vCenter, and its words come first", async () => {
    const configured = { ...ubuntu, address: "192.0.2.50" };
    assert.deepEqual(await findTargets(source(configured), []), [target("ubuntu-1", "192.0.2.50")]);
    vms = new CouldNotRun("away");
    assert.deepEqual(await findTargets(source(configured), []), [target("ubuntu-1", "192.0.2.50")]);
  });

  it("must all be known, once: every VM without one is named", async () => {
    vms = new CouldNotRun("away");
    await assert.rejects(findTargets(source(ubuntu, { ...ubuntu, name: "a", address: "192.0.2.50" }, xp), []), {
      name: "CouldNotRun",
      message: "ubuntu-1, xp-1 has no address: set vms[].address, or let VMware Tools report one",
    });
  });

  it("are not guessed where the configuration is wrong, or a defect shows", async () => {
    const before = [target("ubuntu-1", "192.0.2.98")];
    vms = new Problems([{ path: "VSPHERE_PASSWORD", value: undefined, rule: "r", remedy: "set it" }]);
    await assert.rejects(findTargets(source(ubuntu), before), Problems);
    vms = new TypeError("a defect");
    await assert.rejects(findTargets(source(ubuntu), before), TypeError);
    assert.deepEqual([answers, lines], [[], []]);
  });

  describe("anew", () => {
    /** Waits that are over at once; in one of them something happens. */
    function waits(at: number, act: () => void): { wait: () => Promise<void>; count: () => number } {
      let count = 0;
      const wait = (): Promise<void> => {
        if (++count === at) act();
        if (count > 10) throw new Error("waited in vain");
        return Promise.resolve();
      };
      return { wait, count: () => count };
    }
    const never = new AbortController().signal;

    it("are told as soon as one has changed", async () => {
      const begun = await findTargets(source(ubuntu, xp), []);
      const { wait, count } = waits(3, () => {
        addresses("xp-1", "192.0.2.3");
      });
      assert.deepEqual(await otherTargets(source(ubuntu, xp), begun, wait, never), [
        target("ubuntu-1", "192.0.2.1"),
        target("xp-1", "192.0.2.3"),
      ]);
      assert.equal(count(), 3);
      assert.deepEqual(lines, ["addresses have changed"]);
    });

    it("are not asked for any more once the monitor ends", async () => {
      const begun = await findTargets(source(ubuntu), []);
      const abort = new AbortController();
      const { wait } = waits(2, () => {
        addresses("ubuntu-1", "192.0.2.3");
        abort.abort();
      });
      assert.equal(await otherTargets(source(ubuntu), begun, wait, abort.signal), begun);
      assert.deepEqual(lines, []);
      assert.equal(answers.length, 2);
    });

    it("are the same while vCenter is away, each time told", async () => {
      const begun = await findTargets(source(ubuntu), []);
      vms = new CouldNotRun("away");
      const abort = new AbortController();
      const { wait } = waits(3, () => {
        abort.abort();
      });
      await otherTargets(source(ubuntu), begun, wait, abort.signal);
      assert.deepEqual(
        [answers, lines],
        [
          [true, false, false],
          ["away", "away"],
        ],
      );
    });
  });
});
