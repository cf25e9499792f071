import assert from "node:assert/strict";
import { escalate } from "../../../../verification/drills/escalate";
import { planSecondFailure } from "../../../../verification/drills/secondFailurePlan";
import { Timeline } from "../../../../verification/drills/timeline";
import type { Fault } from "../../../../verification/faults/fault";
import { faultWords } from "../../../../verification/faults/words";
import type { VCenter } from "../../../../verification/vcenter/client";
import { World } from "./world";

describe("the second failure of a drill", () => {
  let world: World;
  let failed: number[];
  let told: string[];
  beforeEach(() => {
    world = new World();
    [failed, told] = [[], []];
  });

  /** Of esx-02 first, whose loss is sent now; gives when the second one was, in seconds after that. */
  async function second(
    vcenter: Partial<VCenter> = {},
    { offsetMs = 0, once = false, interrupted = new AbortController().signal } = {},
  ): Promise<number | undefined> {
    const planned = planSecondFailure(world.inventory(), world.config(), "esx-02", {
      includeBystanders: false,
      keepUp: [],
    });
    const plan = "host" in planned ? planned : assert.fail(planned.refusals.join());
    const fault: Fault = {
      check: () => Promise.resolve(),
      inject: () => Promise.resolve(),
      restore: () => Promise.resolve(),
      ...(!once && {
        escalate: () => {
          failed.push(world.nowMs);
          world.advance(2);
          return Promise.resolve();
        },
      }),
    };
    const faultSent = world.nowMs;
    const words = faultWords(plan.fault);
    const timeline = new Timeline(
      () => world.nowMs,
      (line) => told.push(line),
    );
    const parts = world.parts({ vcenter: { ...world.vcenter, ...vcenter }, interrupted });
    world.failHost("esx-02");
    const happened = await escalate(parts, { plan, fault, words, timeline, faultSent, offsetMs });
    if (happened === undefined) return undefined;
    assert.deepEqual(failed, [happened.sent]);
    assert.equal(happened.confirmed - happened.sent, 2000);
    return (happened.sent - faultSent) / 1000;
  }

  it("comes when HA has declared the first host failed, and is told", async () => {
    assert.equal(await second(), 18);
    assert.deepEqual(told, ["cutting the power of esx-01 during the failover"]);
  });

  it("does not wait for a declaration of another host, nor of one that was before", async () => {
    world.event("DasHostFailedEvent", { host: "esx-02" });
    world.event("DasHostFailedEvent", { host: "esx-03" });
    world.advance(60);
    assert.equal(await second(), 18);
  });

  it("is told by the clock of vCenter, however far that is ahead", async () => {
    world.event("DasHostFailedEvent", { host: "esx-02" });
    world.advance(60);
    const ahead = 3_600_000;
    const eventsSince: VCenter["eventsSince"] = async (since) => {
      const events = await world.vcenter.eventsSince(new Date(since.getTime() - ahead));
      return events.map((one) => ({ ...one, createdAt: new Date(one.createdAt.getTime() + ahead) }));
    };
    assert.equal(await second({ eventsSince }, { offsetMs: ahead }), 18);
  });

  it("comes when the declaration is due, where HA is late or vCenter does not answer", async () => {
    world.detection = 100;
    assert.equal(await second(), 23);
    world = new World();
    failed = [];
    world.eventsFail = true;
    assert.equal(await second(), 23);
  });

  it("comes not at all in a drill of one failure", async () => {
    assert.equal(await second({}, { once: true }), undefined);
    assert.deepEqual([failed, told], [[], []]);
  });

  it("comes not after an interruption, or an error that nobody foresaw", async () => {
    const interrupt = new AbortController();
    world.later(5, () => {
      interrupt.abort(new Error("SIGINT"));
    });
    await assert.rejects(second({}, { interrupted: interrupt.signal }), /SIGINT/);
    const eventsSince = (): Promise<never> => Promise.reject(new TypeError("unforeseen"));
    await assert.rejects(second({ eventsSince }), /unforeseen/);
    assert.deepEqual(failed, []);
  });
});
