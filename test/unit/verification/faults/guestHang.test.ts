import assert from "node:assert/strict";
import type { Fault } from "../../../../verification/faults/fault";
import { guestHangFault, type GuestHang } from "../../../../verification/faults/guestHang";
import { CouldNotRun } from "../../../../verification/problems";
import type { VCenter } from "../../../../verification/vcenter/client";
import { World } from "../drills/world";

const bootSeconds = 60;

describe("a guest that hangs", () => {
  let world: World;
  beforeEach(() => {
    world = new World();
    world.settings = { ...world.settings, haVmMonitoring: "vmMonitoringOnly" };
  });

  function fault(changes: Partial<GuestHang> = {}, vcenter: Partial<VCenter> = {}): Fault {
    return guestHangFault(
      { kind: "guest-hang", host: "esx-02", vm: "xp-1" },
      {
        vcenter: { ...world.vcenter, ...vcenter },
        clock: world.parts().clock,
        hang: {
          what: "a test",
          account: { user: "root", password: "secret" },
          start: ({ name }) => {
            world.posted.push(`hang ${name}`);
            world.hangGuest(name);
            return Promise.resolve();
          },
          ...changes,
        },
        answers: ({ name }) => Promise.resolve(world.vmNamed(name).answers),
        bootSeconds,
      },
    );
  }

  const elapsed = async (work: () => Promise<unknown>): Promise<number> => {
    const began = world.nowMs;
    await work();
    return (world.nowMs - began) / 1000;
  };

  describe("is checked before", () => {
    it("by the login that its program needs, and by none where a command is run", async () => {
      world.guests.password = "another";
      await assert.rejects(fault().check(), /the guest refuses/);
      await fault({ account: undefined }).check();
    });

    it("and refused to a user who may not reset the VM, which would stay hung", async () => {
      world.lacking = "VirtualMachine.Interact.Reset";
      const { id } = world.inventory().vms.find(({ name }) => name === "xp-1") ?? assert.fail();
      await assert.rejects(fault().check(), {
        message: `(ResetVM_Task): the user lacks VirtualMachine.Interact.Reset on VirtualMachine ${id}`,
      });
    });

    it("and refused where HA has spent its resets, over the window in which they count", async () => {
      for (let k = 0; k < 3; k++) world.event("VmDasBeingResetEvent", { vm: "xp-1" });
      world.advance(100);
      world.settings = { ...world.settings, haVmMaximumFailureWindow: 200 };
      await assert.rejects(fault().check(), {
        message:
          "HA has reset xp-1 3 times within 200 s, and does so at most 3 times: it would not again. Wait, or raise " +
          "haVmMaximumResets or haVmMaximumFailureWindow",
      });
      world.settings = { ...world.settings, haVmMaximumFailureWindow: 50 };
      await fault().check();
      delete world.settings["haVmMaximumFailureWindow"];
      await assert.rejects(fault().check(), /^CouldNotRun: HA has reset xp-1 3 times, and does so/);
    });

    it("and refused where the VM is gone", async () => {
      world.vms = world.vms.filter(({ name }) => name !== "xp-1");
      await assert.rejects(fault().check(), /^CouldNotRun: VM xp-1 is not in the cluster any more$/);
    });
  });

  describe("is made to", () => {
    it("and waited for until its service is silent", async () => {
      const start: GuestHang["start"] = ({ name }) => {
        world.later(30, () => world.hangGuest(name));
        return Promise.resolve();
      };
      assert.equal(await elapsed(() => fault({ start }).inject()), 30);
    });

    it("and told to go on answering, where it does so for a minute", async () => {
      const start = (): Promise<void> => Promise.resolve();
      const seconds = await elapsed(() =>
        assert.rejects(
          fault({ start }).inject(),
          /^CouldNotRun: xp-1 goes on answering after a test: it does not hang$/,
        ),
      );
      assert.equal(seconds, 61);
    });
  });

  it("is hung without a question to vCenter: the instant of the fault is known to that of its command", async () => {
    let deaf = false;
    const inventory: VCenter["inventory"] = () => {
      assert.ok(!deaf, "vCenter is asked");
      return world.vcenter.inventory();
    };
    const hung = fault({}, { inventory });
    await hung.arm?.();
    deaf = true;
    await hung.inject();
    assert.deepEqual(world.posted, ["hang xp-1"]);
  });

  describe("is put back", () => {
    it("by nothing where it is well, and stays so for a moment", async () => {
      assert.equal(await elapsed(() => fault().restore()), 5);
      assert.deepEqual(world.posted, []);
    });

    it("by a reset where nobody has reset it, and waited for until it has booted", async () => {
      world.resets = () => false;
      const hung = fault();
      await hung.inject();
      const seconds = await elapsed(() => hung.restore());
      assert.deepEqual(world.posted, ["hang xp-1", "reset xp-1"]);
      assert.ok(seconds >= world.boot + 5 && seconds <= world.boot + 12, seconds.toString());
    });

    it("by a reset where its service answers and its Tools do not", async () => {
      const vm = world.vmNamed("xp-1");
      vm.hung = true;
      await fault().restore();
      assert.deepEqual(world.posted, ["reset xp-1"]);
    });

    it("by a reset where it does not stay well", async () => {
      world.later(2, () => (world.vmNamed("xp-1").answers = false));
      await fault().restore();
      assert.deepEqual(world.posted, ["reset xp-1"]);
    });

    it("by HA, whose reset it still boots from", async () => {
      const hung = fault();
      await hung.inject();
      world.advance(world.silence + 10);
      await hung.restore();
      assert.deepEqual(world.posted, ["hang xp-1"]);
    });

    it("by a reset where that of HA was long ago", async () => {
      world.resets = () => false;
      world.event("VmDasBeingResetEvent", { vm: "xp-1" });
      world.advance(bootSeconds + 1);
      const hung = fault();
      await hung.inject();
      const seconds = await elapsed(() => hung.restore());
      assert.deepEqual(world.posted, ["hang xp-1", "reset xp-1"]);
      assert.ok(seconds < 2 * world.boot, seconds.toString());
    });

    it("by a reset where it did not come up after that of HA", async () => {
      world.event("VmDasBeingResetEvent", { vm: "xp-1" });
      world.vmNamed("xp-1").answers = false;
      await fault().restore();
      assert.deepEqual(world.posted, ["reset xp-1"]);
    });

    it("by hand where a reset does not help, after twice the time that it needs to boot", async () => {
      world.vmNamed("xp-1").answers = false;
      const stuck = { resetVm: () => Promise.resolve() };
      const seconds = await elapsed(() =>
        assert.rejects(
          fault({}, stuck).restore(),
          /^CouldNotRun: xp-1 does not answer 120 s after its reset; look at its console$/,
        ),
      );
      assert.ok(seconds >= 120 && seconds <= 125, seconds.toString());
    });

    it("as its heartbeat tells, where nothing is done by Tools", async () => {
      const beat = (guestHeartbeat: "green" | "red"): Partial<VCenter> => ({
        inventory: async () => {
          const read = await world.vcenter.inventory();
          return { ...read, vms: read.vms.map((vm) => ({ ...vm, guestHeartbeat })) };
        },
      });
      world.guests.password = "another";
      await fault({ account: undefined }, beat("green")).restore();
      assert.deepEqual(world.posted, []);
      await assert.rejects(fault({ account: undefined }, beat("red")).restore(), /look at its console/);
      assert.deepEqual(world.posted, ["reset xp-1"]);
    });

    it("not while something fails that nobody foresaw", async () => {
      const guests = { ...world.vcenter.guests, processes: () => Promise.reject(new TypeError("unforeseen")) };
      await assert.rejects(fault({}, { guests }).restore(), /unforeseen/);
      const busy = { ...guests, processes: () => Promise.reject(new CouldNotRun("Tools are busy")) };
      await assert.rejects(fault({}, { guests: busy }).restore(), /look at its console/);
    });
  });
});
