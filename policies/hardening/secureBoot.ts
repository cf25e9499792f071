import { type PolicyRule, shown, stated } from "../rule";
import * as types from "../types";
import { guide } from "./guide";

export const secureBoot: PolicyRule = {
  name: "vm-secure-boot",
  title: "a guest boots signed code only",
  group: "hardening",
  level: "advisory",
  severity: "high",
  source: `${guide}, virtual machines: Secure Boot`,
  remedy: "set firmware: efi and efiSecureBootEnabled: true; a template must have been installed with EFI",
  exemptions: [{ guestIds: /^winXP/, reason: "Windows XP boots from a BIOS only" }],
  types: [types.vm],
  scope: "resource",
  judge: ({ props }) => {
    const firmware = stated(props, "firmware", "bios");
    const secure = stated(props, "efiSecureBootEnabled", false);
    if (firmware !== undefined && firmware !== "efi") return [`firmware is ${shown(firmware)}, must be "efi"`];
    return secure === undefined || secure === true ? [] : [`efiSecureBootEnabled is ${shown(secure)}, must be true`];
  },
};
