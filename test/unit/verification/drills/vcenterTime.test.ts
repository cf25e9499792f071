import assert from "node:assert/strict";
import { clockStep, readOffset, type Offset } from "../../../../verification/drills/vcenterTime";
import { World } from "./world";

describe("vCenter's clock", () => {
  let world: World;
  /** What each call takes there and back, in seconds; the last stays. */
  let calls: [there: number, back: number][];
  beforeEach(() => {
    world = new World();
    calls = [[0, 0]];
  });

  function parts(): Parameters<typeof readOffset>[0] {
    const { clock, vcenter, systemTime } = world.parts();
    const currentTime = (): Promise<Date> => {
      const [there, back] = (calls.length > 1 ? calls.shift() : calls[0]) ?? assert.fail();
      world.advance(there);
      const time = new Date(world.nowMs + world.vcenterStep);
      world.advance(back);
      return Promise.resolve(time);
    };
    return { clock, systemTime, vcenter: { ...vcenter, currentTime } };
  }

  const read = (): Promise<Offset> => readOffset(parts());

  it("is ahead of ours by what it shows in the middle of a call", async () => {
    world.vcenterStep = 60_000;
    world.systemStep = -2000;
    calls = [[2, 2]];
    assert.deepEqual(await read(), { ms: 60_000, roundTrip: 4000, system: -2000 });
  });

  it("is asked three times, and told by the quickest answer", async () => {
    calls = [
      [0, 4],
      [0, 1],
      [0, 2],
      [0, 0.1],
    ];
    assert.deepEqual(await read(), { ms: -500, roundTrip: 1000, system: 0 });
    assert.equal(calls.length, 1, "not a fourth time");
    calls = [
      [0, 2],
      [0, 2],
      [2, 0],
    ];
    assert.equal((await read()).ms, -1000, "the first of several alike");
  });

  it("made no step where it is within what the calls took", async () => {
    calls = [[0, 2]];
    const before = await read();
    calls = [[2, 0]];
    assert.equal(await clockStep(parts(), before), 0);
  });

  it("made a step, this way or that, less what the calls took", async () => {
    const before = await read();
    world.vcenterStep = 10_000;
    assert.equal(await clockStep(parts(), before), 10);
    world.vcenterStep = -10_000;
    assert.equal(await clockStep(parts(), before), 10);
    calls = [[2, 2]];
    assert.equal(await clockStep(parts(), before), 8);
  });

  it("counts with this machine's own: the larger step of both", async () => {
    const before = await read();
    world.systemStep = -7000;
    assert.equal(await clockStep(parts(), before), 7);
    world.vcenterStep = 9000;
    assert.equal(await clockStep(parts(), before), 9);
  });
});
