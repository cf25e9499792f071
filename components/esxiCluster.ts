import * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";
import { clusterRules } from "./clusterRules";
import { clusterSettings, declaredSettings, importedSettings } from "./clusterSettings";
import { digestOf } from "./digest";
import { DpmArgs, DrsArgs, ProactiveHaArgs } from "./drsSettings";
import { HaArgs } from "./haSettings";
import { lookup } from "./lookup";
import { networkHardening } from "./networkHardening";
import { validated } from "./validation";
import { LockdownMode, NfsVersion } from "./values";

/** The datacenter that the cluster belongs to. */
export interface DatacenterArgs {
  /** Name in vCenter. */
  name: string;
  /** Use the datacenter of that name instead of creating it. Default: false. */
  existing?: boolean;
}

/** An ESXi host. */
export interface EsxiHostArgs {
  /** Host name or address. */
  name: string;
  /**
   * The host is in vCenter already, in this cluster when that exists, or outside any other: it is moved into this one,
   * and moved out again on destroy, but neither added nor removed. Default: false.
   */
  existing?: boolean;
  /** Administrator of the host. Default: root. */
  username?: pulumi.Input<string>;
  /** Password of the administrator; kept as a secret. Needed unless the host is existing. */
  password?: pulumi.Input<string>;
  /** SHA-1 thumbprint of the host's certificate. Default: vCenter must trust the certificate. */
  thumbprint?: pulumi.Input<string>;
  /** License key. Default: none, the evaluation license. */
  license?: pulumi.Input<string>;
  /** Who may log in to the host directly. Default: disabled, no lockdown. */
  lockdown?: pulumi.Input<LockdownMode>;
  /**
   * Keep the host in maintenance mode, without virtual machines. Before a host is taken off the list, deploy this once:
   * datastores leave a host before it leaves the cluster, and cannot while something runs on it. Not for existing hosts.
   * Default: false.
   */
  maintenance?: pulumi.Input<boolean>;
}

/** An NFS export, mounted on every host of the cluster. */
export interface NfsArgs {
  /** Name or address of the NFS server. */
  server: pulumi.Input<string>;
  /** Path of the export. */
  path: pulumi.Input<string>;
  /** Version of the protocol. Default: NFS, which is version 3. */
  version?: pulumi.Input<NfsVersion>;
}

/** A LUN that all hosts of the cluster see, formatted with VMFS through the first of them. */
export interface VmfsArgs {
  /** Canonical name of the disk, for example `naa.6000c29000000000000000000000a001`. */
  disk: pulumi.Input<string>;
}

/** A datastore that all hosts share: exactly one of `nfs`, `vmfs` and `existing`. */
export interface SharedDatastoreArgs {
  /** Name in vCenter. */
  name: string;
  /** Mount this export. */
  nfs?: NfsArgs;
  /** Format this LUN. */
  vmfs?: VmfsArgs;
  /** Use the datastore of that name. Default: false. */
  existing?: boolean;
}

/** A port group that is made on every host, so that virtual machines find their network wherever they restart. */
export interface PortGroupArgs {
  /** Name in vCenter. */
  name: string;
  /** Standard switch of the hosts. Default: vSwitch0. */
  virtualSwitch?: pulumi.Input<string>;
  /** VLAN id, 0 (none) to 4095 (all). Default: 0. */
  vlanId?: pulumi.Input<number>;
}

