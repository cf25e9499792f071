import assert from "node:assert/strict";
import { redfishPower, type HostPower } from "../../../../verification/faults/redfish";
import type { HostConfig } from "../../../../verification/config";
import type { Https, HttpsRequest } from "../../../../verification/net/https";
import { CouldNotRun } from "../../../../verification/problems";
import { ServedBmc } from "./servedBmc";

const reset = "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset";

/** A BMC in memory: what the DMTF's schema says, as far as the injector needs it. */
class FakeBmc implements Https {
  powerState = "On";
  follows = true;
  systems: Record<string, object> = { "/redfish/v1/Systems/1": { Id: "1", HostName: "esx-01.example.com" } };
  action: object = { target: reset, "ResetType@Redfish.AllowableValues": ["On", "ForceOff", "GracefulShutdown"] };
  actionInfo: object | undefined;
  postAnswer: { status: number; text: string } | undefined;
  posted: string[] = [];
  authorization: string | undefined;

  request(url: string, { method = "GET", body, headers }: HttpsRequest = {}): ReturnType<Https["request"]> {
    const { pathname } = new URL(url);
    this.authorization = headers?.["authorization"];
    const { status, text } = this.answer(method, pathname, body);
    return Promise.resolve({ status, headers: {}, text });
  }

  private answer(method: string, path: string, body: string | undefined): { status: number; text: string } {
    const ok = (value: object): { status: number; text: string } => ({ status: 200, text: JSON.stringify(value) });
    if (this.authorization !== `Basic ${Buffer.from("admin:pw").toString("base64")}`) return { status: 401, text: "" };
    if (method === "POST" && path === reset) {
      if (this.postAnswer !== undefined) return this.postAnswer;
      const { ResetType } = JSON.parse(body ?? "{}") as { ResetType: string };
      this.posted.push(ResetType);
      if (this.follows) this.powerState = ResetType === "ForceOff" ? "Off" : "On";
      return { status: 204, text: "" };
    }
    if (path === "/redfish/v1/") return ok({ Systems: { "@odata.id": "/redfish/v1/Systems" } });
    if (path === "/redfish/v1/Systems")
      return ok({ Members: Object.keys(this.systems).map((id) => ({ "@odata.id": id })) });
    if (path === "/redfish/v1/info" && this.actionInfo !== undefined) return ok(this.actionInfo);
    const system = this.systems[path];
    if (system === undefined) return { status: 404, text: JSON.stringify({ error: { message: "no such resource" } }) };
    return ok({ PowerState: this.powerState, Actions: { "#ComputerSystem.Reset": this.action }, ...system });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const clock = {
  at: 0,
  now(): number {
    return this.at;
  },
  seconds: (ms: number): number => ms / 1000,
  wait(seconds: number): Promise<void> {
    this.at += seconds * 1000;
    return Promise.resolve();
  },
};

function host(bmc: Partial<HostConfig["bmc"]> = {}): HostConfig {
  return {
    name: "esx-01.example.com",
    bmc: {
      url: "https://bmc-01.example.com",
      systemId: undefined,
      username: "admin",
      passwordEnv: "BMC_PASSWORD",
      thumbprint: undefined,
      caFile: undefined,
      ...bmc,
    },
    ssh: undefined,
  };
}

const power = (fake: FakeBmc, config = host(), env: Record<string, string> = { BMC_PASSWORD: "pw" }): HostPower =>
  redfishPower(config, env, clock, fake);

/** Over TLS on a socket, with the settings changed. */
function servedPower(served: ServedBmc, changes: Partial<HostConfig["bmc"]>): HostPower {
  return redfishPower(host({ ...served.document, ...changes }), { BMC_PASSWORD: served.password }, clock);
}

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof CouldNotRun, String(error));
    return error.message;
  }
  throw new assert.AssertionError({ message: "did not fail" });
}

