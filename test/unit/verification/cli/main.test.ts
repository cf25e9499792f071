import assert from "node:assert/strict";
import { main } from "../../../../verification/cli/main";

interface Ended {
  code: number;
  out: string;
  err: string;
}

async function run(...args: string[]): Promise<Ended> {
  const ended: Ended = { code: -1, out: "", err: "" };
  const never = new AbortController().signal;
  ended.code = await main(args, {
    env: {},
    stdout: { write: (text) => (ended.out += text) },
    stderr: { write: (text) => (ended.err += text) },
    signal: never,
    hurried: never,
  });
  return ended;
}

describe("command line", () => {
  it("tells help with examples, exit codes and environment, and ends with 0", async () => {
    const { code, out, err } = await run("check", "--help");
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /Examples:\n {2}vsphere-ha check --config cluster\.json/);
    assert.match(out, /Exit code: 0 passed, 1 failed, 2 could not run/);
    assert.match(out, /VSPHERE_PASSWORD/);
    assert.match(out, /gets 300 s to settle/);
    for (const command of ["drill", "load", "monitor", "recover", "report"])
      assert.equal((await run(command, "--help")).code, 0);
    assert.match((await run("drill", "host-loss", "--help")).out, /--include-bystanders/);
  });

  it("tells its version", async () => {
    const { code, out } = await run("--version");
    assert.equal(code, 0);
    assert.match(out, /^\d+\.\d+\.\d+\n$/);
  });

  const wrong: [string[], RegExp][] = [
    [[], /Usage: vsphere-ha/],
    [["chek"], /unknown command 'chek'\n\(Did you mean check\?\)/],
    [["check"], /required option '--config <file>' not specified/],
    [["check", "--config"], /option '--config <file>' argument missing/],
    [["check", "--config", "a", "--colour"], /unknown option '--colour'/],
    [["check", "--config", "a", "b"], /too many arguments/],
    [["drill", "host-loss"], /required option '--config <file>' not specified/],
    [["drill", "everything"], /unknown command 'everything'/],
    [["recover", "--config", "a"], /required option '--journal <file>' not specified/],
    [["report", "--journal", "a"], /required option '--out <dir>' not specified/],
  ];
  for (const [args, message] of wrong) {
    it(`ends with 2 on ${JSON.stringify(args)}`, async () => {
      const { code, out, err } = await run(...args);
      assert.equal(code, 2);
      assert.equal(out, "");
      assert.match(err, message);
    });
  }

  it("ends with 2 and all problems of the input, without a stack trace", async () => {
    const { code, err } = await run("check", "--config", "/no/such/file.json");
    assert.equal(code, 2);
    assert.match(
      err,
      /^vsphere-ha check: 1 problem in the configuration:\n {2}--config = "\/no\/such\/file\.json": must be readable/,
    );
    assert.doesNotMatch(err, /\n {4}at /);
  });

  it("ends with 2 on a journal that is none", async () => {
    const { code, err } = await run("report", "--journal", "/no/such.json", "--out", "/no/where");
    assert.equal(code, 2);
    assert.match(err, /^vsphere-ha report: cannot read the journal \/no\/such\.json: ENOENT/);
  });
});
