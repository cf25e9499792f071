import type { Https, HttpsRequest, HttpsResponse } from "../../../../verification/net/https";
import { Session } from "../../../../verification/vcenter/session";
import { SoapClient } from "../../../../verification/vcenter/soap";
import { at, element, parseXml, text, type Xml } from "../../../../verification/vcenter/xml";

/** What one method answers: the content of its response element, or a whole HTTP answer. */
export type Answer = string | { status: number; text: string };
export type Handler = (parameters: Xml, calls: number) => Answer | Promise<Answer>;

/** The edge of a vCenter: SOAP in memory, with one session at a time. */
export class FakeVcenter implements Https {
  readonly calls: string[] = [];
  readonly bodies: string[] = [];
  readonly handlers = new Map<string, Handler>();
  /** The cookie that is valid now. */
  cookie: string | undefined;
  logins = 0;
  password = "secret";

  constructor() {
    this.on("RetrieveServiceContent", () => serviceContent());
    this.on("Login", (parameters) => {
      if (text(at(parameters, "password")) !== this.password) return fault("InvalidLogin", "Cannot complete login.");
      this.logins++;
      this.cookie = `vmware_soap_session="${this.logins.toString()}"`;
      return element("returnval", [element("key", "session")]);
    });
    this.on("Logout", () => "");
  }

  on(method: string, handler: Handler): void {
    this.handlers.set(method, handler);
  }

  expireSession(): void {
    this.cookie = undefined;
  }

  async request(url: string, { body = "", headers = {} }: HttpsRequest = {}): Promise<HttpsResponse> {
    if (url !== "https://vc.example.com/sdk") return { status: 404, headers: {}, text: "no such page" };
    const [method, parameters] = Object.entries(at(parseXml(body), "Envelope", "Body") ?? {})[0] ?? ["", ""];
    this.calls.push(method);
    this.bodies.push(body);
    const open = ["RetrieveServiceContent", "Login"].includes(method);
    const known = open || (this.cookie !== undefined && headers.cookie === this.cookie);
    const handler = this.handlers.get(method);
    const count = this.calls.filter((call) => call === method).length;
    const answer = !known
      ? fault("NotAuthenticated", "The session is not authenticated.")
      : ((await handler?.(parameters as Xml, count)) ?? fault("MethodNotFound", `no ${method}`));
    if (typeof answer !== "string") return { headers: {}, ...answer };
    const response = `<${method}Response xmlns="urn:vim25">${answer}</${method}Response>`;
    const cookie = method === "Login" ? { "set-cookie": [`${this.cookie ?? ""}; Path=/; HttpOnly; Secure`] } : {};
    return { status: 200, headers: cookie, text: envelope(response) };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  open(): Promise<Session> {
    return Session.open(new SoapClient(this, "vc.example.com"), { user: "reader", password: "secret" });
  }
}

function envelope(body: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">' +
    `<soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`
  );
}

/** @param inner members of the fault, in XML */
export function fault(name: string, message: string, inner = ""): { status: number; text: string } {
  const detail = `<${name}Fault xmlns="urn:vim25" xsi:type="${name}">${inner}</${name}Fault>`;
  const content = `<faultcode>ServerFaultCode</faultcode><faultstring>${message}</faultstring><detail>${detail}</detail>`;
  return { status: 500, text: envelope(`<soapenv:Fault>${content}</soapenv:Fault>`) };
}

export function serviceContent(about: Record<string, string> = {}): string {
  const facts = {
    name: "VMware vCenter Server",
    fullName: "VMware vCenter Server 8.0.3 build-1",
    version: "8.0.3",
    apiType: "VirtualCenter",
    instanceUuid: "uuid-vc",
    ...about,
  };
  return element("returnval", [
    element("rootFolder", "group-d1", { type: "Folder" }),
    element("propertyCollector", "propertyCollector", { type: "PropertyCollector" }),
    element(
      "about",
      Object.entries(facts).map(([name, value]) => element(name, value)),
    ),
    element("sessionManager", "SessionManager", { type: "SessionManager" }),
    element("eventManager", "EventManager", { type: "EventManager" }),
    element("taskManager", "TaskManager", { type: "TaskManager" }),
  ]);
}

/** One object of a PropertyCollector's answer; values are elements' content, already built. */
export function objectContent(type: string, id: string, properties: Record<string, Value>): string {
  const propSet = Object.entries(properties).map(([name, value]) => {
    return element("propSet", [
      element("name", name),
      `<val xsi:type="${value.type}"${value.attributes ?? ""}>${value.content}</val>`,
    ]);
  });
  return element("objects", [element("obj", id, { type }), ...propSet]);
}

/** The value of a property: its xsi:type, further attributes, and its content as XML. */
export interface Value {
  type: string;
  content: string;
  attributes?: string;
}

export function string(content: string): Value {
  return { type: "xsd:string", content };
}

export function reference(type: string, id: string): Value {
  return { type: "ManagedObjectReference", content: id, attributes: ` type="${type}"` };
}
