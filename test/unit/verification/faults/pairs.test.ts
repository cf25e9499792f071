import assert from "node:assert/strict";
import type { Fault } from "../../../../verification/faults/fault";
import { hostPowerFault } from "../../../../verification/faults/hostPower";
import { maintenanceModeFault } from "../../../../verification/faults/maintenanceMode";
import { secondFailureFault } from "../../../../verification/faults/secondFailure";
import { hostLossWithoutVcenter } from "../../../../verification/faults/vcenterDown";
import { CouldNotRun } from "../../../../verification/problems";
import { World } from "../drills/world";

/** A part of a fault that notes what it is asked. */
class Part implements Fault {
  failing: string | undefined;
  constructor(
    readonly name: string,
    readonly done: string[],
  ) {}

  #do(what: string): Promise<void> {
    this.done.push(`${what} ${this.name}`);
    return this.failing === undefined ? Promise.resolve() : Promise.reject(new CouldNotRun(this.failing));
  }

  check = (): Promise<void> => this.#do("check");
  inject = (): Promise<void> => this.#do("break");
  restore = (): Promise<void> => this.#do("restore");
  close = (): Promise<void> => this.#do("close");
}

describe("two hosts that fail, one after the other", () => {
  let done: string[];
  let parts: [Part, Part];
  beforeEach(() => {
    done = [];
    parts = [new Part("first", done), new Part("second", done)];
  });

  it("are checked both, broken in turn, put back and closed both", async () => {
    const fault = secondFailureFault(...parts);
    await fault.check();
    await fault.inject();
    assert.deepEqual(done, ["check first", "check second", "break first"]);
    await fault.escalate?.();
    await fault.restore();
    await fault.close?.();
    assert.deepEqual(done.slice(3), ["break second", "restore first", "restore second", "close first", "close second"]);
  });

  it("are put back both, whatever becomes of one of them, and all that failed is told", async () => {
    const fault = secondFailureFault(...parts);
    parts[0].failing = "the first is silent";
    await assert.rejects(fault.restore(), new CouldNotRun("the first is silent"));
    assert.deepEqual(done, ["restore first", "restore second"]);
    parts[1].failing = "the second too";
    await assert.rejects(fault.restore(), new CouldNotRun("the first is silent; the second too"));
  });
});

describe("a host's loss while vCenter is down", () => {
  let world: World;
  let done: string[];
  let power: Part;
  let closed: boolean;
  beforeEach(() => {
    world = new World();
    done = [];
    power = new Part("host", done);
    closed = false;
  });

  function fault(vcenter: { currentTime(): Promise<Date> } = world.vcenter): Fault {
    const close = (): Promise<void> => {
      closed = true;
      return Promise.resolve();
    };
    return hostLossWithoutVcenter(power, { ...world.service(), close }, vcenter, world.parts().clock);
  }

  it("stops the service first, and starts it before the power comes back", async () => {
    const lost = fault();
    await lost.check();
    await lost.arm?.();
    await lost.inject();
    await lost.restore();
    await lost.close?.();
    assert.deepEqual(world.posted, ["vCenter STOPPED", "vCenter STARTED"]);
    assert.deepEqual(done, ["check host", "break host", "restore host", "close host"]);
    assert.ok(closed);
  });

  it("is refused where the service does not run", async () => {
    world.vcenterState = "STOPPING";
    await assert.rejects(fault().check(), new CouldNotRun("vCenter's service is STOPPING; start it first"));
    assert.deepEqual(done, []);
  });

  it("waits until vCenter answers once its service runs, for ten minutes at most", async () => {
    world.serviceSeconds = 0;
    let calls = 0;
    const slow = {
      currentTime: () => (++calls < 5 ? Promise.reject(new CouldNotRun("503")) : Promise.resolve(new Date())),
    };
    const began = world.nowMs;
    await fault(slow).reveal?.();
    assert.deepEqual([calls, (world.nowMs - began) / 1000], [5, 4]);
    const never = { currentTime: () => Promise.reject(new CouldNotRun("503")) };
    const from = world.nowMs;
    await assert.rejects(async () => fault(never).reveal?.(), new CouldNotRun("503"));
    assert.equal((world.nowMs - from) / 1000, 601);
    const broken = { currentTime: () => Promise.reject(new TypeError("unforeseen")) };
    await assert.rejects(async () => fault(broken).reveal?.(), /unforeseen/);
  });

  it("has its host put back also where vCenter does not start, and tells all that failed", async () => {
    power.failing = "the BMC is silent";
    const never = { currentTime: () => Promise.reject(new CouldNotRun("vCenter answers 503")) };
    await assert.rejects(fault(never).restore(), (error) => {
      assert.ok(error instanceof CouldNotRun);
      assert.equal(error.message, "vCenter answers 503; the BMC is silent");
      return true;
    });
    assert.deepEqual(done, ["restore host"]);
  });
});

describe("maintenance mode", () => {
  for (const [privilege, call] of [
    ["Host.Config.Maintenance", "EnterMaintenanceMode_Task"],
    ["Global.CancelTask", "CancelTask"],
  ]) {
    it(`is refused to a user without ${privilege ?? ""}, before a host is on its way into it`, async () => {
      const world = new World();
      await maintenanceModeFault("esx-01", world.vcenter).check();
      world.lacking = privilege;
      const { id } = world.inventory().hosts.find(({ name }) => name === "esx-01") ?? assert.fail();
      await assert.rejects(maintenanceModeFault("esx-01", world.vcenter).check(), {
        message: `(${call ?? ""}): the user lacks ${privilege ?? ""} on HostSystem ${id}`,
      });
    });
  }

  it("is refused for a host that has left the cluster", async () => {
    await assert.rejects(maintenanceModeFault("esx-09", new World().vcenter).check(), {
      message: "host esx-09 is not in the cluster any more",
    });
  });
});

describe("the faults of one host", () => {
  it("close what they were given", async () => {
    let closed = 0;
    const power = { ...new World().power("esx-01"), close: () => Promise.resolve(void closed++) };
    await hostPowerFault("esx-01", power).close?.();
    assert.equal(closed, 1);
  });

  it("are put into maintenance mode and taken out of it by vCenter, which is stopped from waiting by a signal", async () => {
    const asked: unknown[] = [];
    const { signal } = new AbortController();
    const fault = maintenanceModeFault("esx-01", {
      ...new World().vcenter,
      enterMaintenance: (...given) => Promise.resolve(asked.push(["enter", ...given]) === 0),
      exitMaintenance: (...given) => Promise.resolve(void asked.push(["exit", ...given])),
    });
    await fault.check();
    assert.deepEqual(asked, []);
    await fault.inject(signal);
    await fault.restore();
    assert.deepEqual(asked, [
      ["enter", "esx-01", signal],
      ["exit", "esx-01"],
    ]);
  });
});