describe("Redfish power control", () => {
  it("cuts the power with ForceOff and restores it with On", async () => {
    const bmc = new FakeBmc();
    const esx = power(bmc);
    assert.equal(await esx.check(), "On");
    assert.deepEqual(bmc.posted, []);
    await esx.powerOff();
    assert.equal(bmc.powerState, "Off");
    await esx.powerOn();
    assert.equal(bmc.powerState, "On");
    assert.deepEqual(bmc.posted, ["ForceOff", "On"]);
  });

  it("does nothing when the state is the wanted one", async () => {
    const bmc = new FakeBmc();
    await power(bmc).powerOn();
    assert.deepEqual(bmc.posted, []);
  });

  it("takes ForceOn where On is not allowed", async () => {
    const bmc = new FakeBmc();
    bmc.action = { target: reset, "ResetType@Redfish.AllowableValues": ["ForceOn", "ForceOff"] };
    const esx = power(bmc);
    await esx.powerOff();
    await esx.powerOn();
    assert.deepEqual(bmc.posted, ["ForceOff", "ForceOn"]);
  });

  it("reads the allowed values from the ActionInfo when the action does not list them", async () => {
    const bmc = new FakeBmc();
    bmc.action = { target: reset, "@Redfish.ActionInfo": "/redfish/v1/info" };
    bmc.actionInfo = { Parameters: [{ Name: "ResetType", AllowableValues: ["On", "GracefulShutdown"] }] };
    const message = await refusal(() => power(bmc).check());
    assert.match(message, /the BMC of esx-01\.example\.com .* allows none of ForceOff, only On, GracefulShutdown/);
  });

  it("fails when the power state does not follow within the bound", async () => {
    const bmc = new FakeBmc();
    bmc.follows = false;
    const message = await refusal(() => power(bmc).powerOff());
    assert.match(message, /POST .*ForceOff\) took the call, but its PowerState is still On after 120 s/);
  });

  it("fails with BMC, call and remedy when the password is refused", async () => {
    const message = await refusal(() => power(new FakeBmc(), host(), { BMC_PASSWORD: "wrong" }).check());
    assert.match(
      message,
      /the BMC of esx-01\.example\.com bmc-01\.example\.com \(GET \/redfish\/v1\/\) refused user admin/,
    );
    assert.match(message, /BMC_PASSWORD/);
    assert.doesNotMatch(message, /wrong/);
  });

  it("fails when no password is set, naming the variable", async () => {
    assert.match(await refusal(() => power(new FakeBmc(), host(), {})), /^BMC_PASSWORD is not set/);
  });

  it("fails when the host has no BMC", async () => {
    const message = await refusal(() => power(new FakeBmc(), { name: "esx-09", bmc: undefined, ssh: undefined }));
    assert.match(message, /host esx-09 has no BMC/);
  });

  it("fails with what the BMC says when it refuses the reset", async () => {
    const bmc = new FakeBmc();
    bmc.postAnswer = { status: 409, text: JSON.stringify({ error: { message: "power is locked" } }) };
    assert.match(await refusal(() => power(bmc).powerOff()), /\(POST .*Reset\) answered 409: power is locked/);
  });

  it("fails when the service is no Redfish", async () => {
    const bmc = new FakeBmc();
    bmc.request = () => Promise.resolve({ status: 200, headers: {}, text: "<html>" });
    assert.match(
      await refusal(() => power(bmc).check()),
      /did not answer in JSON; is https:\/\/bmc-01\.example\.com a Redfish service\?$/,
    );
  });

  it("finds the system by the host's name among several", async () => {
    const bmc = new FakeBmc();
    bmc.systems = {
      "/redfish/v1/Systems/1": { Id: "1", HostName: "esx-07" },
      "/redfish/v1/Systems/2": { Id: "2", HostName: "ESX-01", PowerState: "Off" },
    };
    assert.equal(await power(bmc).check(), "Off");
  });

  it("fails when no system of several has the host's name", async () => {
    const bmc = new FakeBmc();
    bmc.systems = {
      "/redfish/v1/Systems/1": { Id: "1", HostName: "esx-07" },
      "/redfish/v1/Systems/2": { Id: "2" },
    };
    assert.match(await refusal(() => power(bmc).check()), /several systems, 1 \(esx-07\), 2; set bmc\.systemId/);
  });

  it("takes the configured system", async () => {
    const bmc = new FakeBmc();
    bmc.systems = {
      "/redfish/v1/Systems/1": { Id: "1" },
      "/redfish/v1/Systems/2": { Id: "2", PowerState: "Off" },
    };
    assert.equal(await power(bmc, host({ systemId: "2" })).check(), "Off");
    assert.match(await refusal(() => power(bmc, host({ systemId: "3" })).check()), /has no system 3; it has 1, 2/);
  });

  it("sends the password to no other server", async () => {
    const bmc = new FakeBmc();
    bmc.action = { target: "https://elsewhere.example.com/reset" };
    assert.match(await refusal(() => power(bmc).powerOff()), /points to https:\/\/elsewhere\.example\.com/);
  });

  it("waits for a machine that is powering on already", async () => {
    const bmc = new FakeBmc();
    bmc.powerState = "PoweringOn";
    const request = bmc.request.bind(bmc);
    let reads = 0;
    bmc.request = (url, options) => {
      if (url.endsWith("/Systems/1") && ++reads > 3) bmc.powerState = "On";
      return request(url, options);
    };
    await power(bmc).powerOn();
    assert.deepEqual(bmc.posted, []);
  });

  it("does not cut the power of a machine with another name", async () => {
    const bmc = new FakeBmc();
    bmc.systems = { "/redfish/v1/Systems/1": { Id: "1", HostName: "db-01.example.com" } };
    assert.match(await refusal(() => power(bmc).powerOff()), /says that its system is db-01\.example\.com, not esx-01/);
    assert.deepEqual(bmc.posted, []);
  });
});

