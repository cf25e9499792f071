/** What the commands of vsphere-ha-compute are told on standard input. No secrets: logins come by the environment. */
export interface Request {
  datacenter: string;
  cluster: string;
  /** Host name under which nova-compute reports. */
  computeHost: string;
  /** Longest wait, in seconds. Default: 300. */
  timeoutSeconds: number;
  /** Sizes that instances get, for `await`. Default: none. */
  flavors: { name: string; vcpus: number; memoryMb: number }[];
  /** Ids of the networks that go with the service, for `release`. Default: none. */
  networks: string[];
  /** Whether `release` deletes the instances that still run. Default: false. */
  deleteInstances: boolean;
  /** Stands for what nova-compute was told, so that another configuration is another request. Default: empty. */
  configuration: string;
}

/** As it is written: each command is told what it needs alone, so that nothing else makes it run again. */
export type RequestDocument = Pick<Request, "datacenter" | "cluster" | "computeHost"> & Partial<Request>;

/** How `login` says the id of the project. */
export const projectLine = "project ";

/** The id of the project that `login` logged in to, from what it printed; empty where it is not told. */
export function projectOf(printed: string): string {
  const line = printed.split("\n").find((one) => one.startsWith(projectLine));
  return line?.slice(projectLine.length) ?? "";
}
