import { setTimeout as sleep } from "node:timers/promises";
import { TransportError, type Https, type HttpsResponse } from "../net/https";
import { CouldNotRun } from "../problems";
import { at, children, element, parseXml, ref, refElement, text, textAt, xsiType, type Ref, type Xml } from "./xml";

/** A fault that vCenter answered with. */
export class SoapFault extends CouldNotRun {
  override name = "SoapFault";
  constructor(
    /** The API's fault type: `InvalidLogin`, `DuplicateName`. */
    readonly fault: string,
    /** vCenter's own words. */
    readonly faultMessage: string,
    readonly detail: Xml | undefined,
    where: string,
  ) {
    super(`vCenter ${where}: ${faultMessage === "" ? fault : `${faultMessage} (${fault})`}`);
  }
}

/** The server answered, but not as a vCenter does. */
export class NotSoap extends CouldNotRun {
  override name = "NotSoap";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Changes nothing on the server: repeated after a broken connection or an HTTP 5xx. */
  idempotent?: boolean;
  /** Limit of the call, in wall ms. */
  timeoutMs?: number | undefined;
}

/** Waits before the second and third try of an idempotent call, in wall ms. */
const retryWaitsMs = [200, 1000];

/** Calls methods of the vSphere API (SOAP, `/sdk`), and holds the session's cookie. */
export class SoapClient {
  #cookie: string | undefined;

  constructor(
    private readonly https: Https,
    readonly server: string,
  ) {}

  /** Calls a method; resolves to its response element. Throws SoapFault, NotSoap or TransportError. */
  async call(method: string, on: Ref, parameters: string[] = [], options: CallOptions = {}): Promise<Xml> {
    const body = envelope(element(method, [refElement("_this", on), ...parameters], { xmlns: "urn:vim25" }));
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#send(method, body, options);
      } catch (error) {
        const wait = retryWaitsMs[attempt];
        if (options.idempotent !== true || wait === undefined || !mayPass(error)) throw error;
        await sleep(wait, undefined, { signal: options.signal });
      }
    }
  }

  async #send(method: string, body: string, { signal, timeoutMs }: CallOptions): Promise<Xml> {
    const headers: Record<string, string> = { "content-type": "text/xml; charset=utf-8", soapaction: "urn:vim25/7.0" };
    if (this.#cookie !== undefined) headers.cookie = this.#cookie;
    const url = `https://${this.server}/sdk`;
    const answer = await this.https.request(url, { method: "POST", headers, body, signal, call: method, timeoutMs });
    const cookie = sessionCookie(answer);
    if (cookie !== undefined) this.#cookie = cookie;
    return this.#read(answer, method);
  }

  #read(answer: HttpsResponse, method: string): Xml {
    const where = `${this.server} (${method})`;
    const body = soapBody(answer);
    const fault = at(body, "Fault");
    if (fault !== undefined) throw readFault(fault, where);
    const response = at(body, `${method}Response`);
    if (answer.status === 200 && response !== undefined) return response;
    const status = answer.status.toString();
    if (answer.status >= 500) {
      const text = `vCenter ${where} answers HTTP ${status} without a reason; it may be starting: try again, then check its services`;
      throw new NotSoap(answer.status, text);
    }
    const text = `${where} answers HTTP ${status}, and not as a vCenter does; check vcenter.server: host or host:port of a vCenter`;
    throw new NotSoap(answer.status, text);
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof TransportError) return error.failure === "interrupted";
  return error instanceof NotSoap && error.status >= 500;
}

function envelope(body: string): string {
  const namespaces = {
    "xmlns:soapenv": "http://schemas.xmlsoap.org/soap/envelope/",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xmlns:xsd": "http://www.w3.org/2001/XMLSchema",
  };
  const document = element("soapenv:Envelope", [element("soapenv:Body", [body])], namespaces);
  return `<?xml version="1.0" encoding="UTF-8"?>${document}`;
}

function sessionCookie({ headers }: HttpsResponse): string | undefined {
  const lines = [headers["set-cookie"] ?? []].flat();
  return lines.map((line) => line.split(";")[0]).find((pair) => pair?.startsWith("vmware_soap_session="));
}

function soapBody({ text: document }: HttpsResponse): Xml | undefined {
  try {
    return at(parseXml(document), "Envelope", "Body");
  } catch {
    return undefined;
  }
}

function readFault(fault: Xml, where: string): SoapFault {
  const detail = at(fault, "detail");
  const [name, value] = firstChild(detail);
  const type = xsiType(value) ?? name?.replace(/Fault$/, "") ?? "RuntimeFault";
  const message = textAt(fault, "faultstring").trim();
  return new SoapFault(type, type === "NoPermission" ? (lackedPrivilege(value) ?? message) : message, value, where);
}

/** What a NoPermission fault says is missing, and where; undefined when it does not say it. vCenter's words do not. */
export function lackedPrivilege(fault: Xml | undefined): string | undefined {
  const privilege = text(at(fault, "privilegeId"));
  const object = ref(at(fault, "object"));
  return privilege === undefined || object === undefined ? undefined : lacks(privilege, object);
}

export function lacks(privilege: string, { type, id }: Ref): string {
  return `the user lacks the privilege ${privilege} on ${type} ${id}; add it to the user's role there, see docs/privileges.md`;
}

function firstChild(node: Xml | undefined): [string | undefined, Xml | undefined] {
  if (node === undefined || typeof node === "string") return [undefined, undefined];
  const name = Object.keys(node).find((key) => !key.startsWith("@") && key !== "#text");
  return [name, name === undefined ? undefined : children(node, name)[0]];
}