/** A redundant cluster. */
export interface EsxiClusterArgs {
  /** Name in vCenter. Default: the component's name. */
  clusterName?: string;
  /**
   * The cluster is in vCenter already, made by hand for example: `pulumi import` takes it into the state before the first
   * deployment, and on destroy it stays as it is, with its hosts. State its hosts and settings as they are until the
   * preview is empty; it names what differs. Default: false.
   */
  existing?: boolean;
  /** The datacenter that holds the cluster. */
  datacenter: DatacenterArgs;
  /** The hosts, 2 or more. */
  hosts: EsxiHostArgs[];
  /** The shared datastores, at least as many as heartbeat datastores a host (2). */
  datastores: SharedDatastoreArgs[];
  /** Port groups to make on every host. Default: none. */
  portGroups?: PortGroupArgs[];
  /** vSphere HA. Default: on, see there. */
  ha?: HaArgs;
  /** vSphere DRS. Default: fully automated, see there. */
  drs?: DrsArgs;
  /** Distributed power management. Default: off. */
  dpm?: DpmArgs;
  /** Proactive HA. Default: off. */
  proactiveHa?: ProactiveHaArgs;
  /** Longest wait for a host to enter maintenance mode when it leaves the cluster, in seconds, 0 to 604800. Default: 3600. */
  hostClusterExitTimeout?: pulumi.Input<number>;
  /**
   * Move the hosts out of the cluster on destroy; without it a cluster with hosts cannot be destroyed. Not for an
   * existing cluster. Default: true.
   */
  forceEvacuateOnDestroy?: pulumi.Input<boolean>;
}

/** What other components need to know of a cluster. */
export interface ClusterTarget {
  /** Name of the datacenter. */
  datacenterName: string;
  /** Managed object id of the datacenter. */
  datacenterId: pulumi.Input<string>;
  /** Name of the cluster. */
  clusterName: string;
  /** Managed object id of the cluster. */
  clusterId: pulumi.Input<string>;
  /** Managed object id of the cluster's root resource pool. */
  resourcePoolId: pulumi.Input<string>;
  /** Managed object ids of the hosts, by name. */
  hostIds: Record<string, pulumi.Input<string>>;
  /** Managed object ids of the shared datastores, by name. */
  datastoreIds: Record<string, pulumi.Input<string>>;
  /** Managed object ids of the networks that are on every host, by name. */
  networkIds: Record<string, pulumi.Input<string>>;
  /** HA and DRS settings in effect, named as the fields of the provider's ComputeCluster. */
  declared: pulumi.Input<pulumi.Inputs>;
  /** Changes when anything declared of the cluster does. */
  digest: pulumi.Input<string>;
}

/**
 * ESXi hosts with shared datastores and networks, in a cluster with HA and DRS.
 *
 * @example
 * ```ts
 * import * as pulumi from "@pulumi/pulumi";
 * import { EsxiCluster } from "vsphere-ha";
 *
 * const password = new pulumi.Config().requireSecret("hostPassword");
 * const cluster = new EsxiCluster("prod", {
 *   datacenter: { name: "dc-1", existing: true },
 *   hosts: ["esx-01", "esx-02", "esx-03"].map((host) => ({ name: `${host}.example.com`, password })),
 *   datastores: ["a", "b"].map((name) => ({
 *     name: `ha-${name}`,
 *     nfs: { server: "nas.example.com", path: `/exports/${name}` },
 *   })),
 *   portGroups: [{ name: "vms", vlanId: 42 }],
 *   ha: { admissionControlHostFailureTolerance: 1, hostIsolationResponse: "powerOff" },
 * });
 * export const clusterId = cluster.clusterId;
 * ```
 */
export class EsxiCluster extends pulumi.ComponentResource {
  /** Managed object id of the cluster. */
  public readonly clusterId: pulumi.Output<string>;
  /** What other components take. */
  public readonly target: ClusterTarget;

