import type { GuestOs } from "../model";

/**
 * The published experiment that this project reproduces: mean availability over all host servers of an IaaS cluster
 * of ESXi hosts with HA and OpenStack, in percent, by guest OS. The study did not publish its window.
 */
export const publishedPercent: Record<GuestOs, number> = {
  ubuntu: 94.88037823,
  windowsxp: 96.36959032,
};

export const publishedWindow = "its window was not published";

export const guestOsTitle: Record<GuestOs, string> = { ubuntu: "Ubuntu", windowsxp: "Windows XP" };
