import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const PYTHON_PATH = resolve(__dirname, "../../../lab/openstack/python");
const lab = {
  dir: "/lab/openstack",
  node: "/lab/compute",
  address: "127.77.4.1",
  region: "RegionOne",
  tls: { ca: "/lab/ca.pem" },
  passwords: { admin: "admin-secret", service: "service-secret", broker: "broker-secret" },
};

/** Every configuration file that the launcher writes, by name. */
function render(): Record<string, string> {
  const program = [
    "import json, sys",
    "from vsphere_ha_lab import configure as c",
    "v = c.variables(json.load(sys.stdin))",
    "files = {**c.FILES, **{'node/' + k: t for k, t in c.NODE_FILES.items()}}",
    "print(json.dumps({name: c.render(templates, v) for name, templates in files.items()}))",
  ].join("\n");
  const env = { ...process.env, PYTHONPATH: PYTHON_PATH, PYTHONDONTWRITEBYTECODE: "1" };
  const { stdout, stderr, status } = spawnSync("python3", ["-c", program], {
    input: JSON.stringify(lab),
    encoding: "utf8",
    env,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Record<string, string>;
}

describe("the services' configuration", () => {
  const files = render();
  const node = files["node/nova/nova.conf"] ?? "";

  it("leaves no placeholder", () => {
    for (const [name, text] of Object.entries(files)) assert.doesNotMatch(text, /\$\w/, name);
  });

  it("calls keystone over verified HTTPS everywhere", () => {
    for (const [name, text] of Object.entries(files)) {
      assert.doesNotMatch(text, /http:\/\/|insecure/, name);
      for (const [login] of text.matchAll(/auth_type = password\n(?:.+\n)*/g)) {
        assert.match(login, /auth_url = https:\/\/127\.77\.4\.1:5000\/v3\n/);
        assert.match(login, /cafile = \/lab\/ca\.pem/);
      }
    }
    assert.match(node, /cafile = /);
  });

  it("keeps the databases and keystone's administrator from the compute node", () => {
    assert.doesNotMatch(node, /connection = |sqlite/);
    for (const [name, text] of Object.entries(files)) assert.ok(!text.includes("admin-secret"), name);
  });

  it("waits for a database that another process writes to", () => {
    for (const [name, text] of Object.entries(files)) {
      for (const [line] of text.matchAll(/^connection = .*$/gm)) assert.match(line, /\?timeout=60$/, name);
    }
  });

  it("leaves everything about the vCenter to whoever configures the node", () => {
    assert.doesNotMatch(node, /\[vmware\]|^host =/m);
    assert.match(node, /^compute_driver = vmwareapi\.VMwareVCDriver$/m);
  });
});
