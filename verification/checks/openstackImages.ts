import type { Finding, GuestOs } from "../model";
import type { Image } from "../openstack/model";
import { notApplicable, outcome, plural } from "./check";
import { openstackCheck, whenRead } from "./openstackCheck";

/** A property that nova's driver reads, and its values that suit a guest. */
interface Rule {
  property: string;
  /** What nova takes where the image does not say. */
  otherwise: string;
  suits: readonly string[];
}

const diskTypes = ["sparse", "preallocated", "streamOptimized", "thin", "eagerZeroedThick"];

/**
 * Windows XP has drivers for LSI Logic and BusLogic SCSI and IDE, and for e1000 and PCnet adapters (VMware guest OS
 * compatibility guide); 64-bit Linux has none for BusLogic.
 */
const rules: Record<GuestOs, Rule[]> = {
  ubuntu: [
    { property: "vmware_ostype", otherwise: "otherGuest", suits: ["ubuntu64Guest", "ubuntuGuest"] },
    {
      property: "vmware_adaptertype",
      otherwise: "lsiLogic",
      suits: ["lsiLogic", "lsiLogicsas", "paraVirtual", "ide"],
    },
    {
      property: "hw_vif_model",
      otherwise: "VirtualE1000",
      suits: ["VirtualE1000", "VirtualE1000e", "VirtualVmxnet", "VirtualVmxnet3", "e1000", "e1000e", "vmxnet3"],
    },
    { property: "vmware_disktype", otherwise: "preallocated", suits: diskTypes },
  ],
  windowsxp: [
    { property: "vmware_ostype", otherwise: "otherGuest", suits: ["winXPProGuest", "winXPPro64Guest"] },
    { property: "vmware_adaptertype", otherwise: "lsiLogic", suits: ["lsiLogic", "busLogic", "ide"] },
    {
      property: "hw_vif_model",
      otherwise: "VirtualE1000",
      suits: ["VirtualE1000", "VirtualPCNet32", "e1000", "pcnet"],
    },
    { property: "vmware_disktype", otherwise: "preallocated", suits: diskTypes },
  ],
};

export const imagesFitGuests = openstackCheck({
  id: "openstack-images",
  title: "images suit their guests",
  severity: "error",
  settles: false,
  expected: "every declared image is there once, active, a VMDK, with vmware_* properties that suit its guest",
  why: "a guest without a driver for its disk adapter stops at a blue screen, and one without NIC never answers",
  source: "nova, Compute drivers: VMware vSphere, Images with VMware vSphere",
  remedy: "declare the image's properties, or set them by `openstack image set --property`",
  judge: ({ openstack, cloud: { images: declared } }) => {
    if (declared.length === 0) return notApplicable("no image is declared");
    return whenRead(openstack.images, "glance", (images) => {
      const findings = declared.flatMap(({ name, guestOs }): Finding[] => {
        const found = images.filter((image) => image.name === name);
        const [image] = found;
        if (image === undefined || found.length > 1) {
          return [{ subject: name, read: `${plural(found.length, "image")} of that name`, expected: "one" }];
        }
        return imageFindings(image, guestOs);
      });
      return outcome(plural(declared.length, "image"), findings);
    });
  },
});

function imageFindings({ name, status, diskFormat, properties }: Image, guestOs: GuestOs): Finding[] {
  const findings: Finding[] = [];
  const compare = (what: string, read: string, suits: readonly string[]): void => {
    if (!suits.includes(read)) findings.push({ subject: `${name}: ${what}`, read, expected: suits.join(", ") });
  };
  compare("status", status, ["active"]);
  compare("disk_format", diskFormat ?? "none", ["vmdk"]);
  for (const { property, otherwise, suits } of rules[guestOs]) {
    const value = properties[property];
    if (value === undefined && suits.includes(otherwise)) continue;
    compare(property, value ?? `not set, so ${otherwise}`, suits);
  }
  const hypervisor = properties["img_hv_type"] ?? properties["hypervisor_type"];
  if (hypervisor !== undefined) compare("img_hv_type", hypervisor, ["vmware"]);
  return findings;
}
