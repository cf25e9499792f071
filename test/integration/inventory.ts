import { createHttps } from "../../verification/net/https";
import { retrieve } from "../../verification/vcenter/properties";
import { Session } from "../../verification/vcenter/session";
import { SoapClient } from "../../verification/vcenter/soap";
import { text } from "../../verification/vcenter/xml";

const traversal = [
  { name: "children", type: "Folder", path: "childEntity" },
  { name: "hosts", type: "Datacenter", path: "hostFolder" },
  { name: "vms", type: "Datacenter", path: "vmFolder" },
  { name: "datastores", type: "Datacenter", path: "datastoreFolder" },
  { name: "networks", type: "Datacenter", path: "networkFolder" },
  { name: "members", type: "ComputeResource", path: "host" },
];

/** Type and name of everything in a vCenter's inventory, sorted; read by SOAP, without Pulumi. */
export async function wholeInventory(env: Record<string, string>): Promise<string[]> {
  const https = createHttps({ caFile: env.VSPHERE_HA_CA_FILE });
  const credentials = { user: env.VSPHERE_USER ?? "", password: env.VSPHERE_PASSWORD ?? "" };
  const session = await Session.open(new SoapClient(https, env.VSPHERE_SERVER ?? ""), credentials);
  try {
    const names = traversal.map(({ name }) => name);
    const objects = await retrieve(session, {
      start: session.service.rootFolder,
      properties: Object.fromEntries(
        ["Folder", "Datacenter", "ComputeResource", "HostSystem", "VirtualMachine", "Datastore", "Network"].map(
          (type) => [type, ["name"]],
        ),
      ),
      traversal: traversal.map((step) => ({ ...step, then: names })),
    });
    return objects.map(({ ref, properties }) => `${ref.type} ${text(properties.get("name")) ?? ref.id}`).sort();
  } finally {
    await session.close();
    await https.close();
  }
}
