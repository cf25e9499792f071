import { connect } from "node:tls";

/** As much of a server's certificate as is told to users. */
export interface ShownCertificate {
  /** SHA-256. */
  thumbprint: string;
  validTo: Date;
}

/**
 * The certificate that a server shows, trusted or not: a connection of its own, on which nothing is sent. Undefined when
 * there is none to see.
 */
export function peerCertificate(url: URL, limitMs: number): Promise<ShownCertificate | undefined> {
  return new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const socket = connect({ host, port: Number(url.port || 443), rejectUnauthorized: false, timeout: limitMs });
    const finish = (shown: ShownCertificate | undefined): void => {
      socket.destroy();
      resolve(shown);
    };
    socket.once("secureConnect", () => {
      const { fingerprint256, valid_to: validTo } = socket.getPeerCertificate();
      finish({ thumbprint: fingerprint256, validTo: new Date(validTo) });
    });
    socket.once("error", () => {
      finish(undefined);
    });
    socket.once("timeout", () => {
      finish(undefined);
    });
  });
}
