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
  /** SSH servers of the hosts in their order, as `address:port`. */
  ssh: string[];
  /** Network of the guests, in CIDR notation. */
  guestNetwork: string;
}

/** The second octets that a lab may have, in the order of its preference; the same on every start. */
export function octetsOf(checkout: string, name: string): [number, ...number[]] {
  const hash = createHash("sha256").update(`${checkout}\0${name}`).digest().readUInt32BE(0);
  const octet = (i: number): number => FIRST_OCTET + ((hash + i) % OCTETS);
  return [octet(0), ...Array.from({ length: OCTETS - 1 }, (_, i) => octet(i + 1))];
}

/** The addresses of the lab that has this second octet. */
export function labAddresses(octet: number): LabAddresses {
  return {
    octet,
    vcenter: `127.${octet}.0.1:8443`,
    faults: `127.${octet}.0.1:8089`,
    bmcs: Array.from({ length: HOSTS }, (_, i) => `127.${octet}.1.${i + 1}:8443`),
    ssh: Array.from({ length: HOSTS }, (_, i) => `127.${octet}.1.${i + 1}:2222`),
    guestNetwork: `127.${octet}.2.0/24`,
  };
}

/** Splits `address:port`. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
