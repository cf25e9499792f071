import assert from "node:assert/strict";
import { parseConfig, type Environment } from "../../../../verification/config";
import { layOver, type Json } from "../../../../verification/config/layers";
import { Problems, secret, type Problem } from "../../../../verification/problems";

const vsphere: Environment = { VSPHERE_SERVER: "vc.example.com", VSPHERE_USER: "reader", VSPHERE_PASSWORD: "pw" };
const env: Environment = {
  ...vsphere,
  OS_AUTH_URL: "https://keystone.example.com:5000",
  OS_USERNAME: "admin",
  OS_PROJECT_NAME: "admin",
  OS_PASSWORD: "pw",
};
const needed = { computeHost: "compute-1", availabilityZone: "vsphere-1" };
const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJv3";
const instanceId = "8c36ee1c-5b5a-4c1a-9ab0-7a5b0b1a2c3d";

function document(openstack: Json): { [name: string]: Json } {
  return { cluster: { datacenter: "dc", name: "c" }, hosts: [], vms: [], openstack };
}

function problemsOf(openstack: Json, environment = env): readonly Problem[] {
  try {
    parseConfig(document(openstack), environment);
  } catch (error) {
    assert.ok(error instanceof Problems, String(error));
    return error.problems;
  }
  assert.fail("no problem was found");
}

