import assert from "node:assert/strict";
import { hostDevices } from "../../../../verification/vcenter/devices";
import { at, parseXml } from "../../../../verification/vcenter/xml";

function devices(...list: string[]): string[] {
  const array = `<val xsi:type="ArrayOfVirtualDevice">${list.join("")}</val>`;
  return hostDevices(at(parseXml(`<r xmlns:xsi="x">${array}</r>`), "r", "val"));
}

function device(type: string, backing: string, connectable = "", label = "it"): string {
  return `<VirtualDevice xsi:type="${type}"><deviceInfo><label>${label}</label></deviceInfo><backing xsi:type="${backing}"/>
    <connectable>${connectable}</connectable></VirtualDevice>`;
}

const connected = "<connected>true</connected>";

describe("devices of the host that a VM uses", () => {
  it("are connected drives, ports and USB devices backed by the host", () => {
    const types = [
      ["VirtualCdrom", "VirtualCdromAtapiBackingInfo"],
      ["VirtualCdrom", "VirtualCdromPassthroughBackingInfo"],
      ["VirtualFloppy", "VirtualFloppyDeviceBackingInfo"],
      ["VirtualSerialPort", "VirtualSerialPortDeviceBackingInfo"],
      ["VirtualParallelPort", "VirtualParallelPortDeviceBackingInfo"],
      ["VirtualUSB", "VirtualUSBUSBBackingInfo"],
    ] as const;
    for (const [type, backing] of types) {
      assert.deepEqual(devices(device(type, backing, connected, "CD/DVD drive 1")), ["CD/DVD drive 1"]);
      assert.deepEqual(devices(device(type, backing, "<startConnected>true</startConnected>")), ["it"]);
      assert.deepEqual(devices(device(type, backing, "<connected>false</connected>")), []);
    }
  });

  it("are passthrough devices, but for those that another host can replace", () => {
    assert.deepEqual(devices(device("VirtualPCIPassthrough", "VirtualPCIPassthroughDeviceBackingInfo")), ["it"]);
    assert.deepEqual(devices(device("VirtualSriovEthernetCard", "")), ["it"]);
    assert.deepEqual(devices(device("VirtualPCIPassthrough", "VirtualPCIPassthroughDynamicBackingInfo")), []);
  });

  it("are not disks, adapters, or drives backed by a file", () => {
    assert.deepEqual(
      devices(
        device("VirtualDisk", "VirtualDiskFlatVer2BackingInfo"),
        device("VirtualE1000", "VirtualEthernetCardNetworkBackingInfo", connected),
        device("VirtualCdrom", "VirtualCdromIsoBackingInfo", connected),
      ),
      [],
    );
  });
});
