import assert from "node:assert/strict";
import { parseStatistics } from "../../../../verification/cli/drill";
import { parseLoadOptions, requireGuestPasswords } from "../../../../verification/cli/load";
import { parseMonitorOptions } from "../../../../verification/cli/monitor";
import { Problems, type Problem } from "../../../../verification/problems";
import { World } from "../drills/world";

function messageOf(work: () => unknown): string {
  return new Problems(problemsOf(work), "x").message.split("\n").slice(1).join("\n");
}

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
  it("that are wrong are told with the value, what it must be, and what to write instead", () => {
    assert.equal(
      messageOf(() => parseStatistics({ repeat: "x", mtbfHours: "0" })),
      '  --repeat = "x": must be a whole number from 1 to 1000; write for example 5\n' +
        '  --mtbf-hours = "0": must be the mean time between failures of one host in hours, above 0; ' +
        "write for example 8760, a year",
    );
    assert.equal(
      messageOf(() => parseLoadOptions({ levels: "all", seconds: "1" })),
      '  --levels = "all": must be whole percentages from 0 to 100, with commas between them; ' +
        "write for example 0,25,50,75,100\n" +
        '  --seconds = "1": must be 60 to 86400: vCenter measures every 20 s, and two whole samples are needed of each ' +
        "level; leave it out for 120",
    );
    assert.equal(
      messageOf(() => parseMonitorOptions({ listen: "x", windows: "1y" })),
      '  --listen = "x": must be an address of this machine and a port; write for example 127.0.0.1:9469\n' +
        '  --windows = "1y": must be different lengths in minutes, hours or days, with commas between them; ' +
        "write for example 1h,24h,30d",
    );
    for (const work of [
      () => parseStatistics({ mtbfHours: "0" }),
      () => parseLoadOptions({ levels: "all", seconds: "60" }),
      () => parseMonitorOptions({ listen: "x", windows: "1h" }),
    ]) {
      assert.throws(work, /^Problems: 1 problem in the command line:\n/);
    }
  });

  it("reach as far as they may, and no farther", () => {
    assert.equal(parseStatistics({ repeat: "1000", mtbfHours: undefined }).repeat, 1000);
    assert.equal(parseLoadOptions({ levels: "0,50,100", seconds: "86400" }).seconds, 86_400);
    assert.equal(parseLoadOptions({ levels: "0,50,100", seconds: "60" }).seconds, 60);
    assert.equal(parseMonitorOptions({ listen: "127.0.0.1:65535", windows: "1h" }).listen.port, 65_535);
  });

  it("of windows are minutes, hours and days, with or without spaces between them", () => {
    assert.deepEqual(parseMonitorOptions({ listen: "[::1]:0", windows: "5m, 1h,2d" }), {
      listen: { host: "::1", port: 0 },
      windows: [
        { name: "5m", seconds: 300 },
        { name: "1h", seconds: 3600 },
        { name: "2d", seconds: 172_800 },
      ],
    });
  });

  for (const windows of ["h", "1", "1h2", "x1h", "0h", "1h,0d", "1h,1h", ""]) {
    it(`refuse the windows ${JSON.stringify(windows)}`, () => {
      assert.deepEqual(
        problemsOf(() => parseMonitorOptions({ listen: "127.0.0.1:0", windows })).map(({ path }) => path),
        ["--windows"],
      );
    });
  }

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
    for (const seconds of ["59", "0", "", " ", "long", "Infinity", "86401"]) {
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
