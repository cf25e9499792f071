import assert from "node:assert/strict";
import type { DrillParts } from "../../../../verification/drills/parts";
import { endLoad } from "../../../../verification/load/end";
import type { LoadProgram } from "../../../../verification/load/model";
import type { GuestOs } from "../../../../verification/model";
import { CouldNotRun } from "../../../../verification/problems";
import type { VCenter } from "../../../../verification/vcenter/client";
import { World } from "../drills/world";

describe("end of a load", () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  function program(vm: string, guestOs: GuestOs = "ubuntu", level = 50): LoadProgram {
    return { vm, guestOs, path: "/usr/bin/load", arguments: `--cpu-load ${level.toString()}` };
  }

  async function start({ vm, path, arguments: args }: LoadProgram): Promise<void> {
    const account = { user: "root", password: "secret" };
    await world.guests.operations.start({ id: vm, name: vm }, account, { path, arguments: args });
  }

  const running = (): string[] => world.guests.running().map(({ vm, command }) => `${vm}: ${command}`);

  it("ends in each guest its own programs, as the user of its operating system", async () => {
    const accounts: GuestOs[] = [];
    const guestAccount: DrillParts["guestAccount"] = (guestOs) => {
      accounts.push(guestOs);
      return { user: "root", password: "secret" };
    };
    const [first, second] = [program("ubuntu-1"), program("xp-1", "windowsxp", 75)];
    for (const one of [first, second, program("ubuntu-1", "ubuntu", 75)]) await start(one);
    await endLoad(world.parts({ guestAccount }), [first, second]);
    assert.deepEqual(running(), ["ubuntu-1: /usr/bin/load --cpu-load 75"], "started by somebody else");
    assert.deepEqual(accounts, ["ubuntu", "windowsxp"]);
  });

  it("does not fail on guests that are off or gone: a start begins without programs", async () => {
    world.vmNamed("ubuntu-1").poweredOn = false;
    world.guests.password = "asked by nobody";
    await endLoad(world.parts(), [program("ubuntu-1"), program("removed")]);
    assert.deepEqual(running(), []);
  });

  it("waits until Tools of a guest that starts answer", async () => {
    await start(program("ubuntu-1"));
    world.vmNamed("ubuntu-1").hung = true;
    world.later(60, () => (world.vmNamed("ubuntu-1").hung = false));
    await endLoad(world.parts(), [program("ubuntu-1")]);
    assert.deepEqual(running(), []);
  });

  it("fails with every guest in which load may go on, and why, within two minutes; the others' ends all the same", async () => {
    const programs = [program("ubuntu-1"), program("ubuntu-2"), program("xp-1", "windowsxp")];
    for (const one of programs) await start(one);
    world.vmNamed("ubuntu-1").hung = true;
    world.guests.immortal = ["xp-1"];
    const before = world.nowMs;
    await assert.rejects(endLoad(world.parts(), programs), {
      name: "CouldNotRun",
      message:
        "guest operations in ubuntu-1: VMware Tools do not answer; load goes on in xp-1: its program does not end",
    });
    assert.deepEqual(running(), ["xp-1: /usr/bin/load --cpu-load 50", "ubuntu-1: /usr/bin/load --cpu-load 50"].sort());
    // Two guests wait by the one clock of this world.
    assert.ok(world.nowMs - before <= 245_000, `${(world.nowMs - before).toString()} ms`);
  });

  it("tries for two minutes, not less", async () => {
    await start(program("xp-1", "windowsxp"));
    world.guests.immortal = ["xp-1"];
    world.later(115, () => (world.guests.immortal = []));
    await endLoad(world.parts(), [program("xp-1", "windowsxp")]);
    assert.deepEqual(running(), []);
  });

  it("passes on at once what is no answer of vCenter", async () => {
    const defect = new TypeError("a defect");
    const guests: VCenter["guests"] = { ...world.guests.operations, processes: () => Promise.reject(defect) };
    const before = world.nowMs;
    await assert.rejects(endLoad({ ...world.parts(), vcenter: { ...world.vcenter, guests } }, [program("xp-1")]), {
      message: "a defect",
    });
    assert.equal(world.nowMs, before, "without trying again");
  });

  it("is refused while vCenter does not answer", async () => {
    world.vcenterState = "STOPPED";
    await assert.rejects(endLoad(world.parts(), [program("xp-1")]), CouldNotRun);
  });
});