describe("Redfish services that say less, or otherwise", () => {
  it("answer at the usual address where the root names none", async () => {
    const bmc = new FakeBmc();
    const request = bmc.request.bind(bmc);
    bmc.request = (url, options) =>
      url.endsWith("/redfish/v1/") ? Promise.resolve({ status: 200, headers: {}, text: "" }) : request(url, options);
    assert.equal(await power(bmc).check(), "On");
  });

  it("list a system without telling its path", async () => {
    const bmc = new FakeBmc();
    const request = bmc.request.bind(bmc);
    const listing = (members: object): void => {
      bmc.request = (url, options) =>
        url.endsWith("/Systems")
          ? Promise.resolve({ status: 200, headers: {}, text: JSON.stringify(members) })
          : request(url, options);
    };
    listing({ Members: [{}, { "@odata.id": "/redfish/v1/Systems/1" }] });
    assert.equal(await power(bmc).check(), "On");
    for (const none of [{}, { Members: [] }]) {
      listing(none);
      assert.match(await refusal(() => power(bmc).check()), /bmc-01\.example\.com lists no system$/);
    }
    assert.match(await refusal(() => power(bmc, host({ systemId: "1" })).check()), /has no system 1; it has none: set/);
  });

  it("offer no reset, or say nothing of what they allow", async () => {
    const bmc = new FakeBmc();
    bmc.systems = { "/redfish/v1/Systems/1": { Id: "1", Actions: undefined } };
    assert.match(
      await refusal(() => power(bmc).check()),
      /bmc-01\.example\.com \(GET \/redfish\/v1\/Systems\/1\) offers no #ComputerSystem\.Reset$/,
    );
    bmc.systems = { "/redfish/v1/Systems/1": { Id: "1" } };
    bmc.action = { target: reset };
    await power(bmc).powerOff();
    assert.deepEqual(bmc.posted, ["ForceOff"], "it is tried");
    bmc.action = { target: reset, "@Redfish.ActionInfo": "/redfish/v1/info" };
    for (const info of [{}, { Parameters: [] }, { Parameters: [{ Name: "Other", AllowableValues: ["x"] }] }]) {
      bmc.actionInfo = info;
      assert.equal(await power(bmc).check(), "Off");
    }
  });

  it("list what they allow, and are not asked for it again", async () => {
    const bmc = new FakeBmc();
    bmc.action = { ...bmc.action, "@Redfish.ActionInfo": "/redfish/v1/none" };
    assert.equal(await power(bmc).check(), "On");
    bmc.action = { target: reset, "@Redfish.ActionInfo": { "@odata.id": "/redfish/v1/none" } };
    assert.equal(await power(bmc).check(), "On", "what is no path is not followed");
  });

  it("can cut the power and not restore it, or allow nothing", async () => {
    const bmc = new FakeBmc();
    bmc.action = { target: reset, "ResetType@Redfish.AllowableValues": ["ForceOff", "Nmi"] };
    assert.match(await refusal(() => power(bmc).check()), / allows none of On, ForceOn, only ForceOff, Nmi; /);
    bmc.action = { target: reset, "ResetType@Redfish.AllowableValues": [] };
    assert.match(await refusal(() => power(bmc).check()), / allows none of ForceOff, only nothing; a host-loss drill /);
  });

  it("keep their systems elsewhere", async () => {
    const bmc = new FakeBmc();
    const request = bmc.request.bind(bmc);
    const asked: string[] = [];
    bmc.request = (url, options) => {
      const { pathname } = new URL(url);
      asked.push(pathname);
      const other = { "/redfish/v1/": { Systems: { "@odata.id": "/redfish/v1/Nodes" } } }[pathname];
      const text = pathname === "/redfish/v1/Nodes" ? { Members: [{ "@odata.id": "/redfish/v1/Systems/1" }] } : other;
      if (text === undefined) return request(url, options);
      return Promise.resolve({ status: 200, headers: {}, text: JSON.stringify(text) });
    };
    assert.equal(await power(bmc).check(), "On");
    assert.ok(!asked.includes("/redfish/v1/Systems"), asked.join());
  });

  it("have the values of the reset beside those of other parameters", async () => {
    const bmc = new FakeBmc();
    bmc.action = { target: reset, "@Redfish.ActionInfo": "/redfish/v1/info" };
    const own = { Name: "ResetType", AllowableValues: ["GracefulShutdown"] };
    bmc.actionInfo = { Parameters: [{ Name: "Other", AllowableValues: ["ForceOff", "On"] }, own] };
    const message = await refusal(() => power(bmc).check());
    assert.match(message, /allows none of ForceOff, only GracefulShutdown; .* check the rights of user admin$/);
  });

  it("do not tell the power state, or the id", async () => {
    const bmc = new FakeBmc();
    bmc.systems = { "/redfish/v1/Systems/blade-7": { PowerState: undefined } };
    assert.equal(await power(bmc, host({ systemId: "blade-7" })).check(), "unknown");
    assert.equal(await power(bmc, host({ systemId: "/redfish/v1/Systems/blade-7" })).check(), "unknown");
    const message = await refusal(() => power(bmc, host({ systemId: "x" })).check());
    assert.match(message, /it has blade-7: set bmc\.systemId/);
  });

  const names: [system: string, host: string, same: boolean][] = [
    ["ESX-01.example.com", "esx-01.example.com", true],
    ["esx-01", "esx-01.example.com", true],
    ["esx-01.example.com", "esx-01", true],
    ["esx-01.other.com", "esx-01.example.com", false],
    ["esx-010", "esx-01", false],
    ["", "esx-01", true],
    ["anything", "192.0.2.7", true],
    ["anything", "2001:db8::7", true],
    ["anything", "4ever", false],
    ["anything", "host4", false],
  ];
  for (const [system, name, same] of names) {
    it(`${same ? "may be" : "are not"} those of ${name} where their system is called ${JSON.stringify(system)}`, async () => {
      const bmc = new FakeBmc();
      bmc.systems = { "/redfish/v1/Systems/1": { Id: "1", HostName: system } };
      const check = power(bmc, { ...host(), name }).check();
      if (same) assert.equal(await check, "On");
      else
        assert.match(
          await refusal(() => check),
          /says that its system is .*; check bmc\.url, or set bmc\.systemId to 1/,
        );
    });
  }

  it("have two systems of the host's name", async () => {
    const bmc = new FakeBmc();
    const same = { HostName: "esx-01" };
    bmc.systems = { "/redfish/v1/Systems/1": { Id: "1", ...same }, "/redfish/v1/Systems/2": { Id: "2", ...same } };
    assert.match(await refusal(() => power(bmc).check()), /several systems, 1 \(esx-01\), 2 \(esx-01\); set/);
  });

  const errors: [status: number, text: string, told: RegExp][] = [
    [403, "", /refused user admin with 403; check its bmc\.username, and the password in BMC_PASSWORD$/],
    [500, "", /answered 500$/],
    [500, "<html>", /answered 500$/],
    [400, "{}", /answered 400$/],
    [400, "null", /answered 400$/],
    [400, '{"error":{}}', /answered 400$/],
    [400, '{"error":{"message":"general","@Message.ExtendedInfo":[]}}', /answered 400: general$/],
    [400, '{"error":{"message":"general","@Message.ExtendedInfo":[{"Message":"locked"}]}}', /answered 400: locked$/],
    [400, JSON.stringify({ error: { message: "x".repeat(300) } }), /answered 400: x{200}$/],
    [302, "", /answered 302$/],
    [199, "", /answered 199$/],
  ];
  for (const [status, text, told] of errors) {
    it(`refuse with ${status.toString()} ${text.slice(0, 60)}`, async () => {
      const bmc = new FakeBmc();
      bmc.postAnswer = { status, text };
      assert.match(await refusal(() => power(bmc).powerOff()), told);
    });
  }

  it("take a call with any success", async () => {
    for (const status of [200, 202, 299]) {
      const bmc = new FakeBmc();
      bmc.action = { target: reset };
      const request = bmc.request.bind(bmc);
      bmc.request = async (url, options) => ({ ...(await request(url, options)), status });
      await power(bmc).powerOff();
      assert.equal(bmc.powerState, "Off");
    }
  });

  it("are asked as the protocol has it", async () => {
    const bmc = new FakeBmc();
    const asked: (HttpsRequest | undefined)[] = [];
    const request = bmc.request.bind(bmc);
    bmc.request = (url, options) => {
      asked.push(options);
      return request(url, options);
    };
    await power(bmc).powerOff();
    for (const { headers, method, body } of asked.flatMap((one) => one ?? [])) {
      assert.equal(headers?.accept, "application/json");
      assert.equal(headers["content-type"], "application/json");
      assert.equal(body === undefined, method === "GET");
    }
  });

  it("are given two minutes, and closed", async () => {
    const bmc = new FakeBmc();
    bmc.follows = false;
    const from = clock.at;
    await refusal(() => power(bmc).powerOff());
    assert.ok(clock.at - from > 120_000 && clock.at - from <= 125_000);
    let closed = false;
    bmc.close = () => Promise.resolve(void (closed = true));
    await power(bmc).close();
    assert.ok(closed);
  });

  it("show a certificate that nobody vouches for, and see no password", async () => {
    const served = await ServedBmc.start();
    try {
      const unknown = servedPower(served, { caFile: undefined });
      assert.match(await refusal(() => unknown.check()), /bmc of esx-01\.example\.com/);
      await unknown.close();
      const known = servedPower(served, {});
      assert.equal(await known.check(), "On");
      await known.close();
    } finally {
      served.stop();
    }
  });

  it("are logged in to with a password, and not with an empty one", async () => {
    assert.match(await refusal(() => power(new FakeBmc(), host(), { BMC_PASSWORD: "" })), /^BMC_PASSWORD is not set/);
  });
});
