import { at, element, text } from "../../../../verification/vcenter/xml";
import { FakeVcenter, fault, objectContent, string } from "./fakeVcenter";
import { collect, referencesTo, type Managed } from "./propertyCollector";

interface Folder {
  id: string;
  name: string;
  parent: string | undefined;
}

/** A vCenter whose folders can be made, read and destroyed; its clock is the test's. */
export class FakeFolders extends FakeVcenter {
  folders: Folder[] = [{ id: "group-v1", name: "vm", parent: undefined }];
  time = Date.parse("2026-01-01T00:00:00Z");
  /** Runs before a folder is destroyed: another client's move. */
  beforeDestroy: (() => void) | undefined;
  /** What CreateFolder of a name that contains this answers instead. */
  refusing: string | undefined;
  #next = 1;

  constructor() {
    super();
    this.on("CreateFolder", (parameters) => {
      const parent = text(at(parameters, "_this")) ?? "";
      const name = text(at(parameters, "name")) ?? "";
      if (this.refusing !== undefined && name.includes(this.refusing)) return fault("NoPermission", "denied");
      if (this.#child(parent, name) !== undefined) return fault("DuplicateName", "The name already exists.");
      return element("returnval", this.add(name, parent), { type: "Folder" });
    });
    this.on("Destroy_Task", (parameters) => {
      this.beforeDestroy?.();
      const id = text(at(parameters, "_this")) ?? "";
      if (!this.folders.some((folder) => folder.id === id)) return fault("ManagedObjectNotFound", "gone");
      this.folders = this.folders.filter((folder) => folder.id !== id && folder.parent !== id);
      return element("returnval", "task-1", { type: "Task" });
    });
    this.on("RetrievePropertiesEx", (parameters) => {
      const spec = at(parameters, "specSet");
      const start = text(at(spec, "objectSet", "obj")) ?? "";
      if (text(at(spec, "propSet", "pathSet")) === "info") return element("returnval", [taskDone()]);
      if (!this.folders.some((folder) => folder.id === start)) return fault("ManagedObjectNotFound", "gone");
      return collect(
        parameters,
        this.folders.map((folder) => this.#managed(folder)),
      );
    });
  }

  add(name: string, parent = "group-v1"): string {
    const id = `group-${(this.#next++).toString()}`;
    this.folders.push({ id, name, parent });
    return id;
  }

  /** Names below the VM folder, with those below them. */
  tree(): Record<string, string[]> {
    const below = (id: string): Folder[] => this.folders.filter(({ parent }) => parent === id);
    return Object.fromEntries(below("group-v1").map(({ id, name }) => [name, below(id).map((child) => child.name)]));
  }

  #child(parent: string, name: string): Folder | undefined {
    return this.folders.find((folder) => folder.parent === parent && folder.name === name);
  }

  #managed({ id, name }: Folder): Managed {
    const childEntity = referencesTo(...this.folders.filter(({ parent }) => parent === id).map(refTo));
    return { ...refTo({ id }), properties: { name: string(name), childEntity } };
  }
}

/** What is in a folder may be a VM, by its id. */
function refTo({ id }: { id: string }): { type: string; id: string } {
  return { type: id.startsWith("vm") ? "VirtualMachine" : "Folder", id };
}

function taskDone(): string {
  const info = { type: "TaskInfo", content: "<state>success</state>" };
  return objectContent("Task", "task-1", { info });
}