describe("OpenStack's configuration", () => {
  it("is left out where there is none", () => {
    const without = document({});
    delete without.openstack;
    assert.equal(parseConfig(without, vsphere).openstack, undefined);
  });

  it("has its defaults filled in from the environment of OpenStack's clients", () => {
    assert.deepEqual(parseConfig(document(needed), { ...env, OS_REGION_NAME: "R", OS_CACERT: "ca.pem" }).openstack, {
      authUrl: "https://keystone.example.com:5000/v3",
      username: "admin",
      projectName: "admin",
      userDomainName: "Default",
      projectDomainName: "Default",
      region: "R",
      caFile: "ca.pem",
      thumbprint: undefined,
      computeHost: "compute-1",
      availabilityZone: "vsphere-1",
      aggregate: undefined,
      flavors: [],
      images: [],
      service: "nova-compute",
      novaConf: ["/etc/nova/nova.conf"],
      ssh: undefined,
    });
  });

  it("takes the document before the environment", () => {
    const told = { ...needed, authUrl: "https://other:5000/v3/", username: "me", projectName: "p", region: "R2" };
    const config = parseConfig(document(told), { ...env, OS_REGION_NAME: "R" }).openstack;
    assert.deepEqual(
      [config?.authUrl, config?.username, config?.projectName, config?.region],
      ["https://other:5000/v3", "me", "p", "R2"],
    );
  });

  it("finds the compute node in the environment, and nova's files in its folder", () => {
    const config = parseConfig(document({ ...needed, novaConf: ["nova.conf", "/srv/nova-compute-c.conf"] }), {
      ...env,
      VSPHERE_HA_COMPUTE_HOST: "127.0.0.20",
      VSPHERE_HA_COMPUTE_PORT: "2222",
      VSPHERE_HA_COMPUTE_USER: "nova",
      VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE: "key",
      VSPHERE_HA_COMPUTE_HOST_KEY: hostKey,
      VSPHERE_HA_COMPUTE_CONFIG_DIR: "/node/etc/nova/",
    }).openstack;
    assert.deepEqual(config?.ssh, { host: "127.0.0.20", port: 2222, user: "nova", keyFile: "key", hostKey });
    assert.deepEqual(config.novaConf, ["/node/etc/nova/nova.conf", "/srv/nova-compute-c.conf"]);
  });

  it("takes domains from the environment, and any number of slashes off an address", () => {
    const config = parseConfig(document({ ...needed, service: "nova-compute@c1.service" }), {
      ...env,
      OS_AUTH_URL: "https://keystone.example.com:5000//",
      OS_USER_DOMAIN_NAME: "people",
      OS_PROJECT_DOMAIN_NAME: "projects",
    }).openstack;
    assert.deepEqual(
      [config?.authUrl, config?.userDomainName, config?.projectDomainName, config?.service],
      ["https://keystone.example.com:5000/v3", "people", "projects", "nova-compute@c1.service"],
    );
  });

  it("refuses what an address of Keystone must not have, from the document and from the environment", () => {
    for (const url of [
      "https://me@keystone.example.com:5000",
      "https://:pw@keystone.example.com:5000",
      "https://keystone.example.com:5000/?a=b",
      "https://keystone.example.com:5000/#a",
      "http://keystone.example.com:5000",
      "ftp://127.0.0.1",
      "keystone",
    ]) {
      assert.deepEqual(
        problemsOf({ ...needed, authUrl: url }).map(({ path }) => path),
        ["openstack.authUrl"],
        url,
      );
      assert.deepEqual(
        problemsOf(needed, { ...env, OS_AUTH_URL: url }).map(({ path, value }) => [path, value]),
        [["OS_AUTH_URL", url.includes("@") ? secret : url]],
      );
      // What the environment has in its place is not looked at.
      parseConfig(document({ ...needed, authUrl: "https://k.example.com" }), { ...env, OS_AUTH_URL: url });
    }
  });

  it("says of each thing that is missing where it may be set", () => {
    const told = (openstack: Json, environment: Environment): string[] =>
      problemsOf(openstack, environment).map(({ path, rule, remedy }) => `${path}: ${rule}; ${remedy}`);
    assert.deepEqual(told(needed, vsphere), [
      "OS_AUTH_URL: the Keystone to ask must be named; set OS_AUTH_URL, or openstack.authUrl in the configuration",
      "OS_USERNAME: Keystone asks for a user name; set OS_USERNAME, or openstack.username in the configuration",
      "OS_PROJECT_NAME: Keystone asks for a project; set OS_PROJECT_NAME, or openstack.projectName in the configuration",
      "OS_PASSWORD: Keystone asks for a password, and it comes only by the environment; set OS_PASSWORD",
    ]);
    assert.deepEqual(told({ ...needed, ssh: {} }, env), [
      "VSPHERE_HA_COMPUTE_HOST: the node to reach must be named; " +
        "set VSPHERE_HA_COMPUTE_HOST, or openstack.ssh.host in the configuration",
    ]);
    const node = { ...env, VSPHERE_HA_COMPUTE_HOST: "n", VSPHERE_HA_COMPUTE_USER: "u" };
    const wrong = { ...node, VSPHERE_HA_COMPUTE_HOST_KEY: hostKey, VSPHERE_HA_COMPUTE_PORT: "70000" };
    assert.deepEqual(told(needed, wrong), [
      "VSPHERE_HA_COMPUTE_PORT: must be a TCP port, 1 to 65535; write for example 22",
    ]);
    // The document's own stand before those of the environment.
    parseConfig(document({ ...needed, ssh: { port: 22 } }), wrong);
    parseConfig(document({ ...needed, ssh: { hostKey } }), { ...node, VSPHERE_HA_COMPUTE_HOST_KEY: "none" });
  });

  it("refuses units that systemctl would take for an option, and ids with more around them", () => {
    for (const service of ["-x", "--now", "a b", "a;b"]) {
      assert.deepEqual(
        problemsOf({ ...needed, service }).map(({ path }) => path),
        ["openstack.service"],
        service,
      );
    }
    for (const id of [`x${instanceId}`, `${instanceId}x`]) {
      const vms = [{ name: "u", guestOs: "ubuntu", openstack: { instanceId: id } }];
      assert.throws(() => parseConfig({ ...document(needed), vms }, env), Problems);
    }
  });

  it("names a VM's instance", () => {
    const { vms } = parseConfig(
      { ...document(needed), vms: [{ name: "u", guestOs: "ubuntu", openstack: { instanceId } }] },
      env,
    );
    assert.deepEqual(vms[0]?.openstack, { instanceId });
  });

  it("is described by the ambient document only where it is declared", () => {
    const ambient: Json = { openstack: { ssh: { host: "node" } } };
    const bare: Json = { cluster: {} };
    assert.deepEqual(layOver([bare], ambient), bare);
    assert.deepEqual(layOver([{ openstack: needed }], ambient), { openstack: { ...needed, ssh: { host: "node" } } });
  });

  it("tells everything that the environment lacks at once", () => {
    assert.deepEqual(
      problemsOf({ ...needed, ssh: { host: "node" } }, vsphere).map(({ path }) => path),
      [
        "OS_AUTH_URL",
        "OS_USERNAME",
        "OS_PROJECT_NAME",
        "OS_PASSWORD",
        "VSPHERE_HA_COMPUTE_USER",
        "VSPHERE_HA_COMPUTE_HOST_KEY",
      ],
    );
  });

  const wrong: [Json, string, RegExp][] = [
    [{ ...needed, computeHost: "" }, "openstack.computeHost", /must be the host name/],
    [{ computeHost: "c" }, "openstack.availabilityZone", /must be the name of the cluster's availability zone/],
    [{ ...needed, authUrl: "http://keystone.example.com:5000" }, "openstack.authUrl", /HTTP only on a loopback/],
    [{ ...needed, authUrl: "keystone" }, "openstack.authUrl", /must be an HTTPS address/],
    [{ ...needed, images: [{ name: "u" }] }, "openstack.images[0].guestOs", /must be ubuntu or windowsxp/],
    [{ ...needed, flavors: "small" }, "openstack.flavors", /must be a list/],
    [{ ...needed, service: "a; reboot" }, "openstack.service", /name of a systemd unit/],
    [{ ...needed, service: "--now" }, "openstack.service", /name of a systemd unit/],
    [{ ...needed, ssh: { host: "n", user: "u", hostKey: "AB:CD" } }, "openstack.ssh.hostKey", /public key/],
    [{ ...needed, ssh: { host: "n", user: "u", hostKey, port: 0 } }, "openstack.ssh.port", /TCP port/],
    [{ ...needed, zone: "z" }, "openstack.zone", /is no setting/],
    ["yes", "openstack", /must be an object/],
  ];
  for (const [openstack, path, rule] of wrong) {
    it(`refuses ${JSON.stringify(openstack)}`, () => {
      const problems = problemsOf(openstack);
      assert.deepEqual(
        problems.map((problem) => problem.path),
        [path],
      );
      assert.match(problems[0]?.rule ?? "", rule);
    });
  }

  it("takes plain HTTP on loopback", () => {
    const config = parseConfig(document({ ...needed, authUrl: "http://127.0.0.4:5000" }), env).openstack;
    assert.equal(config?.authUrl, "http://127.0.0.4:5000/v3");
  });

  it("shows no password", () => {
    for (const openstack of [
      { ...needed, password: "hunter2" },
      { ...needed, authUrl: "https://me:hunter2@keystone" },
      { ...needed, ssh: { password: "hunter2" } },
    ]) {
      const problems = problemsOf(openstack);
      assert.ok(problems.some(({ value }) => value === secret));
      assert.doesNotMatch(new Problems(problems).message, /hunter2/);
    }
    const ambient = problemsOf(needed, { ...env, OS_AUTH_URL: "https://me:hunter2@keystone" });
    assert.doesNotMatch(new Problems(ambient).message, /hunter2/);
  });

  it("names bad values of the environment by their variables", () => {
    const bad = {
      ...env,
      OS_AUTH_URL: "http://keystone",
      VSPHERE_HA_COMPUTE_HOST: "node",
      VSPHERE_HA_COMPUTE_PORT: "ssh",
      VSPHERE_HA_COMPUTE_USER: "u",
      VSPHERE_HA_COMPUTE_HOST_KEY: "none",
    };
    assert.deepEqual(
      problemsOf(needed, bad).map(({ path }) => path),
      ["OS_AUTH_URL", "VSPHERE_HA_COMPUTE_HOST_KEY", "VSPHERE_HA_COMPUTE_PORT"],
    );
  });

  it("refuses an instance id that is none", () => {
    assert.throws(
      () =>
        parseConfig(
          { ...document(needed), vms: [{ name: "u", guestOs: "ubuntu", openstack: { instanceId: "u" } }] },
          env,
        ),
      /vms\[0\]\.openstack\.instanceId = "u": must be a UUID/,
    );
  });
});
