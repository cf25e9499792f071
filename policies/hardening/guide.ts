/** What the hardening rules rest on. */
export const guide = "VMware vSphere Security Configuration Guide 8";