  /** @throws pulumi.RunError that lists everything wrong with the arguments, before anything is created. */
  constructor(name: string, args: EsxiClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super(
      "vsphere-ha:index:EsxiCluster",
      name,
      {},
      validated(`EsxiCluster ${JSON.stringify(name)}`, args, clusterRules, opts),
    );
    const child = { parent: this };
    const clusterName = args.clusterName ?? name;

    const datacenterId = args.datacenter.existing
      ? lookup("datacenter", args.datacenter, ({ name: found }) => vsphere.getDatacenter({ name: found }, child)).id
      : new vsphere.Datacenter(`${name}-datacenter`, { name: args.datacenter.name }, child).moid;

    // Hosts join the datacenter first and the cluster last: heartbeat datastores and failover hosts are settings of
    // the cluster, and need datastores that need hosts. clusterManaged keeps Host from declaring the membership too.
    const hostIds: Record<string, pulumi.Output<string>> = {};
    for (const host of args.hosts) {
      hostIds[host.name] = host.existing
        ? lookup("host", { name: host.name, datacenterId }, (found) => vsphere.getHost(found, child)).id
        : new vsphere.Host(
            `${name}-${host.name}`,
            {
              datacenter: datacenterId,
              clusterManaged: true,
              hostname: host.name,
              username: host.username ?? "root",
              password: pulumi.secret(host.password ?? ""),
              ...(host.thumbprint !== undefined && { thumbprint: host.thumbprint }),
              ...(host.license !== undefined && { license: host.license }),
              lockdown: host.lockdown ?? LockdownMode.disabled,
              maintenance: host.maintenance ?? false,
            },
            child,
          ).id;
    }
    const hostSystemIds = Object.values(hostIds);

    const datastoreIds: Record<string, pulumi.Output<string>> = {};
    for (const { name: datastore, nfs, vmfs } of args.datastores) {
      if (nfs) {
        datastoreIds[datastore] = new vsphere.NasDatastore(
          `${name}-${datastore}`,
          {
            name: datastore,
            hostSystemIds,
            type: nfs.version ?? NfsVersion.NFS,
            remoteHosts: [nfs.server],
            remotePath: nfs.path,
          },
          child,
        ).id;
      } else if (vmfs) {
        datastoreIds[datastore] = new vsphere.VmfsDatastore(
          `${name}-${datastore}`,
          { name: datastore, hostSystemId: hostSystemIds[0] ?? "", disks: [vmfs.disk] },
          child,
        ).id;
      } else {
        datastoreIds[datastore] = lookup("datastore", { name: datastore, datacenterId }, (found) =>
          vsphere.getDatastore(found, child),
        ).id;
      }
    }

    const settings = clusterSettings(args, { hostIds, datastoreIds });
    const cluster = new vsphere.ComputeCluster(
      `${name}-cluster`,
      {
        name: clusterName,
        datacenterId,
        hostSystemIds,
        hostClusterExitTimeout: args.hostClusterExitTimeout ?? 3600,
        ...(args.existing
          ? importedSettings({ ...settings })
          : { forceEvacuateOnDestroy: args.forceEvacuateOnDestroy ?? true, ...settings }),
      },
      // What no argument states stays as it is: where the cluster is, and how it is marked.
      args.existing ? { ...child, retainOnDelete: true, ignoreChanges: ["folder", "tags", "customAttributes"] } : child,
    );

    const networkIds: Record<string, pulumi.Output<string>> = {};
    for (const portGroup of args.portGroups ?? []) {
      const onHosts = Object.entries(hostIds).map(
        ([host, hostSystemId]) =>
          new vsphere.HostPortGroup(
            `${name}-${portGroup.name}-${host}`,
            {
              name: portGroup.name,
              hostSystemId,
              virtualSwitchName: portGroup.virtualSwitch ?? "vSwitch0",
              vlanId: portGroup.vlanId ?? 0,
              ...networkHardening,
            },
            child,
          ),
      );
      networkIds[portGroup.name] = lookup("network", { name: portGroup.name, datacenterId, after: onHosts }, (found) =>
        vsphere.getNetwork(found, child),
      ).id;
    }

    this.clusterId = cluster.id;
    this.target = {
      datacenterName: args.datacenter.name,
      datacenterId,
      clusterName,
      clusterId: cluster.id,
      resourcePoolId: cluster.resourcePoolId,
      hostIds,
      datastoreIds,
      networkIds,
      declared: pulumi.output(settings).apply((resolved) => declaredSettings({ ...resolved })),
      // A new password declares the same cluster.
      digest: digestOf({
        ...args,
        hosts: args.hosts.map((host) => ({ ...host, password: undefined })),
        ids: [cluster.id, hostIds, datastoreIds, networkIds],
      }),
    };
    this.registerOutputs({ clusterId: this.clusterId, target: this.target });
  }
}
