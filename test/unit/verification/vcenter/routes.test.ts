import assert from "node:assert/strict";
import type { Route } from "../../../../verification/model";
import { adaptersTo, readRoutes } from "../../../../verification/vcenter/routes";
import { at, parseXml, type Xml } from "../../../../verification/vcenter/xml";

const value = (xml: string): Xml => at(parseXml(`<r xmlns:xsi="x">${xml}</r>`), "r", "val") ?? "";

const adapter = (device: string, ip: string, stack = "defaultTcpipStack"): string =>
  `<HostVirtualNic><device>${device}</device><spec><ip>${ip}</ip><netStackInstanceKey>${stack}</netStackInstanceKey></spec></HostVirtualNic>`;

const address = (ip: string, mask: string): string => `<ipAddress>${ip}</ipAddress><subnetMask>${mask}</subnetMask>`;

const entry = (kind: string, network: string, prefix: number, gateway: string, device = ""): string =>
  `<${kind}><network>${network}</network><prefixLength>${prefix.toString()}</prefixLength><gateway>${gateway}</gateway>` +
  `${device === "" ? "" : `<deviceName>${device}</deviceName>`}</${kind}>`;

function read(adapters: string, table: string): Route[] | undefined {
  return readRoutes(
    new Map([
      ["config.network.vnic", value(`<val xsi:type="ArrayOfHostVirtualNic">${adapters}</val>`)],
      ["config.network.routeTableInfo", value(`<val>${table}</val>`)],
    ]),
  );
}

describe("routes of a host", () => {
  const two =
    adapter("vmk0", address("10.0.0.11", "255.255.255.0")) + adapter("vmk1", address("10.0.16.11", "255.255.240.0"));

  it("are not told where vCenter tells no adapters or no table", () => {
    assert.equal(readRoutes(new Map()), undefined);
    assert.equal(readRoutes(new Map([["config.network.vnic", value("<val/>")]])), undefined);
    assert.equal(readRoutes(new Map([["config.network.routeTableInfo", value("<val/>")]])), undefined);
  });

  it("are the networks of its adapters, by their masks, in the default TCP/IP stack only", () => {
    const vmotion = adapter("vmk2", address("10.0.32.11", "255.255.255.0"), "vmotion");
    assert.deepEqual(read(two + vmotion, ""), [
      { network: "10.0.0.11", prefixLength: 24, adapter: "vmk0" },
      { network: "10.0.16.11", prefixLength: 20, adapter: "vmk1" },
    ]);
  });

  it("are those of its routing table, by the adapter or by the gateway that it names", () => {
    const table = entry("ipRoute", "0.0.0.0", 0, "10.0.0.1", "vmk0") + entry("ipRoute", "10.9.0.0", 16, "10.0.31.1");
    assert.deepEqual(read(two, table)?.slice(2), [
      { network: "0.0.0.0", prefixLength: 0, adapter: "vmk0" },
      { network: "10.9.0.0", prefixLength: 16, adapter: "vmk1" },
    ]);
    assert.deepEqual(read(two, entry("ipRoute", "10.9.0.0", 16, "192.0.2.1"))?.slice(2), []);
  });

  it("are those of IPv6, too", () => {
    const six =
      "<ipV6Config><ipV6Address><ipAddress>2001:db8::11</ipAddress><prefixLength>64</prefixLength></ipV6Address></ipV6Config>";
    assert.deepEqual(read(adapter("vmk1", six), entry("ipv6Route", "::", 0, "2001:db8::1")), [
      { network: "2001:db8::11", prefixLength: 64, adapter: "vmk1" },
      { network: "::", prefixLength: 0, adapter: "vmk1" },
    ]);
  });

  const routes: Route[] = [
    { network: "10.0.0.11", prefixLength: 24, adapter: "vmk0" },
    { network: "10.0.16.11", prefixLength: 20, adapter: "vmk1" },
    { network: "0.0.0.0", prefixLength: 0, adapter: "vmk0" },
    { network: "10.0.17.0", prefixLength: 24, adapter: "vmk3" },
    { network: "10.0.16.12", prefixLength: 20, adapter: "vmk2" },
    { network: "2001:db8::11", prefixLength: 64, adapter: "vmk1" },
  ];
  const leads: [string, string[]][] = [
    ["10.0.0.200", ["vmk0"]],
    ["10.0.31.254", ["vmk1", "vmk2"]],
    ["10.0.32.1", ["vmk0"]],
    ["10.0.17.5", ["vmk3"]],
    ["2001:db8::5", ["vmk1"]],
    ["2001:db9::5", []],
    ["nas.example.com", []],
  ];
  for (const [to, adapters] of leads) {
    it(`lead to ${to} by ${adapters.join(" or ") || "none"}`, () => {
      assert.deepEqual(adaptersTo(routes, to), adapters);
    });
  }
});
