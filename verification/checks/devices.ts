import { declaredVms, type Check } from "./check";
import { everyVm } from "./vms";

export const withoutHostDevices: Check = {
  id: "vms-without-host-devices",
  title: "declared VMs use no device of their host",
  severity: "error",
  settles: false,
  expected: "no declared VM has a passthrough device, or a connected CD, floppy, port or USB device of its host",
  why: "such a device is on one host only: the VM does not start elsewhere, or starts without it",
  source: "vSphere Availability, vSphere HA Checklist; vSphere Virtual Machine Administration, device configuration",
  remedy: "disconnect the device, back it with a file on shared storage, or remove it",
  judge: (input) => {
    return everyVm(declaredVms(input), "no declared VM is in the cluster", ({ name, state: { hostDevices } }) => {
      const finding = { subject: name, expected: "no device of the host" };
      if (hostDevices === undefined) return { ...finding, read: "vCenter does not tell", unread: true };
      return hostDevices.length === 0 ? undefined : { ...finding, read: hostDevices.join(", ") };
    });
  },
};
