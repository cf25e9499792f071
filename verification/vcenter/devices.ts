import type { Moid } from "../model";
import type { Session } from "./session";
import { retrieveAll } from "./properties";
import { at, boolean, members, text, xsiType, type Xml } from "./xml";

/** Labels of a VM's devices that exist on its present host only, by VM id. */
export type HostDevices = ReadonlyMap<Moid, string[]>;

/** Reads them of some VMs: what a device is costs too much to read of every VM of a large cluster. */
export async function readHostDevices(session: Session, vms: Moid[]): Promise<HostDevices> {
  const refs = vms.map((id) => ({ type: "VirtualMachine", id }));
  const objects = await retrieveAll(session, refs, ["config.hardware.device"]);
  return new Map(objects.map(({ ref, properties }) => [ref.id, hostDevices(properties.get("config.hardware.device"))]));
}

export function hostDevices(devices: Xml | undefined): string[] {
  return members(devices)
    .filter((device) => isHostBound(device))
    .map((device) => text(at(device, "deviceInfo", "label")) ?? xsiType(device) ?? "a device");
}

/** A passthrough device that DRS may replace by an equal one of another host (vSphere API reference, 7.0). */
const replaceable = ["VirtualPCIPassthroughDynamicBackingInfo", "VirtualPCIPassthroughVmiopBackingInfo"];
const passthrough = ["VirtualPCIPassthrough", "VirtualSCSIPassthrough", "VirtualSriovEthernetCard"];
/** Backings by a device of the host, where the device can be connected and disconnected. */
const hostBacked = [
  "VirtualCdromAtapiBackingInfo",
  "VirtualCdromPassthroughBackingInfo",
  "VirtualFloppyDeviceBackingInfo",
  "VirtualSerialPortDeviceBackingInfo",
  "VirtualParallelPortDeviceBackingInfo",
  "VirtualUSBUSBBackingInfo",
];

function isHostBound(device: Xml): boolean {
  const type = xsiType(device);
  const backing = xsiType(at(device, "backing"));
  if (passthrough.some((one) => one === type)) return !replaceable.some((one) => one === backing);
  const connectable = at(device, "connectable");
  const used = boolean(at(connectable, "connected")) === true || boolean(at(connectable, "startConnected")) === true;
  return hostBacked.some((one) => one === backing) && used;
}
