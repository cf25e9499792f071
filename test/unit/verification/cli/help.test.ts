import assert from "node:assert/strict";
import { drillNames } from "../../../../verification/drills/variants";
import { Commands } from "./command";

const commands: string[][] = [
  ["init"],
  ["check"],
  ...drillNames.map((name) => ["drill", name]),
  ["load"],
  ["monitor"],
  ["recover"],
  ["report"],
  ["report", "compare"],
];

async function help(...command: string[]): Promise<string> {
  const run = new Commands();
  try {
    const { code, out, err } = await run.run(...command, "--help");
    assert.deepEqual([code, err], [0, ""]);
    return out;
  } finally {
    run.remove();
  }
}

/** Terms of the lists `Options:`, `Arguments:` and `Commands:`, with what is said of each. */
function listed(text: string): { term: string; said: string }[] {
  const rows = [
    ...text.matchAll(/^ {2}(-\S+(?: <[^>]+>|, --\S+)?|[a-z][\w-]*(?: \[\w+\])*(?: <\w+>)*)(?: {2,}(\S.*))?$/gm),
  ];
  return rows.map(([, term = "", said = ""]) => ({ term, said }));
}

describe("help", () => {
  for (const command of commands) {
    const name = command.join(" ");
    describe(`of ${name}`, () => {
      it("says what it does, what each option means, and what its exit codes are", async () => {
        const text = await help(...command);
        assert.match(text, new RegExp(`^Usage: vsphere-ha ${name} .*\\n\\n[A-Z][^]+?\\.\\n\\n(Options|Arguments):\\n`));
        const [, options = ""] = text.split(/^(?:Options|Arguments):$/m);
        const rows = listed(options.split("\n\n")[0] ?? "");
        assert.ok(rows.length > 1);
        for (const { term, said } of rows) assert.match(said, /^(?!\(default).*\w+ \w+/, term);
        assert.match(text, /\nExit code: 0 .*, 1 .*, 2 could not /);
      });

      it("has examples of its own, with options that it has", async () => {
        const text = await help(...command);
        const examples = [...text.matchAll(/^ {2}(?:.* \| )?vsphere-ha (.*)$/gm)].map(([, line = ""]) => line);
        assert.ok(examples.length > 0);
        for (const example of examples) {
          assert.ok(example.startsWith(`${name} `), example);
          for (const [option] of example.matchAll(/--[\w-]+/g)) {
            assert.match(text, new RegExp(`^ {2}${option}\\b`, "m"), example);
          }
        }
      });
    });
  }

  it("tells the configuration and the environment wherever one is read", async () => {
    for (const command of [["check"], ["drill", "apd"], ["load"], ["monitor"]]) {
      const text = await help(...command);
      assert.match(text, /\nConfiguration, a JSON object .*\n {2}\{"cluster": /);
      assert.match(text, /\nEnvironment:\n {2}VSPHERE_PASSWORD +password of the vCenter user/);
    }
  });

  it("tells the defaults", async () => {
    const squeezed = async (...command: string[]): Promise<string> => (await help(...command)).replace(/\s+/g, " ");
    const drill = await squeezed("drill", "host-loss");
    assert.match(drill, /index\.html go \(default: "report"\)/);
    assert.match(drill, /from 2 on \(default: "1"\)/);
    assert.match(drill, /--host <name> host to fail, may be repeated \(default: all hosts of the configuration\)/);
    const load = await squeezed("load");
    assert.match(load, /index\.html go \(default: "report"\)/);
    assert.match(load, /--levels .* \(default: "0,25,50,75,100"\) --seconds .* \(default: "120"\)/);
    assert.match(await squeezed("monitor"), /\(default: "127\.0\.0\.1:9469"\) .* \(default: "1h,24h,30d"\)/);
  });

  it("tells of guests that hang, and names VMs there, not hosts", async () => {
    const text = await help("drill", "guest-hang");
    assert.match(text, /--vm <name> +VM to break, may be repeated/);
    assert.match(text, /\n {2}Windows XP +C:\\notmyfault/);
    assert.doesNotMatch(text, /--host/);
    const other = await help("drill", "host-loss");
    assert.doesNotMatch(other, /--vm|notmyfault/);
  });

  it("of all names every command, and the exit codes", async () => {
    const text = await help();
    assert.match(text, /^Usage: vsphere-ha \[options\] \[command\]\n\n[A-Z][^]+?\.\n/);
    for (const [name = ""] of commands) assert.match(text, new RegExp(`^ {2}${name} .* {2}[A-Z]\\w+ `, "m"), name);
    assert.match(text, /\nExit code: 0 passed, 1 failed, 2 could not run/);
    const drills = await help("drill");
    assert.match(drills, /\n\n[A-Z][^]+?\.\n\nOptions/);
    for (const name of drillNames) assert.match(drills, new RegExp(`^ {2}${name} .* {2}[A-Z]\\w+ `, "m"), name);
  });

  it("is pointed to where a command is wrong", async () => {
    const run = new Commands();
    const { err } = await run.run("chek");
    run.remove();
    assert.match(err, /\(vsphere-ha --help tells the commands\)\n$/);
  });
});

describe("an error that nobody foresaw", () => {
  it("is told as one to be reported, with its trace, and ends with 2", async () => {
    const run = new Commands();
    let calls = 0;
    run.onText = () => {
      if (calls++ === 0) throw new Error("disk on fire");
    };
    const { code, err } = await run.run("--version");
    run.remove();
    assert.equal(code, 2);
    assert.match(err, /^vsphere-ha --version: internal error, please report it: Error: disk on fire\n {4}at /);
  });
});
