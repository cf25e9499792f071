import { advancedOption } from "./capacity";
import { haEnabled, notApplicable, outcome, type Check } from "./check";

/** vSphere Availability, das.isolationaddressX: X from 0 to 9. */
const numbered = /^das\.isolationaddress\d?$/i;

export const isolationAddress: Check = {
  id: "isolation-address",
  title: "hosts have an address to test their isolation with",
  severity: "error",
  settles: false,
  expected: "the default gateway is used, or das.isolationaddress0 to 9 names at least one address",
  why: "a host that hears no other host and has nothing to ask takes itself for isolated and stops its VMs",
  source: "vSphere Availability, vSphere HA Advanced Options, das.isolationaddress and das.usedefaultisolationaddress",
  remedy: "declare haAdvancedOptions das.isolationaddress0, or remove das.usedefaultisolationaddress: false",
  judge: ({ inventory }) => {
    if (haEnabled(inventory) === false) return notApplicable("HA is off");
    const options = inventory.cluster.settings.haAdvancedOptions;
    if (typeof options !== "object" || Array.isArray(options)) {
      const expected = "advanced options";
      return outcome("not told", [], [{ subject: "haAdvancedOptions", read: "vCenter does not tell", expected }]);
    }
    const addresses = Object.entries(options).filter(([name, value]) => numbered.test(name) && value.trim() !== "");
    const gateway = advancedOption(options, "das.usedefaultisolationaddress")?.toLowerCase() !== "false";
    const used = [...(gateway ? ["default gateway"] : []), ...addresses.map(([, value]) => value)];
    if (used.length > 0) return outcome(used.join(", "), []);
    const read = "the default gateway is not used, and no address is stated";
    return outcome("none", [{ subject: "haAdvancedOptions", read, expected: "an address to ask" }]);
  },
};
