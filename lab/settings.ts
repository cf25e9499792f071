import { join } from "node:path";
import { splitAddress, type LabAddresses } from "./addresses";

export const VCENTER_USER = "administrator@vsphere.local";
/** Reads, and may do what tests give to a role of its own. */
export const VCENTER_OPERATOR = "operator@vsphere.local";
const BMC_USER = "admin";
const HOST_USER = "root";

/** Files and folders of one lab. */
export interface LabPaths {
  /** `.lab/NAME`; everything but the logs goes when the lab stops. */
  dir: string;
  caFile: string;
  /** Logs of the lab, kept until it starts again. */
  logs: string;
  vcenterLog: string;
  /** Instants at which each guest really went up and down, as JSON lines. */
  truthLog: string;
  /** Settings of the simulated vCenter. */
  vcenterConfig: string;
  /** What the simulated vCenter keeps: the hosts' SSH keys among it. */
  vcenterData: string;
  /** Configuration that is laid over the verification's (VSPHERE_HA_CONFIG). */
  verificationConfig: string;
  pulumiHome: string;
  state: string;
}

/** @param dir folder of the lab */
export function labPaths(dir: string): LabPaths {
  const logs = join(dir, "logs");
  return {
    dir,
    caFile: join(dir, "tls", "ca.pem"),
    logs,
    vcenterLog: join(logs, "vcenter.log"),
    truthLog: join(logs, "truth.jsonl"),
    vcenterConfig: join(dir, "vcenter.json"),
    vcenterData: join(dir, "vcenter"),
    verificationConfig: join(dir, "verification.json"),
    pulumiHome: join(dir, "pulumi"),
    state: join(dir, "state"),
  };
}

function hostName(index: number): string {
  return `esx-0${index + 1}.lab.test`;
}

/** The settings of the simulated vCenter: four equal hosts, four NFS exports and one LUN that all of them reach. */
export function vcenterSettings(name: string, timeScale: number, addresses: LabAddresses, paths: LabPaths): object {
  return {
    name,
    timeScale,
    listen: addresses.vcenter,
    faultListen: addresses.faults,
    tls: { cert: join(paths.dir, "tls", "server.pem"), key: join(paths.dir, "tls", "server-key.pem") },
    user: VCENTER_USER,
    users: [{ name: VCENTER_OPERATOR, passwordVar: "VSPHERE_HA_LAB_OPERATOR_PASSWORD", role: "ReadOnly" }],
    datacenter: "Lab",
    hosts: addresses.bmcs.map((bmc, i) => ({
      name: hostName(i),
      cpuMhz: 2600,
      cores: 8,
      memoryMb: 32768,
      bmc,
      ssh: addresses.ssh[i],
    })),
    hostUser: HOST_USER,
    bmcUser: BMC_USER,
    nfs: ["ha-a", "ha-b", "ha-c", "ha-d"].map((share) => ({
      server: "nfs.lab.test",
      // In the storage network of the simulated hosts.
      address: "192.0.2.5",
      path: `/exports/${share}`,
      capacityGb: 500,
    })),
    lun: { name: "naa.6000c29000000000000000000000a001", capacityGb: 500 },
    guestNetwork: addresses.guestNetwork,
    dataDir: paths.vcenterData,
    truthLog: paths.truthLog,
  };
}

/** What the verification must know of a lab and no stack states: BMCs, SSH, how both prove themselves, the time scale. */
export function verificationSettings(timeScale: number, addresses: LabAddresses, paths: LabPaths): object {
  const bmc = (address: string): object => ({ url: `https://${address}`, username: BMC_USER, caFile: paths.caFile });
  const ssh = (address: string): object => ({
    ...splitAddress(address),
    user: HOST_USER,
    knownHostsFile: join(paths.vcenterData, "known_hosts"),
  });
  return {
    timeScale,
    hosts: addresses.bmcs.map((address, i) => ({
      name: hostName(i),
      bmc: bmc(address),
      ssh: ssh(addresses.ssh[i] ?? ""),
    })),
  };
}
