import * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";
import { digestOf } from "./digest";
import type { ClusterTarget } from "./esxiCluster";
import { guestDefaults } from "./guestDefaults";
import { lookup } from "./lookup";
import { refuse } from "./validation";
import { GuestOs, NetworkAdapter, ScsiType } from "./values";
import type { TestVm } from "./verificationDocument";
import { vmHardening } from "./vmHardening";

/** An OVA or OVF to deploy from: exactly one of `path` and `url`. */
export interface OvaArgs {
  /** File on the machine that runs Pulumi. */
  path?: pulumi.Input<string>;
  /** Address that vCenter can read. */
  url?: pulumi.Input<string>;
  /** Name of the network in the OVF that the virtual machine's network takes the place of. Default: none. */
  network?: string;
}

/** A test virtual machine: cloned from a template, deployed from an OVA, or blank when neither is stated. */
export interface VmArgs {
  /** The cluster to run on. */
  target: ClusterTarget;
  /** Name in vCenter. Default: the component's name. */
  vmName?: string;
  /** Name of a template in the datacenter to clone; it is not customised. */
  template?: string;
  /** Deploy from this OVA. */
  ova?: OvaArgs;
  /** Name of the shared datastore that holds the disks. */
  datastore: string;
  /** Name of the network: a port group of the cluster, or another network that every host has. */
  network: string;
  /** Virtual CPUs, 1 or more. Default: 1. */
  cpus?: pulumi.Input<number>;
  /** Memory in MB, a multiple of 4. Default: 1024 for Ubuntu, 512 for Windows XP. */
  memoryMb?: pulumi.Input<number>;
  /** Size of the disk in GB, 1 or more; of a clone, of its first disk. Default: the template's; 8 for a blank one. */
  diskGb?: pulumi.Input<number>;
  /** SCSI controller; never pvscsi for Windows XP. Default: lsilogic, which both guests boot from. */
  scsiType?: pulumi.Input<ScsiType>;
  /** Network adapter. Default: vmxnet3 for Ubuntu, e1000 for Windows XP. */
  networkAdapter?: pulumi.Input<NetworkAdapter>;
  /** TCP port of the service that a verification asks, 1 to 65535. Default: 22 for Ubuntu, 3389 for Windows XP. */
  probePort?: pulumi.Input<number>;
  /** Longest time from power-on until that service answers, in seconds, 1 or more. Default: 120 for Ubuntu, 180 for XP. */
  bootSeconds?: pulumi.Input<number>;
}

/** Ids and the description for verification of a virtual machine. */
export interface VmOutputs {
  /** UUID, which overrides and rules take. */
  vmId: pulumi.Output<string>;
  /** Managed object id. */
  moid: pulumi.Output<string>;
  /** What PostDeployCheck takes. */
  testVm: TestVm;
}

type SourceArgs = Pick<
  vsphere.VirtualMachineArgs,
  "guestId" | "clone" | "disks" | "ovfDeploy" | "datacenterId" | "hostSystemId"
>;

function disk(size: pulumi.Input<number>): vsphere.types.input.VirtualMachineDisk {
  return { label: "disk0", size, thinProvisioned: true };
}

function blank(guestOs: GuestOs, args: VmArgs): SourceArgs {
  return { disks: [disk(args.diskGb ?? guestDefaults[guestOs].diskGb)] };
}

/** A clone must keep the guest id of its template (the provider refuses another), so the template's must fit. */
function fitting(guestOs: GuestOs, template: string, guestId: string): string {
  const { guestIds } = guestDefaults[guestOs];
  const fits = guestIds.includes(guestId);
  const rule = `must be a template of this guest operating system, with guest id ${guestIds.join(" or ")}`;
  const remedy = `name another template; ${template} has guest id ${guestId}`;
  refuse(`a virtual machine with ${guestOs}`, fits ? [] : [{ path: "template", value: template, rule, remedy }]);
  return guestId;
}

function cloned(guestOs: GuestOs, template: string, args: VmArgs, opts: pulumi.InvokeOutputOptions): SourceArgs {
  const found = lookup("template", { name: template, datacenterId: args.target.datacenterId }, (wanted) =>
    vsphere.getVirtualMachine(wanted, opts),
  );
  return {
    guestId: found.guestId.apply((guestId) => fitting(guestOs, template, guestId)),
    clone: { templateUuid: found.id },
    disks: found.disks.apply((disks) =>
      disks.map(({ size, thinProvisioned, eagerlyScrub }, index) => ({
        label: `disk${String(index)}`,
        unitNumber: index,
        size: index === 0 ? (args.diskGb ?? size) : size,
        thinProvisioned,
        eagerlyScrub,
      })),
    ),
  };
}

function deployed({ path, url, network }: OvaArgs, networkId: pulumi.Input<string>, args: VmArgs): SourceArgs {
  return {
    ovfDeploy: {
      ...(path !== undefined && { localOvfPath: path }),
      ...(url !== undefined && { remoteOvfUrl: url }),
      diskProvisioning: "thin",
      ...(network !== undefined && { ovfNetworkMap: { [network]: networkId } }),
    },
    datacenterId: args.target.datacenterId,
    // The provider uploads an OVA through a host and insists on its id; see ignoreChanges below.
    hostSystemId: Object.values(args.target.hostIds)[0] ?? "",
  };
}

/** Makes the virtual machine of UbuntuVm and WindowsXpVm. HA and DRS place it: its host is never declared. */
export function createVm(guestOs: GuestOs, name: string, args: VmArgs, parent: pulumi.Resource): VmOutputs {
  const { target } = args;
  const guest = guestDefaults[guestOs];
  const vmName = args.vmName ?? name;
  const networkId =
    target.networkIds[args.network] ??
    lookup("network", { name: args.network, datacenterId: target.datacenterId }, (found) =>
      vsphere.getNetwork(found, { parent }),
    ).id;
  const source = args.ova
    ? deployed(args.ova, networkId, args)
    : args.template !== undefined
      ? cloned(guestOs, args.template, args, { parent })
      : blank(guestOs, args);

  const vm = new vsphere.VirtualMachine(
    `${name}-vm`,
    {
      name: vmName,
      resourcePoolId: target.resourcePoolId,
      datastoreId: target.datastoreIds[args.datastore] ?? "",
      guestId: guest.guestIds[0],
      numCpus: args.cpus ?? guest.cpus,
      memory: args.memoryMb ?? guest.memoryMb,
      scsiType: args.scsiType ?? guest.scsiType,
      networkInterfaces: [{ networkId, adapterType: args.networkAdapter ?? guest.networkAdapter }],
      // Guests with old VMware Tools (Windows XP: 10.0.12 at most) or none never report an address, and the provider
      // would wait for one in vain: the verification waits for the guest's service instead.
      waitForGuestNetTimeout: 0,
      extraConfig: { ...vmHardening },
      ...source,
    },
    // Only an OVA states a host, for its upload. After that HA and DRS move the virtual machine: to go back to the
    // host of the upload would undo a failover.
    { parent, ignoreChanges: args.ova ? ["hostSystemId"] : [] },
  );

  return {
    vmId: vm.id,
    moid: vm.moid,
    testVm: {
      name: vmName,
      guestOs,
      probePort: args.probePort ?? guest.probePort,
      bootSeconds: args.bootSeconds ?? guest.bootSeconds,
      digest: digestOf({ ...args, vmId: vm.id }),
    },
  };
}
