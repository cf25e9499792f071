import type { PolicyRule } from "../rule";
import { insecure } from "./insecure";
import { openSecurityGroups } from "./openSecurityGroups";
import { publicImages } from "./publicImages";

export const openstack: PolicyRule[] = [insecure, publicImages, openSecurityGroups];
