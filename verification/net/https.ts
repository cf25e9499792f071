import { readFileSync } from "node:fs";
import { TLSSocket } from "node:tls";
import { Agent, buildConnector, request as send } from "undici";
import { name, version } from "../../package.json";
import { CouldNotRun } from "../problems";
import { peerCertificate } from "./certificate";
import { isLoopback } from "./loopback";
import { matchesThumbprint, parseThumbprint } from "./thumbprint";

/** So that the logs of a server tell who called. */
const userAgent = `${name}/${version}`;

export interface HttpsOptions {
  /** PEM file of the CAs to trust. Default: those that Node.js trusts. */
  caFile?: string | undefined;
  /** SHA-1 or SHA-256 of the server's certificate; when given, it alone decides. */
  thumbprint?: string | undefined;
  /** Limit of one call, connecting included, in wall ms. Default 30 000. */
  timeoutMs?: number | undefined;
  /** Who answers there, for messages. Default `server`. */
  peer?: string | undefined;
  /** Configuration path that these options come from, for remedies: `vcenter`, `hosts[0].bmc`. */
  setting?: string | undefined;
  /** Names of the settings, where `setting` and the field's name do not say it all. */
  settings?: SettingNames | undefined;
}

/** What users set, as remedies name it. */
export interface SettingNames {
  address: string;
  caFile: string;
  thumbprint: string;
}

export interface HttpsRequest {
  method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal | undefined;
  /** What is called, for messages. Default: method and path. */
  call?: string;
  /** Overrides the limit of this one call, in wall ms. */
  timeoutMs?: number | undefined;
}

export interface HttpsResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

export interface Https {
  /** Throws TransportError when no answer came; every HTTP status is an answer. */
  request(url: string, options?: HttpsRequest): Promise<HttpsResponse>;
  close(): Promise<void>;
}

export type TransportFailure = "dns" | "refused" | "timeout" | "certificate" | "interrupted";

/** No answer came. `interrupted` and `timeout` may have reached the server: repeat only what is idempotent. */
export class TransportError extends CouldNotRun {
  override name = "TransportError";
  constructor(
    message: string,
    readonly failure: TransportFailure,
  ) {
    super(message);
  }
}

/**
 * HTTPS to one kind of server, its certificate verified or pinned before anything is sent. Plain HTTP goes to a loopback
 * address only.
 */
