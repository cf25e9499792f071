import assert from "node:assert/strict";
import { Problems } from "../../../../verification/problems";
import { requireSimulation } from "../../../../verification/vcenter/client";

const about = { fullName: "VMware vCenter Server 8.0.3", version: "8.0.3", instanceUuid: "u", simulated: false };

describe("time scale", () => {
  it("is 1 on a real vCenter, and anything on a simulated one", () => {
    requireSimulation({ timeScale: 1 }, about);
    requireSimulation({ timeScale: 10 }, { ...about, simulated: true });
  });

  it("other than 1 is refused by a real vCenter", () => {
    for (const timeScale of [10, 0.5]) {
      assert.throws(
        () => {
          requireSimulation({ timeScale }, about);
        },
        (error) => {
          assert.ok(error instanceof Problems);
          assert.deepEqual(
            error.problems.map(({ path, value }) => [path, value]),
            [["timeScale", timeScale]],
          );
          assert.match(
            error.message,
            /only a simulated vCenter .* this is VMware vCenter Server 8\.0\.3; remove timeScale/,
          );
          return true;
        },
      );
    }
  });
});
