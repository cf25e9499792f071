/** What the commands of vsphere-ha-compute are told on standard input. No secrets: logins come by the environment. */
export interface Request {
  datacenter: string;
  cluster: string;
  /** Host name under which nova-compute reports. */
  computeHost: string;
  availabilityZone: string;
  /** Longest wait, in seconds. */
  timeoutSeconds: number;
  /** Sizes that instances get. */
  flavors: { name: string; vcpus: number; memoryMb: number }[];
  /** Ids of the networks that go with the service. */
  networks: string[];
  /** Whether `release` deletes the instances that still run. */
  deleteInstances: boolean;
  /** Stands for what nova-compute was told, so that another configuration is another request. */
  configuration: string;
}
