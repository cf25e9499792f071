import assert from "node:assert/strict";
import type { Https, HttpsRequest, HttpsResponse } from "../../../../verification/net/https";
import { vcenterService } from "../../../../verification/vcenter/service";

const settings = { server: "vc.example.com:443", user: "admin", caFile: undefined, thumbprint: undefined };

/** An appliance in memory: a service that takes two looks to change. */
class Appliance implements Https {
  calls: string[] = [];
  state = "STARTED";
  session = 0;
  refuses: number | undefined;
  #looks = 0;
  #target = "STARTED";

  request(url: string, { method = "GET", headers = {} }: HttpsRequest = {}): Promise<HttpsResponse> {
    const { pathname, search } = new URL(url);
    this.calls.push(`${method} ${pathname}${search}`);
    return Promise.resolve({ headers: {}, ...this.#answer(method, pathname, search, headers) });
  }

  #answer(
    method: string,
    path: string,
    search: string,
    headers: Record<string, string>,
  ): { status: number; text: string } {
    if (path === "/api/session") {
      const right = headers.authorization === `Basic ${Buffer.from("admin:secret").toString("base64")}`;
      this.session += 1;
      return right ? { status: 201, text: `"session-${this.session.toString()}"` } : { status: 401, text: "" };
    }
    if (headers["vmware-api-session-id"] !== `session-${this.session.toString()}`) return { status: 401, text: "" };
    if (this.refuses !== undefined) return { status: this.refuses, text: "" };
    if (method === "POST") {
      const stops = search === "?action=stop";
      this.state = stops ? "STOPPING" : "STARTING";
      this.#target = stops ? "STOPPED" : "STARTED";
      this.#looks = 2;
      return { status: 204, text: "" };
    }
    if (this.#looks-- <= 0) this.state = this.#target;
    return { status: 200, text: JSON.stringify({ state: this.state }) };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe("service of vCenter", () => {
  let appliance: Appliance;
  let now = 0;
  const clock = {
    now: () => now,
    wallMs: (seconds: number) => seconds * 1000,
    wait: (seconds: number) => {
      now += seconds * 1000;
      return Promise.resolve();
    },
  };
  const service = (password = "secret") => vcenterService(settings, { VSPHERE_PASSWORD: password }, clock, appliance);
  const orders = (): string[] => appliance.calls.filter((call) => call.includes("action="));
  beforeEach(() => {
    appliance = new Appliance();
  });

  it("is stopped and started, and waited for", async () => {
    await service().stop();
    assert.equal(appliance.state, "STOPPED");
    await service().start();
    assert.equal(appliance.state, "STARTED");
    assert.deepEqual(orders(), [
      "POST /api/vcenter/services/vpxd?action=stop",
      "POST /api/vcenter/services/vpxd?action=start",
    ]);
  });

  it("is left alone where it is so already", async () => {
    await service().start();
    assert.deepEqual(orders(), []);
  });

  it("is asked again with a new session where the old one has ended", async () => {
    const one = service();
    await one.state();
    appliance.session += 1;
    assert.equal(await one.state(), "STARTED");
  });

  it("is given up when it does not change", async () => {
    const one = service();
    await one.state();
    const real = appliance.request.bind(appliance);
    appliance.request = (url, options) =>
      options?.method === "GET"
        ? Promise.resolve({ status: 200, headers: {}, text: '{"state": "STOPPING"}' })
        : real(url, options);
    await assert.rejects(one.start(), /its service is still STOPPING 900 s after the start; .*service-control --start/);
  });

  for (const [what, password, refuses, message] of [
    ["a wrong password", "wrong", undefined, /refuses user admin; check VSPHERE_PASSWORD/],
    ["a user without the privilege", "secret", 403, /does not let admin stop and start its services/],
    ["an appliance without the interface", "secret", 404, /answered 404; the drill needs the appliance's service API/],
  ] as const) {
    it(`tells ${what}`, async () => {
      appliance.refuses = refuses;
      await assert.rejects(service(password).state(), message);
    });
  }
});
