import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const loadCheckout = () => import("../../../../lab/toolchain/checkout.mjs");
type Checkout = Awaited<ReturnType<typeof loadCheckout>>;

describe("a checkout", () => {
  let m: Checkout;
  let root: string;
  before(async () => {
    m = await loadCheckout();
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "vsphere-ha-"));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  describe("isInstalled", () => {
    const entry = { version: "1.0.0", integrity: "sha512-x" };
    const lock = (packages: object): string => JSON.stringify({ packages: { "": { name: "me" }, ...packages } });

    it("holds when every package is there in its version", () => {
      const wanted = {
        "node_modules/a": entry,
        "node_modules/@pulumi/vsphere": { resolved: ".sdks/vsphere", link: true },
        ".sdks/vsphere": {},
        "node_modules/other-os": { ...entry, optional: true },
      };
      assert.equal(m.isInstalled(lock(wanted), lock({ "node_modules/a": entry })), true);
    });

    it("does not hold when one is missing, another version, another content, or nothing is there", () => {
      const wanted = lock({ "node_modules/a": entry });
      assert.equal(m.isInstalled(wanted, lock({})), false);
      assert.equal(m.isInstalled(wanted, lock({ "node_modules/a": { ...entry, version: "1.0.1" } })), false);
      assert.equal(m.isInstalled(wanted, lock({ "node_modules/a": { ...entry, integrity: "sha512-y" } })), false);
      assert.equal(m.isInstalled(wanted, undefined), false);
    });
  });

  it("holds exactly the links that it should", () => {
    const dir = join(root, "toolchain");
    m.placeLinks(dir, { "bin/pulumi": "/old", "plugins/resource-a-v1/a": "/a1" });
    m.placeLinks(dir, { "bin/pulumi": "/new", "plugins/resource-a-v2/a": "/a2" });
    assert.equal(readlinkSync(join(dir, "bin/pulumi")), "/new");
    assert.equal(readlinkSync(join(dir, "plugins/resource-a-v2/a")), "/a2");
    assert.equal(existsSync(join(dir, "plugins/resource-a-v1")), false);
  });

  it("copies an SDK once for each key", () => {
    const from = join(root, "from");
    mkdirSync(from);
    writeFileSync(join(from, "index.js"), "1");
    assert.equal(m.placeSdk(root, "vsphere", from, "k1"), true);
    assert.equal(m.placeSdk(root, "vsphere", from, "k1"), false);
    writeFileSync(join(from, "index.js"), "2");
    assert.equal(m.placeSdk(root, "vsphere", from, "k2"), true);
    assert.equal(readFileSync(join(root, ".sdks/vsphere/index.js"), "utf8"), "2");
  });

  it("lets npx find its own program", () => {
    writeFileSync(join(root, "package.json"), JSON.stringify({ bin: { tool: "bin/tool.js" } }));
    m.placeOwnProgram(root);
    m.placeOwnProgram(root);
    assert.equal(readlinkSync(join(root, "node_modules/.bin/tool")), "../../bin/tool.js");
  });

  it("forgets the settings of its lab and keeps those of the user", () => {
    const lab = join(root, ".lab");
    const env = {
      PATH: [join(lab, ".toolchain/bin"), "/usr/bin", "/bin"].join(":"),
      SSL_CERT_FILE: join(lab, "dev/tls/ca.pem"),
      PULUMI_HOME: "/home/me/.pulumi",
    };
    m.forgetLab(env, root);
    assert.deepEqual(env, { PATH: "/usr/bin:/bin", PULUMI_HOME: "/home/me/.pulumi" });
  });
});
