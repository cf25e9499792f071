import { checkServerIdentity, connect } from "node:tls";

/** As much of a server's certificate as is told to users. */
export interface ShownCertificate {
  /** SHA-256. */
  thumbprint: string;
  validTo: Date;
  /** PEM. */
  pem: string;
  /** Why it does not prove this server's name, when it does not. */
  wrongName: string | undefined;
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
      const shown = socket.getPeerCertificate();
      finish({
        thumbprint: shown.fingerprint256,
        validTo: new Date(shown.valid_to),
        pem: pem(shown.raw),
        wrongName: checkServerIdentity(host, shown)?.message,
      });
    });
    socket.once("error", () => {
      finish(undefined);
    });
    socket.once("timeout", () => {
      finish(undefined);
    });
  });
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
