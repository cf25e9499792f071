/** A cluster that was made by hand: imported as it stands, its hosts and datastores looked up. */
import { EsxiCluster, verificationDocument } from "vsphere-ha";

const { target } = new EsxiCluster("adopted", {
  clusterName: "by-hand",
  existing: true,
  datacenter: { name: "Lab", existing: true },
  hosts: ["esx-01.lab.test", "esx-02.lab.test", "esx-03.lab.test"].map((name) => ({ name, existing: true })),
  datastores: ["ha-a", "ha-b"].map((name) => ({ name, existing: true })),
  // The settings that it has, where this library's defaults are others.
  ha: {
    admissionControlPolicy: "slotPolicy",
    hostIsolationResponse: "none",
    vmComponentProtection: "disabled",
    datastorePdlResponse: "disabled",
    datastoreApdResponse: "disabled",
    vmMonitoring: "vmMonitoringDisabled",
    heartbeatDatastores: [],
  },
  dpm: { automationLevel: "automated" },
  drs: { automationLevel: "partiallyAutomated" },
});

export const clusterId = target.clusterId;
/** Virtual machines that were on it before, as a check asks them. */
export const verification = verificationDocument(target, [
  { name: "ubuntu-1", guestOs: "ubuntu", probePort: 2222 },
  { name: "xp-1", guestOs: "windowsxp" },
]);
