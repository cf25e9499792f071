import { X509Certificate } from "node:crypto";
import { peerCertificate, type ShownCertificate } from "../net/certificate";
import { createHttps, TransportError, type Https } from "../net/https";
import { matchesThumbprint, parseThumbprint } from "../net/thumbprint";
import { CouldNotRun } from "../problems";
import { Session } from "../vcenter/session";
import { SoapClient } from "../vcenter/soap";
import type { Login } from "./answers";
import type { Asker } from "./asker";

/** A session, and how its server was known. */
export interface Opened {
  session: Session;
  /** Undefined: by its CA. */
  pinned: { thumbprint: string; pem: string } | undefined;
  close: () => Promise<void>;
}

/** Limit of one call, in wall ms. */
const callLimitMs = 30_000;
const settings = {
  address: "--server or VSPHERE_SERVER",
  caFile: "VSPHERE_HA_CA_FILE",
  thumbprint: "--thumbprint or VSPHERE_HA_THUMBPRINT",
};

/**
 * Logs in. Where the CA does not prove the certificate, the user is shown its thumbprint and asked; nothing is sent before.
 * Throws CouldNotRun.
 */
export async function open(
  login: Login,
  asker: Asker | undefined,
  say: (lines: readonly string[]) => void,
): Promise<Opened> {
  try {
    return await logIn(login, login.thumbprint);
  } catch (error) {
    const untrusted = error instanceof TransportError && error.failure === "certificate";
    if (!untrusted || asker === undefined || login.thumbprint !== undefined) throw error;
    const shown = await shownBy(login.server);
    if (shown === undefined || unfit(shown) !== undefined) throw error;
    say([
      `The certificate of ${login.server} is signed by nobody whom this machine trusts.`,
      `  valid until         ${dayOf(shown)}`,
      `  SHA-256 thumbprint  ${shown.thumbprint}`,
    ]);
    if (!(await asker.confirm("Does vCenter's console show the same thumbprint? Trust it from now on"))) throw error;
    return logIn(login, shown.thumbprint);
  }
}

async function logIn({ server, user, password, caFile }: Login, pin: string | undefined): Promise<Opened> {
  const https = createHttps({ caFile, thumbprint: pin, timeoutMs: callLimitMs, peer: "vCenter", settings });
  try {
    const check = "the password (VSPHERE_PASSWORD) and the user (--user or VSPHERE_USER)";
    const session = await Session.open(new SoapClient(https, server), { user, password }, check);
    return {
      session,
      pinned: pin === undefined ? undefined : await pinned(server, pin),
      close: closing(session, https),
    };
  } catch (error) {
    await https.close();
    throw error;
  }
}

function closing(session: Session, https: Https): () => Promise<void> {
  return async () => {
    await session.close();
    await https.close();
  };
}

/** The pinned certificate, which Pulumi's provider is told to trust: it knows no thumbprints. */
async function pinned(server: string, pin: string): Promise<{ thumbprint: string; pem: string }> {
  const shown = await shownBy(server);
  if (shown === undefined || !matchesThumbprint(parseThumbprint(pin), new X509Certificate(shown.pem))) {
    throw new CouldNotRun(`vCenter ${server} shows now another certificate than before; try again`);
  }
  const fault = unfit(shown);
  if (fault !== undefined) {
    throw new CouldNotRun(
      `the certificate of vCenter ${server} can be pinned for checks only: ${fault}, and Pulumi's provider refuses that. ` +
        "Give vCenter a certificate that is valid for this name, or use a name that it is for: --server",
    );
  }
  return { thumbprint: shown.thumbprint, pem: shown.pem };
}

/** Why it proves nothing even to who trusts it. */
function unfit(shown: ShownCertificate): string | undefined {
  const { wrongName, validTo } = shown;
  return wrongName ?? (validTo.getTime() < Date.now() ? `it expired on ${dayOf(shown)}` : undefined);
}

function shownBy(server: string): Promise<ShownCertificate | undefined> {
  return peerCertificate(new URL(`https://${server}`), callLimitMs);
}

function dayOf({ validTo }: ShownCertificate): string {
  return validTo.toISOString().slice(0, 10);
}
