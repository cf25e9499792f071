import type { About } from "../model";
import { CouldNotRun } from "../problems";
import { lacks, SoapFault, type CallOptions, type SoapClient } from "./soap";
import { at, children, element, ref, refElement, text, textAt, type Ref, type Xml } from "./xml";

/** References of the ServiceContent that the verifier uses. */
export interface Service {
  about: About;
  rootFolder: Ref;
  propertyCollector: Ref;
  sessionManager: Ref;
  eventManager: Ref;
  perfManager: Ref | undefined;
  guestOperationsManager: Ref | undefined;
  taskManager: Ref;
  authorizationManager: Ref | undefined;
}

export interface Credentials {
  user: string;
  password: string;
}

const serviceInstance: Ref = { type: "ServiceInstance", id: "ServiceInstance" };

/** A logged-in session. When vCenter has dropped it, logs in once more and repeats the call. */
export class Session {
  #login: Promise<void> | undefined;
  #key = "";

  private constructor(
    private readonly soap: SoapClient,
    readonly service: Service,
    private readonly credentials: Credentials,
    private readonly toCheck: string,
  ) {}

  /** @param toCheck what a user looks at who is not let in */
  static async open(
    soap: SoapClient,
    credentials: Credentials,
    toCheck = "VSPHERE_PASSWORD, and vcenter.user or VSPHERE_USER",
  ): Promise<Session> {
    const session = new Session(soap, await retrieveService(soap), credentials, toCheck);
    await session.#logIn();
    return session;
  }

  get server(): string {
    return this.soap.server;
  }

  async call(method: string, on: Ref, parameters: string[] = [], options: CallOptions = {}): Promise<Xml> {
    try {
      return await this.soap.call(method, on, parameters, options);
    } catch (error) {
      if (!isFault(error, "NotAuthenticated")) throw error;
      await this.#logIn();
      return await this.soap.call(method, on, parameters, options);
    }
  }

  /** Reads: as `call`, and repeated when the connection breaks. */
  read(method: string, on: Ref, parameters: string[] = [], options: CallOptions = {}): Promise<Xml> {
    return this.call(method, on, parameters, { ...options, idempotent: true });
  }

  /** Which of these privileges the user lacks on an object, as far as vCenter tells. */
  async lackedPrivileges(privileges: readonly string[], on: Ref): Promise<string[]> {
    const { authorizationManager: manager } = this.service;
    if (manager === undefined || privileges.length === 0) return [];
    const asked = privileges.map((privilege) => element("privId", privilege));
    const parameters = [refElement("entity", on), element("sessionId", this.#key), ...asked];
    const granted = children(await this.read("HasPrivilegeOnEntity", manager, parameters), "returnval").map(text);
    return privileges.filter((_, index) => granted[index] === "false");
  }

  /** Throws CouldNotRun when the user lacks a privilege that is needed only later, when it would be too late to stop. */
  async requirePrivilege(privilege: string, on: Ref, method: string): Promise<void> {
    if ((await this.lackedPrivileges([privilege], on)).length === 0) return;
    throw new CouldNotRun(`vCenter ${this.server} (${method}): ${lacks(privilege, on)} (NoPermission)`);
  }

  /** Logs out; a session that is already gone is no error. */
  async close(): Promise<void> {
    try {
      await this.soap.call("Logout", this.service.sessionManager, [], { timeoutMs: 5000 });
    } catch {
      // vCenter ends an idle session by itself; nothing is left to do here.
    }
  }

  /** Several calls may find the session expired at once: they share one login. */
  #logIn(): Promise<void> {
    this.#login ??= this.#sendLogin().finally(() => {
      this.#login = undefined;
    });
    return this.#login;
  }

  async #sendLogin(): Promise<void> {
    const { user, password } = this.credentials;
    try {
      const parameters = [element("userName", user), element("password", password)];
      const answer = await this.soap.call("Login", this.service.sessionManager, parameters);
      this.#key = textAt(answer, "returnval", "key");
    } catch (error) {
      if (!isFault(error, "InvalidLogin")) throw error;
      throw new CouldNotRun(
        `vCenter ${this.server} refuses the login of ${user}: wrong user name or password (InvalidLogin); ` +
          `check ${this.toCheck}`,
      );
    }
  }
}

export function isFault(error: unknown, ...names: string[]): error is SoapFault {
  return error instanceof SoapFault && names.includes(error.fault);
}

async function retrieveService(soap: SoapClient): Promise<Service> {
  const answer = await soap.call("RetrieveServiceContent", serviceInstance, [], { idempotent: true });
  const content = at(answer, "returnval");
  const about = at(content, "about");
  const apiType = text(at(about, "apiType"));
  if (apiType !== "VirtualCenter") {
    const what = apiType === "HostAgent" ? "an ESXi host" : `a server of type ${apiType ?? "unknown"}`;
    throw new CouldNotRun(`${soap.server} is ${what}, not a vCenter; set vcenter.server to the vCenter of the cluster`);
  }
  const fullName = textAt(about, "fullName");
  const reference = (name: string): Ref => {
    const found = ref(at(content, name));
    if (found === undefined) throw new CouldNotRun(`vCenter ${soap.server} (RetrieveServiceContent) has no ${name}`);
    return found;
  };
  return {
    about: {
      fullName,
      version: textAt(about, "version"),
      instanceUuid: textAt(about, "instanceUuid"),
      simulated: /\bsimulated\b/i.test(`${fullName} ${textAt(about, "name")}`),
    },
    rootFolder: reference("rootFolder"),
    propertyCollector: reference("propertyCollector"),
    sessionManager: reference("sessionManager"),
    eventManager: reference("eventManager"),
    perfManager: ref(at(content, "perfManager")),
    guestOperationsManager: ref(at(content, "guestOperationsManager")),
    taskManager: reference("taskManager"),
    authorizationManager: ref(at(content, "authorizationManager")),
  };
}
