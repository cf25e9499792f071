import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { sharedCertificates } from "../net/certificates";

/** The management controller of one host, as a Redfish server on a TLS socket of loopback (DMTF, ComputerSystem). */
export class ServedBmc {
  powerState = "On";
  posted: string[] = [];
  readonly password = "bmc-secret";
  readonly #server = createServer(sharedCertificates(), (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const known = request.headers.authorization === `Basic ${btoa(`operator:${this.password}`)}`;
      const answer = this.#answer(request.url ?? "", Buffer.concat(parts).toString("utf8"));
      response.writeHead(known ? 200 : 401, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  });

  static async start(): Promise<ServedBmc> {
    const served = new ServedBmc();
    served.#server.listen(0, "127.0.0.1");
    await once(served.#server, "listening");
    return served;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** What `hosts[].bmc` of the configuration takes. */
  get document(): { url: string; username: string; caFile: string; passwordEnv: string } {
    const { port } = this.#server.address() as AddressInfo;
    const { caFile } = sharedCertificates();
    return { url: `https://127.0.0.1:${port.toString()}`, username: "operator", caFile, passwordEnv: "BMC_PASSWORD" };
  }

  #answer(path: string, body: string): object {
    const system = "/redfish/v1/Systems/1";
    const reset = `${system}/Actions/ComputerSystem.Reset`;
    if (path === reset) {
      const { ResetType } = JSON.parse(body) as { ResetType: string };
      this.posted.push(ResetType);
      this.powerState = ResetType === "ForceOff" ? "Off" : "On";
      return {};
    }
    if (path === system) {
      const action = { target: reset, "ResetType@Redfish.AllowableValues": ["On", "ForceOff"] };
      return { Id: "1", PowerState: this.powerState, Actions: { "#ComputerSystem.Reset": action } };
    }
    if (path === "/redfish/v1/Systems") return { Members: [{ "@odata.id": system }] };
    return { Systems: { "@odata.id": "/redfish/v1/Systems" } };
  }
}
