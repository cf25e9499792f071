import { type Declared, type PolicyRule, stated } from "../rule";
import * as types from "../types";

export const restartDisabled: PolicyRule = {
  name: "vm-restart-disabled",
  title: "a virtual machine that HA must not restart has a tag that says why",
  group: "redundancy",
  level: "mandatory",
  severity: "high",
  source: "vSphere Availability, Customize an Individual Virtual Machine",
  remedy: "give it a restart priority, or a tag with a description, of the category restart-disabled",
  settings: {
    categories: {
      type: "array",
      default: ["restart-disabled"],
      description: "names of tag categories whose tags say why, by their description",
    },
    tagIds: { type: "array", default: [], description: "ids of such tags that other stacks declare" },
  },
  types: [types.haOverride],
  scope: "stack",
  judge: (override, { list }) => {
    if (stated(override.props, "haVmRestartPriority") !== "disabled") return [];
    const vm = override.from("virtualMachineId").find(({ type }) => type === types.vm);
    const ids = stated(vm?.props ?? {}, "tags", []);
    const listed = Array.isArray(ids) && ids.some((id) => list("tagIds").includes(id as string));
    const explained = listed || vm?.from("tags").some((tag) => says(tag, list("categories")));
    return explained ? [] : ['haVmRestartPriority is "disabled", must be a priority where no tag says why'];
  },
};

/** Whether a tag has one of these categories, and a description. */
function says(tag: Declared, categories: (string | number)[]): boolean {
  const category = tag.from("categoryId").find(({ type }) => type === types.tagCategory);
  const name = stated(category?.props ?? {}, "name");
  const description = stated(tag.props, "description");
  return (
    tag.type === types.tag &&
    categories.includes(name as string) &&
    typeof description === "string" &&
    description !== ""
  );
}
