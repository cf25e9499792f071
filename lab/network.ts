import { createServer, type Server } from "node:net";
import { labAddresses } from "./addresses";
import { LabError } from "./errors";
import { listenAddresses, openstackAddresses } from "./openstack/addresses";
import { isTaken } from "./processes";

// Where a lab that starts listens before its vCenter does: the kernel gives it to one process, and takes it back when that ends.
const CLAIM_PORT = 8088;

/** A network that no other lab takes while it is held. */
export interface Claim {
  octet: number;
  release(): void;
}

/**
 * Claims the first network in which nothing listens.
 *
 * @param octets second octets to try, in this order
 * @throws LabError when all are in use
 */
export async function claimNetwork(octets: number[]): Promise<Claim> {
  for (const octet of octets) {
    const server = await listen(`127.${octet}.0.1`);
    if (server === undefined) continue;
    const { vcenter, faults, bmcs, ssh } = labAddresses(octet);
    const openstack = listenAddresses(openstackAddresses(octet));
    const taken = await Promise.all([vcenter, faults, ...bmcs, ...ssh, ...openstack].map(isTaken));
    if (!taken.includes(true)) return { octet, release: () => server.close() };
    server.close();
  }
  throw new LabError(
    `something listens in each of the ${octets.length} networks that a lab can have (127.${Math.min(...octets)}.0.0/16 to ` +
      `127.${Math.max(...octets)}.0.0/16); stop a lab: npm run lab -- stop --name NAME`,
  );
}

function listen(host: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(CLAIM_PORT, host, () => {
      resolve(server);
    });
  });
}
