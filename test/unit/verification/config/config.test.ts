import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, parseConfig, type Environment } from "../../../../verification/config";
import { fillInGuests } from "../../../../verification/config/guests";
import type { Json } from "../../../../verification/config/layers";
import { Problems, secret, type Problem } from "../../../../verification/problems";

const env: Environment = { VSPHERE_SERVER: "vc.example.com", VSPHERE_USER: "reader", VSPHERE_PASSWORD: "pw" };
const thumbprint = Array.from({ length: 32 }, () => "AB").join(":");

function good(): { [name: string]: Json } {
  return {
    cluster: { datacenter: "dc-1", name: "compute-1" },
    hosts: [{ name: "esx-1" }, { name: "esx-2", bmc: { url: "https://bmc-2:8443/", username: "operator" } }],
    vms: [
      { name: "u", guestOs: "ubuntu" },
      { name: "x", guestOs: "windowsxp", address: "10.0.0.1", probe: { port: 445 }, bootSeconds: 90 },
    ],
  };
}

const hostKey = `SHA256:${"A".repeat(43)}`;

function problemsOf(work: () => unknown): readonly Problem[] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Problems, String(error));
    return error.problems;
  }
  assert.fail("no problem was found");
}

/** Sets a value at a path such as `hosts.0.name`; undefined deletes. */
function withValue(path: string, value: Json | undefined): Json {
  const document = good();
  const steps = path.split(".");
  const last = steps.pop() ?? "";
  let at = document as Record<string, Json>;
  for (const step of steps) {
    at[step] ??= {};
    at = at[step] as Record<string, Json>;
  }
  if (value === undefined) Reflect.deleteProperty(at, last);
  else at[last] = value;
  return document;
}

