import type * as pulumi from "@pulumi/pulumi";
import type { ClusterTarget } from "./esxiCluster";
import type { GuestOs } from "./values";

/** How nova-compute reaches vCenter. */
export interface NovaVcenterArgs {
  /** Name or address of vCenter, without port. */
  server: pulumi.Input<string>;
  /** Port of vCenter, 1 to 65535. Default: 443. */
  port?: pulumi.Input<number>;
  /** User that nova logs in as. */
  username: pulumi.Input<string>;
  /** Password of that user; kept as a secret. */
  password: pulumi.Input<string>;
  /** PEM file on the compute node with the CA of vCenter's certificate. Default: a CA that the node trusts. */
  caFile?: string;
  /** Accept any certificate: whoever answers in vCenter's place gets the password. Default: false. */
  insecure?: boolean;
  /**
   * Regular expression that the names of the datastores begin with where nova puts disks. Default: the shared datastores
   * of the cluster.
   */
  datastorePattern?: string;
}

/** A node that is reached over SSH. */
export interface NodeLoginArgs {
  /** Name or address of the node. */
  host: pulumi.Input<string>;
  /** Port of its SSH server, 1 to 65535. Default: 22. */
  port?: pulumi.Input<number>;
  /** User to log in as: root, or one who may use sudo without a password. Default: root. */
  user?: pulumi.Input<string>;
  /** Content of the private key to log in with; kept as a secret. */
  privateKey: pulumi.Input<string>;
  /** Public key of the SSH server, as in its `/etc/ssh/ssh_host_ed25519_key.pub`; no other server gets anything. */
  hostKey: pulumi.Input<string>;
}

/** The node that nova-compute is installed on. */
export interface ComputeNodeArgs extends NodeLoginArgs {
  /** Folder of nova's configuration on the node. Default: /etc/nova. */
  configDirectory?: string;
  /** Folder of nova's own files on the node. Default: /var/lib/nova. */
  stateDirectory?: string;
}

/** A size that instances get. */
export interface FlavorArgs {
  /** Name in nova. */
  name: string;
  /** Virtual CPUs, 1 or more; no more than one host has. */
  vcpus: number;
  /** Memory in MB, a multiple of 4; no more than one host has. */
  memoryMb: number;
  /** Disk in GB, at least the image's. */
  diskGb: number;
}

/** A disk that instances start from: exactly one of `file` and `url`. */
export interface ImageArgs {
  /** Name in glance. */
  name: string;
  /** Operating system on it. */
  guestOs: GuestOs;
  /** File on the machine that runs Pulumi: a stream-optimized VMDK, or any disk that qemu-img reads with `convert`. */
  file?: string;
  /** Address of a stream-optimized VMDK, which the machine that runs Pulumi can read. */
  url?: string;
  /** Convert the file with qemu-img, beside it, to `<file>.vmdk`. Default: false. */
  convert?: boolean;
}

/** A network of OpenStack, with the port group that carries it. */
export interface TenantNetworkArgs {
  /** Name in neutron. */
  name: string;
  /** Addresses, for example `192.0.2.0/24`. */
  cidr: string;
  /** Let neutron's DHCP agents serve the network. Default: true. */
  enableDhcp?: boolean;
  /** Existing distributed port group that carries it. Default: a port group named for the network's id, made on every host. */
  portGroup?: string;
  /** Standard switch of the hosts on which that port group is made. Default: vSwitch0. */
  virtualSwitch?: string;
  /** VLAN id of that port group, 0 (none) to 4095 (all). Default: 0. */
  vlanId?: number;
}

/** Who may reach the instances. */
export interface SecurityGroupArgs {
  /** Addresses that probes come from, for example `192.0.2.0/24`. */
  probesFrom: string;
  /** TCP ports that probes ask, each 1 to 65535. Default: 22 and 3389. */
  probePorts?: number[];
}

/** How much the project may use; what is left out keeps nova's default. */
export interface QuotaArgs {
  /** Instances, -1 for any number. */
  instances?: number;
  /** Virtual CPUs, -1 for any number. */
  vcpus?: number;
  /** Memory in MB, -1 for any amount. */
  memoryMb?: number;
}

/**
 * OpenStack compute on a cluster. Keystone, user and project, with the role admin, and vCenter's address and login for the
 * wait are those of the component's openstack and vsphere providers: passed to it, set in the stack's configuration, or
 * else from the environment (OS_AUTH_URL and so on, VSPHERE_SERVER and so on).
 */
export interface OpenStackComputeArgs {
  /** The cluster that instances run on: DRS must be fully automated. */
  target: ClusterTarget;
  /** How nova reaches vCenter. */
  vcenter: NovaVcenterArgs;
  /** Where nova-compute runs. */
  node: ComputeNodeArgs;
  /**
   * Node of nova's control plane, where nova-manage maps the new compute host to its cell. Default: none, which leaves
   * it to nova's scheduler (`[scheduler] discover_hosts_in_cells_interval`, off by default).
   */
  controller?: NodeLoginArgs;
  /** Instance of the unit `nova-compute@` on the node, one a cluster: letters, digits and hyphens. Default: the cluster's name. */
  serviceName?: string;
  /** Host name under which that service reports to nova, unique in the cloud. Default: the service's name. */
  computeHost?: string;
  /** Availability zone of this cluster alone; not `nova` or `internal`. Default: the service's name. */
  availabilityZone?: string;
  /** Name of the aggregate that sets the zone. Default: the zone's. */
  aggregateName?: string;
  /** Sizes of instances. Default: none. */
  flavors?: FlavorArgs[];
  /** Images of instances. Default: none. */
  images?: ImageArgs[];
  /** Networks of instances. Default: none. */
  networks?: TenantNetworkArgs[];
  /** Security group of instances. Default: none, the project's default group, which lets no probe in. */
  securityGroup?: SecurityGroupArgs;
  /** Public key, in OpenSSH's form, that nova gives to instances. Default: none. */
  publicKey?: pulumi.Input<string>;
  /** Quota of the project; nova's defaults again when it goes. Default: unchanged. */
  quota?: QuotaArgs;
  /**
   * Pause between nova's comparisons of power states, in seconds, 1 or more, or -1 for none. An instance that nova finds
   * powered off while HA restarts it is stopped by nova, for good. Default: -1.
   */
  syncPowerStateInterval?: number;
  /** Longest wait until nova and placement know the cluster, in seconds, 1 or more. Default: 300. */
  timeoutSeconds?: number;
  /** On destroy, delete the instances that still run; without it destroy refuses and names them. Default: false. */
  deleteInstances?: boolean;
}
