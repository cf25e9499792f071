import assert from "node:assert/strict";
import { parseStatistics } from "../../../../verification/cli/drill";
import { parseLoadOptions, requireGuestPasswords } from "../../../../verification/cli/load";
import { Problems, type Problem } from "../../../../verification/problems";
import { World } from "../drills/world";

function problemsOf(work: () => unknown): readonly Problem[] {
  try {
    work();
  } catch (error) {
    if (error instanceof Problems) return error.problems;
    throw error;
  }
  return [];
}

describe("numbers of the command line", () => {
  it("of repeated drills are read", () => {
    assert.deepEqual(parseStatistics({ repeat: "5", mtbfHours: "8760.5" }), { repeat: 5, mtbfHours: 8760.5 });
    assert.deepEqual(parseStatistics({ mtbfHours: undefined }), { repeat: 1, mtbfHours: undefined });
  });

  for (const bad of ["0", "-1", "1.5", "1001", "five", "", " ", "Infinity"]) {
    it(`refuse ${JSON.stringify(bad)} repetitions`, () => {
      assert.deepEqual(
        problemsOf(() => parseStatistics({ repeat: bad, mtbfHours: undefined })).map(({ path }) => path),
        ["--repeat"],
      );
    });
  }

  it("name every problem at once", () => {
    const found = problemsOf(() => parseStatistics({ repeat: "x", mtbfHours: "0" }));
    assert.deepEqual(
      found.map(({ path, value }) => [path, value]),
      [
        ["--repeat", "x"],
        ["--mtbf-hours", "0"],
      ],
    );
    for (const bad of ["-1", "year", "", "Infinity"]) {
      assert.equal(problemsOf(() => parseStatistics({ mtbfHours: bad })).length, 1, bad);
    }
  });

  it("of load are read, levels in order", () => {
    const options = { levels: "100, 0,50", seconds: "60" };
    assert.deepEqual(parseLoadOptions(options), { levels: [0, 50, 100], seconds: 60 });
  });

  const wrong: [string, RegExp][] = [
    ["0,50,101", /from 0 to 100/],
    ["0,50,-1", /from 0 to 100/],
    ["0,50,12.5", /whole percentages/],
    ["0,50,", /whole percentages/],
    ["all", /whole percentages/],
    ["0,50,50", /names a level twice/],
    ["0,100", /3 levels at least/],
  ];
  for (const [levels, rule] of wrong) {
    it(`refuse the levels ${levels}`, () => {
      const [problem] = problemsOf(() => parseLoadOptions({ levels, seconds: "60" }));
      assert.equal(problem?.path, "--levels");
      assert.match(problem.rule, rule);
    });
  }

  it("refuse levels that end before vCenter has measured them, or never", () => {
    for (const seconds of ["59", "0", "", "long", "Infinity", "86401"]) {
      const [problem] = problemsOf(() => parseLoadOptions({ levels: "0,50,100", seconds }));
      assert.equal(problem?.path, "--seconds", seconds);
    }
  });

  it("miss every password of guests that are to be loaded, and no other", () => {
    const config = new World().config();
    config.guests.windowsxp.passwordEnv = "XP_PASSWORD";
    const all = problemsOf(() => {
      requireGuestPasswords(config, { XP_PASSWORD: "" });
    });
    assert.deepEqual(
      all.map(({ path }) => path),
      ["VSPHERE_HA_GUEST_PASSWORD", "XP_PASSWORD"],
    );
    const ubuntu = { ...config, vms: config.vms.filter(({ guestOs }) => guestOs === "ubuntu") };
    requireGuestPasswords(ubuntu, { VSPHERE_HA_GUEST_PASSWORD: "set" });
  });
});
