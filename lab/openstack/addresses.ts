/** Where the OpenStack of one lab listens, below the lab's network 127.OCTET.0.0/16. */
export interface OpenstackAddresses {
  /** Address of all APIs and of the message broker. */
  api: string;
  /** Compute node: address and port of its SSH server. */
  node: string;
  nodePort: number;
}

/** Ports of the services, as their documentation assigns them. The launcher (launcher.py) listens there. */
export const PORTS = {
  keystone: 5000,
  broker: 5672,
  "nova-api": 8774,
  placement: 8778,
  glance: 9292,
  neutron: 9696,
} as const;

/** @param octet second octet of the lab's addresses */
export function openstackAddresses(octet: number): OpenstackAddresses {
  return { api: `127.${octet}.4.1`, node: `127.${octet}.4.20`, nodePort: 2222 };
}

/** Everything that must be free before a start, as `address:port`. */
export function listenAddresses({ api, node, nodePort }: OpenstackAddresses): string[] {
  return [...Object.values(PORTS).map((port) => `${api}:${port}`), `${node}:${nodePort}`];
}
