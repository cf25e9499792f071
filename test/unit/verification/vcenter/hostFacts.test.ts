import assert from "node:assert/strict";
import { hostFactProperties, readHostFacts } from "../../../../verification/vcenter/hostFacts";
import { at, parseXml, type Xml } from "../../../../verification/vcenter/xml";

/** Properties as vCenter sends them; arrays as `Type: [members]`. */
function properties(values: Record<string, string>): Map<string, Xml> {
  return new Map(
    Object.entries(values).map(([name, xml]): [string, Xml] => {
      assert.ok(hostFactProperties.includes(name), name);
      return [name, at(parseXml(`<r xmlns:xsi="x">${xml}</r>`), "r", "val") ?? ""];
    }),
  );
}

function array(type: string, ...items: string[]): string {
  return `<val xsi:type="ArrayOf${type}">${items.map((item) => `<${type}>${item}</${type}>`).join("")}</val>`;
}

const standard = {
  "config.virtualNicManagerInfo.netConfig": array(
    "VirtualNicManagerNetConfig",
    "<nicType>vmotion</nicType><candidateVnic><device>vmk1</device><key>m-vmk1</key></candidateVnic><selectedVnic>m-vmk1</selectedVnic>",
    "<nicType>management</nicType><candidateVnic><device>vmk0</device><key>g-vmk0</key></candidateVnic>" +
      "<candidateVnic><device>vmk1</device><key>g-vmk1</key></candidateVnic><selectedVnic>g-vmk0</selectedVnic>",
  ),
  "config.network.vnic": array(
    "HostVirtualNic",
    "<device>vmk0</device><portgroup>Management Network</portgroup><spec/>",
    "<device>vmk1</device><portgroup>vMotion</portgroup><spec/>",
  ),
  "config.network.portgroup": array(
    "HostPortGroup",
    "<spec><name>Management Network</name><vswitchName>vSwitch0</vswitchName></spec>",
  ),
  "config.network.vswitch": array(
    "HostVirtualSwitch",
    "<name>vSwitch0</name><pnic>key-vim.host.PhysicalNic-vmnic0</pnic><pnic>key-vim.host.PhysicalNic-vmnic1</pnic>",
    "<name>vSwitch1</name><pnic>key-vim.host.PhysicalNic-vmnic2</pnic>",
  ),
};

describe("facts of a host", () => {
  it("are undefined where vCenter does not tell", () => {
    assert.deepEqual(readHostFacts(new Map()), {
      version: undefined,
      clock: undefined,
      apd: undefined,
      management: undefined,
      routes: undefined,
    });
  });

  it("have version and build", () => {
    const read = properties({ "config.product.version": "<val>8.0.3</val>", "config.product.build": "<val>7</val>" });
    assert.equal(readHostFacts(read).version, "8.0.3 build-7");
  });

  it("have the two advanced settings about APD, and none when one is missing", () => {
    const [handling, timeout] = ["Misc.APDHandlingEnable", "Misc.APDTimeout"].map((key) => `config.option["${key}"]`);
    const setting = (value: string): string =>
      `<val xsi:type="OptionValue"><key>k</key><value xsi:type="xsd:long">${value}</value></val>`;
    const apd = (...values: [string, string][]) => readHostFacts(properties(Object.fromEntries(values))).apd;
    assert.ok(handling !== undefined && timeout !== undefined);
    assert.deepEqual(apd([handling, setting("1")], [timeout, setting("60")]), { handled: true, timeoutSeconds: 60 });
    assert.deepEqual(apd([handling, setting("0")], [timeout, setting("140")]), { handled: false, timeoutSeconds: 140 });
    assert.equal(apd([handling, setting("1")]), undefined);
    assert.equal(apd([timeout, setting("140")]), undefined);
  });

  it("have the time servers and whether a time service runs", () => {
    const info = "<val><ntpConfig><server>a</server><server>b</server></ntpConfig></val>";
    const clock = (...services: string[]) =>
      readHostFacts(
        properties({ "config.dateTimeInfo": info, "config.service.service": array("HostService", ...services) }),
      ).clock;
    const running = "<key>ntpd</key><running>true</running>";
    assert.deepEqual(clock("<key>ssh</key><running>true</running>", running), { servers: ["a", "b"], running: true });
    assert.deepEqual(clock("<key>ssh</key><running>true</running>", "<key>ntpd</key><running>false</running>"), {
      servers: ["a", "b"],
      running: false,
    });
    assert.deepEqual(clock("<key>ptpd</key><running>true</running>")?.running, true);
  });

  it("have the physical adapters behind the selected management adapters on a standard switch", () => {
    assert.deepEqual(readHostFacts(properties(standard)).management, [
      { adapter: "vmk0", uplinks: ["vmnic0", "vmnic1"] },
    ]);
  });

  it("leave out physical adapters that the port group's teaming does not use", () => {
    const teaming =
      "<spec><name>Management Network</name><vswitchName>vSwitch0</vswitchName></spec>" +
      "<computedPolicy><nicTeaming><nicOrder><activeNic>vmnic1</activeNic></nicOrder></nicTeaming></computedPolicy>";
    const read = properties({ ...standard, "config.network.portgroup": array("HostPortGroup", teaming) });
    assert.deepEqual(readHostFacts(read).management, [{ adapter: "vmk0", uplinks: ["vmnic1"] }]);
  });

  it("have those of a distributed switch", () => {
    const adapter =
      "<device>vmk0</device><portgroup/><spec><distributedVirtualPort><switchUuid>50 1a</switchUuid></distributedVirtualPort></spec>";
    const read = properties({
      ...standard,
      "config.network.vnic": array("HostVirtualNic", adapter),
      "config.network.proxySwitch": array(
        "HostProxySwitch",
        "<dvsUuid>other</dvsUuid><pnic>key-vim.host.PhysicalNic-vmnic9</pnic>",
        "<dvsUuid>50 1a</dvsUuid><pnic>key-vim.host.PhysicalNic-vmnic2</pnic><pnic>key-vim.host.PhysicalNic-vmnic3</pnic>",
      ),
    });
    assert.deepEqual(readHostFacts(read).management, [{ adapter: "vmk0", uplinks: ["vmnic2", "vmnic3"] }]);
  });
});
