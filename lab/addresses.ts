import { createHash } from "node:crypto";

const FIRST_OCTET = 20;
const OCTETS = 200;
const HOSTS = 4;

/** Where everything of one lab listens. All on the loopback network 127.0.0.0/8, each lab under its own second octet. */
export interface LabAddresses {
  /** Second octet of all addresses. */
  octet: number;
  /** vCenter (SOAP and vAPI, HTTPS), as `address:port`. */
  vcenter: string;
  /** Fault API for tests (plain HTTP), as `address:port`. */
  faults: string;
  /** BMCs (Redfish, HTTPS) of the hosts in their order, as `address:port`. */
  bmcs: string[];
  /** Network of the guests, in CIDR notation. */
  guestNetwork: string;
}

/**
 * The addresses of a lab, the same on every start.
 *
 * @param checkout path of the checkout: labs of two checkouts stand side by side, too
 * @param name name of the lab
 */
export function labAddresses(checkout: string, name: string): LabAddresses {
  const hash = createHash("sha256").update(`${checkout}\0${name}`).digest().readUInt32BE(0);
  const octet = FIRST_OCTET + (hash % OCTETS);
  return {
    octet,
    vcenter: `127.${octet}.0.1:8443`,
    faults: `127.${octet}.0.1:8089`,
    bmcs: Array.from({ length: HOSTS }, (_, i) => `127.${octet}.1.${i + 1}:8443`),
    guestNetwork: `127.${octet}.2.0/24`,
  };
}

/** Splits `address:port`. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
