/** What a command needs in vCenter beside looking: docs/privileges.md is made of it, and the tests try each. */
export interface Duty {
  /** Commands and drills that have it. */
  for: readonly string[];
  /** In words, for the page. */
  what: string;
  /** Types of the provider's resources that need it, where a deployment does. */
  resources?: readonly string[];
  privileges: readonly Privilege[];
}

export interface Privilege {
  /** As in vSphere Security, "Defined Privileges". */
  privilege: string;
  /** Kind of object that it must be held on; propagated from the datacenter it is. */
  on: string;
  /** The method of the vSphere API that asks for it (API reference, "Required Privileges"). */
  call: string;
  why: string;
}

const ofHost = ["host-loss", "host-loss-vcenter-down", "second-failure", "host-isolation", "apd", "pdl"];
const deployment = ["deploy", "destroy"];

const one = (privilege: string, on: string, call: string, why: string): Privilege => ({ privilege, on, call, why });

/** Two calls that ask for one privilege have a row each. */
export const duties: readonly Duty[] = [
  {
    for: [...ofHost, "maintenance-mode", "guest-hang", "load"],
    what: "every drill, and load",
    privileges: [
      one("Folder.Create", "VM folder of the datacenter", "CreateFolder", "the lock, so that one drill runs at a time"),
      one("Folder.Delete", "VM folder of the datacenter", "Destroy_Task", "takes the lock away"),
    ],
  },
  {
    for: [...ofHost, "maintenance-mode"],
    what: "every drill of a host, in addition",
    privileges: [
      one("Resource.HotMigrate", "VMs", "MigrateVM_Task", "one VM of each guest is moved to the host first"),
    ],
  },
  {
    for: ["maintenance-mode"],
    what: "the drill maintenance-mode, in addition",
    privileges: [
      one("Host.Config.Maintenance", "hosts", "EnterMaintenanceMode_Task", "into maintenance mode and out of it"),
      one("Global.CancelTask", "hosts", "CancelTask", "ends an evacuation under way when the drill is stopped"),
    ],
  },
  {
    for: ["guest-hang"],
    what: "the drill guest-hang, in addition",
    privileges: [
      one(
        "VirtualMachine.GuestOperations.Query",
        "VMs",
        "ListProcessesInGuest",
        "looks whether VMware Tools let the account in",
      ),
      one(
        "VirtualMachine.GuestOperations.Execute",
        "VMs",
        "StartProgramInGuest",
        "starts what makes the guest hang; not with a command of your own",
      ),
      one("VirtualMachine.Interact.Reset", "VMs", "ResetVM_Task", "resets a VM that HA did not reset"),
    ],
  },
  {
    for: ["load"],
    what: "load, in addition",
    privileges: [
      one(
        "VirtualMachine.GuestOperations.Query",
        "VMs",
        "ListProcessesInGuest",
        "looks whether VMware Tools let the account in, and what runs",
      ),
      one("VirtualMachine.GuestOperations.Execute", "VMs", "StartProgramInGuest", "starts and ends the load"),
    ],
  },
  {
    for: ["drift", ...deployment],
    what: "a deployed VM: preview, refresh, drift",
    resources: ["VirtualMachine"],
    privileges: [
      one("StorageProfile.View", "vCenter", "PbmQueryAssociatedProfile", "reads which storage policy a VM has"),
    ],
  },
  {
    for: ["deploy"],
    what: "deploying hosts",
    resources: ["Host"],
    privileges: [
      one("Host.Inventory.AddStandaloneHost", "host folder", "AddStandaloneHost_Task", "adds a host to vCenter"),
      one("Host.Config.Settings", "hosts", "ChangeLockdownMode", "sets the lockdown mode"),
    ],
  },
  {
    for: ["deploy"],
    what: "deploying the cluster",
    resources: ["ComputeCluster"],
    privileges: [
      one("Host.Inventory.CreateCluster", "host folder", "CreateClusterEx", "makes the cluster"),
      one("Host.Inventory.MoveHost", "hosts", "MoveInto_Task", "moves hosts into it"),
    ],
  },
  {
    for: ["deploy"],
    what: "deploying the settings of HA and DRS, rules, groups and overrides",
    resources: [
      "ComputeCluster",
      "ComputeClusterHostGroup",
      "ComputeClusterVmAffinityRule",
      "ComputeClusterVmAntiAffinityRule",
      "ComputeClusterVmDependencyRule",
      "ComputeClusterVmGroup",
      "ComputeClusterVmHostRule",
      "DrsVmOverride",
      "HaVmOverride",
    ],
    privileges: [
      one("Host.Inventory.EditCluster", "cluster", "ReconfigureComputeResource_Task", "changes what the cluster does"),
    ],
  },
  {
    for: ["deploy"],
    what: "deploying datastores",
    resources: ["NasDatastore", "VmfsDatastore"],
    privileges: [
      one("Host.Config.Storage", "hosts", "CreateNasDatastore", "mounts NFS"),
      one("Host.Config.Storage", "hosts", "CreateVmfsDatastore", "makes VMFS"),
    ],
  },
  {
    for: ["deploy"],
    what: "deploying port groups",
    resources: ["HostPortGroup"],
    privileges: [one("Host.Config.Network", "hosts", "AddPortGroup", "makes a port group on a host")],
  },
  {
    for: ["deploy"],
    what: "deploying a VM from a template",
    resources: ["VirtualMachine"],
    privileges: [
      one("VirtualMachine.Provisioning.Clone", "a VM that serves as template", "CloneVM_Task", "clones it"),
      one("VirtualMachine.Inventory.CreateFromExisting", "VM folder", "CloneVM_Task", "puts the clone there"),
      one("VirtualMachine.Config.AddNewDisk", "VM folder", "CloneVM_Task", "the clone's disks"),
    ],
  },
  {
    for: ["deploy"],
    what: "deploying a VM with a blank disk",
    resources: ["VirtualMachine"],
    privileges: [
      one("VirtualMachine.Inventory.Create", "VM folder", "CreateVM_Task", "makes the VM"),
      one("VirtualMachine.Config.AddNewDisk", "VM folder", "CreateVM_Task", "its disk"),
      one("VirtualMachine.Config.AdvancedConfig", "VM folder", "CreateVM_Task", "its hardening"),
      one("Resource.AssignVMToPool", "cluster", "CreateVM_Task", "puts the VM into the cluster"),
      one("Datastore.AllocateSpace", "datastores", "CreateVM_Task", "the VM's files"),
      one("Network.Assign", "networks", "CreateVM_Task", "connects it"),
    ],
  },
  {
    for: ["deploy"],
    what: "deploying any VM",
    resources: ["VirtualMachine"],
    privileges: [
      one("Resource.AssignVMToPool", "cluster", "CloneVM_Task", "puts the VM into the cluster"),
      one("Datastore.AllocateSpace", "datastores", "CloneVM_Task", "the VM's files"),
      one("Network.Assign", "networks", "ReconfigVM_Task", "connects its adapters"),
      one("VirtualMachine.Config.AdvancedConfig", "VMs", "ReconfigVM_Task", "its hardening"),
      one("VirtualMachine.Config.CPUCount", "VMs", "ReconfigVM_Task", "its CPUs"),
      one("VirtualMachine.Config.EditDevice", "VMs", "ReconfigVM_Task", "its adapters"),
      one("VirtualMachine.Config.Memory", "VMs", "ReconfigVM_Task", "its memory"),
      one("VirtualMachine.Config.Rename", "VMs", "ReconfigVM_Task", "its name"),
      one("VirtualMachine.Config.Resource", "VMs", "ReconfigVM_Task", "its shares and limits"),
      one("VirtualMachine.Config.Settings", "VMs", "ReconfigVM_Task", "its guest and options"),
      one("VirtualMachine.Config.SwapPlacement", "VMs", "ReconfigVM_Task", "where its swap file lies"),
      one("VirtualMachine.Interact.PowerOn", "VMs", "PowerOnVM_Task", "powers it on"),
    ],
  },
  {
    for: ["destroy"],
    what: "destroying VMs, or taking them out of the program",
    resources: ["VirtualMachine"],
    privileges: [
      one("VirtualMachine.Interact.PowerOff", "VMs", "ShutdownGuest", "shuts the guest down"),
      one("VirtualMachine.Inventory.Delete", "VMs and their folder", "Destroy_Task", "deletes the VM"),
    ],
  },
  {
    for: ["destroy"],
    what: "destroying rules and overrides",
    resources: ["ComputeClusterVmAntiAffinityRule", "HaVmOverride"],
    privileges: [one("Host.Inventory.EditCluster", "cluster", "ReconfigureComputeResource_Task", "takes them away")],
  },
  {
    for: ["destroy"],
    what: "destroying port groups and datastores",
    resources: ["HostPortGroup", "NasDatastore", "VmfsDatastore"],
    privileges: [
      one("Host.Config.Network", "hosts", "RemovePortGroup", "takes the port group off a host"),
      one("Host.Config.Storage", "hosts", "RemoveDatastore", "takes the datastore off a host"),
    ],
  },
  {
    for: ["destroy"],
    what: "destroying the cluster and its hosts",
    resources: ["ComputeCluster", "Host"],
    privileges: [
      one("Host.Config.Maintenance", "hosts", "EnterMaintenanceMode_Task", "empties hosts that leave the cluster"),
      one("Host.Inventory.MoveHost", "hosts", "MoveIntoFolder_Task", "moves them out of it"),
      one("Host.Inventory.AddStandaloneHost", "host folder", "MoveIntoFolder_Task", "so that they stand alone"),
      one("Host.Inventory.EditCluster", "cluster", "MoveIntoFolder_Task", "takes them out of the cluster"),
      one("Host.Inventory.DeleteCluster", "cluster and its folder", "Destroy_Task", "deletes the cluster"),
      one("Host.Config.Connection", "hosts", "DisconnectHost_Task", "disconnects a host"),
      one("Host.Inventory.RemoveHostFromCluster", "hosts and their folder", "Destroy_Task", "takes it out of vCenter"),
    ],
  },
];

/** Names of all privileges that a command or drill needs, each once; none for one that only looks. */
export function privilegesFor(...commands: string[]): string[] {
  const needed = duties.filter((duty) => duty.for.some((command) => commands.includes(command)));
  return [...new Set(needed.flatMap(({ privileges }) => privileges.map(({ privilege }) => privilege)))];
}
