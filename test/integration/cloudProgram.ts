/** The program of a stack that a test runs with the CLI: OpenStackCompute with the arguments that it is told. */
import { OpenStackCompute, type OpenStackComputeArgs, OpenStackVm } from "../../components";

/** In the environment variable CLOUD_PROGRAM, as JSON. */
export interface CloudProgram {
  compute: OpenStackComputeArgs;
  /** Launches an instance in this zone. Default: none. */
  vmZone?: string;
}

const { compute, vmZone } = JSON.parse(process.env.CLOUD_PROGRAM ?? "") as CloudProgram;
const { target } = new OpenStackCompute("c", compute);
if (vmZone !== undefined) {
  const elsewhere = { ...target, availabilityZone: vmZone };
  new OpenStackVm("vm", { target: elsewhere, image: "ubuntu", flavor: "small", network: "tenants" });
}
