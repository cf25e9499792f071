import { GuestOs, NetworkAdapter, ScsiType } from "./values";

/** What differs between the guest operating systems of test virtual machines. */
export interface GuestDefaults {
  /** Guest ids of the vSphere API that mean this operating system; the first is the default. */
  guestIds: [string, ...string[]];
  cpus: number;
  memoryMb: number;
  /** Size of the disk of a blank virtual machine, in GB. */
  diskGb: number;
  scsiType: ScsiType;
  networkAdapter: NetworkAdapter;
  /** TCP port of the service that probes ask. */
  probePort: number;
  /** Longest time from power-on until that service answers, in seconds. */
  bootSeconds: number;
}

/** The one table of guest-specific defaults. */
export const guestDefaults: Record<GuestOs, GuestDefaults> = {
  [GuestOs.ubuntu]: {
    guestIds: ["ubuntu64Guest", "ubuntuGuest"],
    cpus: 1,
    memoryMb: 1024,
    diskGb: 8,
    scsiType: ScsiType.lsilogic,
    networkAdapter: NetworkAdapter.vmxnet3,
    probePort: 22,
    bootSeconds: 120,
  },
  // Windows XP has drivers for neither pvscsi nor vmxnet3.
  [GuestOs.windowsxp]: {
    guestIds: ["winXPProGuest", "winXPPro64Guest", "winXPHomeGuest"],
    cpus: 1,
    memoryMb: 512,
    diskGb: 8,
    scsiType: ScsiType.lsilogic,
    networkAdapter: NetworkAdapter.e1000,
    probePort: 3389,
    bootSeconds: 180,
  },
};