export function createHttps(options: HttpsOptions = {}): Https {
  const { peer = "server", timeoutMs: limit = 30_000 } = options;
  const set = options.settings ?? settingNames(options.setting);
  const pin = options.thumbprint === undefined ? undefined : parseThumbprint(options.thumbprint);
  const ca = options.caFile === undefined ? undefined : readCa(options.caFile, set.caFile);

  // A pin replaces the verification by CAs. Sessions are not resumed: each connection shows its certificate.
  const open = buildConnector({ timeout: limit, maxCachedSessions: 0, rejectUnauthorized: pin === undefined, ca });
  const connect: buildConnector.connector = (target, done) => {
    open(target, (error, socket) => {
      if (error !== null) {
        done(error, null);
        return;
      }
      if (pin !== undefined && socket instanceof TLSSocket) {
        const seen = socket.getPeerCertificate();
        if (!matchesThumbprint(pin, seen)) {
          socket.destroy();
          done(new PinMismatch(seen.fingerprint256), null);
          return;
        }
      }
      done(null, socket);
    });
  };
  const agent = new Agent({ connect, connections: 16 });

  async function explain(cause: unknown, url: URL, call: string, limitMs: number): Promise<TransportError> {
    const where = `${peer} ${url.host} (${call})`;
    const code = errorCode(cause);
    if (cause instanceof PinMismatch) {
      return new TransportError(
        `${where} shows another certificate than the pinned one, with thumbprint ${cause.seen}; nothing was sent. ` +
          `If the certificate was renewed, check that value on the server's console and set ${set.thumbprint} to it`,
        "certificate",
      );
    }
    if (isTimeout(cause, code)) {
      const text = `${where} did not answer within ${(limitMs / 1000).toString()} s; check the server and the network to it`;
      return new TransportError(text, "timeout");
    }
    if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
      const text = `cannot resolve the name of ${where}: ${code}; check ${set.address} and the DNS`;
      return new TransportError(text, "dns");
    }
    if (code === "ECONNREFUSED" || code === "EHOSTUNREACH" || code === "ENETUNREACH") {
      const reason = code === "ECONNREFUSED" ? "connection refused" : "no route";
      const text = `cannot reach ${where}: ${reason}; check ${set.address} and that the server runs`;
      return new TransportError(text, "refused");
    }
    if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
      const text =
        `the certificate of ${where} is for another name: ${message(cause)}; use a name that it covers, or, ` +
        `after checking the certificate, pin it: ${set.thumbprint}`;
      return new TransportError(text, "certificate");
    }
    if (certificateErrors.has(code ?? "")) {
      const shown = (await peerCertificate(url, limitMs))?.thumbprint;
      const text =
        `the certificate of ${where} is not trusted (${message(cause)}). Trust its CA with ${set.caFile}, or pin ` +
        `it: compare with the server's console, then set ${set.thumbprint} to ${shown ?? "its SHA-256 thumbprint"}`;
      return new TransportError(text, "certificate");
    }
    if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") {
      const text = `${where} does not speak TLS; check host and port: ${set.address}`;
      return new TransportError(text, "refused");
    }
    return new TransportError(`the connection to ${where} broke: ${message(cause)}; try again`, "interrupted");
  }

  return {
    async request(address, { method = "GET", headers = {}, body, signal, call, timeoutMs = limit } = {}) {
      const url = new URL(address);
      requireTls(url, peer, set.address);
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const answer = await send(url, {
          method,
          headers: { "user-agent": userAgent, ...headers },
          body: body ?? null,
          dispatcher: agent,
          signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
          headersTimeout: 0,
          bodyTimeout: 0,
        });
        return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
      } catch (error) {
        signal?.throwIfAborted();
        throw await explain(error, url, call ?? `${method} ${url.pathname}`, timeoutMs);
      }
    },
    async close() {
      await agent.destroy();
    },
  };
}

/** Passwords and tokens go through here: in clear text to this machine itself only. */
function requireTls({ protocol, hostname, host }: URL, peer: string, setting: string): void {
  if (protocol === "https:" || (protocol === "http:" && isLoopback(hostname))) return;
  throw new CouldNotRun(`${peer} ${host} is to be called without TLS; set ${setting} to an https address`);
}

class PinMismatch extends Error {
  constructor(readonly seen: string) {
    super("thumbprint differs");
  }
}

/** OpenSSL's verification errors, https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const certificateErrors = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "CERT_SIGNATURE_FAILURE",
  "CERT_NOT_YET_VALID",
  "CERT_HAS_EXPIRED",
  "CERT_REVOKED",
  "CERT_REJECTED",
  "CERT_UNTRUSTED",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "CERT_CHAIN_TOO_LONG",
]);

function errorCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== undefined) return code;
  return cause instanceof AggregateError ? errorCode(cause.errors[0]) : undefined;
}

function isTimeout(cause: unknown, code: string | undefined): boolean {
  const name = cause instanceof Error ? cause.name : "";
  return name === "TimeoutError" || code === "UND_ERR_CONNECT_TIMEOUT" || code === "ETIMEDOUT";
}

function message(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function settingNames(setting = "the configuration"): SettingNames {
  return { address: `the address in ${setting}`, caFile: `${setting}.caFile`, thumbprint: `${setting}.thumbprint` };
}

function readCa(file: string, setting: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new CouldNotRun(`cannot read ${setting} ${file}: ${message(error)}`);
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new CouldNotRun(`${setting} ${file} holds no PEM certificate; export the CA as PEM`);
}