describe("configuration", () => {
  it("has its defaults filled in", () => {
    assert.deepEqual(parseConfig(good(), env), {
      vcenter: { server: "vc.example.com", user: "reader", caFile: undefined, thumbprint: undefined },
      cluster: { datacenter: "dc-1", name: "compute-1", declared: {} },
      hosts: [
        { name: "esx-1", bmc: undefined, ssh: undefined },
        {
          name: "esx-2",
          bmc: {
            url: "https://bmc-2:8443",
            systemId: undefined,
            username: "operator",
            passwordEnv: "VSPHERE_HA_BMC_PASSWORD",
            thumbprint: undefined,
            caFile: undefined,
          },
          ssh: undefined,
        },
      ],
      vms: [
        {
          name: "u",
          guestOs: "ubuntu",
          address: undefined,
          probe: { port: 22 },
          bootSeconds: 120,
          openstack: undefined,
        },
        {
          name: "x",
          guestOs: "windowsxp",
          address: "10.0.0.1",
          probe: { port: 445 },
          bootSeconds: 90,
          openstack: undefined,
        },
      ],
      guests: fillInGuests(),
      openstack: undefined,
      timeScale: 1,
      probeIntervalSeconds: 1,
    });
  });

  it("takes the vCenter from the document before the environment", () => {
    const document = { ...good(), vcenter: { server: "other:8443", user: "me", caFile: "ca.pem", thumbprint } };
    const ambient = { ...env, VSPHERE_HA_CA_FILE: "env.pem", VSPHERE_HA_THUMBPRINT: thumbprint.toLowerCase() };
    assert.deepEqual(parseConfig(document, ambient).vcenter, {
      server: "other:8443",
      user: "me",
      caFile: "ca.pem",
      thumbprint,
    });
    assert.deepEqual(parseConfig(good(), ambient).vcenter, {
      server: "vc.example.com",
      user: "reader",
      caFile: "env.pem",
      thumbprint: thumbprint.toLowerCase(),
    });
  });

  it("keeps declared settings of every kind", () => {
    const declared = {
      haEnabled: true,
      haVmRestartTimeout: 600,
      haVmRestartPriority: "high",
      haHeartbeatDatastoreIds: ["datastore-1"],
      haAdvancedOptions: { "das.isolationaddress0": "10.0.0.1" },
    };
    const config = parseConfig(withValue("cluster.declared", declared), env);
    assert.deepEqual(config.cluster.declared, declared);
  });

  it("tells all problems at once, each with path, value, rule and remedy", () => {
    const document: Json = {
      cluster: { datacenter: 5, name: "", declared: { haEnabled: "yes", haMagic: 1 } },
      hosts: [{ name: "a" }, { name: "a" }],
      vms: [{ name: "v", guestOs: "dos", probe: { port: 70_000 } }],
      timescale: 2,
    };
    const problems = problemsOf(() => parseConfig(document, {}));
    assert.deepEqual(
      problems.map(({ path, value }) => [path, value]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
      [
        ["VSPHERE_PASSWORD", undefined],
        ["VSPHERE_SERVER", undefined],
        ["VSPHERE_USER", undefined],
        ["cluster.datacenter", 5],
        ["cluster.declared.haEnabled", "yes"],
        ["cluster.declared.haMagic", 1],
        ["cluster.name", ""],
        ["hosts[1].name", "a"],
        ["timescale", 2],
        ["vms[0].guestOs", "dos"],
        ["vms[0].probe.port", 70_000],
      ],
    );
    for (const { rule, remedy } of problems) assert.ok(rule.length > 5 && remedy.length > 5);
  });

  it("logs in to a host's ESXi Shell as root at its name, with a password, unless told otherwise", () => {
    const [first] = parseConfig(withValue("hosts.0.ssh", { hostKey }), env).hosts;
    assert.deepEqual(first?.ssh, {
      host: "esx-1",
      port: 22,
      user: "root",
      keyFile: undefined,
      passwordEnv: "VSPHERE_HA_HOST_PASSWORD",
      hostKey,
      knownHostsFile: undefined,
    });
    const stated = { host: "10.0.0.1", port: 2222, user: "op", keyFile: "k", passwordEnv: "P", knownHostsFile: "f" };
    const [other] = parseConfig(withValue("hosts.0.ssh", stated), env).hosts;
    assert.deepEqual(other?.ssh, { ...stated, hostKey: undefined });
  });

  const wrong: [string, Json | undefined, string, RegExp][] = [
    ["cluster", undefined, "cluster", /must be an object/],
    ["cluster.name", undefined, "cluster.name", /must be the name of the cluster/],
    ["cluster.declared", [], "cluster.declared", /must be an object/],
    ["cluster.declared.haVmRestartTimeout", 1.5, "cluster.declared.haVmRestartTimeout", /must be a whole number/],
    ["cluster.declared.haVmRestartPriority", true, "cluster.declared.haVmRestartPriority", /must be a string/],
    ["cluster.declared.haHeartbeatDatastoreIds", [1], "cluster.declared.haHeartbeatDatastoreIds[0]", /must be an id/],
    ["cluster.declared.haAdvancedOptions", { a: 1 }, "cluster.declared.haAdvancedOptions.a", /must be a string/],
    ["cluster.declared.hostSystemIds", [], "cluster.declared.hostSystemIds", /is no HA or DRS setting/],
    ["hosts", undefined, "hosts", /must be the list of hosts/],
    ["hosts.0", "esx-1", "hosts[0]", /must be an object/],
    ["hosts.0.name", "", "hosts[0].name", /must be the host's name/],
    ["hosts.1.bmc.url", "http://bmc-2", "hosts[1].bmc.url", /must be an HTTPS address/],
    ["hosts.1.bmc.url", "bmc-2", "hosts[1].bmc.url", /must be an HTTPS address/],
    ["hosts.1.bmc.username", undefined, "hosts[1].bmc.username", /must be a user name/],
    ["hosts.1.bmc.thumbprint", "AB:CD", "hosts[1].bmc.thumbprint", /SHA-256 or SHA-1/],
    ["hosts.0.ssh", "root@esx-1", "hosts[0].ssh", /must be an object/],
    ["hosts.0.ssh", {}, "hosts[0].ssh.hostKey", /is known by its key/],
    ["hosts.0.ssh", { hostKey, knownHostsFile: "f" }, "hosts[0].ssh.knownHostsFile", /and so does hostKey/],
    ["hosts.0.ssh", { hostKey: "AA:BB" }, "hosts[0].ssh.hostKey", /public SSH key .* or its fingerprint/],
    ["hosts.0.ssh", { hostKey, host: "root@esx-1" }, "hosts[0].ssh.host", /without user or port/],
    ["hosts.0.ssh", { hostKey, port: 0 }, "hosts[0].ssh.port", /TCP port/],
    ["hosts.0.ssh", { hostKey, user: "" }, "hosts[0].ssh.user", /may run esxcli/],
    ["hosts.0.ssh", { hostKey, hostkey: "x" }, "hosts[0].ssh.hostkey", /is no setting/],
    ["vms", {}, "vms", /must be the list of test VMs/],
    ["vms.0.guestOs", undefined, "vms[0].guestOs", /must be ubuntu or windowsxp/],
    ["vms.0.address", "10.0.0.1/24", "vms[0].address", /must be an IP address or a name/],
    ["vms.0.probe", { port: "22" }, "vms[0].probe.port", /must be a TCP port/],
    ["vms.0.probe", { port: 0 }, "vms[0].probe.port", /must be a TCP port/],
    ["vms.0.probe", { port: 65_536 }, "vms[0].probe.port", /must be a TCP port/],
    ["vms.0.bootSeconds", 0, "vms[0].bootSeconds", /must be the boot budget/],
    ["vms.1.name", "u", "vms[1].name", /is the name of vms\[0\] too/],
    ["timeScale", 0, "timeScale", /must be a factor, 0\.01 to 1000/],
    ["timeScale", 1001, "timeScale", /must be a factor/],
    ["probeIntervalSeconds", 0, "probeIntervalSeconds", /must be an interval/],
    ["vcenter.server", "https://vc", "vcenter.server", /must be host or host:port/],
    ["vcenter.server", "vc:99999", "vcenter.server", /must be host or host:port/],
    ["vcenter.server", "vc/sdk", "vcenter.server", /must be host or host:port/],
    ["vcenter.thumbprint", "xyz", "vcenter.thumbprint", /SHA-256 or SHA-1/],
    ["vcenter.port", 443, "vcenter.port", /is no setting/],
    ["host", [], "host", /is no setting/],
  ];
  for (const [path, value, at, rule] of wrong) {
    it(`refuses ${path} = ${value === undefined ? "nothing" : JSON.stringify(value)}`, () => {
      const problems = problemsOf(() => parseConfig(withValue(path, value), env));
      assert.deepEqual(
        problems.map((problem) => problem.path),
        [at],
      );
      assert.match(problems[0]?.rule ?? "", rule);
    });
  }

  for (const server of ["vc", "vc.example.com:8443", "10.0.0.1", "[2001:db8::1]", "[2001:db8::1]:443"]) {
    it(`takes ${server} for a vCenter`, () => {
      assert.equal(parseConfig(withValue("vcenter.server", server), env).vcenter.server, server);
    });
  }

  it("takes the first and the last port, and no other number for one", () => {
    for (const port of ["1", "65535"]) parseConfig(good(), { ...env, VSPHERE_SERVER: `vc:${port}` });
    for (const port of ["0", "65536"]) {
      const problems = problemsOf(() => parseConfig(good(), { ...env, VSPHERE_SERVER: `vc:${port}` }));
      assert.deepEqual(
        problems.map(({ path }) => path),
        ["VSPHERE_SERVER"],
      );
    }
  });

  it("refuses what the address of a management controller must not have", () => {
    for (const url of [
      "https://me@bmc",
      "https://:pw@bmc",
      "https://bmc/?a=b",
      "https://bmc/#a",
      "http://bmc",
      "bmc",
    ]) {
      const problems = problemsOf(() => parseConfig(withValue("hosts.1.bmc.url", url), env));
      assert.deepEqual(
        problems.map(({ path }) => path),
        ["hosts[1].bmc.url"],
        url,
      );
    }
  });

  it("tells one problem of an empty value, not two", () => {
    const problems = problemsOf(() => parseConfig(withValue("hosts.1.bmc.passwordEnv", ""), env));
    assert.equal(problems.length, 1);
    for (const name of ["0A", "A-B", "A B", "ä"]) {
      assert.equal(problemsOf(() => parseConfig(withValue("hosts.1.bmc.passwordEnv", name), env)).length, 1, name);
    }
    parseConfig(withValue("hosts.1.bmc.passwordEnv", "_A1"), env);
  });

  it("says where passwords go, and tells what is no setting of the cluster from what is no setting at all", () => {
    const told = (path: string): string[] => {
      const problems = problemsOf(() => parseConfig(withValue(path, "x"), env));
      return problems.map(({ rule, remedy }) => `${rule}; ${remedy}`);
    };
    const [password] = told("hosts.0.password");
    assert.match(password ?? "", /^passwords stand in no file; remove it and set VSPHERE_PASSWORD, OS_PASSWORD or /);
    const [declared] = told("cluster.declared.haEnable");
    assert.equal(declared, "is no HA or DRS setting of ComputeCluster; check the spelling, or remove it");
    for (const path of ["cluster.decalred", "hosts.0.declared", "clusters"]) {
      assert.deepEqual(told(path), ["is no setting; check the spelling, or remove it"], path);
    }
  });

  it("names bad values of the environment by their variables", () => {
    const bad = { ...env, VSPHERE_SERVER: "https://vc", VSPHERE_HA_THUMBPRINT: "12", VSPHERE_PASSWORD: "" };
    assert.deepEqual(
      problemsOf(() => parseConfig(good(), bad)).map(({ path, value }) => [path, value]),
      [
        ["VSPHERE_SERVER", "https://vc"],
        ["VSPHERE_HA_THUMBPRINT", "12"],
        ["VSPHERE_PASSWORD", undefined],
      ],
    );
  });
});

describe("secrets in a configuration", () => {
  const places: [string, Json, string][] = [
    ["vcenter.password", "hunter2", "vcenter.password"],
    ["hosts.1.bmc.password", "hunter2", "hosts[1].bmc.password"],
    ["hosts.1.bmc.passwordEnv", "hunter2!", "hosts[1].bmc.passwordEnv"],
    ["hosts.1.bmc.url", "https://operator:hunter2@bmc-2", "hosts[1].bmc.url"],
    ["hosts.1.ssh", { hostKey, password: "hunter2" }, "hosts[1].ssh.password"],
    ["hosts.1.ssh", { hostKey, passwordEnv: "hunter2!" }, "hosts[1].ssh.passwordEnv"],
    ["vcenter.server", "me:hunter2@vc", "vcenter.server"],
    ["credentials", { user: "a", password: "hunter2" }, "credentials"],
    ["extra", { password: "hunter2" }, "extra"],
    ["vms.0.apiToken", "hunter2", "vms[0].apiToken"],
  ];
  for (const [path, value, at] of places) {
    it(`are a problem at ${at}, and are not shown`, () => {
      const problems = problemsOf(() => parseConfig(withValue(path, value), env));
      assert.deepEqual(
        problems.map((problem) => [problem.path, problem.value]),
        [[at, secret]],
      );
      const { message } = new Problems(problems);
      assert.match(message, /\(value not shown\)/);
      assert.doesNotMatch(message, /hunter2/);
    });
  }

  it("are not shown from the environment either", () => {
    const problems = problemsOf(() => parseConfig(good(), { ...env, VSPHERE_SERVER: "me:hunter2@vc" }));
    assert.deepEqual(
      problems.map(({ path, value }) => [path, value]),
      [["VSPHERE_SERVER", secret]],
    );
  });
});

describe("configuration files", () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "vsphere-ha-config-"));
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  function file(name: string, content: Json | string): string {
    const path = join(dir, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  it("are laid over each other, hosts and VMs by name", () => {
    const over: Json = {
      cluster: { name: "compute-2" },
      hosts: [{ name: "esx-1", bmc: { url: "https://bmc-1", username: "root" } }, { name: "esx-3" }],
      vms: [{ name: "u", bootSeconds: 60 }],
      timeScale: 10,
    };
    const config = loadConfig([file("a.json", good()), file("b.json", over)], env);
    assert.deepEqual(config.cluster, { datacenter: "dc-1", name: "compute-2", declared: {} });
    assert.deepEqual(
      config.hosts.map(({ name, bmc }) => [name, bmc?.url]),
      [
        ["esx-1", "https://bmc-1"],
        ["esx-2", "https://bmc-2:8443"],
        ["esx-3", undefined],
      ],
    );
    assert.deepEqual(
      config.vms.map(({ name, bootSeconds }) => [name, bootSeconds]),
      [
        ["u", 60],
        ["x", 90],
      ],
    );
    assert.equal(config.timeScale, 10);
  });

  it("get what VSPHERE_HA_CONFIG says of hosts and VMs that they name, and no others", () => {
    const ambient = file("ambient.json", {
      hosts: [
        { name: "esx-9", bmc: { url: "https://bmc-9", username: "root" } },
        { name: "esx-1", bmc: { url: "https://bmc-1", username: "root" } },
      ],
      vms: [{ name: "other", guestOs: "ubuntu" }],
      timeScale: 10,
    });
    const config = loadConfig([file("a.json", good())], { ...env, VSPHERE_HA_CONFIG: ambient });
    assert.deepEqual(
      config.hosts.map(({ name, bmc }) => [name, bmc?.url]),
      [
        ["esx-1", "https://bmc-1"],
        ["esx-2", "https://bmc-2:8443"],
      ],
    );
    assert.deepEqual(
      config.vms.map(({ name }) => name),
      ["u", "x"],
    );
    assert.equal(config.timeScale, 10);
  });

  it("that name a thing twice are a problem, also when another file describes it", () => {
    const twice = { ...good(), hosts: [{ name: "esx-1" }, { name: "esx-1" }] };
    const problems = problemsOf(() =>
      loadConfig([file("a.json", twice), file("b.json", { hosts: [{ name: "esx-1" }] })], env),
    );
    assert.deepEqual(
      problems.map(({ path }) => path),
      ["hosts[1].name"],
    );
  });

  it("that cannot be read or are no JSON are named, all of them", () => {
    const files = [
      join(dir, "none.json"),
      file("cut.json", '{"a": '),
      file("word.json", '{"password": hunter2}'),
      file("empty.json", " "),
    ];
    const problems = problemsOf(() => loadConfig(files, { ...env, VSPHERE_HA_CONFIG: join(dir, "gone.json") }));
    assert.deepEqual(
      problems.map(({ path, value }) => [path, value]),
      [...files.map((path) => ["--config", path]), ["VSPHERE_HA_CONFIG", join(dir, "gone.json")]],
    );
    const rules = problems.map(({ rule }) => rule);
    assert.match(rules[0] ?? "", /^must be readable \(ENOENT/);
    assert.match(rules[1] ?? "", /^must be JSON \(it ends too early\)$/);
    assert.match(rules[2] ?? "", /^must be JSON \((position \d+.*|it is not well-formed)\)$/);
    assert.match(rules[3] ?? "", /^must be JSON \(it is empty\)$/);
    assert.doesNotMatch(new Problems(problems).message, /hunter2/);
  });

  it("that hold no object are refused", () => {
    for (const content of ["[]", "null", '"text"', "5"]) {
      assert.ok(problemsOf(() => loadConfig([file("odd.json", content)], env)).length > 0);
    }
  });
});
