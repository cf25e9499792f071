import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import type { OpenStackComputeArgs } from "../../components";
import { call } from "../../lab/openstack/rest";
import { CloudLab } from "./cloudLab";
import { accessOf, errorsOf, programStack, targetOf, withProgram } from "./cloudStack";
import { assertSettled } from "./inlineStack";
import { Administrator } from "./smallCluster";

const hosts = ["esx-01.lab.test", "esx-02.lab.test"];

/** A mistake: what of the program and of the environment is other than it should be, and the one error that it gives. */
interface Mistake {
  what: string;
  args?: () => Partial<OpenStackComputeArgs>;
  environment?: () => Record<string, string>;
  before?: () => unknown;
  after?: () => unknown;
  error: RegExp;
}

describe("a deployment of OpenStack with a mistake", function () {
  this.timeout(900_000);
  let cloud: CloudLab;
  let admin: Administrator;
  let stack: Stack;
  let base: OpenStackComputeArgs;
  const environment = { ...process.env };
  const started: (() => Promise<unknown>)[] = [];

  const deploy = (changed: Partial<OpenStackComputeArgs> = {}): Promise<unknown> =>
    withProgram({ compute: { ...base, ...changed } }, () => stack.up());
  const unit = () => join(cloud.lab.dir, "compute", "etc", "systemd", "system", "nova-compute@.service");
  const disk = (name: string) => join(cloud.env.VSPHERE_HA_IMAGE_DIR ?? "", name);

  before(async () => {
    cloud = await CloudLab.start("refusals");
    started.push(() => cloud.stop());
    Object.assign(process.env, cloud.env);
    admin = await Administrator.logIn(cloud.env, 10);
    started.push(() => admin.logOut());
    await admin.createCluster("ha", hosts);
    base = {
      target: await targetOf(admin, "ha", hosts),
      ...accessOf(cloud),
      flavors: [{ name: "small", vcpus: 1, memoryMb: 512, diskGb: 8 }],
      images: [{ name: "ubuntu", guestOs: "ubuntu", file: disk("ubuntu-13.10.vmdk") }],
      networks: [{ name: "tenants", cidr: "192.0.2.0/24", enableDhcp: false }],
      quota: { instances: 20 },
      timeoutSeconds: 300,
    };
    stack = await programStack(join(cloud.lab.dir, "program"), "refusals");
  });

  after(async () => {
    for (const name of Object.keys(process.env)) if (!(name in environment)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, environment);
    for (const end of started.reverse()) await end();
  });

  /** Errors of an update with this mistake, and of a preview before it. */
  async function errors({ args, environment: changed = () => ({}), before: prepare, after: mend }: Mistake) {
    const good = { ...process.env };
    Object.assign(process.env, changed());
    await prepare?.();
    try {
      const compute = { ...base, ...args?.() };
      return await withProgram({ compute }, () => errorsOf((options) => stack.up(options)));
    } finally {
      await mend?.();
      for (const name of Object.keys(changed())) {
        if (good[name] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = good[name];
      }
    }
  }

  const node = () => base.node;
  const otherHostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIJhD0MHLIcFfAWbfGy7S0e1dpHO0ZJzGQ9yKqQH0PZX";
  const otherKey = () =>
    execFileSync("sh", [
      "-c",
      `d=$(mktemp -d) && ssh-keygen -q -t ed25519 -N '' -f $d/k && cat $d/k && rm -r $d`,
    ]).toString();

  const memberPassword = "a-member-only-1";
  /** Somebody who may use the project, and no more. */
  const createMember = async (): Promise<void> => {
    const project = cloud.env.OS_PROJECT_ID ?? "";
    const { user } = await cloud.api<{ user: { id: string } }>("identity", "POST", "/users", {
      user: { name: "member", password: memberPassword, default_project_id: project },
    });
    const { roles } = await cloud.api<{ roles: { id: string; name: string }[] }>("identity", "GET", "/roles");
    const role = roles.find(({ name }) => name === "member")?.id ?? "";
    await cloud.api("identity", "PUT", `/projects/${project}/users/${user.id}/roles/${role}`);
  };

  const mistakes: Mistake[] = [
    {
      what: "a Keystone address where nothing listens",
      environment: () => ({ OS_AUTH_URL: "https://127.0.0.1:1/v3" }),
      error: /Keystone 127\.0\.0\.1:1 .*check openstack.authUrl or OS_AUTH_URL/s,
    },
    {
      what: "a Keystone address that is another service's",
      environment: () => ({ OS_AUTH_URL: (cloud.env.OS_AUTH_URL ?? "").replace(":5000/v3", ":9292/v3") }),
      error: /Keystone 127\.\d+\.4\.1:9292 .*and not as Keystone's v3 API does; check .*OS_AUTH_URL/s,
    },
    {
      what: "a wrong password",
      environment: () => ({ OS_PASSWORD: "wrong" }),
      error: /Keystone .* refuses the login of admin .*check OS_PASSWORD/s,
    },
    {
      what: "no password",
      environment: () => ({ OS_PASSWORD: "" }),
      error: /OS_PASSWORD is not set: .*set OS_PASSWORD/s,
    },
    {
      what: "a certificate that nobody vouches for",
      environment: () => ({ OS_CACERT: cloud.env.VSPHERE_HA_CA_FILE ?? "" }),
      error: /Keystone .*certificate.*OS_CACERT/s,
    },
    {
      what: "a region that is not there",
      environment: () => ({ OS_REGION_NAME: "Nowhere" }),
      error: /knows no region Nowhere, but RegionOne; check openstack.region or OS_REGION_NAME/,
    },
    {
      what: "a user without the role admin",
      before: () => createMember(),
      environment: () => ({ OS_USERNAME: "member", OS_PASSWORD: memberPassword }),
      error: /nova .* is forbidden to this user.*it needs the role admin, check OS_USERNAME/s,
    },
    {
      what: "an SSH server that does not listen",
      args: () => ({ node: { ...node(), port: 1 } }),
      error: /127\.\d+\.4\.20:1.*connection refused/s,
    },
    {
      what: "another host key than the node's",
      args: () => ({ node: { ...node(), hostKey: otherHostKey } }),
      error: /host key mismatch/,
    },
    {
      what: "a key that the node does not take",
      args: () => ({ node: { ...node(), privateKey: otherKey() } }),
      error: /unable to authenticate/,
    },
    {
      what: "a node without nova-compute",
      before: () => {
        renameSync(unit(), `${unit()}.away`);
      },
      after: () => {
        renameSync(`${unit()}.away`, unit());
      },
      error: /nova-compute is not installed on \S+ as nova-compute@ha: .*not found/,
    },
    {
      what: "a cluster that vCenter does not know",
      args: () => ({ target: { ...base.target, clusterName: "nowhere" }, serviceName: "ha" }),
      error:
        /nova-compute \(nova-compute@ha on \S+\) ended: .*The specified cluster 'nowhere' was not found in vCenter/,
    },
    {
      what: "a wrong password of nova's user in vCenter",
      args: () => ({ vcenter: { ...base.vcenter, password: "wrong" } }),
      error: /nova-compute \(nova-compute@ha on \S+\) ended: .*incorrect user name or password/,
    },
    {
      what: "a CA file that the node does not have",
      args: () => ({ vcenter: { ...base.vcenter, caFile: "/nowhere/ca.pem" } }),
      error: /nova-compute \(nova-compute@ha on \S+\) ended: .*(\/nowhere\/ca\.pem|certificate)/,
    },
    {
      what: "a datastore pattern that matches nothing",
      args: () => ({ vcenter: { ...base.vcenter, datastorePattern: "local-" } }),
      error: /vcenter\.datastorePattern = "local-": must be a regular expression that the name of a shared datastore/,
    },
    {
      what: "an image of a wrong format",
      before: () => {
        writeFileSync(disk("disk.qcow2"), "QFI\xfb", "latin1");
      },
      args: () => ({ images: [{ name: "ubuntu", guestOs: "ubuntu", file: disk("disk.qcow2") }] }),
      error: /images\[0\]\.file = .*disk\.qcow2 \(is a qcow2 disk\).*must be a stream-optimized VMDK.*convert: true/,
    },
  ];

  const refused = (mistake: Mistake): void => {
    it(`says one clear error for ${mistake.what}`, async () => {
      const found = await errors(mistake);
      assert.equal(found.length, 1, found.join("\n---\n"));
      assert.match(found[0] ?? "", mistake.error);
      assert.doesNotMatch(found[0] ?? "", /^\s+at .*:\d+:\d+/m, "a stack trace");
      for (const secret of [cloud.env.OS_PASSWORD, cloud.env.VSPHERE_PASSWORD]) {
        assert.ok(!found[0]?.includes(secret ?? "?"), "a secret is in the error");
      }
    });
  };
  for (const mistake of mistakes) refused(mistake);

  it("leaves nothing on the node of what nova refused", () => {
    const file = join(cloud.env.VSPHERE_HA_COMPUTE_CONFIG_DIR ?? "", "nova-compute-ha.conf");
    for (const left of [file, `${file}.new`, `${file}.old`]) assert.ok(!existsSync(left), left);
  });

  refused({
    what: "a network without port group",
    args: () => ({ networks: [{ name: "tenants", cidr: "192.0.2.0/24", enableDhcp: false, portGroup: "nowhere" }] }),
    error: /cannot find port group "nowhere" in vCenter: .*check the name/s,
  });

  refused({
    what: "a flavor larger than any host",
    args: () => ({ flavors: [{ name: "huge", vcpus: 9, memoryMb: 512, diskGb: 8 }] }),
    error: /flavor huge \(9 vCPUs and 512 MB\) is larger than any host: the largest has 8 vCPUs and 32768 MB/,
  });

  it("goes on where it stopped when it is put right, and then has nothing to change", async () => {
    await deploy();
    await withProgram({ compute: base }, () => assertSettled(stack));
  });

  it("says that a zone is not there", async () => {
    const program = { compute: base, vmZone: "nowhere" };
    const found = await withProgram(program, () => errorsOf((options) => stack.up(options)));
    assert.equal(found.length, 1, found.join("\n---\n"));
    assert.match(found[0] ?? "", /The requested availability zone is not available/);
    await deploy();
  });

  it("takes a new token for one that expired", async () => {
    const { OS_AUTH_URL = "", OS_CACERT = "", OS_USERNAME, OS_PASSWORD } = cloud.env;
    const user = { name: OS_USERNAME, domain: { id: "default" }, password: OS_PASSWORD };
    const body = { auth: { identity: { methods: ["password"], password: { user } } } };
    const { headers } = await call(`${OS_AUTH_URL}/auth/tokens`, { ca: OS_CACERT, method: "POST", body });
    const token = String(headers["x-subject-token"]);
    const end = { "X-Subject-Token": token };
    const ended = await call(`${OS_AUTH_URL}/auth/tokens`, { ca: OS_CACERT, method: "DELETE", token, headers: end });
    assert.equal(ended.status, 204);
    const found = await errors({
      what: "",
      args: () => ({ quota: { instances: 21 } }),
      environment: () => ({ OS_TOKEN: token }),
      error: /token/,
    });
    assert.equal(found.length, 1, found.join("\n---\n"));
    assert.match(found[0] ?? "", /token|[Aa]uthenticat/);
    await deploy({ quota: { instances: 21 } });
  });

  it("is destroyed to nothing", async () => {
    await stack.destroy();
    const { services } = await cloud.api<{ services: { binary: string }[] }>("compute", "GET", "/os-services");
    assert.deepEqual(
      services.filter(({ binary }) => binary === "nova-compute"),
      [],
    );
  });
});
