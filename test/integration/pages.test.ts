import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { toolchain } from "../../lab/record";
import { changesIn, commandsIn, pages, patched, readPage, type PageCommand } from "../pages";
import { copyCheckout } from "./freshClone";
import { Reader } from "./reader";
import { asTyped, exceptionOf, exceptions, pagesRunElsewhere } from "./readersTable";

const root = resolve(__dirname, "../..");

/** The page that deploys what the others use. */
const first = "docs/getting-started.md";
const order = [first, ...pages().filter((page) => page !== first && !(page in pagesRunElsewhere))];

interface Step extends PageCommand {
  page: string;
}

const steps: Step[] = order.flatMap((page) => commandsIn(readPage(page)).map((command) => ({ page, ...command })));
/** Without the comment that a page puts behind it, by which exceptions are found. */
const bare = ({ text }: PageCommand): string => text.replace(/\s+#.*$/, "");
const isLast = (step: Step): boolean => "last" in (exceptionOf(bare(step)) ?? {});

/** What a reader has installed: the CLI and the plugins outside the checkout, as the official ones would be. */
function install(dir: string): Record<string, string> {
  const bin = join(dir, "pulumi", "bin");
  const home = join(dir, ".pulumi");
  mkdirSync(bin, { recursive: true });
  mkdirSync(home);
  for (const program of ["pulumi", "pulumi-language-nodejs", "pulumi-analyzer-policy"]) {
    symlinkSync(join(toolchain, "bin", program), join(bin, program));
  }
  symlinkSync(join(toolchain, "plugins"), join(home, "plugins"));
  // Node looks for packages in the folders above the checkout.
  const modules = join(dir, "node_modules", "@pulumi");
  mkdirSync(modules, { recursive: true });
  for (const name of ["vsphere", "openstack"]) symlinkSync(join(root, ".sdks", name), join(modules, name));
  return { PATH: `${bin}:${process.env.PATH ?? ""}`, PULUMI_HOME: home };
}

const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")) as { version: string }).version;

describe("the commands of the pages, as a reader types them", function () {
  this.timeout(300_000);
  let dir: string;
  let checkout: string;
  let reader: Reader;
  const done = new Set<string>();

  /** Again while a busy machine kept a drill from observing: that proves nothing either way. */
  async function run(command: string, until?: RegExp): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const { code, output } = await reader.run(command, until);
      if (code === 1 && attempt < 3 && /^Inconclusive: /m.test(output)) continue;
      assert.equal(code, 0, `${command}\n${output}`);
      return output;
    }
  }

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "vsphere-ha-pages-"));
    checkout = join(dir, "vsphere-ha");
    copyCheckout(checkout);
    symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
    const installed = install(dir);
    reader = new Reader(
      dir,
      {
        ...installed,
        READER_HOME: dir,
        VERSION_vsphere: versionOf("@pulumi/vsphere"),
        VERSION_openstack: versionOf("@pulumi/openstack"),
        // What the reader answers when pulumi asks whether to go on.
        PULUMI_SKIP_CONFIRMATIONS: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
      },
      checkout,
    );
    await run(asTyped("npm run lab -- start"));
    done.add("npm run lab -- start");
    // The values that the reader puts in place of the pages', and the clock of the lab.
    const printed = await run("npm run -s lab -- env");
    const values = printed.split("\n").filter((line) => line.startsWith("export "));
    await run(
      [
        ...values.map((line) => line.replace("export ", "export LAB_")),
        'export VSPHERE_HA_CONFIG="$LAB_VSPHERE_HA_CONFIG"',
      ].join("\n"),
    );
  });

  after(async () => {
    if (existsSync(join(checkout, ".lab"))) await reader.run(`cd ${checkout} && npm run lab -- stop`);
    rmSync(dir, { recursive: true, force: true });
  });

  /** A checkout of its own for a page that changes the sources, with the cluster's description in it. */
  function changedCheckout(page: string): string {
    const to = join(dir, "changed");
    copyCheckout(to);
    symlinkSync(join(root, "node_modules"), join(to, "node_modules"));
    copyFileSync(join(checkout, "cluster.json"), join(to, "cluster.json"));
    for (const { file, hunks, text } of changesIn(readPage(page))) {
      const path = join(to, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, hunks === undefined ? text : patched(readFileSync(path, "utf8"), hunks));
    }
    return to;
  }

  for (const page of order) {
    describe(page, () => {
      before(() => {
        reader.goTo(changesIn(readPage(page)).length === 0 ? checkout : changedCheckout(page));
      });
      for (const step of steps.filter((one) => one.page === page && !isLast(one))) {
        it(`line ${step.line.toString()}: ${step.text.split("\n")[0] ?? ""}`, () => perform(step));
      }
    });
  }

  describe("at the end", () => {
    for (const step of steps.filter(isLast)) {
      it(`${step.page}, line ${step.line.toString()}: ${step.text}`, async () => {
        reader.goTo(checkout);
        await run(asTyped(step.text));
      });
    }
  });

  async function perform(step: Step): Promise<void> {
    const text = bare(step);
    const command = asTyped(text);
    const exception = exceptionOf(text);
    // A page that repeats what another one says needs no second run, unless the shell is to remember it.
    if (done.has(text) && !/^(export|cd|eval)\b/.test(text)) return;
    done.add(text);
    if (exception === undefined) await run(command);
    else if ("with" in exception) await run(`${command} ${exception.with}`);
    else if ("until" in exception) await run(command, exception.until);
    else if ("refused" in exception) {
      const { code, output } = await reader.run(command);
      assert.notEqual(code, 0, output);
      assert.match(output, exception.refused);
    } else if ("shape" in exception) await run(exception.shape);
    else if ("by" in exception) {
      const test = readFileSync(join(__dirname, exception.by), "utf8");
      assert.ok(test.includes(exception.words), `${exception.by} does not run ${text}`);
    }
  }

  it("has no exception for a command that is nowhere", () => {
    const idle = exceptions.filter(({ page }) => !steps.some((step) => page.test(bare(step))));
    assert.deepEqual(idle, []);
  });

  it("finds every page that another test runs in that test", () => {
    for (const [page, test] of Object.entries(pagesRunElsewhere)) {
      assert.ok(pages().includes(page), page);
      // The tests of examples run the README of an example by its name.
      const [, name = page] = /^examples\/([\w-]+)\//.exec(page) ?? [];
      assert.ok(readFileSync(join(__dirname, test), "utf8").includes(name), `${test} does not run ${page}`);
    }
  });
});
