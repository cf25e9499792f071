import { type PolicyRule, shown, stated } from "../rule";
import * as types from "../types";

export const publicImages: PolicyRule = {
  name: "image-visibility",
  title: "images are seen by those who are meant to use them",
  group: "openstack",
  level: "mandatory",
  severity: "high",
  source: "OpenStack Security Guide, Image service; glance, Image visibility",
  remedy: "set visibility: private, or shared with members",
  settings: {
    allowed: { type: "array", default: ["private"], description: "visibilities that pass" },
  },
  types: [types.image],
  scope: "resource",
  judge: ({ props }, { list }) => {
    const visibility = stated(props, "visibility", "private");
    const allowed = list("allowed");
    return visibility === undefined || allowed.includes(visibility as string)
      ? []
      : [`visibility is ${shown(visibility)}, must be ${allowed.join(" or ")}`];
  },
};
