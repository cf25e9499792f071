import assert from "node:assert/strict";
import { PostDeployCheck, type PostDeployCheckArgs, verificationDocument } from "../../../components";
import { parseConfig } from "../../../verification/config";
import type { Json } from "../../../verification/config/layers";
import { named, registered, value } from "./mocks";

const target: PostDeployCheckArgs["target"] = {
  datacenterName: "Lab",
  datacenterId: "datacenter-1",
  clusterName: "ha",
  clusterId: "domain-c1",
  resourcePoolId: "resgroup-1",
  hostIds: { "esx-01": "host-1", "esx-02": "host-2" },
  datastoreIds: {},
  networkIds: {},
  declared: { haEnabled: true },
  digest: "d",
};
const args: PostDeployCheckArgs = {
  target,
  vms: [
    { name: "u", guestOs: "ubuntu", probePort: 2222, digest: "u1" },
    { name: "x", guestOs: "windowsxp" },
  ],
};
const document = {
  cluster: { datacenter: "Lab", name: "ha", declared: { haEnabled: true } },
  hosts: [{ name: "esx-01" }, { name: "esx-02" }],
  vms: [
    { name: "u", guestOs: "ubuntu", probe: { port: 2222 }, bootSeconds: 120 },
    { name: "x", guestOs: "windowsxp", probe: { port: 3389 }, bootSeconds: 180 },
  ],
};

const inputsOf = async (changed: Partial<PostDeployCheckArgs> = {}): Promise<Record<string, unknown>> =>
  named(await registered(() => new PostDeployCheck("v", { ...args, ...changed })), "v-check").inputs;

describe("PostDeployCheck", () => {
  it("runs the check with the document of what was declared on standard input, and states nothing else", async () => {
    const { stdin, triggers, ...others } = await inputsOf();
    assert.deepEqual(others, { create: "npx --no-install vsphere-ha check --config -" });
    assert.deepEqual(JSON.parse(String(stdin)), document);
    assert.match(String((triggers as unknown[])[0]), /^[0-9a-f]{64}$/);
  });

  it("runs again exactly when something else is declared", async () => {
    const { triggers } = await inputsOf();
    assert.deepEqual((await inputsOf()).triggers, triggers);
    const changes: Partial<PostDeployCheckArgs>[] = [
      { target: { ...target, declared: { haEnabled: false } } },
      { target: { ...target, digest: "other" } },
      { vms: [{ ...args.vms[0], name: "u", guestOs: "ubuntu", digest: "u2" }] },
      { digests: ["placement"] },
    ];
    for (const change of changes) {
      assert.notDeepEqual((await inputsOf(change)).triggers, triggers, JSON.stringify(change));
    }
  });

  it("outputs the document and what the verification printed", async () => {
    let check: PostDeployCheck | undefined;
    await registered(() => (check = new PostDeployCheck("v", args)));
    assert.ok(check);
    assert.deepEqual(JSON.parse(await value(check.document)), document);
    assert.equal(await value(check.result), "verified");
  });

  it("fails on a port that is none", () => {
    const vms = [{ name: "u", guestOs: "ubuntu", probePort: 0 } as const];
    assert.throws(() => new PostDeployCheck("v", { target, vms }), /vms\[0\].probePort = 0: must be a whole number/);
  });

  it("fails on a virtual machine that is stated twice or has no name", () => {
    const vms = ["u", "U", ""].map((name) => ({ name, guestOs: "ubuntu" }) as const);
    assert.throws(
      () => new PostDeployCheck("v", { target, vms }),
      /^Error: 2 problems[^]*vms\[2\].name[^]*vms\[1\].name/,
    );
  });
});

describe("the verification document", () => {
  it("names the BMCs of hosts where they are stated, without passwords", async () => {
    const bmc = { url: "https://bmc-01", username: "admin" };
    const { hosts } = await value(verificationDocument(target, [], { bmcs: { "esx-01": bmc } }));
    assert.deepEqual(hosts, [{ name: "esx-01", bmc }, { name: "esx-02" }]);
  });

  it("says how to reach the shells of hosts, as the verifier reads it", async () => {
    const ssh = { user: "root", knownHostsFile: "/etc/ssh/ssh_known_hosts" };
    const document = await value(verificationDocument(target, [], { shells: { "esx-02": ssh } }));
    assert.deepEqual(document.hosts, [{ name: "esx-01" }, { name: "esx-02", ssh }]);
    const env = { VSPHERE_SERVER: "vc", VSPHERE_USER: "u", VSPHERE_PASSWORD: "p" };
    assert.equal(parseConfig(document as unknown as Json, env).hosts[1]?.ssh?.knownHostsFile, ssh.knownHostsFile);
  });
});
