import { novaSettings } from "../../verification/openstack/novaConf";
import { type PolicyRule, stated } from "../rule";
import * as types from "../types";

export const insecure: PolicyRule = {
  name: "certificates-verified",
  title: "certificates of vCenter and OpenStack are verified",
  group: "openstack",
  level: "mandatory",
  severity: "critical",
  source: "OpenStack Security Guide, Secure communication; nova, [vmware] insecure",
  remedy: "give the CA instead (cacertFile; caFile of the vCenter driver), and leave the switch out",
  types: [types.openstackProvider, types.vsphereProvider, types.remoteCommand],
  scope: "resource",
  judge: ({ type, props }) => {
    if (type === types.remoteCommand) {
      const script = stated(props, "stdin", "");
      return typeof script === "string" && novaSettings([script]).insecure
        ? ["insecure is true in nova's [vmware], must be false"]
        : [];
    }
    const key = type === types.openstackProvider ? "insecure" : "allowUnverifiedSsl";
    // Providers' arguments come as text.
    return String(stated(props, key, false)).toLowerCase() === "true" ? [`${key} is true, must be false`] : [];
  },
};
