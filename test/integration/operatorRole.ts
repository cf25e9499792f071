import type { Lab } from "../../lab/lab";
import { VCENTER_OPERATOR } from "../../lab/settings";
import { readRecord, place } from "../../lab/record";
import { text, at, element, type Ref } from "../../verification/vcenter/xml";
import type { Administrator } from "./smallCluster";

// The ones of a vCenter always have these ids.
const manager: Ref = { type: "AuthorizationManager", id: "AuthorizationManager" };
const root: Ref = { type: "Folder", id: "group-d1" };
const name = "operator";

/** The lab's second user, with a role that has just some privileges on everything. */
export class OperatorRole {
  private constructor(
    private readonly admin: Administrator,
    private readonly id: string,
    /** What logs a client in as that user. */
    readonly env: Record<string, string>,
  ) {}

  static async of(lab: Lab, admin: Administrator): Promise<OperatorRole> {
    const made = await admin.call("AddAuthorizationRole", manager, element("name", name));
    const id = text(at(made, "returnval")) ?? "";
    const permission = { principal: VCENTER_OPERATOR, group: "false", roleId: id, propagate: "true" };
    const fields = Object.entries(permission).map(([key, value]) => element(key, value));
    const entity = `<entity type="${root.type}">${root.id}</entity>`;
    await admin.call("SetEntityPermissions", manager, entity, element("permission", fields));
    const password = readRecord(place(lab.name).recordFile)?.passwords.VSPHERE_HA_LAB_OPERATOR_PASSWORD ?? "";
    return new OperatorRole(admin, id, { VSPHERE_USER: VCENTER_OPERATOR, VSPHERE_PASSWORD: password });
  }

  /** Beside those, the role may look, as every role. */
  async may(privileges: readonly string[]): Promise<void> {
    const list = privileges.map((privilege) => element("privIds", privilege));
    await this.admin.call(
      "UpdateAuthorizationRole",
      manager,
      element("roleId", this.id),
      element("newName", name),
      ...list,
    );
  }
}
